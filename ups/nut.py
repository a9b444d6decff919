"""NUT's configuration files for a host, derived from the inventory. Pure.

One primary (the host that reads the units), every other fed host a secondary. NUT knows only these two levels and its
2.8.1 logs a secondary out as soon as it *begins* to stop; the order within the secondaries therefore comes from
`ups/poweroff.py`, which upsmon starts as its SHUTDOWNCMD and which stays logged in until the host is really off.
"""

from __future__ import annotations

import hashlib
import hmac
import json

from inventory import Host, Inventory, schema
from ups import plan

ORIGIN = "# Made by Kura from the inventory (ups/nut.py). Changes here are overwritten.\n"
POLL_SECONDS = 5
POLL_ALERT_SECONDS = 2
DEAD_SECONDS = 25  # NUT asks for three polls at least
FINAL_DELAY_SECONDS = 2
# What two boots after one another, the primary's and those of whom it switches on, may take.
START_SECONDS = 300
DRILL_USER = "drill"
BATTERY_USER = "battery"
POWERDOWN_FLAG = "/run/nut/killpower"  # tmpfs: a left-over flag would cut the UPS at the next ordinary reboot
# When the ordered stop began, on the host's clock since its boot: stages.py writes it, poweroff.py counts from it.
BEGAN = "/run/kura-power/began"
EVENTS = (
    *("ONLINE", "ONBATT", "LOWBATT", "FSD", "COMMOK", "COMMBAD", "SHUTDOWN", "REPLBATT", "NOCOMM", "NOPARENT"),
    *("CAL", "OFF", "NOTOFF", "BYPASS", "NOTBYPASS"),
)


def password(secret: str, name: str) -> str:
    """The upsd password of a host or user: each host knows its own only, the primary can derive all."""
    return hmac.new(secret.encode(), f"upsd:{name}".encode(), hashlib.sha256).hexdigest()[:32]


def files(site: Inventory, host: Host, *, secret: str, lab: bool = False) -> dict[str, str]:
    """Path → text of every NUT file of a fed host; empty for a host on no UPS. `lab` takes simulated units."""
    if not host.power.supplies:
        return {}
    primary = host.name in plan.readers(site)
    result = {
        "/etc/nut/nut.conf": nut_conf(site, primary=primary, lab=lab),
        "/etc/nut/upsmon.conf": upsmon_conf(site, host, secret),
        "/etc/kura/poweroff.json": poweroff_json(site, host, secret),
    }
    if primary:
        units = units_read_by(site, host)
        result["/etc/nut/ups.conf"] = ups_conf(site, units, lab)
        result["/etc/nut/upsd.conf"] = upsd_conf(host)
        result["/etc/nut/upsd.users"] = upsd_users(site, host, secret, lab)
        if lab:
            result |= {f"/etc/nut/{unit.id}.dev": device(site, unit) for unit in units}
    return result


def nut_conf(site: Inventory, *, primary: bool, lab: bool) -> str:
    """nut.conf. The primary has told the units to cut; one that does not, since the mains are back already, would
    leave it off for ever, and everybody whom it switches on. It therefore starts again by itself, after a time in
    which a battery that still carries it is empty. In the lab the drill plays the units' outlets."""
    if not primary:
        return ORIGIN + "MODE=netclient\n"
    wait = "" if lab else f"POWEROFF_WAIT={poweroff_wait_seconds(site)}\n"
    return ORIGIN + "MODE=netserver\n" + wait


def poweroff_wait_seconds(site: Inventory) -> int:
    """Seconds after which the primary starts again when no unit has cut its power: the longest a battery promises, and
    early enough that whom the nurse then has to switch on are back in time as well."""
    longest = max(unit.runtime_minutes for unit in site.power.units) * 60
    in_time = plan.RETURN_REQUIRED_SECONDS - site.power.wake_after_minutes * 60 - START_SECONDS
    return min(longest, max(in_time, START_SECONDS))


def units_read_by(site: Inventory, host: Host) -> tuple[schema.Unit, ...]:
    """The units that report to a host."""
    return tuple(unit for unit in site.power.units if unit.read_by == host.name)


def ups_conf(site: Inventory, units: tuple[schema.Unit, ...], lab: bool) -> str:
    """ups.conf: one section a unit. On real units the low-battery mark is ours: the ordered stop must still fit."""
    parts = [ORIGIN + "maxretry = 3\n"]
    for order, unit in enumerate(units):
        parts.append(f"\n[{unit.id}]\n")
        if lab:
            parts.append(f"  driver = dummy-ups\n  port = {unit.id}.dev\n  mode = dummy-once\n")
        else:
            parts.append(f"  driver = {unit.driver}\n  port = auto\n  ignorelb\n")
            if unit.serial:
                parts.append(f'  serial = "{unit.serial}"\n')
            parts.append(f"  override.battery.runtime.low = {plan.total_seconds(site)}\n")
        parts.append(f"  desc = {unit.id}\n  sdorder = {order}\n")
    return "".join(parts)


