"""The chain's statements go to their keeper on another host (backup/keep_seals.py), which only adds the next."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

from app.logs import archive


class NotKept(Exception):
    """The keeper did not take the statements; the sentence says why."""


def send(root: Path, command: str, patience: float = 300) -> int:
    """Bring the keeper up to date; the number of the last statement it has. NotKept when it is away or disagrees."""
    lines = archive.statements(root)
    with subprocess.Popen(
        shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as keeper:
        assert keeper.stdin is not None
        assert keeper.stdout is not None
        word, _, rest = keeper.stdout.readline().partition(" ")
        number, _, last = rest.strip().partition(" ")
        if word != "last":
            raise NotKept(_reason(keeper, patience))
        had = int(number)
        if had > len(lines) or (had and archive.digest(lines[had - 1]) != last):
            keeper.kill()
            raise NotKept(f"the keeper has another history: its last statement is {had}")
        said, trouble = keeper.communicate("".join(f"{line}\t\n" for line in lines[had:]), timeout=patience)
        if keeper.returncode or said.split() != ["kept", str(len(lines))]:
            raise NotKept(trouble.strip() or said)
    return len(lines)


def _reason(keeper: subprocess.Popen[str], patience: float) -> str:
    _, trouble = keeper.communicate(timeout=patience)
    return trouble.strip() or "the keeper said nothing"


def kept(lines: list[str]) -> list[str]:
    """The statements in a keeper's file: `when TAB statement TAB signature`."""
    return [line.split("\t")[1] for line in lines if line.strip()]
