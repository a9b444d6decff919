"""Source networks of restricted names and roles."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest

from inventory import load
from network import restrict


@pytest.fixture(scope="module")
def site():
    return load("nagano")


def test_every_staff_terminal_and_no_kiosk_is_in_the_staff_names_networks(site):
    [staff] = [group for group in restrict.names(site, site.hub, "library") if group["id"] == "staff"]
    allowed = [IPv4Network(text) for text in staff["networks"]]
    for host in site.hosts:
        expected = host.zone in ("staff", "ops")
        assert any(host.address in network for network in allowed) == expected, host.name


def test_the_public_name_is_restricted_to_no_zone(site):
    [opac] = [group for group in restrict.names(site, site.hub, "library") if group["id"] == "opac"]
    assert opac["networks"] == []
    assert opac["names"] == [site.fqdn("opac")]


def test_the_databases_application_role_comes_from_the_application_hosts_only(site):
    expected = [f"{host.address}/32" for host in site.service("library").hosts]
    assert restrict.servers(site, site.host("db1"), "library") == expected


def test_the_principal_name_is_the_first_of_the_service(site):
    assert restrict.principal(site, site.hub, "database") == site.fqdn(site.service("database").row.names[0])
