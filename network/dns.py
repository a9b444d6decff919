"""Names: unbound on the data-centre router (authority for the appliance) and on every site router (cache)."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

from inventory import Host, Inventory, Service
from network import paths

ORIGIN = "# Made by Kura from the inventory (network/dns.py). Changes here are overwritten.\n"
TTL_SECONDS = 300
STALE_SECONDS = 604800


def records(site: Inventory) -> dict[str, IPv4Address]:
    """Every name under the domain and the address it has inside: hosts, then services (first host)."""
    found = {site.fqdn(host.name): host.address for host in site.hosts}
    for service in site.services:
        for name in service.row.names:
            if service.hosts:
                found.setdefault(site.fqdn(name), _service_address(site, service))
    return found


def _service_address(site: Inventory, service: Service) -> IPv4Address:
    """The first host's address; the provider's side of the hub for what only the outside may use."""
    host = service.hosts[0]
    outside = all(not s.startswith("host:") and site.zones[s].place == "outside" for s in service.sources)
    return site.provider_address(host) if outside and host.kind == "router" else host.address


def names_for(site: Inventory, zone: str) -> list[str]:
    """The service names a zone may use, restrictions included."""
    return [
        site.fqdn(name)
        for service in site.services
        if zone in service.sources
        for name in service.row.names
        if zone in service.row.restrict.get(name, [zone])
    ]


def unbound(site: Inventory, host: Host, upstream: Sequence[str] = ()) -> str:
    """unbound's configuration on a router. Without `upstream`, foreign names are denied at once, so that
    nothing waits for an Internet that is not there."""
    lines = [ORIGIN + "server:", *_common(site, host)]
    domain = site.organisation.domain
    if not host.at_site:
        lines += [f'  local-zone: "{domain}." static']
        lines += [f'  local-zone: "{zone}" static' for zone in _reverse_zones(site)]
        lines += [f'  local-data: "{name}. {TTL_SECONDS} IN A {address}"' for name, address in records(site).items()]
        lines += [f'  local-data-ptr: "{one.address} {TTL_SECONDS} {site.fqdn(one.name)}"' for one in site.hosts]
    else:
        lines += [f'  local-zone: "{zone}" transparent' for zone in (f"{domain}.", *_reverse_zones(site))]
        # A cut line must not silence the site: what was known is answered for a week.
        lines += ["  serve-expired: yes", f"  serve-expired-ttl: {STALE_SECONDS}"]
        lines.append("  serve-expired-client-timeout: 800")
    if not upstream:
        lines.append('  local-zone: "." static')
    if host.at_site:
        lines += _guests(site, host)
        for zone in (f"{domain}.", *_reverse_zones(site)):
            lines += ["forward-zone:", f'  name: "{zone}"', f"  forward-addr: {site.hub.address}"]
    if upstream:
        lines += ["forward-zone:", '  name: "."', *(f"  forward-addr: {address}" for address in upstream)]
    return "\n".join(lines) + "\n"


def resolv(site: Inventory, host: Host) -> str:
    """/etc/resolv.conf of a host: routers ask themselves, everybody else their router."""
    server = "127.0.0.1" if host.kind == "router" else str(site.gateway(host))
    return ORIGIN + f"nameserver {server}\nsearch {site.organisation.domain}\noptions timeout:2 attempts:2\n"


def _common(site: Inventory, host: Host) -> list[str]:
    lines = ["  interface: 127.0.0.1"]
    for leg, (address, _) in site.legs(host).items():
        if leg not in (paths.WAN, paths.MANAGE):
            lines.append(f"  interface: {address}")
    lines += ["  ip-freebind: yes", "  do-ip6: no", '  module-config: "iterator"', "  prefetch: yes"]
    lines += ["  hide-identity: yes", "  hide-version: yes", "  access-control: 127.0.0.0/8 allow"]
    allowed: list[str] = []
    for service in site.services_of(host):
        if service.row.probe == "dns":
            for source in service.sources:
                allowed += [_network(text) for text in paths.source_addresses(site, source, host)]
    lines += [f"  access-control: {network} allow" for network in dict.fromkeys(allowed)]
    monitors = [f"  access-control: {one.address}/32 allow" for one in paths.monitors(site) if host.at_site]
    return lines + monitors


def _network(text: str) -> str:
    return text if "/" in text else f"{text}/32"


def _guests(site: Inventory, host: Host) -> list[str]:
    """A zone of the public sees only the names it may use."""
    lines: list[str] = []
    views: list[str] = []
    for zone in site.networks.zones:
        if zone.id != "guest" or host.place is None:
            continue
        network = site.zone_network(zone.id, host.place)
        lines.append(f"  access-control-view: {network} {zone.id}")
        views += ["view:", f'  name: "{zone.id}"', '  local-zone: "." static']
        known = records(site)
        views += [f'  local-data: "{name}. {TTL_SECONDS} IN A {known[name]}"' for name in names_for(site, zone.id)]
    return lines + views


def _reverse_zones(site: Inventory) -> list[str]:
    networks = (site.networks.datacentre, site.networks.sites, site.networks.tunnels)
    return list(dict.fromkeys(_reverse(network) for network in networks))


def _reverse(network: IPv4Network) -> str:
    octets = str(network[0]).split(".")[: network.prefixlen // 8]
    return ".".join(reversed(octets)) + ".in-addr.arpa."
