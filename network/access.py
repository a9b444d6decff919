"""Which networks may use which name: what a web server needs that answers to several names on one port."""

from __future__ import annotations

from inventory import Host, Inventory
from network import paths
from network.flows import source_is_outside


def networks(site: Inventory, host: Host, service: str, name: str) -> list[str]:
    """The networks (CIDR) that may use `name` (without the domain) of a service at this host.

    Empty means everybody: the name is open to the outside. Raises KeyError for an unknown service.
    """
    row = site.service(service).row
    sources = row.restrict.get(name, row.from_)
    if any(source_is_outside(site, source) for source in sources):
        return []
    found: list[str] = ["127.0.0.0/8"]
    for source in sources:
        found += [_cidr(site, source, text) for text in paths.source_addresses(site, source, host)]
        if source in (host.zone, f"host:{host.name}"):
            found.append(f"{host.address}/32")
    return list(dict.fromkeys(found))


def _cidr(site: Inventory, source: str, text: str) -> str:
    if "-" in text:
        return str(site.zone_network(source, None))
    return text if "/" in text else f"{text}/32"


def names(site: Inventory, host: Host) -> list[dict[str, object]]:
    """Every name of the TLS services of a host: {service, name (full), networks}."""
    return [
        {"service": service.id, "name": site.fqdn(name), "networks": networks(site, host, service.id, name)}
        for service in site.services_of(host)
        if service.row.tls
        for name in service.row.names
    ]
