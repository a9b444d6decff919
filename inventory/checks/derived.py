"""What follows from derived hosts and services: routes, reach, ports, the stop order, the way to the backup."""

from __future__ import annotations

from collections.abc import Iterator

from inventory.checks.context import Context
from inventory.errors import Problem
from inventory.model import Host, Inventory, Service


def places_with_hosts(context: Context) -> Iterator[Problem]:
    """A place with hosts has a router (kinds were checked; this catches a place without one)."""
    site = context.site
    connected = {host.place.id for host in site.hosts if host.kind == "router" and host.place}
    for index, place in enumerate(site.places):
        if place.id not in connected and any(host.place == place for host in site.hosts):
            yield context.problem("places", ("places", index, "id"), "a place with a router: it has hosts")


def unique_hosts(context: Context) -> Iterator[Problem]:
    """Names and addresses, made ones included, are given once."""
    taken: dict[str, Host] = {}
    for host in context.site.hosts:
        for key in (host.name, str(host.address), str(host.management)):
            other = taken.setdefault(key, host)
            if other is not host:
                expected = f"names and addresses given once ({host.name}, {other.name})"
                yield context.problem("hosts", (), expected, key)


def cards(context: Context) -> Iterator[Problem]:
    """A host that says which card is which says it of every interface; no card is in two places."""
    site, seen = context.site, []
    for index, row in enumerate(site.hosts_file.hosts):
        at = ("hosts", index, "ports")
        legs = set(site.legs(site.host(row.name)))
        if row.ports and set(row.ports) != legs:
            expected = f"an address for each of its interfaces: {', '.join(sorted(legs))}"
            yield context.problem("hosts", at, expected, ", ".join(row.ports))
        seen += [((*at, leg), address) for leg, address in row.ports.items()]
        wake = row.power.wake
        if wake and wake.mac and row.ports.get(row.zone, wake.mac) != wake.mac:
            at_wake = ("hosts", index, "power", "wake", "mac")
            yield context.problem("hosts", at_wake, f"the card of its interface {row.zone} ({row.ports[row.zone]})")
    yield from context.repeats("hosts", seen, "an address of a card")


def offered(context: Context) -> Iterator[Problem]:
    """A service has a host that offers it."""
    for index, service in enumerate(context.site.services):
        if not service.hosts:
            at = ("services", index, "hosts")
            yield context.problem("services", at, "a host that exists: nobody offers this service")


def reachable(context: Context) -> Iterator[Problem]:
    """Some source can come to some host of the service: a place's zone never reaches another place."""
    site = context.site
    for index, service in enumerate(site.services):
        if not any(_reaches(site, source, host) for source in service.sources for host in service.hosts):
            expected = "a zone from which packets arrive: nobody may reach this service"
            yield context.problem("services", ("services", index, "from"), expected)


def _reaches(site: Inventory, source: str, host: Host) -> bool:
    if source.startswith("host:"):
        return True
    side = site.zones[source].place
    if side == "management":
        return any(one.kind == "workstation" for one in site.hosts)
    if side == "outside":
        return not host.at_site
    return side == "datacentre" or any(one.at_site for one in site.hosts)


def published(context: Context) -> Iterator[Problem]:
    """From the provider's network one reaches the hub, or a public service through it; a port is published once."""
    site = context.site
    taken: dict[str, str] = {}
    for index, service in enumerate(site.services):
        at = ("services", index)
        outside = [one for one in service.sources if one in site.zones and site.zones[one].place == "outside"]
        if service.row.public and not outside:
            yield context.problem("services", (*at, "public"), "wan in `from`, or public: false")
        if outside and not service.row.public and any(host.name != site.hub.name for host in service.hosts):
            yield context.problem("services", (*at, "from"), "public: true for what wan may reach behind the hub")
        if not outside:
            continue
        for position, listen in enumerate(service.row.listen):
            other = taken.setdefault(listen, service.id)
            if other != service.id:
                where = (*at, "listen", position)
                yield context.problem("services", where, f"a port not yet published to wan ({other} has it)")


