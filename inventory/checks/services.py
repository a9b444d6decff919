"""Service rows: what they refer to, and the names they take."""

from __future__ import annotations

from collections.abc import Iterator

from inventory import schema
from inventory.checks.context import Context
from inventory.errors import Problem
from inventory.reading import Location

KINDS = ("router", "server", "workstation", "terminal")


def rows(context: Context) -> Iterator[Problem]:
    """Ids, hosts, sources, ports, owner and restrictions of each row."""
    site = context.site
    every = site.services_file.services
    yield from context.repeats("services", [(("services", i, "id"), row.id) for i, row in enumerate(every)], "an id")
    ids = {row.id for row in every}
    owners = {role.id for role in site.contacts.roles}
    for index, row in enumerate(every):
        at = ("services", index)
        if row.owner not in owners:
            yield context.problem("services", (*at, "owner"), "a role of contacts.yml")
        if row.shares is not None and (row.shares not in ids or row.shares == row.id):
            yield context.problem("services", (*at, "shares"), "the id of another service")
        if not row.from_:
            yield context.problem("services", (*at, "from"), "at least one zone: nobody may reach this service")
        yield from _hosts(context, at, row)
        yield from _sources(context, at, row)
        yield from _ports(context, at, row)
        yield from _restrictions(context, at, row)


def _hosts(context: Context, at: Location, row: schema.ServiceRow) -> Iterator[Problem]:
    known = _host_names(context)
    if not row.hosts:
        yield context.problem("services", (*at, "hosts"), "at least one host")
    for position, selector in enumerate(row.hosts):
        where = (*at, "hosts", position)
        if selector.startswith("kind:"):
            if selector.removeprefix("kind:").partition("@")[0] not in KINDS:
                yield context.problem("services", where, "kind: with one of " + ", ".join(KINDS))
        elif selector != "every" and selector not in known:
            yield context.problem("services", where, "the name of a host of hosts.yml, kind:<kind> or every")


def _host_names(context: Context) -> set[str]:
    site = context.site
    made = {
        row.name.format(place=place.id, n=number + 1)
        for row in site.hosts_file.per_place
        for place in site.places
        if place.kind in row.places
        for number in range(row.count)
    }
    return made | {row.name for row in site.hosts_file.hosts}


def _sources(context: Context, at: Location, row: schema.ServiceRow) -> Iterator[Problem]:
    known = _host_names(context)
    values: list[tuple[Location, str]] = [((*at, "from", index), source) for index, source in enumerate(row.from_)]
    for where, source in values:
        if source.startswith("host:"):
            if source.removeprefix("host:") not in known:
                yield context.problem("services", where, "host: with the name of a host of hosts.yml")
        elif source not in context.site.zones:
            yield context.problem("services", where, "a zone of networks.yml")
    yield from context.repeats("services", values, "a source")


def _ports(context: Context, at: Location, row: schema.ServiceRow) -> Iterator[Problem]:
    if not row.listen:
        yield context.problem("services", (*at, "listen"), "at least one port, as tcp/443")
    for index, text in enumerate(row.listen):
        if not 1 <= int(text.partition("/")[2]) <= 65535:
            yield context.problem("services", (*at, "listen", index), "a port between 1 and 65535")
    yield from context.repeats("services", [((*at, "listen", i), text) for i, text in enumerate(row.listen)], "a port")


def _restrictions(context: Context, at: Location, row: schema.ServiceRow) -> Iterator[Problem]:
    for name, zones in row.restrict.items():
        if name not in row.names:
            yield context.problem("services", (*at, "restrict", name), "a name of this row", name)
        for index, zone in enumerate(zones):
            if zone not in row.from_:
                where = (*at, "restrict", name, index)
                yield context.problem("services", where, "a zone that stands in this row's `from`")
        if not zones:
            yield context.problem("services", (*at, "restrict", name), "at least one zone: nobody may reach this name")
    if row.tls and not row.names:
        yield context.problem("services", (*at, "names"), "a name for the certificate: tls is true")
    if row.probe.startswith("https:") and not row.tls:
        yield context.problem("services", (*at, "probe"), "http: or tcp, or tls: true for this row")


def names(context: Context) -> Iterator[Problem]:
    """A DNS name means one thing: one service, or one host."""
    every = context.site.services_file.services
    hosts = _host_names(context)
    values: list[tuple[Location, str]] = [
        (("services", index, "names", position), name)
        for index, row in enumerate(every)
        for position, name in enumerate(row.names)
    ]
    yield from context.repeats("services", values, "a DNS name")
    for at, name in values:
        if name in hosts:
            yield context.problem("services", at, "a DNS name that is not a host's")
