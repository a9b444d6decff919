"""Every moment of the databases: where their changes are taken, kept and recovered. Derived from the inventory. Pure.

The keeper of the backups pulls: a database host holds no key to what is kept of it.
"""

from __future__ import annotations

import json

from backup import plan
from backup.borgmatic import ORIGIN
from inventory import Host, Inventory

SETTINGS = "/etc/kura/wal/settings.json"
SLOT = "kura_archive"
USER = "kura_archive"


def store(site: Inventory, host: Host | None = None) -> str:
    """The folder of changes and copies, on the keeper's data disks; no client's repository can have its name."""
    return f"{site.backup.path}/_wal"


def keeper_network(site: Inventory, host: Host | None) -> str:
    """The address (CIDR) from which changes are taken."""
    return f"{site.host(site.backup.repository).address}/32"


def databases(site: Inventory) -> list[str]:
    """Names of the databases that any host's backup class names, in order."""
    return list(dict.fromkeys(name for row in site.backup.classes for name in row.databases))


def settings(site: Inventory, host: Host | None) -> str:
    """What the programs on the keeper are told (JSON)."""
    service = site.service("database")
    source = service.hosts[0]
    value = {
        "server": site.fqdn(service.row.names[0]),
        "port": service.listen[0].port,
        "user": USER,
        "slot": SLOT,
        "store": store(site),
        "days": site.backup.point_in_time.days,
        "databases": databases(site),
        "source": source.name,
        "repository": f"{site.backup.path}/{source.name}",
    }
    return json.dumps(value, indent=1) + "\n"


def isolation(site: Inventory, host: Host | None, *, lab: bool = False) -> str:
    """What the keeper's isolated copies are made of, how often, and how many are kept (JSON).

    In the lab they are not made unchangeable: a twin's files must go with it, and only the keeper's root could.
    """
    value = {
        "store": site.backup.path,
        "hosts": [client.name for client in plan.clients(site)],
        "every_days": site.backup.isolated.every_days,
        "generations": site.backup.isolated.generations,
        "unchangeable": not lab,
    }
    return json.dumps(value, indent=1) + "\n"


def calendars(site: Inventory, host: Host | None) -> dict[str, str]:
    """When the keeper's programs run (systemd's OnCalendar): the copy of the whole, and the rehearsal of a restore."""
    zone = site.organisation.timezone
    often = {"daily": "*-*-*", "weekly": "Sun *-*-*", "monthly": "*-*-01"}[site.backup.verify.restore_drill]
    return {"base": f"*-*-* {site.backup.point_in_time.base}:00 {zone}", "rehearsal": f"{often} 06:30:00 {zone}"}


def pgpass(site: Inventory, host: Host | None, *, password: str) -> str:
    """The password file with which the keeper signs in at the database."""
    service = site.service("database")
    return f"{ORIGIN}{site.fqdn(service.row.names[0])}:{service.listen[0].port}:*:{USER}:{password}\n"
