"""Looks after the repositories on the server that keeps them: thins out, gives room back, checks, and measures.

Runs as root on the backup server and works on each repository as the user `borg`. Standard library alone.
A client that has never been set up has no repository and is passed over; any other failure is the unit's failure.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from backup.run import TEXTFILES, publish

CONFIGS = Path("/etc/kura/borg-server/keep")


def exposition(sizes: Mapping[str, int], good: Mapping[str, float], free: int, total: int) -> str:
    """Prometheus' text of host → bytes and host → time of the last good round, and the room that is left."""
    lines = ["# TYPE kura_backup_repository_bytes gauge"]
    lines += [f'kura_backup_repository_bytes{{host="{host}"}} {size}' for host, size in sizes.items()]
    lines.append("# TYPE kura_backup_keep_last_success_timestamp_seconds gauge")
    lines += [f'kura_backup_keep_last_success_timestamp_seconds{{host="{host}"}} {at:.0f}' for host, at in good.items()]
    lines += ["# TYPE kura_backup_store_free_bytes gauge", f"kura_backup_store_free_bytes {free}"]
    lines += ["# TYPE kura_backup_store_size_bytes gauge", f"kura_backup_store_size_bytes {total}"]
    return "\n".join(lines) + "\n"


def size_of(folder: Path) -> int:
    """Bytes of a repository's files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def look_after(store: Path) -> int:
    """One round over every repository that exists; returns the number of failures."""
    sizes: dict[str, int] = {}
    good: dict[str, float] = {}
    failed: set[str] = set()
    for config in sorted(CONFIGS.glob("*.yaml")):
        host = config.stem.rpartition("-")[0]
        if not (store / host / "config").is_file():
            continue
        argv = ["runuser", "-u", "borg", "--", "borgmatic", "--config", str(config), "prune", "compact", "check"]
        if subprocess.run(argv, check=False, cwd="/").returncode == 0:
            good[host] = time.time()
        else:
            print(f"{config.stem}: failed", file=sys.stderr)
            failed.add(host)
        sizes[host] = size_of(store / host)
    for host in failed:
        good.pop(host, None)
    usage = shutil.disk_usage(store)
    publish(TEXTFILES, "kura_backup_store", exposition(sizes, good, usage.free, usage.total))
    return len(failed)


if __name__ == "__main__":
    sys.exit(1 if look_after(Path(sys.argv[1])) else 0)
