"""Hosts: names, what they refer to, numbers in their zones, routers, disks and racks."""

from __future__ import annotations

from collections.abc import Iterator

from inventory import schema
from inventory.checks.context import Context
from inventory.errors import Problem
from inventory.reading import Location

LAST_AT_SITE = 62
ROUTER_NUMBER = 1
RAID_DISKS = {1: 2, 5: 3, 6: 4, 10: 4}

Rows = list[tuple[Location, schema.HostRow | schema.PerPlaceRow]]


def _rows(context: Context) -> Rows:
    found: Rows = [(("hosts", index), row) for index, row in enumerate(context.site.hosts_file.hosts)]
    return found + [(("per_place", index), row) for index, row in enumerate(context.site.hosts_file.per_place)]


def names(context: Context) -> Iterator[Problem]:
    """A host's name is its own; a name made per place says which place, and which of several."""
    rows = context.site.hosts_file.hosts
    values = [(("hosts", index, "name"), row.name) for index, row in enumerate(rows)]
    yield from context.repeats("hosts", values, "a name")
    for index, made in enumerate(context.site.hosts_file.per_place):
        at = ("per_place", index, "name")
        if "{place}" not in made.name:
            yield context.problem("hosts", at, "a name with {place} in it")
        if made.count > 1 and "{n}" not in made.name:
            yield context.problem("hosts", at, f"a name with {{n}} in it: there are {made.count} at each place")


def references(context: Context) -> Iterator[Problem]:
    """Zone, owner, backup class and UPS that a host names exist, and a data-centre machine has a feed."""
    site = context.site
    owners = {role.id for role in site.contacts.roles}
    classes = {row.id for row in site.backup.classes}
    units = {unit.id for unit in site.power.units}
    for at, row in _rows(context):
        side = "datacentre" if at[0] == "hosts" else "site"
        zone = site.zones.get(row.zone)
        if zone is None:
            yield context.problem("hosts", (*at, "zone"), "a zone of networks.yml")
        elif zone.place != side:
            yield context.problem("hosts", (*at, "zone"), f"a zone whose place is {side}")
        if row.owner not in owners:
            yield context.problem("hosts", (*at, "owner"), "a role of contacts.yml")
        if row.backup not in classes:
            yield context.problem("hosts", (*at, "backup"), "a class of backup.yml")
        for position, unit in enumerate(row.power.supplies):
            if unit not in units:
                yield context.problem("hosts", (*at, "power", "supplies", position), "a unit of power.yml")
        if at[0] == "hosts" and row.kind in ("server", "router") and not row.power.supplies:
            where = (*at, "power", "supplies")
            yield context.problem("hosts", where, f"a unit of power.yml that feeds this {row.kind}")


def numbers(context: Context) -> Iterator[Problem]:
    """No two hosts share a number in a zone; number 1 is the router's; a site zone has 62 numbers."""
    rows = context.site.hosts_file.hosts
    values = [(("hosts", index, "number"), (row.zone, row.number)) for index, row in enumerate(rows)]
    yield from context.repeats("hosts", values, "a number")
    for at, row in _rows(context):
        if row.kind != "router" and row.number == ROUTER_NUMBER:
            yield context.problem("hosts", (*at, "number"), "2 or more: 1 is the router's")
        if row.kind == "router" and row.number != ROUTER_NUMBER:
            yield context.problem("hosts", (*at, "number"), "1: others find the router there")
    taken: dict[tuple[str, str, int], Location] = {}
    for index, made in enumerate(context.site.hosts_file.per_place):
        at = ("per_place", index, "number")
        last = made.number + made.count - 1
        if last > LAST_AT_SITE:
            yield context.problem("hosts", at, f"numbers up to {LAST_AT_SITE}: the last would be {last}")
        clashes = {
            taken[key]: key[2]
            for key in ((kind, made.zone, made.number + step) for kind in made.places for step in range(made.count))
            if taken.setdefault(key, at) != at
        }
        for other, number in clashes.items():
            line = context.documents["hosts"].line(other)
            yield context.problem("hosts", at, f"numbers of its own in zone {made.zone} (line {line} takes {number})")


