"""Powers this host off in its turn. upsmon starts it (SHUTDOWNCMD, kura-poweroff.service); standard library alone.

It logs in at upsd for as long as this host lives, so that later hosts and the primary's own upsmon see it until the
very end; its unit has no default dependencies, so systemd kills it last. It waits until every host of the earlier
steps has been absent from upsd for a few seconds, or until that step's time is over, and then powers off. When upsd
does not answer it waits by the clock alone: a lost primary must not stop anybody from reaching a clean stop.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ups.client import Client, UpsError


class Presence:
    """This host's login at upsd, renewed when the connection breaks."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._config = config
        self._client: Client | None = None

    def others(self) -> set[str] | None:
        """Addresses logged in on the unit now, or None when upsd does not answer."""
        try:
            if self._client is None:
                self._client = Client(self._config["server"], timeout=3.0)
                self._client.login(self._config["ups"], self._config["user"], self._config["password"])
            return self._client.clients(self._config["ups"])
        except UpsError as error:
            print(f"upsd does not answer: {error}", flush=True)
            if self._client is not None:
                self._client.close()
                self._client = None
            return None


def wait_for_turn(
    config: dict[str, Any],
    others: Callable[[], set[str] | None],
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
    since: float | None = None,
) -> float:
    """Return when it is this host's turn, with the seconds waited. Bounded by the last step's `until`.

    The steps' times count from `since`, the clock's reading at the point of no return (now, when nobody kept it):
    the primary's upsmon may already have waited long for a host that hangs.
    """
    last_seen = clock()
    began = last_seen if since is None else min(since, last_seen)
    watched = {address for step in config["wait"] for address in step["addresses"]}
    while config["wait"]:
        now = clock()
        present = others()
        if present is None or watched & present:
            last_seen = now
        # A step whose time is over is waited for no longer, even when one of its hosts hangs.
        watched = {a for step in config["wait"] if now - began < step["until"] for a in step["addresses"]}
        if not watched or now - last_seen >= config["settle_seconds"]:
            break
        pause(1.0)
    return clock() - began


def kept(path: Path) -> float | None:
    """The moment at which the ordered stop began; None when nobody kept it."""
    try:
        return float(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def main(path: str) -> None:
    """Wait for this host's turn, power off, and stay logged in until killed."""
    config = json.loads(Path(path).read_text(encoding="utf-8"))
    presence = Presence(config)
    presence.others()
    waited = wait_for_turn(config, presence.others, since=kept(Path(config["began"])))
    flag = config.get("flag")
    cut = "; the units will be told to cut" if flag and Path(flag).exists() else ""
    print(f"it is this host's turn after {waited:.0f} s: powering off{cut}", flush=True)
    subprocess.run(["/usr/bin/systemctl", "poweroff", "--no-block"], check=False)
    while True:  # upsd drops a silent client after a minute; systemd ends this process last of all
        presence.others()
        time.sleep(2)


if __name__ == "__main__":
    main(sys.argv[1])
