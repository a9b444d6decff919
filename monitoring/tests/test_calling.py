"""Alerts reach the people on duty, and somebody is called when the monitoring itself is silent."""

from __future__ import annotations

import email
import json
import socketserver
import threading
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import yaml

from inventory import load
from monitoring import rules, targets, watcher
from monitoring.tests.promtool import run

SITE = load("nagano")
MONITOR = SITE.service("prometheus").hosts[0]
RELAY = SITE.service("mail").hosts[0]


@pytest.mark.parametrize("name", ["nagano", "small"])
def test_alertmanager_accepts_the_configuration(name, tmp_path):
    site = load(name)
    path = tmp_path / "alertmanager.yml"
    path.write_text(targets.alerting(site, site.service("alertmanager").hosts[0]), encoding="utf-8")
    checked = run("amtool", "check-config", str(path))
    assert checked.returncode == 0, checked.stdout + checked.stderr


# The people of each receiver, as roles of contacts.yml; the heartbeat is for the watcher alone.
PEOPLE = {"nobody": [], "duty": ["operations"], "urgent": ["infrastructure", "operations"]}
OF_SEVERITY = {"critical": "urgent", "warning": "duty"}


@pytest.mark.req("S-MON-001")
@pytest.mark.parametrize("name", ["nagano", "small"])
def test_every_alert_finds_its_people(name, tmp_path):
    """Routes look at the severity only (and the heartbeat's name), so an alert of each severity speaks for all."""
    site = load(name)
    path = tmp_path / "alertmanager.yml"
    path.write_text(targets.alerting(site, site.service("alertmanager").hosts[0]), encoding="utf-8")
    config = yaml.safe_load(path.read_text("utf-8"))
    asked = {text.split("=")[0] for route in config["route"]["routes"] for text in route["matchers"]}
    names = [text for route in config["route"]["routes"] for text in route["matchers"] if text.startswith("alertname")]
    assert (asked, names) == ({"alertname", "severity"}, [f'alertname="{rules.HEARTBEAT}"'])
    of_severity = {alert.severity: alert.name for alert in rules.load()}
    assert set(of_severity) == set(OF_SEVERITY)
    told = {rules.HEARTBEAT: "nobody"} | {of_severity[severity]: found for severity, found in OF_SEVERITY.items()}
    severities = {rules.HEARTBEAT: "none"} | {alert: severity for severity, alert in of_severity.items()}
    for alert, receiver in told.items():
        labels = [f"alertname={alert}", f"severity={severities[alert]}"]
        routed = run("amtool", "config", "routes", "test", f"--config.file={path}", *labels)
        assert routed.stdout.split() == [receiver], routed.stdout + routed.stderr
    mails = {role.id: role.mail for role in site.contacts.roles}
    for receiver in config["receivers"]:
        wanted = sorted(mails[role] for role in PEOPLE[receiver["name"]])
        assert sorted(mail["to"] for mail in receiver.get("email_configs", [])) == wanted
        assert len(receiver.get("webhook_configs", [])) == (receiver["name"] != "nobody")


def test_mails_leave_over_tls():
    assert yaml.safe_load(targets.alerting(SITE, MONITOR))["global"]["smtp_require_tls"]


def test_trouble_is_told_after_two_minutes_again_each_hour_and_once_when_it_is_over():
    state, told = watcher.State(), []
    for minute in range(130):
        trouble = "" if minute < 5 or minute >= 120 else "silence"
        state, what = watcher.judge(1_000_000 + 60 * minute, trouble, state)
        if what:
            told.append((minute, what))
    assert told == [(7, "alarm"), (67, "alarm"), (120, "over")]
    assert state == watcher.State()


def test_a_minute_of_trouble_calls_nobody():
    state, _ = watcher.judge(1000, "silence", watcher.State())
    state, what = watcher.judge(1060, "silence", state)
    assert (what, watcher.judge(1120, "", state)) == ("", (watcher.State(), ""))


class _Alertmanager(BaseHTTPRequestHandler):
    """Answers what the test laid down, as Alertmanager would."""

    answer: bytes = b"[]"

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: object) -> None:
        """Silent."""


class _Relay(socketserver.StreamRequestHandler):
    """An SMTP server that keeps what it is given."""

    taken: list[bytes] = []

    def handle(self) -> None:
        self.wfile.write(b"220 relay\r\n")
        while line := self.rfile.readline():
            word = line[:4].upper()
            if word == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line)
                self.taken.append(b"".join(lines))
            self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 ok\r\n")
            if word == b"QUIT":
                return


def serve(server: socketserver.BaseServer) -> socketserver.BaseServer:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def scene(tmp_path):
    """A stand-in for Alertmanager and one for the relay, and the watcher's settings for them."""
    asked = serve(HTTPServer(("127.0.0.1", 0), _Alertmanager))
    relay = serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Relay))
    _Relay.taken.clear()
    (tmp_path / "textfiles").mkdir()
    settings = json.loads(targets.watcher(SITE, RELAY)) | {
        "alertmanager": f"http://127.0.0.1:{asked.server_address[1]}",
        "port": relay.server_address[1],
        "state": str(tmp_path / "state.json"),
        "textfiles": str(tmp_path / "textfiles"),
    }
    path = tmp_path / "watcher.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    yield path
    for server in (asked, relay):
        server.shutdown()
        server.server_close()


def mails() -> list[EmailMessage]:
    return [email.message_from_bytes(raw, policy=policy.default) for raw in _Relay.taken]


@pytest.mark.req("S-MON-001")
def test_when_the_heartbeat_stops_people_get_a_mail_and_another_when_it_is_back(scene, monkeypatch):
    clock = [1_790_000_000.0]
    monkeypatch.setattr(watcher.time, "time", lambda: clock[0])
    for answer in ["beat", b"[]", b"[]", b"[]", b"[]", b"not json", "beat"]:
        beat = json.dumps([{"updatedAt": datetime.fromtimestamp(clock[0] - 10, UTC).isoformat()}]).encode()
        _Alertmanager.answer = beat if answer == "beat" else answer
        clock[0] += 60
        assert watcher.main(scene) == 0
    first, last = mails()
    assert "監視そのものが止まっています" in first["Subject"]
    assert "鼓動" in first.get_content()
    assert "復旧" in last["Subject"]
    assert {role.mail for role in SITE.contacts.roles if role.id in ("operations", "infrastructure")} == {
        address.addr_spec for address in first["To"].addresses
    }
    assert "kura_watcher_last_look_timestamp_seconds 1790000420" in (
        scene.parent / "textfiles" / "kura_watcher.prom"
    ).read_text(encoding="utf-8")


def test_a_mail_that_nobody_takes_is_tried_again_the_next_minute(scene, monkeypatch):
    clock = [1_790_000_000.0]
    monkeypatch.setattr(watcher.time, "time", lambda: clock[0])
    _Alertmanager.answer = b"[]"
    settings = json.loads(scene.read_text(encoding="utf-8"))
    port, settings["port"] = settings["port"], 1
    scene.write_text(json.dumps(settings), encoding="utf-8")
    assert watcher.main(scene) == 0
    clock[0] += 200
    assert watcher.main(scene) == 1
    settings["port"] = port
    scene.write_text(json.dumps(settings), encoding="utf-8")
    clock[0] += 60
    assert watcher.main(scene) == 0
    assert len(mails()) == 1
