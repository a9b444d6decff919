"""What the host that reads the units does between power cuts: battery tests, and the boot nurse. Pure.

Derived from the inventory; `battery.py`, `nurse.py` and the exporter run by it.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import Any

from inventory import Host, Inventory, schema
from inventory.checks.plans import months_later
from ups import nut, plan, staging
from ups.client import PORT

FACTS = "/etc/kura/ups-facts.json"
BATTERY = "/etc/kura/battery.json"
NURSE = "/etc/kura/boot-nurse.json"
RESULTS = "/var/lib/kura-ups/battery.json"
NURSED = "/var/lib/prometheus/node-exporter/kura_boot_nurse.prom"
NURSE_MEMORY = "/var/lib/kura-boot-nurse/looking"
TIMER = "/etc/systemd/system/kura-battery-test.timer"
# A deployment stands under this mark (playbooks/site.yml): NUT may be touched by it.
DEPLOYING = "/run/kura-deploying"
# Flags that make the next power-off cut the units: ours, and the one that Debian's own settings leave behind.
KILLPOWER = (nut.POWERDOWN_FLAG, "/etc/killpower")
BUSY_UNITS = ("kura-backup@daily.service", "kura-backup@monthly.service", "apt-daily-upgrade.service")
BACKUP_HOURS = 3
# After this long the nurse looks no more: who is off then is off on purpose, or broken.
NURSE_WATCH_SECONDS = 3600
NURSE_AGAIN_SECONDS = 300
NURSE_TRIES = 5
LAB_WAKE_SECONDS = 15


def files(site: Inventory, host: Host, *, secret: str, lab: bool = False) -> dict[str, str]:
    """Path → text of what a host that reads units needs; empty for every other host."""
    units = nut.units_read_by(site, host)
    if not units:
        return {}
    return {
        FACTS: _text(facts(site, units)),
        BATTERY: _text(battery(site, units, secret)),
        NURSE: _text(nurse(site, host, lab=lab)),
        TIMER: timer(site),
    }


def replacement_due(unit: schema.Unit) -> date:
    """The day by which a unit's battery is to be replaced: as planned, or at the end of its life."""
    return unit.replacement_planned or months_later(unit.battery_installed, unit.battery_life_months)


def facts(site: Inventory, units: tuple[schema.Unit, ...]) -> dict[str, Any]:
    """What the exporter tells of the units beside their own words. No secrets."""
    return {
        "units": {
            unit.id: {
                "installed": _moment(unit.battery_installed),
                "replacement": _moment(replacement_due(unit)),
                "logins": {host.name: nut.client_of(site, host, unit.id) for host in plan.fed(site, unit.id)},
            }
            for unit in units
        },
        "needed": staging.needed_seconds(site),
        "killpower": list(KILLPOWER),
    }


def battery(site: Inventory, units: tuple[schema.Unit, ...], secret: str) -> dict[str, Any]:
    """What `battery.py` runs by."""
    hour, minute = map(int, site.backup.schedule.daily.split(":"))
    begins = (hour * 60 + minute - 15) % 1440
    return {
        "server": "127.0.0.1",
        "port": PORT,
        "user": nut.BATTERY_USER,
        "password": nut.password(secret, nut.BATTERY_USER),
        "units": [unit.id for unit in units],
        "needed": staging.needed_seconds(site),
        "results": RESULTS,
        "mark": DEPLOYING,
        "busy_units": list(BUSY_UNITS),
        "windows": [[begins, (begins + 15 + BACKUP_HOURS * 60) % 1440]],
    }


def nurse(site: Inventory, host: Host, *, lab: bool) -> dict[str, Any]:
    """What `nurse.py` runs by: every other fed host that can be switched on from afar, those that others need first."""
    order = [name for wave in plan.return_waves(site) for name in wave if name != host.name]
    hosts = [site.host(name) for name in order]
    return {
        "feeds": [{"unit": unit.id, "server": "127.0.0.1"} for unit in nut.units_read_by(site, host)],
        "gate": json.loads(staging.config(site, host))["gate"],
        "after": LAB_WAKE_SECONDS if lab else site.power.wake_after_minutes * 60,
        "again": NURSE_AGAIN_SECONDS,
        "tries": NURSE_TRIES,
        "watch": NURSE_WATCH_SECONDS,
        "figure": NURSED,
        "memory": NURSE_MEMORY,
        "hosts": [
            {"name": other.name, "address": str(other.address), "wake": wake_by(site, other, other.power.wake)}
            for other in hosts
            if other.power.wake
        ],
    }


def wake_by(site: Inventory, host: Host, wake: schema.Wake) -> dict[str, str]:
    """How the nurse reaches a host: a packet to everybody in its network, or its controller."""
    if wake.by == "wol":
        return {"by": "wol", "mac": str(wake.mac), "broadcast": str(site.zone_network(host.zone).broadcast_address)}
    return {"by": "ipmi", "address": str(wake.address)}


def over_ipmi(site: Inventory, host: Host) -> bool:
    """Whether a host switches others on over their controllers."""
    reads = bool(nut.units_read_by(site, host))
    return reads and any(other.power.wake and other.power.wake.by == "ipmi" for other in plan.fed(site))


def timer(site: Inventory) -> str:
    """The weekly battery test's timer."""
    when = site.power.battery_test
    return (
        nut.ORIGIN + "[Unit]\nDescription=Kura: weekly battery test\n\n[Timer]\n"
        f"OnCalendar={when.day.capitalize()} *-*-* {when.at}:00\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _moment(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2) + "\n"
