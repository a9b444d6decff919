"""What must hold across the inventory's files. Each check yields problems at the line to mend."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.errors import Problem
from inventory.model import Inventory
from inventory.reading import Document


def check(site: Inventory, documents: dict[str, Document]) -> list[Problem]:
    """Every problem that crosses files, in no particular order."""
    problems: list[Problem] = []
    for one in (_host_references,):
        problems.extend(one(site, documents))
    return problems


def _host_references(site: Inventory, documents: dict[str, Document]) -> Iterator[Problem]:
    """Zone, owner, backup class and UPS that a host names must exist."""
    document = documents["hosts"]
    owners = {role.id for role in site.contacts.roles}
    classes = {row.id for row in site.backup.classes}
    units = {unit.id for unit in site.power.units}
    for section, rows in (("hosts", site.hosts_file.hosts), ("per_place", site.hosts_file.per_place)):
        for index, row in enumerate(rows):
            if row.zone not in site.zones:
                yield document.problem((section, index, "zone"), "a zone of networks.yml")
            if row.owner not in owners:
                yield document.problem((section, index, "owner"), "a role of contacts.yml")
            if row.backup not in classes:
                yield document.problem((section, index, "backup"), "a class of backup.yml")
            for position, unit in enumerate(row.power.supplies):
                if unit not in units:
                    yield document.problem((section, index, "power", "supplies", position), "a unit of power.yml")
