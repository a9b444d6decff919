"""Source networks of names that not every zone may use, for the web server (the firewall knows ports, not names)."""

from __future__ import annotations

from inventory import Host, Inventory


def networks(site: Inventory, host: Host, service: str, name: str) -> list[str]:
    """Networks (CIDR) from which `name` of a service may be asked; empty when the service restricts it to no zone.

    A site zone stands for that zone of every place that has such hosts. Raises KeyError for an unknown service.
    """
    found: list[str] = []
    for zone in site.service(service).row.restrict.get(name, []):
        if site.zones[zone].place == "site":
            places = {other.place.number: other.place for other in site.hosts if other.place and other.zone == zone}
            found += [str(site.zone_network(zone, places[number])) for number in sorted(places)]
        else:
            found.append(str(site.zone_network(zone)))
    return found


def site_names(site: Inventory, host: Host, service: str) -> list[dict[str, object]]:
    """The names of a service grouped for the web server: `{id, names, networks}`, one group per restriction."""
    row = site.service(service).row
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in row.names:
        groups.setdefault(tuple(row.restrict.get(name, [])), []).append(name)
    return [
        {
            "id": names[0],
            "names": [site.fqdn(name) for name in names],
            "networks": networks(site, host, service, names[0]),
        }
        for names in groups.values()
    ]