def device(site: Inventory, unit: schema.Unit) -> str:
    """What a simulated unit reports until a drill changes it."""
    values = {
        "device.mfr": "Kura",
        "device.model": "twin",
        "ups.mfr": "Kura",
        "ups.model": "twin",
        "ups.status": "OL",
        "ups.load": "30",
        "battery.charge": "100",
        "battery.runtime": str(unit.runtime_minutes * 60),
        "battery.runtime.low": str(plan.total_seconds(site)),
        "battery.date": unit.battery_installed.isoformat(),
        "input.voltage": "100.0",
        "output.voltage": "100.0",
    }
    return ORIGIN + "".join(f"{key}: {value}\n" for key, value in values.items())


def upsd_conf(host: Host) -> str:
    """upsd.conf: the host itself and its own zone's address; the firewall decides who reaches it."""
    return ORIGIN + f"MAXAGE 15\nLISTEN 127.0.0.1 3493\nLISTEN {host.address} 3493\n"


def upsd_users(site: Inventory, host: Host, secret: str, lab: bool) -> str:
    """upsd.users: one user a fed host with its role alone, one that may test batteries; in the lab also the
    drill, which sets simulated values."""
    parts = [ORIGIN]
    for other in plan.fed(site):
        role = "primary" if other == host else "secondary"
        parts.append(f"\n[{other.name}]\n  password = {password(secret, other.name)}\n  upsmon {role}\n")
    tests = "".join(f"  instcmds = test.battery.{name}\n" for name in ("start.quick", "start.deep", "stop"))
    parts.append(f"\n[{BATTERY_USER}]\n  password = {password(secret, BATTERY_USER)}\n{tests}")
    if lab:
        parts.append(f"\n[{DRILL_USER}]\n  password = {password(secret, DRILL_USER)}\n  actions = SET\n")
    return "".join(parts)


def server_of(site: Inventory, host: Host, unit_id: str) -> str:
    """The address at which a host asks about a unit: an address and not a name, since DNS may be gone already."""
    reader = next(unit.read_by for unit in site.power.units if unit.id == unit_id)
    return "127.0.0.1" if reader == host.name else str(site.host(reader).address)


def client_of(site: Inventory, host: Host, unit_id: str) -> str:
    """The address under which upsd lists a host that is logged in on a unit."""
    own = server_of(site, host, unit_id)
    return own if own == "127.0.0.1" else str(host.address)


def upsmon_conf(site: Inventory, host: Host, secret: str) -> str:
    """upsmon.conf: two feeds of value 1 each and one suffices; waiting times from the plan."""
    role = "primary" if host.name in plan.readers(site) else "secondary"
    mine = password(secret, host.name)
    before = plan.earlier(site, host)
    # The primary's upsmon waits until no other host is logged in, at most as long as all of them may take together.
    host_sync = max(15, (before[-1].ends if before else 0) + FINAL_DELAY_SECONDS + plan.SETTLE_SECONDS)
    login = f"1 {host.name} {mine} {role}"
    lines = [f"MONITOR {unit}@{server_of(site, host, unit)} {login}" for unit in host.power.supplies]
    lines += [
        "RUN_AS_USER nut",
        "MINSUPPLIES 1",
        'SHUTDOWNCMD "/usr/bin/systemctl start --no-block kura-poweroff.service"',
        f"POWERDOWNFLAG {POWERDOWN_FLAG}",
        f"POLLFREQ {POLL_SECONDS}",
        f"POLLFREQALERT {POLL_ALERT_SECONDS}",
        f"DEADTIME {DEAD_SECONDS}",
        f"HOSTSYNC {host_sync}",
        f"FINALDELAY {FINAL_DELAY_SECONDS}",
        "OFFDURATION 30",
        "RBWARNTIME 43200",
        "NOCOMMWARNTIME 300",
    ]
    lines += [f"NOTIFYFLAG {event} SYSLOG" for event in EVENTS]
    return ORIGIN + "\n".join(lines) + "\n"


def poweroff_json(site: Inventory, host: Host, secret: str) -> str:
    """What the power-off helper needs: where to ask, who goes first, and how long to wait for each step at most."""
    unit = host.power.supplies[0]
    wait = [
        {
            "hosts": list(step.hosts),
            "addresses": [str(site.host(name).address) for name in step.hosts],
            "until": step.ends,
        }
        for step in plan.earlier(site, host)
    ]
    value = {
        "server": server_of(site, host, unit),
        "ups": unit,
        "user": host.name,
        "password": password(secret, host.name),
        "settle_seconds": plan.SETTLE_SECONDS,
        "began": BEGAN,
        "flag": POWERDOWN_FLAG if host.name in plan.readers(site) else None,
        "wait": wait,
    }
    return json.dumps(value, indent=2) + "\n"


def unit_ids(site: Inventory, host: Host) -> list[str]:
    """Ids of the units that a host reads."""
    return [unit.id for unit in units_read_by(site, host)]
