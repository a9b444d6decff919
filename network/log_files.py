"""Keeps the files that services log to short on their own host: the archive has what is in them. Hourly, as root.

    python3 log_files.py SETTINGS [--turn]

A file carries in its name when it began (opac-20261123-000000.log) and is never renamed: the sender (rsyslog's imfile)
reads each to its end, also what was written while it was stopped. PostgreSQL begins such files itself. For a service
that cannot, `opac.log` is a link to the day's file; each day, or when the file has grown large, the link is set to a
new one and the service told to open it again. Old files go by age, and by the size of all together. SETTINGS is JSON of
the role log_client; `--turn` begins new files whatever the hour. Standard library alone.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

BEGAN = re.compile(r"^(?P<stem>.+)-(?P<began>\d{8}-\d{6})\.log$")
MEGABYTE = 1024 * 1024


def turn(folder: Path, now: datetime, piece: int, *, anyway: bool = False) -> list[str]:
    """Begin a new file for every `name.log` whose file is of another day or has `piece` bytes; the names begun.

    An empty file stays. A `name.log` that is no link yet becomes the first file of its row: nobody told its service.
    """
    begun = []
    for link in sorted(folder.glob("*.log")):
        name = f"{link.stem}-{now:%Y%m%d-%H%M%S}.log"
        if BEGAN.match(link.name) or (folder / name).exists() or not (anyway or _due(link, now, piece)):
            continue
        if link.is_symlink():
            os.close(os.open(folder / name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640))
        else:
            link.rename(folder / name)
        part = link.with_suffix(".part")
        part.unlink(missing_ok=True)
        part.symlink_to(name)
        part.replace(link)
        begun.append(name)
    return begun


def _due(link: Path, now: datetime, piece: int) -> bool:
    if not link.is_symlink() or not link.exists():
        return True
    size = link.stat().st_size
    known = BEGAN.match(link.readlink().name)
    return size > 0 and (size >= piece or known is None or not known["began"].startswith(f"{now:%Y%m%d}-"))


def remove(folder: Path, now: datetime, days: int, size: int, *, sent: bool) -> list[str]:
    """Remove files last written to more than `days` ago, and the oldest until all have at most `size` bytes; the names.

    The newest file of each row stays: somebody writes to it. `sent`: whether the sender runs; while it does not,
    nothing goes by age, for it may not have been read. Room on the disk goes before.
    """
    files = sorted(folder.glob("*.log")) if folder.is_dir() else []
    known = ((BEGAN.match(path.name), path) for path in files)
    rows = sorted((match["began"], match["stem"], path) for match, path in known if match)
    newest = {stem: path for _, stem, path in rows}
    total = sum(path.lstat().st_size for *_, path in rows)
    before = (now - timedelta(days=days)).timestamp()
    gone = []
    for _, stem, path in rows:
        found = path.lstat()
        if path != newest[stem] and (total > size or (sent and found.st_mtime < before)):
            path.unlink()
            total -= found.st_size
            gone.append(path.name)
    return gone


def _runs(unit: str) -> bool:
    return subprocess.run(["/usr/bin/systemctl", "is-active", "--quiet", unit], check=False).returncode == 0


def main(settings: Path, *, anyway: bool = False) -> int:
    """One round over all folders; CalledProcessError when a service does not take the signal to open its files."""
    told = json.loads(settings.read_text(encoding="utf-8"))
    now, sent = datetime.now().astimezone(), _runs("rsyslog.service")
    for row in told["files"]:
        folder, unit = Path(row["path"]).parent, row.get("reopen")
        begun = turn(folder, now, told["piece_megabytes"] * MEGABYTE, anyway=anyway) if unit else []
        if begun and _runs(unit):
            subprocess.run(["/usr/bin/systemctl", "kill", "--signal=USR1", "--kill-whom=main", unit], check=True)
        gone = remove(folder, now, told["days"], told["megabytes"] * MEGABYTE, sent=sent)
        if begun or gone:
            print(f"{folder}: begun {', '.join(begun) or '-'}; removed {', '.join(gone) or '-'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), anyway=sys.argv[2:] == ["--turn"]))
