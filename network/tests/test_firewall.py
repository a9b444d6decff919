"""The packet filter: what the matrix allows passes, everything else is refused, and nft takes every file."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from inventory import Host, Inventory, available, load
from network import paths
from network.firewall import ruleset
from network.flows import flows

NAGANO = load("nagano")
NFT = shutil.which("nft") or "/usr/sbin/nft"


def accepts(text: str, chain: str) -> list[str]:
    """The accept rules of a chain that name a port."""
    body = text.partition(f"chain {chain} {{")[2].partition("\n\t}\n")[0]
    return [line.strip() for line in body.splitlines() if " dport " in line]


def rules(host: str, chain: str = "input") -> list[str]:
    return accepts(ruleset(NAGANO, NAGANO.host(host)), chain)


@pytest.mark.parametrize("name", available())
def test_every_host_refuses_by_default(name: str) -> None:
    site = load(name)
    for host in site.hosts:
        text = ruleset(site, host)
        assert "type filter hook input priority filter; policy drop;" in text
        assert "type filter hook forward priority filter; policy drop;" in text
        assert "policy accept" not in text.partition("chain output")[0], host.name


@pytest.mark.parametrize("name", available())
def test_nft_takes_every_file(name: str, tmp_path: Path) -> None:
    """Loaded for real into a network namespace of its own, so that the kernel says yes as well."""
    if not Path(NFT).exists() or subprocess.run(["unshare", "-n", "true"], check=False).returncode:
        pytest.skip("nft or network namespaces are missing here")
    site = load(name)
    shapes = {_shape(site, host): host for host in reversed(site.hosts)}
    for host in shapes.values():
        path = tmp_path / f"{host.name}.nft"
        path.write_text(ruleset(site, host), encoding="utf-8")
        for _ in range(2):  # a second time over the first: the table is replaced, not doubled
            loaded = subprocess.run(["unshare", "-n", NFT, "-f", path], capture_output=True, text=True, check=False)
            assert loaded.returncode == 0, f"{host.name}: {loaded.stderr}"


def _shape(site: Inventory, host: Host) -> tuple[object, ...]:
    """Hosts of one shape differ in addresses only."""
    kind = host.place.kind if host.place else host.name
    return (host.kind, host.zone, kind)


def test_ssh_is_open_on_the_management_wire_only_and_only_to_the_operator() -> None:
    for host in NAGANO.hosts:
        opens = [rule for rule in rules(host.name) if re.search(r"dport (22 |\{[^}]*\b22\b)", rule)]
        backup = [rule for rule in opens if '"borg' in rule]
        rest = [rule for rule in opens if rule not in backup]
        assert bool(backup) == (host.name == "bak1")
        if host.kind == "workstation":
            assert rest == []
        else:
            assert rest == ['iifname "manage" ip saddr 10.90.30.10 tcp dport 22 accept comment "ssh"']


def test_the_provider_side_of_the_hub_takes_the_tunnel_returned_mail_and_nothing_else() -> None:
    assert [rule for rule in rules("gw1") if 'iifname "wan"' in rule] == [
        'iifname "wan" udp dport 51820 accept comment "vpn"',
        'iifname "wan" tcp dport 25 accept comment "mail"',
    ]


def test_a_site_router_takes_nothing_from_its_provider_side() -> None:
    assert [rule for rule in rules("rt-nagano") + rules("rt-nagano", "forward") if '"wan"' in rule] == []


def test_libraries_come_in_by_the_tunnel_and_never_by_the_provider_side() -> None:
    sites = NAGANO.networks.sites
    text = ruleset(NAGANO, NAGANO.hub)
    for rule in accepts(text, "forward"):
        if "@from_staff" in rule or str(sites)[:5] in rule.partition("daddr")[0]:
            assert rule.startswith('iifname "wg0"')


def test_nothing_of_ours_goes_out_by_the_provider_side() -> None:
    for name in ("gw1", "rt-nagano"):
        text = ruleset(NAGANO, NAGANO.host(name)).partition("chain forward {")[2].partition("\n\t}\n")[0]
        outward = [line.strip() for line in text.splitlines() if 'oifname "wan"' in line]
        assert outward == ['oifname "wan" counter reject with icmpx admin-prohibited']


def test_a_public_service_is_reached_through_the_hub() -> None:
    text = ruleset(NAGANO, NAGANO.hub)
    assert 'iifname "wan" ip daddr 198.18.0.1 tcp dport 443 dnat ip to 10.80.10.11:443 comment "library"' in text
    wires = 'iifname "wan" oifname "app" ct status dnat'
    assert f'{wires} ip daddr 10.80.10.11 tcp dport 443 accept comment "library"' in text


def test_public_terminals_reach_the_catalogue_and_nothing_else_beyond_their_router() -> None:
    crossing = [rule for rule in rules("rt-nagano", "forward") if rule.startswith('iifname "guest"')]
    wires = 'iifname "guest" oifname "wg0" ip saddr 10.81.1.192/26'
    assert crossing == [f'{wires} ip daddr 10.80.10.11 tcp dport 443 accept comment "library"']


def test_the_database_is_open_to_the_application_and_to_operations_only() -> None:
    assert [rule for rule in rules("db1") if "5432" in rule] == [
        'iifname "data" ip saddr 10.80.10.0/24 tcp dport 5432 accept comment "database"',
        'iifname "data" ip saddr 10.80.30.0/24 tcp dport { 5432, 9100 } accept comment "database, node"',
        'iifname "data" ip saddr 10.80.40.0/24 tcp dport 5432 accept comment "database"',
    ]


def test_metrics_on_a_port_of_their_own_are_open_to_the_monitoring_host_alone() -> None:
    [rule] = [rule for rule in rules("app1") if "ip saddr 10.80.30.11 tcp dport" in rule]
    assert 'iifname "app"' in rule
    assert "9180" in rule
    assert not [rule for rule in rules("app1") if "9180" in rule and "10.80.30.0/24" in rule]


def test_a_routers_own_leg_is_not_taken_for_a_host_of_the_zone() -> None:
    """gw1 stands in dmz; what it opens towards mon1 leaves by its ops leg and must not pass as `ops`."""
    assert "ip saddr 10.80.30.2-10.80.30.254" in next(rule for rule in rules("mon1") if "9090" in rule)


@pytest.mark.parametrize("name", available())
def test_every_flow_is_accepted_where_it_ends_and_where_it_crosses(name: str) -> None:
    site = load(name)
    texts = {host.name: ruleset(site, host) for host in site.hosts}
    for flow in flows(site):
        wire = paths.arrival(site, flow.source, flow.destination)
        found = [rule for rule in accepts(texts[flow.destination.name], "input") if f'iifname "{wire}"' in rule]
        assert any(_opens(rule, flow.protocol, flow.port) for rule in found), flow
        for router in paths.routers(site):
            wires = paths.crossing(site, flow.source, flow.destination, router)
            if wires is not None:
                start = f'iifname "{wires[0]}" oifname "{wires[1]}"'
                crossing = [rule for rule in accepts(texts[router.name], "forward") if rule.startswith(start)]
                assert any(_opens(rule, flow.protocol, flow.port) for rule in crossing), (router.name, flow)


def _opens(rule: str, protocol: str, port: int) -> bool:
    found = re.search(rf"{protocol} dport (\{{[^}}]*\}}|\d+)", rule)
    return found is not None and str(port) in re.findall(r"\d+", found.group(1))
