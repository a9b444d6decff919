"""Running the system's programs from the programs of this room, with errors an engineer can act on."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Sequence


class Refused(Exception):
    """What was asked for must not or cannot be done; the sentence says why and what to do instead."""


def run(argv: Sequence[str], text: str | None = None) -> str:
    """Run a program and return what it printed; Refused with its last words when it fails."""
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, errors="replace")
    except FileNotFoundError:
        raise Refused(f"{argv[0]} is not installed") from None
    if done.returncode:
        tail = " / ".join((done.stderr + done.stdout).strip().splitlines()[-4:])
        raise Refused(f"{' '.join(argv)}: exit {done.returncode}: {tail}")
    return done.stdout


def available(program: str) -> bool:
    """Whether a program is installed."""
    return shutil.which(program) is not None


def until(condition: Callable[[], bool], patience: float, what: str, every: float = 0.2) -> None:
    """Wait until a condition holds; Refused, naming `what`, when it does not within `patience` seconds."""
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise Refused(f"{what} did not happen within {patience:.0f} seconds")
        time.sleep(every)
