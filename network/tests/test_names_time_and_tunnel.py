"""Names, time, tunnel, certificates and interfaces, as hosts will read them."""

from __future__ import annotations

import re
import shutil
import subprocess
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest

from inventory import available, load
from network import certificates, dns, hostsfile, paths, restrict, time, vpn
from network.interfaces import networkd

NAGANO = load("nagano")
KEYS = {host.name: f"public-{host.name}" for host in NAGANO.hosts}


def wg(host: str) -> str:
    return vpn.wireguard(NAGANO, NAGANO.host(host), "private", KEYS)


def test_the_hub_has_a_peer_for_every_site_router_and_no_address_belongs_to_two() -> None:
    allowed = re.findall(r"AllowedIPs = (.*)", wg("gw1"))
    networks = [IPv4Network(text) for line in allowed for text in line.split(", ")]
    assert len(allowed) == len([host for host in NAGANO.hosts if host.kind == "router" and host.at_site]) == 30
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[i + 1 :])


def test_every_site_host_is_reached_through_its_own_routers_peer() -> None:
    sections = dict(re.findall(r"# (rt-\S+): .*\nPublicKey = \S+\nAllowedIPs = (.*)", wg("gw1")))
    for host in NAGANO.hosts:
        if host.place:
            networks = [IPv4Network(text) for text in sections[f"rt-{host.place.id}"].split(", ")]
            assert any(host.address in network for network in networks), host.name


def test_a_site_router_sends_the_data_centre_and_not_the_management_network_into_the_tunnel() -> None:
    allowed = re.search(r"AllowedIPs = (.*)", wg("rt-nagano"))
    assert allowed is not None
    networks = [IPv4Network(text) for text in allowed.group(1).split(", ")]
    assert networks == [NAGANO.networks.datacentre, NAGANO.networks.tunnels]
    assert not any(network.overlaps(NAGANO.networks.management) for network in networks)


def test_a_site_router_calls_the_hub_at_its_provider_address() -> None:
    assert "Endpoint = 198.18.0.1:51820" in wg("rt-nagano")
    assert "PersistentKeepalive = 25" in wg("rt-nagano")
    assert "ListenPort" not in wg("rt-nagano")


def test_a_site_that_was_not_built_yet_is_no_peer() -> None:
    text = vpn.wireguard(NAGANO, NAGANO.hub, "private", {"rt-nagano": "public"})
    assert text.count("[Peer]") == 1


def test_only_routers_know_peers() -> None:
    assert vpn.peers(NAGANO, NAGANO.host("rt-nanbu")) == ["gw1"]
    assert len(vpn.peers(NAGANO, NAGANO.hub)) == 30
    assert vpn.peers(NAGANO, NAGANO.host("app1")) == []
    small = load("small")
    assert vpn.peers(small, small.hub) == []


@pytest.mark.parametrize("name", available())
def test_every_host_and_service_name_has_an_address_and_every_host_a_way_back(name: str) -> None:
    site = load(name)
    text = dns.unbound(site, site.hub)
    for host in site.hosts:
        assert f'local-data: "{site.fqdn(host.name)}. 300 IN A {host.address}"' in text
        assert f'local-data-ptr: "{host.address} 300 {site.fqdn(host.name)}"' in text
    for service in site.services:
        for short in service.row.names:
            assert f'local-data: "{site.fqdn(short)}. 300 IN A' in text, short


def test_a_foreign_name_is_denied_at_once_unless_there_is_an_upstream() -> None:
    assert 'local-zone: "." static' in dns.unbound(NAGANO, NAGANO.hub)
    text = dns.unbound(NAGANO, NAGANO.hub, upstream=["192.0.2.53"])
    assert 'local-zone: "." static' not in text
    assert text.endswith('forward-zone:\n  name: "."\n  forward-addr: 192.0.2.53\n')


def test_a_site_router_asks_the_hub_and_answers_through_a_cut() -> None:
    text = dns.unbound(NAGANO, NAGANO.host("rt-nagano"))
    assert f'name: "{NAGANO.organisation.domain}."\n  forward-addr: 10.80.1.1' in text
    assert "serve-expired: yes" in text


def test_public_terminals_learn_no_inner_name() -> None:
    view = dns.unbound(NAGANO, NAGANO.host("rt-nagano")).partition("view:")[2].partition("forward-zone:")[0]
    assert re.findall(r'local-data: "(\S+)\. ', view) == ["opac.kura-nagano.example"]
    assert 'local-zone: "." static' in view


