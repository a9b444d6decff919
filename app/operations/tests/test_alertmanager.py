"""Debian's Alertmanager with the appliance's own route, and a console: what fires is told, silenced or explained."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.operations.tests.running import TOKEN, Console, answers, free_port

# Debian's Alertmanager reads it where its package puts it; out of the lab's layer it is shown it there, and only it.
MAIL_TEMPLATE = Path("/usr/share/prometheus/alertmanager/default.tmpl")
BESIDE = 'mount --bind "${0%/bin/*}/share" /usr/share && exec "$0" "$@"'


@dataclass
class Scene:
    """An Alertmanager at `url` and the console that it tells."""

    url: str
    console: Console
    began: dict[tuple[str, str], str] = field(default_factory=dict)

    def fire(self, name: str, severity: str, host: str = "db1", ended: bool = False) -> None:
        """What Prometheus does when an alert fires, or has ended: it says each time when it began."""
        now = datetime.now(UTC).isoformat()
        alert: dict[str, Any] = {
            "startsAt": self.began.setdefault((name, host), now),
            "labels": {"alertname": name, "severity": severity, "host": host},
            "annotations": {"summary": f"{name} の要約", "impact": "貸出が止まる", "runbook": "node#HostDown"},
        }
        if ended:
            alert["endsAt"] = now
            del self.began[name, host]
        body = json.dumps([alert]).encode()
        request = urllib.request.Request(
            f"{self.url}/api/v2/alerts", data=body, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            assert answer.status == 200

    def ask(self, path: str, **wanted: str) -> list[dict[str, Any]]:
        """Rows of Alertmanager with these labels."""
        filters = urllib.parse.urlencode([("filter", f'{name}="{value}"') for name, value in wanted.items()])
        with urllib.request.urlopen(f"{self.url}/api/v2/{path}?{filters}", timeout=20) as answer:
            rows: list[dict[str, Any]] = json.load(answer)
            return rows

    def state(self, name: str, host: str = "db1") -> dict[str, Any]:
        """Whether an alert is silenced or inhibited; empty while Alertmanager does not have it."""
        rows = self.ask("alerts", alertname=name, host=host)
        return dict(rows[0]["status"]) if rows else {}


def until(what: Callable[[], bool], seconds: float = 60) -> bool:
    """Ask until it is so."""
    deadline = time.monotonic() + seconds
    while not what():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def scene(start_console, tmp_path_factory, deployed):
    """Only addresses and patience differ from what the playbook writes: no mail leaves, first news leaves at once."""
    folder = tmp_path_factory.mktemp("alertmanager")
    url = f"http://127.0.0.1:{free_port()}"
    console = start_console("http://127.0.0.1:1", alertmanager_url=url)
    assert console.sign_in()[0] == 200
    config = yaml.safe_load(deployed["alerting"])
    config["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    (folder / "token").write_text(TOKEN)
    for receiver in config["receivers"]:
        receiver.pop("email_configs", None)
        for hook in receiver.get("webhook_configs", []):
            hook["url"] = console.url + urllib.parse.urlsplit(hook["url"]).path
            hook["http_config"]["authorization"]["credentials_file"] = str(folder / "token")
            del hook["http_config"]["tls_config"]
            # What the web server before the console says.
            hook["http_config"]["http_headers"] = {"X-Forwarded-Proto": {"values": ["https"]}}
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(config))
    argv = [
        *(() if MAIL_TEMPLATE.exists() else ("unshare", "--mount", "sh", "-ec", BESIDE)),
        deployed["prometheus-alertmanager"],
        f"--config.file={folder}/alertmanager.yml",
        f"--storage.path={folder}/data",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--cluster.listen-address=",
    ]
    with (folder / "log").open("w") as log, subprocess.Popen(argv, stdout=log, stderr=log) as process:
        try:
            answers(f"{url}/-/ready")
            yield Scene(url, console)
        finally:
            process.terminate()


def incidents(scene: Scene, name: str) -> list[dict[str, Any]]:
    """The console's incidents of an alert."""
    return [row for row in scene.console.records()["incidents"] if row["alert"] == name]


def test_a_critical_alert_opens_an_incident_a_warning_is_told_only_and_the_heartbeat_is_nobody_s_news(scene):
    scene.fire("Heartbeat", "none")
    scene.fire("RealDisaster", "critical")
    scene.fire("RealTrouble", "warning")

    def told() -> bool:
        page = scene.console.get("/alerts/")[1]
        return "RealDisaster の要約" in page and "RealTrouble の要約" in page

    assert until(told), scene.console.get("/alerts/")[1]
    (opened,) = incidents(scene, "RealDisaster")
    assert (opened["host"], opened["severity"]) == ("db1", "critical")
    assert incidents(scene, "RealTrouble") == []
    scene.fire("RealDisaster", "critical", ended=True)
    assert until(lambda: scene.console.get("/alerts/")[1].count("継続中") == 1)
    assert "Heartbeat" not in scene.console.get("/alerts/")[1]
    assert scene.state("Heartbeat")["state"] == "active"


def test_a_silence_set_at_the_console_holds_in_alertmanager_until_it_is_ended(scene):
    form = {"alert": "RealNoise", "host": "app1", "hours": "1", "reason": "作業中"}
    assert "1時間止めました" in scene.console.send("/silences/", form)[1]
    (kept,) = [row for row in scene.ask("silences") if row["status"]["state"] == "active"]
    assert (kept["createdBy"], kept["comment"]) == ("administrator", "作業中")
    scene.fire("RealNoise", "critical", host="app1")
    scene.fire("RealNoise", "critical", host="db1")
    assert until(lambda: scene.state("RealNoise", "app1").get("silencedBy") == [kept["id"]])
    assert until(lambda: [row["host"] for row in incidents(scene, "RealNoise")] == ["db1"])
    assert "作業中" in scene.console.get("/silences/")[1]
    assert "再開しました" in scene.console.send("/silences/end/", {"id": kept["id"]}, at="/silences/")[1]
    assert [row for row in scene.ask("silences") if row["status"]["state"] == "active"] == []
    assert until(lambda: {row["host"] for row in incidents(scene, "RealNoise")} == {"db1", "app1"})


def test_a_host_that_is_down_explains_the_silence_of_its_services_and_of_no_other_host_s(scene):
    scene.fire("HostDown", "critical", host="bak1")
    scene.fire("TargetDown", "warning", host="bak1")
    scene.fire("TargetDown", "warning", host="mon1")
    scene.fire("DiskAlmostFull", "critical", host="bak1")
    assert until(lambda: bool(scene.state("TargetDown", "bak1").get("inhibitedBy")))
    assert until(lambda: scene.state("TargetDown", "mon1").get("state") == "active")
    assert scene.state("DiskAlmostFull", "bak1")["inhibitedBy"] == []
    assert until(lambda: "<td>mon1</td>" in scene.console.get("/alerts/")[1])
