"""Debian's promtool and amtool: on PATH, or out of the lab's cached layer. Without them tests fail, never skip."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path


@cache
def binary(name: str) -> str:
    """Path of a monitoring program; LookupError says how to get one."""
    found = shutil.which(name)
    if found:
        return found
    images = Path(os.environ.get("KURA_CACHE", "/var/cache/kura")) / "images"
    made = [path for path in images.glob(f"layer-*/usr/bin/{name}") if ".part" not in str(path)]
    if made:
        return str(max(made, key=lambda path: path.stat().st_mtime))
    raise LookupError(f"{name} is neither on PATH nor in {images}: `./kura test` makes the layer that has it")


def promtool(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool and return what it said."""
    return run("promtool", *arguments, cwd=cwd)


def run(name: str, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run one of the monitoring's programs and return what it said."""
    return subprocess.run([binary(name), *arguments], capture_output=True, text=True, check=False, cwd=cwd)
