"""The one flow matrix: who may open which port of whom. Firewall, port tests and documents follow from it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address

from inventory import Host, Inventory, Service
from network import paths

PROBED = ("tcp", "dns", "ntp", "http")


@dataclass(frozen=True)
class Flow:
    """One permission: `source` (zone id or `host:<name>`) may open `port` of `destination`."""

    source: str
    destination: Host
    protocol: str
    port: int
    service: str
    why: str


@dataclass(frozen=True, order=True)
class Case:
    """One question for a port test: can `source` open `port` at `address` (of `destination`)?"""

    source: str
    destination: str
    address: IPv4Address
    protocol: str
    port: int
    service: str


def flows(site: Inventory) -> list[Flow]:
    """Every permission, in the order of services.yml, then metrics and probes of the monitoring hosts."""
    found = [
        Flow(source, host, listen.protocol, listen.port, service.id, service.row.title)
        for service in site.services
        for host in service.hosts
        for source in service.sources
        if can_arrive(site, source, host)
        for listen in service.listen
    ]
    known = _by_port(found)
    for flow in _monitoring(site):
        monitor = site.host(flow.source.removeprefix("host:"))
        key = (flow.destination.name, flow.protocol, flow.port)
        if not any(permits(site, other, monitor) for other in known[key]):
            known[key].append(flow)
            found.append(flow)
    return found


def can_arrive(site: Inventory, source: str, host: Host) -> bool:
    """Whether packets of a source can come to a host at all (a place's zone never reaches another place)."""
    if source_is_outside(site, source):
        return not host.at_site
    return bool(paths.source_addresses(site, source, host))


def source_is_outside(site: Inventory, source: str) -> bool:
    """Whether a source is the communication provider's network, that is everybody."""
    return not source.startswith("host:") and site.zones[source].place == "outside"


def _by_port(rows: Iterable[Flow]) -> dict[tuple[str, str, int], list[Flow]]:
    index: dict[tuple[str, str, int], list[Flow]] = defaultdict(list)
    for flow in rows:
        index[flow.destination.name, flow.protocol, flow.port].append(flow)
    return index


def _monitoring(site: Inventory) -> Iterable[Flow]:
    for service in site.services:
        for host in service.hosts:
            for monitor in paths.monitors(site):
                if monitor.name == host.name:
                    continue
                source = f"host:{monitor.name}"
                if service.row.metrics is not None:
                    yield Flow(source, host, "tcp", service.row.metrics.port, service.id, f"{service.row.title}の計測")
                if is_probed(site, service):
                    first = service.listen[0]
                    yield Flow(source, host, first.protocol, first.port, service.id, f"{service.row.title}の死活確認")


def is_probed(site: Inventory, service: Service) -> bool:
    """Whether the monitoring host itself connects to a service.

    A service that only the management network or the outside may use is watched from the host it runs on.
    """
    inside = [s for s in service.sources if s.startswith("host:") or site.zones[s].place in ("datacentre", "site")]
    return bool(inside) and service.row.probe.startswith(PROBED)


def echoes(site: Inventory) -> list[tuple[str, Host]]:
    """Who may ping whom: monitoring and operators everybody, a site's router the hub."""
    found: list[tuple[str, Host]] = []
    askers = dict.fromkeys(one.name for one in (*paths.monitors(site), *paths.operators(site)))
    for host in site.hosts:
        found += [(f"host:{asker}", host) for asker in askers if asker != host.name]
        if paths.operators(site) and host.kind != "workstation":
            found += [(zone.id, host) for zone in site.networks.zones if zone.place == "management"]
    found += [(f"host:{router.name}", site.hub) for router in paths.routers(site) if router.at_site]
    return found


def permits(site: Inventory, flow: Flow, host: Host) -> bool:
    """Whether a flow's source covers a host, by the host's own zone address."""
    if flow.source.startswith("host:"):
        return flow.source == f"host:{host.name}"
    if flow.source != host.zone:
        return False
    at_sites = site.zones[flow.source].place == "site" and flow.destination.at_site
    return not at_sites or paths.same_side(host, flow.destination)


def positive_cases(site: Inventory, hosts: Iterable[Host | str]) -> list[Case]:
    """What must be open between running hosts. UDP is included: ask the protocol itself there."""
    return sorted(case for case, is_open in _cases(site, hosts) if is_open)


def negative_cases(site: Inventory, hosts: Iterable[Host | str]) -> list[Case]:
    """What must be closed between running hosts: every TCP port that somebody may open, for everybody else."""
    return sorted(case for case, is_open in _cases(site, hosts) if not is_open and case.protocol == "tcp")


def _cases(site: Inventory, hosts: Iterable[Host | str]) -> list[tuple[Case, bool]]:
    running = [site.host(host) if isinstance(host, str) else host for host in hosts]
    every = flows(site)
    ports: dict[str, dict[tuple[str, int], list[Flow]]] = defaultdict(lambda: defaultdict(list))
    for flow in every:
        ports[flow.destination.name][flow.protocol, flow.port].append(flow)
    public = [flow for flow in every if source_is_outside(site, flow.source)]
    found: dict[Case, bool] = {}
    for source in running:
        for target in running:
            if source.name == target.name:
                continue
            for (protocol, port), rows in ports[target.name].items():
                inner = any(permits(site, flow, source) for flow in rows)
                kept = any(_is_management(site, flow.source) for flow in rows) and source.kind == "workstation"
                for address, is_open in [(target.address, inner), (target.management, kept)]:
                    found[Case(source.name, target.name, address, protocol, port, rows[0].service)] = is_open
            if source.kind == target.kind == "router":
                found.update(_outside(site, source, target, ports[target.name], public))
    return list(found.items())


def _outside(
    site: Inventory, source: Host, target: Host, ports: dict[tuple[str, int], list[Flow]], public: list[Flow]
) -> dict[Case, bool]:
    """Questions over the provider's network, where only the VPN and what is public may answer."""
    address = site.provider_address(target)
    answers = {(flow.protocol, flow.port): flow.service for flow in public if not target.at_site}
    asked = {key: rows[0].service for key, rows in ports.items()} | answers
    return {
        Case(source.name, target.name, address, protocol, port, service): (protocol, port) in answers
        for (protocol, port), service in asked.items()
    }


def _is_management(site: Inventory, source: str) -> bool:
    return not source.startswith("host:") and site.zones[source].place == "management"
