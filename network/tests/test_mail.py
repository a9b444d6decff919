"""The mail path as its two ends will read it, and what the public DNS is told."""

from __future__ import annotations

import re

import pytest

from inventory import available, load
from network import mail
from network.flows import flows

NAGANO = load("nagano")


def settings(host: str, site: object = NAGANO, lab: bool = False) -> dict[str, str]:
    """main.cf as a dictionary."""
    text = mail.postfix(site, site.host(host), lab)
    return dict(line.split(" =", 1) for line in text.splitlines() if " =" in line and not line.startswith("#"))


def test_nobody_but_the_application_relays() -> None:
    hub = settings("gw1")
    assert hub["mynetworks"].strip() == "127.0.0.0/8, 10.80.10.11/32, 10.80.30.11/32"
    assert "reject_unauth_destination" in hub["smtpd_relay_restrictions"]
    assert hub["relay_domains"].strip() == "return.kura-nagano.example"
    assert hub["mydestination"].strip() == ""
    assert "relayhost" not in hub, "a real relay asks the DNS"


def test_the_application_trusts_only_itself_and_only_the_hub_s_certificate() -> None:
    application = settings("app1")
    assert application["mynetworks"].strip() == "127.0.0.0/8"
    assert application["relayhost"].strip() == "[mail.kura-nagano.example]:25"
    assert application["smtp_tls_security_level"].strip() == "secure"
    assert "secure match=app1.kura-nagano.example" in settings("gw1")["smtp_tls_policy_maps"]


def test_port_25_is_open_from_outside_to_the_hub_alone_and_from_the_hub_to_the_application() -> None:
    found = {(flow.source, flow.destination.name) for flow in flows(NAGANO) if flow.port == 25}
    assert {("wan", "gw1"), ("app", "gw1"), ("host:gw1", "app1")} <= found
    assert not {source for source, target in found if target == "app1"} & {"wan", "staff", "kiosk", "guest"}


def test_in_the_lab_nothing_leaves() -> None:
    lab = settings("gw1", lab=True)
    assert lab["relayhost"].strip() == "[127.0.0.1]:2525"
    ways = re.findall(r"= (smtp:\S+)", lab["transport_maps"])
    assert ways == ["smtp:[app1.kura-nagano.example]:25", "smtp:[127.0.0.1]:2526"]


@pytest.mark.parametrize("name", available())
def test_one_receipt_for_each_token(name: str) -> None:
    site = load(name)
    host = next(host for host in site.hosts if mail.is_application(site, host))
    _, rule = mail.receipt_map(site, host).splitlines()
    pattern, target = rule.split(" ")
    match = re.fullmatch(pattern.strip("/"), f"n+{'a' * 32}@{mail.returns(site)}")
    assert match
    assert match.group(1) == "a" * 32
    assert target == f"accepted+$1@{mail.receipts(site)}"
    assert not re.fullmatch(pattern.strip("/"), f"n+{'a' * 32}@{mail.returns(site).replace('.', 'x')}")


def test_the_dns_hand_over_has_every_record_that_receivers_ask_for() -> None:
    records = {(record.name, record.kind): record.value for record in mail.records(NAGANO, None, "KEY")}
    domain = "kura-nagano.example"
    address = str(NAGANO.provider_address(NAGANO.hub))
    assert records[domain, "TXT"] == records[f"return.{domain}", "TXT"] == f"v=spf1 ip4:{address} -all"
    assert records[f"kura1._domainkey.{domain}", "TXT"] == "v=DKIM1; k=rsa; p=KEY"
    assert records[f"_dmarc.{domain}", "TXT"].startswith("v=DMARC1; p=quarantine; ")
    assert records[f"return.{domain}", "MX"] == f"10 mail.{domain}."
    long = mail.zone(NAGANO, None, "K" * 392)
    assert all(len(piece) <= 255 for piece in re.findall(r'"([^"]*)"', long))
