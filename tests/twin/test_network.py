"""The wire agrees with the inventory: who reaches what, by which way, and who does not."""

from __future__ import annotations

import ipaddress
import json
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from network import flows

SCANNER = (Path(__file__).parent / "scanner.py").read_text(encoding="utf-8")

# Reads packets of one interface until one of them is the tunnel's, then names all kinds it saw.
WATCH = """
import json, socket, sys, time
wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
wire.bind((sys.argv[1], 0))
wire.settimeout(1)
print("listening", flush=True)
seen, end = set(), time.monotonic() + 30
while time.monotonic() < end and len(seen) < 50:
    try:
        packet = wire.recv(2048)
    except TimeoutError:
        if seen:
            break
        continue
    ports = (packet[20] * 256 + packet[21], packet[22] * 256 + packet[23])
    seen.add((packet[9], ".".join(map(str, packet[12:16])), ".".join(map(str, packet[16:20])), *ports))
print(json.dumps(sorted(seen)))
"""


def until(condition, patience=60):
    """Ask again until it holds; False when it did not in time."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if condition():
            return True
    return False


def scan(twin, questions):
    """Answers to {source: [(protocol, address, port)]}, all sources at the same time, in the same shape."""
    processes = {
        source: twin.popen(
            source,
            [sys.executable, "-c", SCANNER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for source in questions
    }
    for source, process in processes.items():
        process.stdin.write(json.dumps(questions[source]))
        process.stdin.close()
        process.stdin = None
    answers = {}
    for source, process in processes.items():
        out, err = process.communicate(timeout=90)
        assert process.returncode == 0, f"{source}: {err}"
        answers[source] = json.loads(out)
    return answers


def outcomes(twin, cases):
    """Each case with what the wire answered."""
    by_source = defaultdict(list)
    for case in cases:
        by_source[case.source].append(case)
    asked = {source: [(c.protocol, str(c.address), c.port) for c in rows] for source, rows in by_source.items()}
    answers = scan(twin, asked)
    return [
        (case, answer) for source, rows in by_source.items() for case, answer in zip(rows, answers[source], strict=True)
    ]


def between_running_hosts(twin, cases):
    """The cases whose both ends are there: hosts that run, and the operator's workstation as a source."""
    running = set(twin.running())
    return [case for case in cases if case.destination in running and case.source in running | {"operator"}]


def everybody(twin):
    """The hosts that take part in a port test."""
    return [*twin.running(), "operator"]


def opens(twin, source, address, port):
    """Whether a TCP connection comes about."""
    return scan(twin, {source: [("tcp", str(address), port)]})[source] == ["open"]


@pytest.fixture(scope="module")
def site_router(twin):
    """A library's router that runs here."""
    return next(twin.site.host(name) for name in twin.running() if name.startswith("rt-"))


@pytest.fixture(scope="module")
def kiosk(twin, site_router):
    """A search terminal at that library."""
    return next(
        host
        for name in twin.running()
        if (host := twin.site.host(name)).zone == "kiosk" and host.place == site_router.place
    )


def test_every_port_that_the_flow_matrix_opens_answers(twin):
    cases = between_running_hosts(twin, flows.positive_cases(twin.site, everybody(twin)))
    # WireGuard is silent to strangers by design; the tunnel has its own test.
    asked = [case for case in cases if case.service != "vpn"]
    assert {case.protocol for case in asked} == {"tcp", "udp"}
    closed = [f"{case.source} → {case} : {answer}" for case, answer in outcomes(twin, asked) if answer != "open"]
    assert not closed, "\n".join(closed)


def test_every_other_port_between_hosts_is_closed(twin):
    cases = between_running_hosts(twin, flows.negative_cases(twin.site, everybody(twin)))
    assert len(cases) > 10 * len(twin.running())
    reached = [f"{case.source} → {case} : {answer}" for case, answer in outcomes(twin, cases) if answer != "silent"]
    assert not reached, "\n".join(reached)


def test_a_port_that_nobody_offers_is_closed_too(twin):
    port = 12345
    running = [twin.site.host(name) for name in twin.running()]
    questions = {
        source.name: [("tcp", str(target.address), port) for target in running if target.name != source.name]
        for source in running
    }
    answers = {answer for rows in scan(twin, questions).values() for answer in rows}
    assert answers == {"silent"}