def ports(context: Context) -> Iterator[Problem]:
    """On one host a port belongs to one service, unless the services share a daemon or are told apart by name."""
    taken: dict[tuple[str, str], Service] = {}
    told: set[tuple[str, str]] = set()
    for index, service in enumerate(context.site.services):
        wanted = [(("listen", position), text) for position, text in enumerate(service.row.listen)]
        metrics = service.row.metrics
        if metrics is not None and f"tcp/{metrics.port}" not in service.row.listen:
            wanted.append((("metrics", "port"), f"tcp/{metrics.port}"))  # type: ignore[arg-type]
        for host in service.hosts:
            for where, text in wanted:
                other = taken.setdefault((host.name, text), service)
                if other is service or _together(service, other) or (service.id, text) in told:
                    continue
                told.add((service.id, text))
                expected = f"a port of its own on {host.name} ({other.id} has {text})"
                yield context.problem("services", ("services", index, *where), expected)


def _together(one: Service, other: Service) -> bool:
    if one.row.shares == other.id or other.row.shares == one.id:
        return True
    return one.row.tls and other.row.tls


def stop_order(context: Context) -> Iterator[Problem]:
    """Every fed host stops exactly once, and who reads a UPS stops in the last step."""
    site = context.site
    steps = site.power.stop_order
    fed = {host.name for host in site.hosts if host.power.supplies}
    places = [
        (("stop_order", step, position), name) for step, row in enumerate(steps) for position, name in enumerate(row)
    ]
    yield from context.repeats("power", places, "a place in the order")
    for at, name in places:
        if name not in {host.name for host in site.hosts}:
            yield context.problem("power", at, "the name of a host")
        elif name not in fed:
            yield context.problem("power", at, "a host that a UPS feeds")
    missing = sorted(fed - {name for _, name in places})
    if missing:
        yield context.problem("power", ("stop_order",), "every host that a UPS feeds", "without " + ", ".join(missing))
    readers = {unit.read_by for unit in site.power.units}
    for at, name in places:
        if name in readers and at[1] != len(steps) - 1:
            yield context.problem("power", at, "a host that reads no UPS: its reader stops in the last step")
    for step, row in enumerate(steps):
        if not row:
            yield context.problem("power", ("stop_order", step), "at least one host")


def backup_paths(context: Context) -> Iterator[Problem]:
    """A host whose backup class keeps something may reach the repository; databases are kept where they are."""
    site = context.site
    kept = {row.id: row for row in site.backup.classes if row.paths or row.databases}
    stores = [service for service in site.services if service.id == "borg"]
    asked: set[str] = set()
    for host in site.hosts:
        row = kept.get(host.backup)
        if row is None:
            continue
        allowed = any(host.zone in store.sources or f"host:{host.name}" in store.sources for store in stores)
        if host.name != site.backup.repository and not allowed and host.zone not in asked:
            asked.add(host.zone)
            at = ("services", site.services.index(stores[0]), "from") if stores else ("services",)
            expected = f"zone {host.zone}: {host.name} has backup class {host.backup}"
            yield context.problem("services", at, expected, None if stores else "no service borg")
        if row.databases and not any(host in one.hosts for one in site.services if one.id == "database"):
            index = site.backup.classes.index(row)
            expected = f"hosts of this class that offer the service database ({host.name} does not)"
            yield context.problem("backup", ("classes", index, "databases"), expected)


def needed_services(context: Context) -> Iterator[Problem]:
    """Services that others rest on: names and time for all, the VPN where there are sites."""
    site = context.site
    needed = {"ssh": 0, "dns": 0, "ntp": 0, "prometheus": 0, "node": 0}
    if any(host.at_site for host in site.hosts):
        needed["vpn"] = 0
    known = {service.id: service for service in site.services}
    for name in needed:
        if name not in known:
            yield context.problem("services", ("services",), f"a service {name}", "no such service")
    vpn = known.get("vpn")
    if vpn is not None and any(host.name != site.hub.name for host in vpn.hosts):
        at = ("services", site.services.index(vpn), "hosts")
        yield context.problem("services", at, f"the data centre's router {site.hub.name}")
    for name in ("dns", "ntp"):
        service = known.get(name)
        if service is not None and any(host.at_site for host in service.hosts):
            at = ("services", site.services.index(service), "hosts")
            yield context.problem("services", at, "hosts of the data centre")


def provider_gateway(context: Context) -> Iterator[Problem]:
    """The way to the Internet is on the provider's network and none of our routers."""
    site = context.site
    gateway = site.networks.provider_gateway
    ours = {site.provider_address(host) for host in site.hosts if host.kind == "router"}
    if gateway is not None and (gateway not in site.networks.provider or gateway in ours):
        expected = f"an address of {site.networks.provider} that is no router's of ours"
        yield context.problem("networks", ("provider_gateway",), expected)