@pytest.mark.parametrize("name", available())
def test_unbound_takes_what_is_derived(name: str, tmp_path: Path) -> None:
    checker = shutil.which("unbound-checkconf")
    if checker is None:
        pytest.skip("unbound-checkconf is not installed here")
    site = load(name)
    for router in paths.routers(site)[:2]:
        path = tmp_path / f"{router.name}.conf"
        path.write_text(dns.unbound(site, router), encoding="utf-8")
        subprocess.run([checker, path], check=True, capture_output=True)


@pytest.mark.parametrize("name", available())
def test_every_host_asks_a_name_server_and_a_clock_that_may_answer_it(name: str) -> None:
    site = load(name)
    offers = {
        (service.row.probe, str(address)): service
        for service in site.services
        for host in service.hosts
        for address, _ in site.legs(host).values()
    }
    for host in site.hosts:
        server = dns.resolv(site, host).partition("nameserver ")[2].partition("\n")[0]
        if server != "127.0.0.1":
            assert host.zone in offers["dns", server].sources, host.name
        for clock in time.servers(site, host):
            assert host.zone in offers["ntp", clock].sources, host.name
        assert time.servers(site, host) or host == site.hub


def test_the_hub_keeps_time_alone_and_follows_an_upstream_when_there_is_one() -> None:
    assert "local stratum 10" in time.chrony(NAGANO, NAGANO.hub)
    assert "server" not in time.chrony(NAGANO, NAGANO.hub)
    assert "server 192.0.2.123 iburst" in time.chrony(NAGANO, NAGANO.hub, upstream=["192.0.2.123"])


@pytest.mark.parametrize("name", available())
def test_every_tls_service_has_a_certificate_with_all_its_names(name: str) -> None:
    site = load(name)
    for service in site.services:
        for host in service.hosts:
            asked = {str(one["service"]): one for one in certificates.requests(site, host)}
            assert (service.id in asked) == service.row.tls
            if service.row.tls:
                names = asked[service.id]["names"]
                assert isinstance(names, list)
                assert {site.fqdn(short) for short in service.row.names} <= set(names)
                assert str(host.address) in str(asked[service.id]["addresses"])


def test_the_staff_name_is_for_staff_and_operations_and_the_catalogue_for_everybody() -> None:
    groups = {one["id"]: one["networks"] for one in restrict.names(NAGANO, NAGANO.host("app1"), "library")}
    assert groups["opac"] == []
    staff = [IPv4Network(str(text)) for text in groups["staff"]]  # type: ignore[attr-defined]
    assert any(NAGANO.host("staff-nagano-1").address in network for network in staff)
    assert not any(NAGANO.host("opac-nagano-1").address in network for network in staff)
    assert not any(NAGANO.host("inet-nagano-1").address in network for network in staff)


def test_on_one_server_the_console_is_still_for_operations_only() -> None:
    small = load("small")
    (group,) = restrict.names(small, small.host("kura1"), "console")
    networks = [IPv4Network(str(text)) for text in group["networks"]]  # type: ignore[attr-defined]
    assert any(small.host("operator").address in network for network in networks)
    assert not any(small.host("opac-1").address in network for network in networks)
    assert not any(small.host("staff-1").address in network for network in networks)


@pytest.mark.parametrize("name", available())
def test_every_wire_of_every_host_has_its_file_and_routers_forward_between_zones_only(name: str) -> None:
    site = load(name)
    for host in site.hosts:
        files = networkd(site, host)
        assert {path[3:].partition(".")[0] for path in files} == set(site.legs(host))
        assert "IPv4Forwarding=yes" not in files["20-manage.network"]
        assert "Gateway=" not in files["20-manage.network"]
        gateways = [line for text in files.values() for line in text.splitlines() if line.startswith("Gateway=")]
        assert len(gateways) == (0 if host.kind == "router" and host.at_site else 1), host.name
        outer = site.networks.provider if host == site.hub else site.zone_network(host.zone, host.place)
        for gateway in gateways:
            assert IPv4Address(gateway.removeprefix("Gateway=")) in outer


@pytest.mark.parametrize("name", available())
def test_names_of_the_data_centre_resolve_without_dns(name: str) -> None:
    site = load(name)
    for host in site.twin:
        known = {short: row["address"] for row in hostsfile.entries(site, host) for short in list(row["names"])}  # type: ignore[call-overload]
        for one in site.hosts:
            if not one.at_site:
                assert known[site.fqdn(one.name)] == str(one.address)
