"""The periodic inspection (定期点検): what an engineer looks at on every host, and notes."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from inventory import load
from lab.twin import Twin

SITE = load(os.environ.get("KURA_INVENTORY", "nagano"))
HOSTS = [host.name for host in Twin(SITE).running()] or ["(no twin is running)"]


@pytest.fixture(params=HOSTS)
def name(request, twin):
    """Each running host in turn."""
    return request.param


@pytest.mark.title("失敗したサービスがない")
def test_no_unit_has_failed(twin, name):
    assert twin.run(name, "systemctl --failed --no-legend --plain").stdout.strip() == ""


@pytest.mark.title("ディスクの使用率が90％未満である")
def test_disks_have_room(twin, name):
    used = [int(line.rstrip("%")) for line in twin.run(name, "df --output=pcent / /var | tail -n +2").stdout.split()]
    assert max(used) < 90


@pytest.mark.title("時刻が基準の時刻源と同期している")
def test_the_clock_agrees_with_its_source(twin, name):
    tracking = twin.run(name, "chronyc -n tracking").stdout
    assert "Leap status     : Normal" in tracking, tracking


@pytest.mark.title("定めたサービスがすべて待ち受けている")
def test_every_service_of_the_inventory_listens(twin, name):
    listening = twin.run(name, "ss -Hlntu").stdout
    ports = {(line.split()[0], int(line.split()[4].rpartition(":")[2])) for line in listening.splitlines()}
    promised = {
        (listen.protocol, listen.port) for service in SITE.services_of(SITE.host(name)) for listen in service.listen
    }
    assert promised <= ports, promised - ports


@pytest.mark.title("証明書の残り期間が更新の目安より長い")
def test_certificates_last_longer_than_their_renewal_margin(twin, name):
    margin = timedelta(days=SITE.certificates.server.renew_before_days)
    found = twin.run(name, "for c in /etc/kura/tls/*.crt; do openssl x509 -noout -enddate -in $c; done").stdout
    ends = [parsedate_to_datetime(line.removeprefix("notAfter=")) for line in found.splitlines() if "notAfter" in line]
    assert ends
    assert min(ends).replace(tzinfo=UTC) - datetime.now(UTC) > margin


@pytest.mark.title("ファイアウォールが定めのない通信を拒む")
def test_the_firewall_drops_what_is_not_named(twin, name):
    for chain in ("input", "forward"):
        rules = twin.run(name, f"nft list chain inet kura {chain}").stdout
        assert "policy drop" in rules, f"{chain}: {rules[:300]}"
