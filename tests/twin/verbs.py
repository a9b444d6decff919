"""The command line, run from a test as an engineer runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def environment() -> dict[str, str]:
    """This process's, without what molecule and Ansible told the process around the tests."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "MOLECULE_"))}
    return {**ours, "PYTHONPATH": str(ROOT)}


def kura(*arguments: str | Path, expect: int | tuple[int, ...] = 0, patience: float = 420) -> str:
    """Run a verb and return everything it said; it must end with the expected code, or with one of several."""
    done = subprocess.run(
        [sys.executable, "-m", "cli", *map(str, arguments)],
        cwd=ROOT, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=patience,
    )  # fmt: skip
    codes = expect if isinstance(expect, tuple) else (expect,)
    assert done.returncode in codes, done.stdout[-3000:]
    return done.stdout


def figures(path: Path) -> Mapping[str, Mapping[str, object]]:
    """What a verb wrote for `--json`."""
    rows = json.loads(path.read_text())["figures"]
    assert rows
    assert all({"value", "unit", "goal", "met"} == set(row) for row in rows.values())
    return rows
