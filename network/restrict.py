"""Source networks for what the firewall cannot tell apart: names on one port, roles of one database."""

from __future__ import annotations

from inventory import Host, Inventory
from network.flows import source_is_outside
from network.paths import source_host


def zones(site: Inventory, host: Host, zones: list[str]) -> list[str]:
    """The networks (CIDR) of zones; a site zone stands for that zone of every place that has hosts in it."""
    found: list[str] = []
    for zone in zones:
        if site.zones[zone].place == "site":
            places = {other.place.number: other.place for other in site.hosts if other.place and other.zone == zone}
            found += [str(site.zone_network(zone, places[number])) for number in sorted(places)]
        else:
            found.append(str(site.zone_network(zone)))
    return found


def servers(site: Inventory, host: Host, service: str) -> list[str]:
    """The addresses (CIDR) of the hosts that offer a service; KeyError for an unknown one."""
    return [f"{server.address}/32" for server in site.service(service).hosts]


def names(site: Inventory, host: Host, service: str) -> list[dict[str, object]]:
    """The names of a service for the web server: `{id, names, networks}`, one group per restriction.

    `networks` are those that may ask for the names; empty when the outside may. The firewall says the same, but
    where two services share a port (everything on one server) only the web server can tell them apart.
    """
    row = site.service(service).row
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in row.names:
        allowed = row.restrict.get(name, row.from_)
        everybody = any(source_is_outside(site, source) for source in allowed)
        groups.setdefault(() if everybody else tuple(allowed), []).append(name)
    return [
        {"id": group[0], "names": [site.fqdn(name) for name in group], "networks": _asking(site, host, list(allowed))}
        for allowed, group in groups.items()
    ]


def _asking(site: Inventory, host: Host, sources: list[str]) -> list[str]:
    """The networks of sources; the host itself may always ask where anybody is refused."""
    if not sources:
        return []
    single = [one for source in sources if (one := source_host(site, source)) is not None]
    networks = zones(site, host, [source for source in sources if not source.startswith("host:")])
    return [*networks, *(f"{one.address}/32" for one in single), "127.0.0.0/8"]


def principal(site: Inventory, host: Host, service: str) -> str:
    """The name under which other hosts reach a service, as its certificate has it; KeyError for an unknown one."""
    return site.fqdn(site.service(service).row.names[0])
