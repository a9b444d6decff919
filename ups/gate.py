"""The boot gate: after a power cut nothing is opened before the batteries could carry an ordered stop again.

A line that comes back for a minute and goes again would otherwise boot everything, empty what little the batteries
have gathered, and cut the databases in the middle. The gate stands before a host's services (its unit is ordered
before theirs) and opens when one feed is on mains with enough charge. A host whose units cannot be asked is let
through after a while: a broken card must not keep a library closed. Standard library alone.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ups.client import Client, UpsError

POLL_SECONDS = 2.0


@dataclass(frozen=True)
class Battery:
    """What one feed says of itself; None where it does not."""

    status: str = ""
    charge: float | None = None
    runtime: float | None = None


def open_for(batteries: Iterable[Battery], waited: float, gate: Mapping[str, float]) -> str | None:
    """Why services may start now, or None while they must wait. Pure.

    `gate` has `charge` (per cent), `runtime` (seconds that suffice whatever the charge) and `patience` (seconds
    without any answer after which the host is let through).
    """
    answering = [battery for battery in batteries if battery.status]
    for battery in answering:
        if "OL" not in battery.status.split():
            continue
        if battery.charge is not None and battery.charge >= gate["charge"]:
            return f"charge {battery.charge:.0f} %"
        if battery.runtime is not None and battery.runtime >= gate["runtime"]:
            return f"runtime {battery.runtime:.0f} s"
        if battery.charge is None and battery.runtime is None:
            return "the unit tells neither charge nor runtime"
    if not answering and waited >= gate["patience"]:
        return f"no unit answered for {waited:.0f} s"
    return None


def ask(feeds: list[dict[str, str]]) -> list[Battery]:
    """What upsd knows about this host's feeds now."""
    found = []
    for feed in feeds:
        try:
            with Client(feed["server"], timeout=3.0) as client:
                values = client.variables(feed["unit"])
        except UpsError:
            values = {}
        found.append(
            Battery(values.get("ups.status", ""), _number(values, "battery.charge"), _number(values, "battery.runtime"))
        )
    return found


def _number(values: Mapping[str, str], name: str) -> float | None:
    try:
        return float(values[name])
    except (KeyError, ValueError):
        return None


def main(path: str) -> None:
    """Return when services may start."""
    config: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    began, told = time.monotonic(), False
    while not (why := open_for(ask(config["feeds"]), time.monotonic() - began, config["gate"])):
        if not told:
            print("services wait until the batteries could carry an ordered stop", flush=True)
            told = True
        time.sleep(POLL_SECONDS)
    print(f"services may start: {why}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
