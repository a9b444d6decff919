"""No host and no service is left out of what is derived."""

from __future__ import annotations

from itertools import combinations

import pytest

from inventory import Inventory, available, load
from inventory.golden import FOLDER, text

SITES = [load(name) for name in available()]
each = pytest.mark.parametrize("site", SITES, ids=lambda site: site.name)


@each
def test_every_host_has_zone_owner_backup_class_and_its_feed(site: Inventory) -> None:
    owners = {role.id for role in site.contacts.roles}
    classes = {row.id for row in site.backup.classes}
    for host in site.hosts:
        assert host.zone in site.zones
        assert host.owner in owners
        assert host.backup in classes
        assert host.power.supplies or host.at_site or host.kind in ("terminal", "workstation"), host.name


@each
def test_every_host_has_addresses_of_its_own_in_its_zone(site: Inventory) -> None:
    for host in site.hosts:
        assert host.address in site.zone_network(host.zone, host.place)
        assert host.management in site.networks.management
    wires = [(leg, str(address)) for host in site.hosts for leg, (address, _) in site.legs(host).items()]
    assert len({address for _, address in wires}) == len(wires)


@each
def test_no_two_networks_of_the_appliance_overlap(site: Inventory) -> None:
    networks = {network for host in site.hosts for leg, (_, network) in site.legs(host).items() if leg != "wan"}
    assert not [(a, b) for a, b in combinations(sorted(networks), 2) if a.overlaps(b)]
    assert not any(network.overlaps(site.networks.provider) for network in networks)


@each
def test_every_host_reaches_its_gateway_on_its_own_wire(site: Inventory) -> None:
    for host in site.hosts:
        _, network = site.legs(host)[host.zone]
        assert site.gateway(host) in network
        routers = [
            one
            for one in site.hosts
            if one.kind == "router" and site.gateway(host) in [address for address, _ in site.legs(one).values()]
        ]
        assert len(routers) == 1, host.name


@each
def test_every_host_is_watched_and_can_be_maintained(site: Inventory) -> None:
    for host in site.hosts:
        offered = {service.id for service in site.services_of(host)}
        assert host.kind == "workstation" or {"ssh", "node"} <= offered, host.name


@each
def test_every_service_has_hosts_probe_runbook_owner_and_somebody_who_may_reach_it(site: Inventory) -> None:
    owners = {role.id for role in site.contacts.roles}
    for service in site.services:
        assert service.hosts, service.id
        assert service.row.probe, service.id
        assert service.row.runbook, service.id
        assert service.row.owner in owners
        assert service.sources, service.id


@each
def test_every_fed_host_stops_exactly_once_and_the_reader_last(site: Inventory) -> None:
    order = [name for step in site.power.stop_order for name in step]
    assert sorted(order) == sorted(host.name for host in site.hosts if host.power.supplies)
    assert {unit.read_by for unit in site.power.units} <= set(site.power.stop_order[-1])


@each
def test_every_kept_host_has_a_way_to_the_repository(site: Inventory) -> None:
    store = site.service("borg")
    kept = {row.id for row in site.backup.classes if row.paths or row.databases}
    for host in site.hosts:
        assert host.backup not in kept or host.zone in store.sources or host in store.hosts, host.name


@each
def test_every_kind_of_record_is_kept_six_years(site: Inventory) -> None:
    kept = site.contract.retention
    assert min(kept.logs_years, kept.audit_years, kept.metrics_years, kept.reports_years) >= 6


@each
def test_the_hosts_and_services_are_those_that_were_reviewed(site: Inventory) -> None:
    kept = (FOLDER / f"{site.name}.txt").read_text(encoding="utf-8")
    assert text(site) == kept, "read the difference after `python -m inventory.golden`"


def test_nagano_is_the_city_of_the_contract() -> None:
    site = load("nagano")
    kinds = [place.kind for place in site.places]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {"main": 2, "mobile": 1, "room": 28, "community": 31}
    assert [host.name for host in site.twin] == ["gw1", "app1", "db1", "mon1", "bak1", "rt-nagano", "opac-nagano-1"]


def test_the_small_appliance_offers_every_service_on_one_server() -> None:
    site = load("small")
    assert {service.id for service in site.services if [host.name for host in service.hosts] == ["kura1"]} >= {
        "dns",
        "ntp",
        "library",
        "database",
        "console",
        "prometheus",
        "alertmanager",
        "borg",
        "ups",
    }
    assert site.hub.name == "kura1"


def test_an_inventory_may_stand_anywhere(tmp_path_factory: pytest.TempPathFactory) -> None:
    import shutil

    from inventory.loader import HERE

    folder = tmp_path_factory.mktemp("anywhere") / "suzaka"
    shutil.copytree(HERE / "small", folder)
    assert load(folder).name == "suzaka"
    assert load(str(folder)).hub.name == "kura1"
