"""Where the lab keeps things: what can be made again (cache) and what a running twin is (state)."""

from __future__ import annotations

import os
from pathlib import Path


def instance() -> str:
    """Name of this lab instance; several can run side by side (`KURA_INSTANCE`, at most 6 letters)."""
    return os.environ.get("KURA_INSTANCE", "kura")


def cache() -> Path:
    """Images, packages and wheels: shared by all instances, safe to delete when none runs."""
    return Path(os.environ.get("KURA_CACHE", "/var/cache/kura"))


def state(site: str) -> Path:
    """Secrets, keys, hosts' disks and evidence of one instance of one inventory."""
    return Path(os.environ.get("KURA_STATE", f"/var/lib/{instance()}/{site}"))


def root() -> Path:
    """The project's own folder."""
    return Path(__file__).resolve().parents[1]
