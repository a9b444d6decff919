"""What each host's stages and boot gate are told, derived from the inventory. Pure."""

from __future__ import annotations

import json
import math

from inventory import Host, Inventory
from ups import nut, plan

TOLD_AFTER_SECONDS = 30
QUIET_AFTER_SECONDS = 120
RESERVE_SECONDS = 60
STEADY_SECONDS = 6
# A host whose units cannot be asked after a boot is let through: a broken card must not keep a library closed.
GATE_PATIENCE_SECONDS = 120
CONFIG = "/etc/kura/power-stages.json"
FIGURE = "/var/lib/prometheus/node-exporter/kura_power_stage.prom"
# While these stand, services are stopped for want of power; what was stopped is remembered across a restart.
MARK = "/run/kura-power/stopped"
MEMORY = "/run/kura-power/state.json"
# The systemd units of a service, those that others wait for last; sockets with their services.
UNITS = {
    "library": ("kura-library.socket", "kura-library.service"),
    "database": ("postgresql@17-main.service",),
}
# What may run another day, timers with what they start: ended early, so that nothing half done is on the disks when
# the end comes. A unit that a host does not have is not running there.
BATCH = (
    *("kura-library-jobs@often.timer", "kura-library-jobs@often.service"),
    *("kura-library-jobs@daily.timer", "kura-library-jobs@daily.service"),
    *("kura-backup-daily.timer", "kura-backup@daily.service"),
    *("kura-backup-monthly.timer", "kura-backup@monthly.service"),
    *("kura-backup-keep.timer", "kura-backup-keep.service"),
    *("kura-wal-base.timer", "kura-wal-base.service"),
    *("kura-restore-rehearsal.timer", "kura-restore-rehearsal.service"),
    *("kura-logs-close.timer", "kura-logs-close.service"),
    *("kura-levels.timer", "kura-levels.service"),
    *("kura-disks-patrol.timer", "kura-disks-care@patrol.service"),
    *("kura-disks-test.timer", "kura-disks-care@test.service"),
    *("kura-disks-test-long.timer", "kura-disks-care@test-long.service"),
    "kura-integrity.service",
)
# Timers that go on, with the reason.
NOT_BATCH = {
    "kura-audit-seal.timer": "what staff did until the end is sealed too; a second's work each minute",
    "kura-battery-test.timer": "ups/battery.py itself tests on quiet days alone",
    "kura-certificates.timer": "tells how long certificates last; a second's work each hour",
    "kura-history.timer": "the use of the hosts in a power cut is asked for afterwards; a second's work",
    "kura-log-files.timer": "what a power cut makes services say needs room too; a second's work each hour",
    "kura-maintenance.timer": "a maintainer's window closes at its time, power cut or not",
    "kura-tunnel.timer": "tells which tunnels answer, now more than ever",
    "kura-wal-watch.timer": "tells how far the copy is behind, now more than ever",
    "kura-watcher.timer": "watches the monitoring itself",
}
CHECKPOINT = ["runuser", "-u", "postgres", "--", "psql", "-XqAt", "-d", "postgres", "-c", "CHECKPOINT"]


def needed_seconds(site: Inventory) -> int:
    """Battery seconds at which services stop: the whole ordered stop, the services' own stop, and a reserve."""
    services = sum(host.power.stop_seconds for host in plan.fed(site) if services_of(site, host))
    return plan.total_seconds(site) + math.ceil(services * site.power.margin) + RESERVE_SECONDS


def longest_seconds(site: Inventory) -> int:
    """Seconds on battery after which services stop whatever the units say: half of what the weakest promises."""
    return min((unit.runtime_minutes * 60 for unit in site.power.units), default=0) // 2


def services_of(site: Inventory, host: Host) -> tuple[str, ...]:
    """Ids of the services on a host that stop before the host does."""
    return tuple(name for name in UNITS if host in site.service(name).hosts)


def config(site: Inventory, host: Host) -> str:
    """The host's file; empty for a host on no UPS."""
    if not host.power.supplies:
        return ""
    ids = services_of(site, host)
    needs = [
        {"address": str(server.address), "port": site.service("database").listen[0].port}
        for server in (site.service("database").hosts if "library" in ids else ())
    ]
    value = {
        "feeds": [{"unit": unit, "server": nut.server_of(site, host, unit)} for unit in host.power.supplies],
        "limits": {
            "told_after": TOLD_AFTER_SECONDS,
            "quiet_after": QUIET_AFTER_SECONDS,
            "stopped_after": longest_seconds(site),
            "needed": needed_seconds(site),
            "steady": STEADY_SECONDS,
        },
        "quiet": list(BATCH),
        "settle": [CHECKPOINT] if "database" in ids else [],
        "services": [list(UNITS[name]) for name in ids],
        "ports": [listen.port for name in ids if name == "database" for listen in site.service(name).listen],
        "needs": [need for need in needs if need["address"] != str(host.address)],
        "patience": math.ceil(max(step.seconds for step in plan.steps(site))),
        "figure": FIGURE,
        "mark": MARK,
        "memory": MEMORY,
        "began": nut.BEGAN,
        "flag": nut.POWERDOWN_FLAG if host.name in plan.readers(site) else None,
        "gate": {
            "charge": site.power.restart_charge_percent,
            "runtime": 2 * needed_seconds(site),
            "patience": GATE_PATIENCE_SECONDS,
        },
    }
    return json.dumps(value, indent=2) + "\n"


def gated_units(site: Inventory, host: Host) -> list[str]:
    """systemd units of a host that the boot gate stands before.

    Services alone: sockets belong to the first part of a boot, which the gate itself comes after.
    """
    return [unit for name in services_of(site, host) for unit in UNITS[name] if unit.endswith(".service")]
