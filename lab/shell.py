"""Running commands, with an error that says what failed and what it printed."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class LabError(Exception):
    """Something the lab needs could not be had; the message is meant for the engineer."""


def run(
    argv: Sequence[str | Path],
    *,
    check: bool = True,
    text: str | None = None,
    env: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command and capture what it prints; LabError with its last lines when it fails and `check`."""
    try:
        done = subprocess.run(
            [str(part) for part in argv],
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            env=dict(env) if env else None,
            timeout=timeout,
            stdin=None if text is not None else subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: this command is not installed") from None
    if check and done.returncode:
        tail = "\n".join((done.stderr + done.stdout).strip().splitlines()[-12:])
        raise LabError(f"{' '.join(str(part) for part in argv)[:300]}: exit {done.returncode}\n{tail}")
    return done
