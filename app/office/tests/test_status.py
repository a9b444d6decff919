"""How the system stands: what stops is on the screen in time, and what could not be asked is not said to be well."""

import socket
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest
from django.utils import timezone

from app.jobs import registry
from app.jobs.actions import run_due
from app.office import probes, queries
from app.office.actions.checking import keep
from app.office.models import Check
from app.office.probes import Finding, Link
from app.tests import make
from inventory import load

NOW = datetime.fromisoformat("2026-12-01T10:00:00+09:00")


@pytest.fixture
def partner(monkeypatch, settings):
    """A linked system that really listens, and is the only one."""
    server = socket.create_server(("127.0.0.1", 0))
    link = Link("link.partner", "県立図書館の横断検索", "127.0.0.1", server.getsockname()[1])
    monkeypatch.setattr(probes, "links", lambda: [link])
    settings.PROBE_LINKS = True
    yield server
    server.close()


@pytest.mark.req("F-SYS-015")
@pytest.mark.django_db
def test_a_linked_system_that_stops_is_on_the_screen_within_five_minutes(partner, monkeypatch):
    only = registry.find("office.check")
    monkeypatch.setattr(registry, "_jobs", {only.code: only})
    now = timezone.now().replace(second=0, microsecond=0)
    run_due(now)
    browser = make.client("counter")
    page = browser.get("/office/status/").content.decode()
    row = page.split("県立図書館の横断検索")[0].rsplit("<tr", 1)[1]
    assert "✓ 正常" in row
    assert "県立図書館の横断検索" not in browser.get("/staff/").content.decode()
    partner.close()
    for minute in range(1, 5):
        run_due(now + timedelta(minutes=minute))
    page = browser.get("/office/status/").content.decode()
    assert "✕ 異常" in page.split("県立図書館の横断検索")[0].rsplit("<tr", 1)[1]
    assert "県立図書館の横断検索 応答がありません" in browser.get("/staff/").content.decode()


@pytest.mark.req("F-SYS-015")
@pytest.mark.django_db
def test_servers_database_links_and_backups_stand_on_one_screen(settings, partner):
    now = timezone.now()
    series = {
        'up{job="node"}': [({"host": "db1"}, 1), ({"host": "bak1"}, 0)],
        "kura_backup_last_success_timestamp_seconds": [
            ({"host": "db1"}, now.timestamp() - 3600),
            ({"host": "app1"}, now.timestamp() - 40 * 3600),
        ],
        'ALERTS{alertstate="firing",severity!="none"}': [
            ({"alertname": "DiskFull", "host": "db1", "severity": "critical"}, 1)
        ],
    }

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            import json

            query = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["query"][0]
            rows = [{"metric": labels, "value": [now.timestamp(), str(value)]} for labels, value in series[query]]
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"data": {"result": rows}}).encode())

        def log_message(self, *args):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings.PROMETHEUS_URL = f"http://127.0.0.1:{server.server_port}"
        keep(probes.look(now), now)
        server.shutdown()
    levels = dict(Check.objects.values_list("code", "level"))
    assert levels["server.db1"] == levels["backup.db1"] == levels["database"] == levels["link.partner"] == "ok"
    assert levels["server.bak1"] == levels["backup.app1"] == levels["alert.DiskFull.db1"] == "bad"
    page = make.client("counter").get("/office/status/").content.decode()
    for group in ("サーバ", "データベース", "連携・接続先", "バックアップ", "定時処理"):
        assert f"<h2>{group}</h2>" in page
    assert "確認が止まっています" not in page


@pytest.mark.django_db
def test_what_could_not_be_asked_is_unknown_and_never_well(settings):
    settings.PROMETHEUS_URL = "http://127.0.0.1:1"
    found = {finding.code: finding.level for finding in probes.look(NOW)}
    assert found["monitoring"] == "bad"
    assert found["servers"] == found["backup"] == found["links"] == "unknown"


@pytest.mark.django_db
def test_a_look_that_no_longer_happens_is_told_and_not_shown_as_the_present():
    keep([Finding("x", probes.DATABASE, "x", "ok", "")], timezone.now() - timedelta(minutes=10))
    assert "確認が止まっています" in make.client("counter").get("/office/status/").content.decode()


@pytest.mark.django_db
def test_since_is_when_it_became_so_and_what_is_gone_goes(django_assert_max_num_queries):
    one = Finding("x", probes.DATABASE, "x", "bad", "a")
    keep([one, Finding("y", probes.LINKS, "y", "ok", "")], NOW)
    later = NOW + timedelta(minutes=3)
    with django_assert_max_num_queries(5):  # three and the savepoint's two
        assert keep([one], later) == 1
    check = Check.objects.get()
    assert (check.since, check.seen_at) == (NOW, later)
    groups, last, stale = queries.status(later)
    assert (len(groups), last, stale) == (1, later, False)


def test_links_follow_from_the_inventory(settings):
    found = {link.code for link in probes.links()}
    site = load(settings.INVENTORY)
    assert {"link.database.db1", "link.borg.bak1"} <= found
    mine = {host.name for host in site.service("library").hosts}
    assert not {code.rsplit(".", 1)[1] for code in found} & mine


@pytest.mark.django_db
def test_two_findings_of_one_code_are_one_line_and_the_worse():
    bad, well = (Finding("alert.x.db1", probes.SERVERS, "x", level, level) for level in ("bad", "ok"))
    keep([bad, well], NOW)
    assert Check.objects.get().level == "bad"