def test_the_kiosk_finds_names_through_its_router(twin, kiosk):
    opac, database = twin.site.fqdn("opac"), twin.site.fqdn("db")
    found = twin.run(kiosk.name, f"dig +short +time=5 {opac} @{twin.site.gateway(kiosk)}").stdout.split()
    assert found == [str(twin.site.service("library").hosts[0].address)]
    assert (
        database
        in twin.run(
            kiosk.name, f"dig +short -x {twin.site.service('database').hosts[0].address}; getent hosts {database}"
        ).stdout
    )


def test_every_host_resolves_by_its_own_resolver_and_foreign_names_fail_at_once(twin):
    for name in twin.running():
        known = twin.run(name, f"dig +short +time=5 {twin.site.fqdn('db')}")
        assert known.stdout.split() == [str(twin.site.service("database").hosts[0].address)], name
        foreign = twin.run(name, "dig +time=5 +tries=1 www.example.org | grep -c 'status: NXDOMAIN'")
        assert foreign.stdout.strip() == "1", name


def test_the_guests_of_a_library_see_only_the_names_they_may_use(twin, site_router):
    guest = twin.site.zone_network("guest", site_router.place)[1]
    ask = "dig +short +time=5 -b {0} @{0} {1}"
    answers = {
        name: twin.run(site_router.name, ask.format(guest, twin.site.fqdn(name))).stdout.split()
        for name in ("opac", "db", "staff")
    }
    assert answers == {"opac": [str(twin.site.service("library").hosts[0].address)], "db": [], "staff": []}


def test_every_host_keeps_the_time_of_its_router(twin):
    for name in twin.running():
        if twin.site.host(name) in twin.site.service("ntp").hosts:
            continue
        assert until(lambda name=name: "^*" in twin.run(name, "chronyc -n sources").stdout, 90), twin.run(
            name, "chronyc -n sources"
        ).stdout


def transfer(twin, router):
    """Bytes received and sent by a library's router through the tunnel."""
    _, received, sent = twin.run(router.name, "wg show wg0 transfer").stdout.split()
    return int(received), int(sent)


def test_the_tunnel_carries_what_the_kiosk_asks_and_nothing_goes_beside_it(twin, kiosk, site_router):
    library = twin.site.service("library").hosts[0].address
    received, sent = transfer(twin, site_router)
    watch = twin.popen(site_router.name, [sys.executable, "-c", WATCH, "wan"], stdout=subprocess.PIPE)
    assert watch.stdout.readline() == "listening\n"
    assert opens(twin, kiosk.name, library, 443)
    seen = json.loads(watch.communicate(timeout=60)[0])
    hub, port = str(twin.site.provider_address(twin.site.hub)), twin.site.service("vpn").listen[0].port
    assert seen
    assert all(
        packet[0] == 17 and (hub, port) in {(packet[1], packet[3]), (packet[2], packet[4])} for packet in seen
    ), seen
    received_after, sent_after = transfer(twin, site_router)
    assert received_after > received
    assert sent_after > sent
    handshake = int(
        twin.run(twin.site.hub.name, "wg show wg0 latest-handshakes | sort -k2n | tail -1").stdout.split()[1]
    )
    assert handshake > 0


def test_without_the_tunnel_the_library_is_cut_off_and_the_provider_is_no_way_in(twin, kiosk, site_router):
    library, database = twin.site.service("library").hosts[0].address, twin.site.service("database").hosts[0].address
    hub = twin.site.provider_address(twin.site.hub)
    try:
        twin.run(site_router.name, "systemctl stop wg-quick@wg0")
        assert not opens(twin, kiosk.name, library, 443)
        # A router that sends plain packets to the data centre over the provider's network, its own and spoofed ones.
        twin.run(site_router.name, f"ip route add {twin.site.networks.datacentre} via {hub} dev wan")
        inside = [
            ("tcp", str(database), 5432),
            ("tcp", str(twin.site.hub.address), 53),
            ("udp", str(twin.site.hub.address), 53),
        ]
        assert set(scan(twin, {site_router.name: inside})[site_router.name]) == {"silent"}
        assert not opens(twin, kiosk.name, library, 443)
    finally:
        twin.run(site_router.name, f"ip route del {twin.site.networks.datacentre} via {hub} dev wan")
        assert twin.run(site_router.name, "systemctl start wg-quick@wg0").ok
    assert until(lambda: opens(twin, kiosk.name, library, 443)), "the tunnel did not come back"


