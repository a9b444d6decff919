"""The boot nurse: after a power cut, hosts that stay off are switched on. Standard library alone.

A host that had stopped before the mains returned, while its outlet never lost power, waits for somebody's finger: its
firmware starts it when power *comes*, and power never went. The nurse runs on the host that reads the units. After
its own boot, and after each time on battery, it looks for a while: a host that is off although the mains are on and
the batteries could carry an ordered stop again is sent a magic packet, or switched on over its IPMI controller. At
other times it touches nobody: who is off on an ordinary day is off on purpose.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ups.client import Client, UpsError
from ups.gate import Battery, ask, open_for

POLL_SECONDS = 5.0
WAKE_PORT = 9
IPMI_USER = "kura"
IPMI_PASSWORD = "/etc/kura/ipmi"  # noqa: S105 - the file, mode 0600


@dataclass(frozen=True)
class Watch:
    """Whether the nurse looks at all: until when, and whether the batteries carried at its last look."""

    until: float = 0.0
    on_battery: bool = False


@dataclass(frozen=True)
class Patient:
    """One host: since when it has been off with good mains, how often and when it was last woken."""

    off_since: float | None = None
    tries: int = 0
    woken_at: float | None = None


def watch(state: Watch, batteries: Iterable[Battery], now: float, seconds: float) -> Watch:
    """Look for so many seconds after the mains have come back. Silence changes nothing. Pure."""
    flags = [set(battery.status.split()) for battery in batteries if battery.status]
    if not flags:
        return state
    if not any("OL" in each for each in flags):
        return Watch(now + seconds, True)
    return Watch(now + seconds, False) if state.on_battery else state


def due(patient: Patient, *, up: bool, allowed: bool, now: float, limits: Mapping[str, float]) -> tuple[Patient, bool]:
    """The patient after a look, and whether to wake it now. Pure.

    `allowed`: the nurse is looking, the mains are on and the batteries charged. `limits`: `after` seconds off before
    the first attempt, `again` between attempts, `tries` attempts at most.
    """
    if up:
        return Patient(), False
    if not allowed:
        return replace(patient, off_since=None), False
    since = now if patient.off_since is None else patient.off_since
    patient = replace(patient, off_since=since)
    if now - since < limits["after"] or patient.tries >= limits["tries"]:
        return patient, False
    if patient.woken_at is not None and now - patient.woken_at < limits["again"]:
        return patient, False
    return replace(patient, tries=patient.tries + 1, woken_at=now), True


def magic(mac: str) -> bytes:
    """The packet that a network card with wake-on-LAN waits for: six bytes of ones, its address sixteen times."""
    return b"\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16


def ipmi(address: str) -> list[str]:
    """The command that switches a host on over its controller; the password stands in a file and in no process list."""
    who = ["-I", "lanplus", "-H", address, "-U", IPMI_USER, "-f", IPMI_PASSWORD]
    return ["ipmitool", *who, "chassis", "power", "on"]


def wake(how: Mapping[str, str], run: Callable[[list[str]], int]) -> None:
    """Switch one host on. OSError when the packet cannot be sent; a command's failure is in the journal."""
    if how["by"] == "ipmi":
        run(ipmi(how["address"]))
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for _ in range(3):  # nobody acknowledges a datagram
            sender.sendto(magic(how["mac"]), (how["broadcast"], WAKE_PORT))


def present(hosts: Iterable[Mapping[str, Any]], clients: set[str], run: Callable[[list[str]], int]) -> set[str]:
    """Names of the hosts that are up: logged in at upsd, or answering a ping."""
    return {
        host["name"]
        for host in hosts
        if host["address"] in clients or run(["ping", "-c", "1", "-W", "1", "-q", host["address"]]) == 0
    }


def clients_of(feeds: list[dict[str, str]]) -> set[str]:
    """Addresses logged in at upsd on any of the units."""
    found: set[str] = set()
    for feed in feeds:
        try:
            with Client(feed["server"], timeout=3.0) as client:
                found |= client.clients(feed["unit"])
        except UpsError:
            continue
    return found


def tell(path: Path, patients: Mapping[str, Patient]) -> None:
    """How often each host was woken since it was last seen up, for Prometheus."""
    lines = [
        "# HELP kura_boot_nurse_tries Attempts to switch a host on since it was last seen up.",
        "# TYPE kura_boot_nurse_tries gauge",
        *(f'kura_boot_nurse_tries{{patient="{name}"}} {patient.tries}' for name, patient in sorted(patients.items())),
    ]
    part = path.with_suffix(".part")
    part.write_text("\n".join(lines) + "\n", encoding="ascii")
    part.replace(path)


def remember(memory: Path, looking: Watch, now: float) -> None:
    """Keep on the disk that there is somebody to look for, until the time for it is over."""
    wanted = looking.on_battery or now < looking.until
    if wanted and not memory.exists():
        memory.parent.mkdir(parents=True, exist_ok=True)
        memory.touch()
        os.sync()
    elif not wanted:
        memory.unlink(missing_ok=True)


def command(argv: list[str]) -> int:
    """Run a command without its chatter; its exit code, 127 when it is not installed."""
    try:
        return subprocess.run(argv, check=False, stdout=subprocess.DEVNULL).returncode
    except FileNotFoundError:
        print(f"{argv[0]} is not installed", flush=True)
        return 127


def main(path: str) -> None:
    """Watch for ever."""
    config = json.loads(Path(path).read_text(encoding="utf-8"))
    patients = {host["name"]: Patient() for host in config["hosts"]}
    # The cut may have taken everybody down, this host too: what it had seen before is on its disk.
    memory, began = Path(config["memory"]), time.monotonic()
    looking = Watch(until=began + config["watch"] if memory.exists() else 0.0)
    while True:
        batteries, now = ask(config["feeds"]), time.monotonic()
        looking = watch(looking, batteries, now, config["watch"])
        remember(memory, looking, now)
        if now < looking.until and not looking.on_battery:
            allowed = open_for(batteries, now - began, config["gate"]) is not None
            up = present(config["hosts"], clients_of(config["feeds"]), command)
            for host in config["hosts"]:
                name = host["name"]
                patients[name], act = due(patients[name], up=name in up, allowed=allowed, now=now, limits=config)
                if act:
                    print(f"{name} stays off: switched on by {host['wake']['by']}", flush=True)
                    try:
                        wake(host["wake"], command)
                    except OSError as error:
                        print(f"{name}: {error}", flush=True)
        tell(Path(config["figure"]), patients)
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    main(sys.argv[1])