def routers(context: Context) -> Iterator[Problem]:
    """One router in the data centre, one at each place that has hosts."""
    site = context.site
    centre = [index for index, row in enumerate(site.hosts_file.hosts) if row.kind == "router"]
    if not centre:
        yield context.problem("hosts", ("hosts",), "a host of kind router in the data centre", "no router")
    for index in centre[1:]:
        yield context.problem("hosts", ("hosts", index, "kind"), "another kind: the data centre has one router")
    connected: list[str] = []
    for index, row in enumerate(site.hosts_file.per_place):
        if row.kind == "router":
            for position, kind in enumerate(row.places):
                if kind in connected:
                    at = ("per_place", index, "places", position)
                    yield context.problem("hosts", at, "a kind of place that has no router yet")
                connected.append(kind)
            if row.count != 1:
                yield context.problem("hosts", ("per_place", index, "count"), "1: a place has one router")
    for index, row in enumerate(site.hosts_file.per_place):
        for position, kind in enumerate(row.places):
            if row.kind != "router" and kind not in connected:
                at = ("per_place", index, "places", position)
                yield context.problem("hosts", at, "a kind of place for which a router is made")


def _bays(context: Context, at: Location, disk: schema.Disk) -> Iterator[Problem]:
    """Bays are named for every disk of a row or for none, each once, and never behind a controller that hides them."""
    if not disk.bays:
        return
    if len(disk.bays) != disk.count or len(set(disk.bays)) != disk.count:
        yield context.problem("hosts", (*at, "bays"), f"{disk.count} different bays, one for each disk")
    if disk.controller != "md":
        yield context.problem("hosts", (*at, "bays"), f"no bays: {disk.controller} numbers the slots itself")


def hardware(context: Context) -> Iterator[Problem]:
    """RAID levels have the disks they need, data disks a mount point, and no two machines share a rack unit."""
    occupied: dict[tuple[str, int], str] = {}
    for index, row in enumerate(context.site.hosts_file.hosts):
        mounts: list[tuple[Location, str]] = []
        for position, disk in enumerate(row.disks):
            at = ("hosts", index, "disks", position)
            least = RAID_DISKS[disk.raid]
            if disk.count < least or (disk.raid == 10 and disk.count % 2):
                even = ", an even number" if disk.raid == 10 else ""
                yield context.problem("hosts", (*at, "count"), f"at least {least} disks{even} for RAID {disk.raid}")
            if disk.use == "data" and disk.mount is None:
                yield context.problem("hosts", (*at, "mount"), "a folder where the data disks are mounted")
            if disk.mount is not None:
                mounts.append(((*at, "mount"), disk.mount))
            yield from _bays(context, at, disk)
            if disk.encrypted and disk.use == "boot":
                yield context.problem("hosts", (*at, "encrypted"), "false: nobody stands by to unlock a boot disk")
        yield from context.repeats("hosts", mounts, "a mount point")
        if row.hardware is not None:
            where = ("hosts", index, "hardware", "unit")
            yield from _rack(context, "hosts", where, row.name, row.hardware, occupied)
    for index, unit in enumerate(context.site.power.units):
        yield from _rack(context, "power", ("units", index, "unit"), unit.id, unit, occupied)


def _rack(
    context: Context,
    name: str,
    at: Location,
    who: str,
    row: schema.Hardware | schema.Unit,
    occupied: dict[tuple[str, int], str],
) -> Iterator[Problem]:
    for unit in range(row.unit, row.unit + row.height):
        other = occupied.setdefault((row.rack, unit), who)
        if other != who:
            yield context.problem(name, at, f"free units of rack {row.rack}: {other} stands in {unit}")
            return


def twin(context: Context) -> Iterator[Problem]:
    """The twin's hosts exist."""
    site = context.site
    known = {row.name for row in site.hosts_file.hosts}
    for row in site.hosts_file.per_place:
        for place in site.places:
            if place.kind in row.places:
                known |= {row.name.format(place=place.id, n=number + 1) for number in range(row.count)}
    values: list[tuple[Location, str]] = [(("twin", index), name) for index, name in enumerate(site.hosts_file.twin)]
    for at, name in values:
        if name not in known:
            yield context.problem("hosts", at, "the name of a host")
    yield from context.repeats("hosts", values, "a host")
