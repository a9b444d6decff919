"""In which order hosts stop on battery and start on mains, and how long that may take. Pure.

The inventory states the order (power.yml, stop_order) and each host's measured stop seconds (hosts.yml). Here the
order is checked against what depends on what, and every delay that NUT needs is derived from it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from inventory import Host, Inventory

# A host counts as gone when upsd has not listed it for this long: between upsmon's logout and the power-off helper's
# login there is a gap of about a second (two or three on a busy host).
SETTLE_SECONDS = 6
# S-HW-007: lending and searching again so long after the mains are back.
RETURN_REQUIRED_SECONDS = 1800


class PlanError(ValueError):
    """The stated order cannot be followed; the text names every reason."""


@dataclass(frozen=True)
class Step:
    """Hosts that stop together: not before `starts` and gone by `ends`, in seconds after the point of no return."""

    hosts: tuple[str, ...]
    starts: int
    ends: int

    @property
    def seconds(self) -> int:
        """The step's own budget, margin included."""
        return self.ends - self.starts


def arrange(
    order: Sequence[Sequence[str]],
    stop_seconds: Mapping[str, int],
    depends: Mapping[str, AbstractSet[str]],
    readers: AbstractSet[str],
    margin: float,
) -> tuple[Step, ...]:
    """Steps of an ordered stop.

    `stop_seconds` has exactly the hosts on UPS power; `depends[host]` what a host needs while it runs; `readers` the
    hosts that the UPS units report to. Raises PlanError when a host is missing or double, stops after something it
    needs, or when a reader is not last.
    """
    at = {host: index for index, group in enumerate(order) for host in group}
    named = [host for group in order for host in group]
    reasons = [f"{host} is on UPS power but in no step" for host in sorted(set(stop_seconds) - set(named))]
    reasons += [f"{host} is in a step but on no UPS" for host in sorted(set(named) - set(stop_seconds))]
    reasons += [f"{host} is in more than one step" for host in sorted({h for h in named if named.count(h) > 1})]
    early = sorted(reader for reader in readers if at.get(reader) != len(order) - 1)
    reasons += [f"{reader} reads a UPS and must be in the last step" for reader in early]
    for host, needs in sorted(depends.items()):
        for need in sorted(needs):
            if host in at and need in at and at[host] >= at[need]:
                reasons.append(f"{host} needs {need} and must stop before it")
    if reasons:
        raise PlanError("; ".join(reasons))
    steps: list[Step] = []
    clock = 0
    for group in order:
        ends = clock + math.ceil(max((stop_seconds[host] for host in group), default=0) * margin) + SETTLE_SECONDS
        steps.append(Step(tuple(group), clock, ends))
        clock = ends
    return tuple(steps)


def fed(site: Inventory, unit: str | None = None) -> tuple[Host, ...]:
    """Hosts on UPS power, or on that of one unit, in inventory order."""
    return tuple(host for host in site.hosts if (unit in host.power.supplies if unit else host.power.supplies))


def readers(site: Inventory) -> frozenset[str]:
    """Hosts that the UPS units report to (NUT primaries)."""
    return frozenset(unit.read_by for unit in site.power.units)


def dependencies(site: Inventory) -> dict[str, frozenset[str]]:
    """Host → the fed hosts it needs while it runs, from the service rows.

    Whoever may reach a service needs its hosts, with four exceptions: operations watches everything and must outlast
    what it watches, and the keeper of the backups takes what is there: both need the network's hub alone; the hub
    carries everybody and waits for nobody; a backup that cannot run now runs later, and records wait on their host for
    the archive; services that every host offers (ssh, node) bind nobody.
    """
    hosts = fed(site)
    needs: dict[str, set[str]] = {host.name: set() for host in hosts}
    for service in site.services:
        if "every" in service.row.hosts:
            continue
        for host in hosts:
            if host == site.hub:
                continue
            if host.zone not in service.sources and f"host:{host.name}" not in service.sources:
                continue
            for server in service.hosts:
                watched = (host.zone == "ops" or host.name == site.backup.repository) and server != site.hub
                later = server.name == site.backup.repository or service.id == "logs"
                if server.name in needs and server != host and not watched and not later:
                    needs[host.name].add(server.name)
    return {name: frozenset(value) for name, value in needs.items()}


def steps(site: Inventory) -> tuple[Step, ...]:
    """The ordered stop of a site; empty for a site without UPS. Raises PlanError."""
    hosts = fed(site)
    if not hosts:
        return ()
    seconds = {host.name: host.power.stop_seconds for host in hosts}
    return arrange(site.power.stop_order, seconds, dependencies(site), readers(site), site.power.margin)


def earlier(site: Inventory, host: Host) -> tuple[Step, ...]:
    """The steps that must be over before a host stops."""
    found: list[Step] = []
    for step in steps(site):
        if host.name in step.hosts:
            break
        found.append(step)
    return tuple(found)


def total_seconds(site: Inventory) -> int:
    """Seconds from the point of no return until the last host is off, margins included."""
    return max((step.ends for step in steps(site)), default=0)


def waves(needs: Mapping[str, AbstractSet[str]]) -> tuple[tuple[str, ...], ...]:
    """Hosts grouped so that each starts as soon as everything it needs is up. Raises PlanError on a circle."""
    left = {host: {need for need in wanted if need in needs} for host, wanted in needs.items()}
    done: set[str] = set()
    result: list[tuple[str, ...]] = []
    while left:
        ready = tuple(host for host, wanted in left.items() if wanted <= done)
        if not ready:
            raise PlanError("these hosts need one another in a circle: " + ", ".join(sorted(left)))
        result.append(ready)
        done.update(ready)
        for host in ready:
            del left[host]
    return tuple(result)


def return_waves(site: Inventory) -> tuple[tuple[str, ...], ...]:
    """The order in which hosts start when power returns."""
    return waves(dependencies(site))
