"""Places, zones and address ranges."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from inventory.checks.context import Context
from inventory.errors import Problem

INTERFACE_LENGTH = 15
RESERVED = ("lo", "wg0", "eth0", "all", "default")
FIXED = {"outside": "wan", "management": "manage"}


def places(context: Context) -> Iterator[Problem]:
    """Numbers are addresses and are never given twice; ids and names are how people tell places apart."""
    rows = list(enumerate(context.site.places))
    for key, what in (("number", "a number"), ("id", "an id"), ("name", "a name")):
        values = [(("places", index, key), getattr(row, key)) for index, row in rows]
        yield from context.repeats("places", values, what)


def zones(context: Context) -> Iterator[Problem]:
    """A zone's id names an interface; its number or offset is unique on its side."""
    rows = list(enumerate(context.site.networks.zones))
    yield from context.repeats("networks", [(("zones", index, "id"), row.id) for index, row in rows], "an id")
    for side, key, other in (("datacentre", "number", "offset"), ("site", "offset", "number")):
        here = [(index, row) for index, row in rows if row.place == side]
        for index, row in here:
            if getattr(row, key) is None:
                yield context.problem("networks", ("zones", index, key), f"a {key}: the zone's place is {side}")
            if getattr(row, other) is not None:
                yield context.problem("networks", ("zones", index, other), f"no {other}: the zone's place is {side}")
        values = [(("zones", index, key), getattr(row, key)) for index, row in here if getattr(row, key) is not None]
        yield from context.repeats("networks", values, f"{'an' if key == 'offset' else 'a'} {key}")
    for index, row in rows:
        if len(row.id) > INTERFACE_LENGTH or row.id in RESERVED:
            expected = f"an interface name: at most {INTERFACE_LENGTH} characters and none of {', '.join(RESERVED)}"
            yield context.problem("networks", ("zones", index, "id"), expected)
        if row.place in FIXED and row.id != FIXED[row.place]:
            expected = f"{FIXED[row.place]}: the zone's place is {row.place}"
            yield context.problem("networks", ("zones", index, "id"), expected)
    for side, name in FIXED.items():
        if not any(row.place == side for _, row in rows):
            yield context.problem("networks", ("zones",), f"a zone {name} with place {side}", "no such zone")


def ranges(context: Context) -> Iterator[Problem]:
    """Inner ranges lie in the supernet, are wide enough for the formula and never overlap."""
    networks = context.site.networks
    inner = ("datacentre", "sites", "tunnels", "management")
    seen: list[tuple[str, IPv4Network]] = []
    for key in (*inner, "provider"):
        network: IPv4Network = getattr(networks, key)
        if network.prefixlen > 16:
            yield context.problem("networks", (key,), "a network of at least 65536 addresses (/16)")
        if key in inner and not network.subnet_of(networks.supernet):
            yield context.problem("networks", (key,), f"a network within the supernet {networks.supernet}")
        if key == "provider" and network.overlaps(networks.supernet):
            yield context.problem("networks", (key,), f"a network outside the supernet {networks.supernet}")
        for other, taken in seen:
            if network.overlaps(taken):
                yield context.problem("networks", (key,), f"a network that does not overlap {other} ({taken})")
        seen.append((key, network))
