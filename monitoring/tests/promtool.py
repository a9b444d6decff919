"""Debian's promtool: on PATH, or out of the lab's cached layer. Without one the tests fail: they are never skipped."""

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
    return subprocess.run([binary("promtool"), *arguments], capture_output=True, text=True, check=False, cwd=cwd)