def test_only_routers_forward_and_never_from_the_management_network(twin):
    for name in twin.running():
        values = dict(
            line.split(" = ")
            for line in twin.run(name, "sysctl -a -r 'net.ipv4.conf.[a-z0-9]*.forwarding'").stdout.splitlines()
        )
        forwarding = {key.split(".")[3] for key, value in values.items() if value == "1"} - {"all", "default", "lo"}
        router = twin.site.host(name).kind == "router"
        assert bool(forwarding) == router, (name, forwarding)
        assert "manage" not in forwarding


def test_new_rules_that_nobody_confirms_are_taken_back(twin, kiosk):
    before = twin.run(kiosk.name, "nft -s list table inet kura").stdout
    refuse_all = "chain input {\n type filter hook input priority filter; policy drop;\n }"
    shut = f"table inet kura\ndelete table inet kura\ntable inet kura {{\n {refuse_all}\n}}\n"
    assert twin.run(kiosk.name, "cp /etc/kura/firewall.nft /tmp/firewall.good").ok
    try:
        assert twin.run(kiosk.name, "cat > /etc/kura/firewall.nft", stdin=shut).ok
        # The trial itself locks the operator out, so it is started where no connection is needed to go on.
        twin.run(kiosk.name, "systemd-run -q --unit=kura-trial --collect /usr/local/sbin/kura-firewall try 20")
        address = kiosk.management
        assert until(lambda: not opens(twin, "operator", address, 22), 40)
        assert until(lambda: opens(twin, "operator", address, 22), 90)
        assert twin.run(kiosk.name, "nft -s list table inet kura").stdout == before
    finally:
        twin.run(kiosk.name, "cp /tmp/firewall.good /etc/kura/firewall.nft")
    assert twin.run(kiosk.name, "/usr/local/sbin/kura-firewall try").stdout.strip() == "in force"


def test_sshd_takes_keys_only(twin):
    settings = twin.run(twin.running()[0], "sshd -T").stdout
    assert "passwordauthentication no" in settings
    assert "permitrootlogin without-password" in settings
    assert "kbdinteractiveauthentication no" in settings


def test_services_show_certificates_of_the_own_authority_that_name_them(twin):
    for service in twin.site.services:
        if not service.row.tls or service.hosts[0].name not in twin.running():
            continue
        path = f"/etc/kura/tls/{service.id}"
        verify = "openssl verify -CAfile /etc/kura/tls/ca.crt -purpose sslserver -verify_hostname"
        for name in service.row.names:
            told = twin.run(service.hosts[0].name, f"{verify} {twin.site.fqdn(name)} {path}.crt")
            assert told.ok, told.stdout
        file = twin.host(service.hosts[0].name).file(f"{path}.key")
        assert file.mode == 0o640
        assert file.user == "root"
        assert file.group in {"postgres", "www-data", "root"}


def test_no_private_key_of_the_authority_or_of_another_router_is_on_a_host(twin):
    authority = (twin.state / "secrets" / "ca.key").stat()
    assert authority.st_mode & 0o077 == 0
    for name in twin.running():
        assert twin.run(name, "ls /etc/kura/tls").stdout.count("ca.key") == 0
        config = twin.run(name, "cat /etc/wireguard/wg0.conf 2>/dev/null").stdout
        for key in (twin.state / "secrets" / "wireguard").glob("*.key"):
            assert (key.read_text().strip() in config) == (key.stem == name and "PrivateKey" in config), (
                name,
                key.stem,
            )


def test_addresses_on_the_wire_are_those_of_the_inventory(twin):
    for name in twin.running():
        found = {
            row["ifname"]: {
                ipaddress.IPv4Interface(f"{one['local']}/{one['prefixlen']}")
                for one in row["addr_info"]
                if one["family"] == "inet"
            }
            for row in json.loads(twin.run(name, "ip -j address").stdout)
        }
        for leg, (address, network) in twin.site.legs(twin.site.host(name)).items():
            assert found[leg] == {ipaddress.IPv4Interface(f"{address}/{network.prefixlen}")}, (name, leg)
