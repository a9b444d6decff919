"""Hosts as the inventory names them, with what Prometheus says of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from app.operations.rules import Level, worst
from app.operations.sources import Series
from inventory import Host, Inventory, load


@dataclass(frozen=True)
class HostHealth:
    """One host: `level` unknown with `measured` false means that nothing asks it (not part of this deployment)."""

    name: str
    purpose: str
    address: str
    kind: str
    level: Level
    measured: bool
    troubles: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """The hosts of one zone of the data centre, or of one library."""

    title: str
    hosts: tuple[HostHealth, ...]
    level: Level
    measured: int


@lru_cache(maxsize=1)
def site(name: str) -> Inventory:
    """The inventory (read once per process)."""
    return load(name)


def groups(inventory: Inventory, up: Iterable[Series], probes: Iterable[Series]) -> list[Group]:
    """Every host of the inventory: data centre zones first, then the libraries."""
    answers: dict[str, dict[str, bool]] = {}
    for series in up:
        answers.setdefault(series.labels.get("host", ""), {})[series.labels.get("job", "")] = (series.last or 0) >= 0.5
    failed: dict[str, list[str]] = {}
    for series in probes:
        if (series.last or 0) < 0.5:
            failed.setdefault(series.labels.get("host", ""), []).append(series.labels.get("instance", ""))
    found: dict[str, list[HostHealth]] = {}
    for host in inventory.hosts:
        found.setdefault(_title(inventory, host), []).append(
            _health(host, answers.get(host.name), failed.get(host.name, []))
        )
    return [_group(title, hosts) for title, hosts in found.items()]


def _title(inventory: Inventory, host: Host) -> str:
    return host.place.name if host.place else f"データセンター {inventory.zones[host.zone].name}"


def _group(title: str, hosts: list[HostHealth]) -> Group:
    measured = [host for host in hosts if host.measured]
    return Group(title, tuple(hosts), worst(host.level for host in measured), len(measured))


def _health(host: Host, jobs: dict[str, bool] | None, failed: list[str]) -> HostHealth:
    if not jobs:
        return HostHealth(host.name, host.purpose, str(host.address), host.kind, "unknown", False, ())
    troubles = [
        f"{job} の計測値を取得できません" for job, answered in sorted(jobs.items()) if not answered and job != "node"
    ]
    troubles += [f"{instance} が応答しない" for instance in sorted(failed)]
    level: Level = "watch" if troubles else "ok"
    if not jobs.get("node", False):
        # A terminal that is switched off after hours is no fault; a server is.
        level = "watch" if host.kind == "terminal" else "bad"
        troubles.insert(0, "電源が切れているか、応答しない" if host.kind == "terminal" else "サーバが応答しない")
    return HostHealth(host.name, host.purpose, str(host.address), host.kind, level, True, tuple(troubles))
