"""By which wire, and from which addresses, a source shows up at a host: what every filter rests on.

A source is a zone id or `host:<name>`, as services.yml writes them. Nothing here decides who may pass.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from inventory import Host, Inventory
from inventory.schema import Place

TUNNEL = "wg0"
WAN = "wan"
MANAGE = "manage"


def source_host(site: Inventory, source: str) -> Host | None:
    """The host that `host:<name>` means; None for a zone."""
    return site.host(source.removeprefix("host:")) if source.startswith("host:") else None


def source_zone(site: Inventory, source: str) -> str:
    """The zone a source stands in."""
    host = source_host(site, source)
    return host.zone if host else source


def routers(site: Inventory) -> list[Host]:
    """Every router, in inventory order."""
    return [host for host in site.hosts if host.kind == "router"]


def connected_places(site: Inventory) -> list[Place]:
    """The places that have a router, in place order."""
    return [host.place for host in routers(site) if host.place is not None]


def router_of(site: Inventory, host: Host) -> Host | None:
    """The router a host's traffic leaves by: its place's, or the data centre's; None where there is none."""
    for router in routers(site):
        if same_side(router, host):
            return router
    return None


def same_side(one: Host, other: Host) -> bool:
    """Whether two hosts stand in the same building: both in the data centre, or at one place."""
    return (one.place.number if one.place else None) == (other.place.number if other.place else None)


def operators(site: Inventory) -> list[Host]:
    """The workstations of the people who maintain the appliance."""
    return [host for host in site.hosts if host.kind == "workstation"]


def monitors(site: Inventory) -> list[Host]:
    """The hosts that scrape and probe all others."""
    return [host for service in site.services if service.id == "prometheus" for host in service.hosts]


def local_addresses(site: Inventory, host: Host) -> list[str]:
    """The addresses under which others know a host: its own, and a router's end of the tunnel."""
    return [str(host.address), *([str(site.tunnel_address(host.place))] if has_tunnel(site, host) else [])]


def has_tunnel(site: Inventory, host: Host) -> bool:
    """Whether a host has the VPN interface: site routers, and the hub when there is any."""
    if host.kind != "router":
        return False
    return host.at_site or bool(connected_places(site))


def address_towards(site: Inventory, router: Host, target: Host) -> str:
    """The address a router sends from when it opens a connection itself."""
    if same_side(router, target) and target.kind != "router":
        return str(site.legs(router)[target.zone][0])
    return str(site.tunnel_address(router.place))


def zone_addresses(site: Inventory, zone: str, place: Place | None, target: Host | None = None) -> str:
    """A zone's addresses as one nft expression.

    Seen from a host of the same zone the router's own leg (number 1) is left out, unless the router stands in
    that zone: what the router opens itself is decided by the router's zone, not by the leg it leaves through.
    """
    network = site.zone_network(zone, place)
    if target is not None and target.zone == zone and target.kind != "router":
        router = router_of(site, target)
        if router is not None and router.zone != zone:
            return f"{network[2]}-{network[-2]}"
    return str(network)


def source_addresses(site: Inventory, source: str, target: Host) -> list[str]:
    """The addresses (nft expressions) from which a source's packets arrive at a host; empty when they cannot.

    `wan` has no list: it is everything outside the supernet.
    """
    host = source_host(site, source)
    if host is not None:
        if host.name == target.name:
            return []
        return [address_towards(site, host, target) if host.kind == "router" else str(host.address)]
    side = site.zones[source].place
    if side == "management":
        return [str(operator.management) for operator in operators(site) if operator.name != target.name]
    if side == "outside":
        return []
    found: list[str] = []
    if side == "datacentre":
        found.append(zone_addresses(site, source, None, target))
    elif target.place is not None:
        found.append(zone_addresses(site, source, target.place, target))
    else:
        found.extend(zone_addresses(site, source, place) for place in connected_places(site))
    for router in routers(site):
        if router.zone == source and router.name != target.name and (side == "datacentre" or _meets(router, target)):
            found.append(address_towards(site, router, target))
    networks = [IPv4Network(text) for text in found if "/" in text]
    return [text for text in found if not _alone(text) or not any(IPv4Address(text) in net for net in networks)]


def _alone(text: str) -> bool:
    return "/" not in text and "-" not in text


def _meets(router: Host, target: Host) -> bool:
    return not target.at_site or same_side(router, target)


def arrival(site: Inventory, source: str, target: Host) -> str:
    """The interface by which a source's packets arrive at a host."""
    side = site.zones[source_zone(site, source)].place
    if side == "management":
        return MANAGE
    if target.kind != "router":
        return target.zone
    if side == "outside":
        return WAN
    return source_zone(site, source) if (side == "site") == target.at_site else TUNNEL


def crossing(site: Inventory, source: str, target: Host, router: Host) -> tuple[str, str] | None:
    """The interfaces (in, out) by which a source's packets to `target` cross a router; None when they do not."""
    host = source_host(site, source)
    zone = source_zone(site, source)
    side = site.zones[zone].place
    if side == "management" or target.name == router.name or (host is not None and host.name == router.name):
        return None
    if not router.at_site:
        entry = {"datacentre": zone, "site": TUNNEL, "outside": WAN}[side]
        leave = TUNNEL if target.at_site else target.zone
    elif same_side(router, target):
        entry = zone if side == "site" else TUNNEL
        leave = target.zone
    elif side == "site" and not target.at_site and (host is None or same_side(router, host)):
        entry, leave = zone, TUNNEL
    else:
        return None
    return None if entry == leave else (entry, leave)


def forward_addresses(site: Inventory, source: str, router: Host) -> list[str]:
    """The addresses (nft expressions) of a source as a router sees them when it forwards."""
    host = source_host(site, source)
    if host is not None:
        if host.kind == "router":
            return [str(site.tunnel_address(host.place))]
        return [str(host.address)]
    side = site.zones[source].place
    if side == "outside":
        return []
    if side == "datacentre":
        return [str(site.zone_network(source))]
    places = [router.place] if router.place is not None else connected_places(site)
    found = [str(site.zone_network(source, place)) for place in places]
    if not router.at_site:
        found += [str(site.tunnel_address(one.place)) for one in routers(site) if one.at_site and one.zone == source]
    return found
