"""The flow matrix and the questions for the port test."""

from __future__ import annotations

import pytest

from inventory import available, load
from network import wire
from network.flows import flows, negative_cases, positive_cases

NAGANO = load("nagano")
OPEN = {(case.source, case.destination, str(case.address), case.port) for case in positive_cases(NAGANO, NAGANO.twin)}
CLOSED = {(case.source, case.destination, str(case.address), case.port) for case in negative_cases(NAGANO, NAGANO.twin)}


@pytest.mark.parametrize("name", available())
def test_every_service_has_a_flow_to_each_host_that_offers_it(name: str) -> None:
    site = load(name)
    found = {(flow.service, flow.destination.name) for flow in flows(site)}
    for service in site.services:
        for host in service.hosts:
            alone = all(source in (host.zone, f"host:{host.name}") for source in service.sources)
            assert (service.id, host.name) in found or alone, (service.id, host.name)


@pytest.mark.parametrize("name", available())
def test_the_monitoring_host_may_read_all_metrics(name: str) -> None:
    site = load(name)
    monitor = site.service("prometheus").hosts[0]
    sources = (monitor.zone, f"host:{monitor.name}")
    found = {(flow.destination.name, flow.port) for flow in flows(site) if flow.source in sources}
    for service in site.services:
        for host in service.hosts:
            if service.row.metrics and host.name != monitor.name:
                assert (host.name, service.row.metrics.port) in found, (service.id, host.name)


def test_the_kiosk_opens_the_catalogue_and_is_refused_the_database() -> None:
    assert ("opac-nagano-1", "app1", "10.80.10.11", 443) in OPEN
    assert ("opac-nagano-1", "db1", "10.80.20.11", 5432) in CLOSED
    assert ("opac-nagano-1", "mon1", "10.80.30.11", 443) in CLOSED
    assert ("opac-nagano-1", "app1", "10.80.10.11", 9180) in CLOSED
    assert ("opac-nagano-1", "gw1", "10.80.1.1", 53) in CLOSED
    assert ("opac-nagano-1", "rt-nagano", "10.81.1.1", 53) in OPEN


def test_the_application_opens_the_database_and_operations_do_too() -> None:
    assert ("app1", "db1", "10.80.20.11", 5432) in OPEN
    assert ("mon1", "db1", "10.80.20.11", 5432) in OPEN
    assert ("bak1", "db1", "10.80.20.11", 5432) in OPEN
    assert ("gw1", "db1", "10.80.20.11", 5432) in CLOSED


def test_ssh_between_servers_is_closed_on_both_networks() -> None:
    assert ("app1", "db1", "10.80.20.11", 22) in CLOSED
    assert ("app1", "db1", "10.90.20.11", 22) in CLOSED
    assert ("app1", "bak1", "10.80.40.11", 22) in OPEN


def test_over_the_providers_network_only_what_is_public_answers() -> None:
    assert ("rt-nagano", "gw1", "198.18.0.1", 443) in OPEN
    assert ("rt-nagano", "gw1", "198.18.0.1", 22) in CLOSED
    assert ("rt-nagano", "gw1", "198.18.0.1", 53) in CLOSED
    assert ("gw1", "rt-nagano", "198.18.1.1", 9100) in CLOSED


@pytest.mark.parametrize("name", available())
def test_no_question_is_both_open_and_closed_and_every_pair_is_asked(name: str) -> None:
    site = load(name)
    opened, closed = positive_cases(site, site.twin), negative_cases(site, site.twin)
    assert not set(opened) & set(closed)
    asked = {(case.source, case.destination) for case in (*opened, *closed)}
    assert asked == {(a.name, b.name) for a in site.twin for b in site.twin if a != b}


def test_the_wire_agrees_when_every_answer_is_as_the_model_says() -> None:
    found = dict.fromkeys(positive_cases(NAGANO, NAGANO.twin), True)
    found |= dict.fromkeys(negative_cases(NAGANO, NAGANO.twin), False)
    assert wire.disagreements(NAGANO, NAGANO.twin, found) == []


def test_the_wire_disagrees_when_a_port_is_open_that_must_not_be_or_was_not_asked() -> None:
    found = dict.fromkeys(positive_cases(NAGANO, NAGANO.twin), True)
    found |= dict.fromkeys(negative_cases(NAGANO, NAGANO.twin), False)
    leak = next(case for case in found if case.source == "opac-nagano-1" and case.port == 5432)
    found[leak] = True
    forgotten = next(case for case in found if case.source == "app1" and case.port == 5432)
    del found[forgotten]
    said = [str(one) for one in wire.disagreements(NAGANO, NAGANO.twin, found)]
    assert said == [
        "app1 -> db1 (10.80.20.11) tcp/5432 [database]: must be open, is not asked",
        "opac-nagano-1 -> db1 (10.80.20.11) tcp/5432 [database]: must be closed, is open",
    ]
