"""Hands evidence that the console keeps (runs of playbooks, inspections) over to it, when its host answers.

The console's host itself lists what it was given (`received` beside the inbox), so a console that was made anew gets
everything again, and nothing has to be remembered here.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

INBOX = "/var/lib/kura/inbox"
KINDS = ("work", "inspection")
LIST = f"cd {INBOX} && cat .received 2>/dev/null; test -d {INBOX}"
# Names are appended only when the files are there; the console takes what ends in .json.
TAKE = f"cd {INBOX} && tar -x --no-same-owner && ls *.json >> .received"

# Runs a shell command on the console's host with these bytes as input; gives its exit code and output.
Shell = Callable[[str, bytes], tuple[int, bytes]]


def deliver(state: Path, shell: Shell) -> int | None:
    """Deliver what the console's host has not been given; how many records, or None when it does not take any now."""
    code, said = shell(LIST, b"")
    if code:
        return None
    there = set(said.decode().split())
    waiting = [path for kind in KINDS for path in sorted((state / "evidence" / kind).glob("[!.]*.json"))]
    waiting = [path for path in waiting if name_of(path) not in there]
    if not waiting:
        return 0
    code, _ = shell(TAKE, packed(waiting))
    return None if code else len(waiting)


def name_of(path: Path) -> str:
    """What a record is called in the inbox: its kind before its own name."""
    return f"{path.parent.name}-{path.name}"


def packed(paths: list[Path]) -> bytes:
    """The records as a tar archive that anybody on the host may read."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in paths:
            content = path.read_bytes()
            entry = tarfile.TarInfo(name_of(path))
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
