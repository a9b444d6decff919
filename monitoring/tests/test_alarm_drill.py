"""The alarm drill stops every service there is, tells alarms apart, and starts everything again whatever happens."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import yaml

from inventory import load
from monitoring import alarm_cases, alarm_drill, rules, targets
from monitoring.alarm_cases import Case
from monitoring.alarm_drill import Book, Drill, DrillError, Row

ROOT = Path(__file__).parents[2]
EVERYTHING = {unit for units in alarm_cases.UNITS.values() for unit in units} | set(alarm_cases.BESIDE)


@pytest.mark.req("S-MON-001")
@pytest.mark.parametrize("name", ["nagano", "small"])
def test_every_service_of_the_inventory_is_stopped_and_has_an_alert_that_exists(name):
    site = load(name)
    assert {service.id for service in site.services} <= set(alarm_cases.UNITS)
    hosts = [host.name for host in site.hosts if host.kind in ("server", "router")]
    found = alarm_cases.cases(site, {host: set(EVERYTHING) for host in hosts})
    stopped = {(case.host, unit) for case in found for unit in case.units}
    wanted = {(host.name, alarm_cases.UNITS[s.id][-1]) for s in site.services for host in s.hosts if host.name in hosts}
    assert wanted <= stopped
    assert len({case.name for case in found}) == len(found) == len({(case.host, case.units) for case in found})
    assert {case.alert for case in found if case.alert} <= {alert.name for alert in rules.load()}
    assert all(case.screen or case.mail for case in found)


def timers() -> set[str]:
    """Every timer that a role or a room makes, by its unit's name; of templates the instances that run."""
    made = {path.name.removesuffix(".j2") for path in (ROOT / "roles").rglob("*.timer.j2")}
    texts = [*(ROOT / "roles").rglob("tasks/*.yml"), ROOT / "ups/upkeep.py"]
    made |= {name for path in texts for name in re.findall(r"kura-[a-z@-]+[.]timer", path.read_text("utf-8"))}
    site = load("nagano")
    made |= {f"kura-backup-{kind}.timer" for kind in ("daily", "monthly")} if site.backup.schedule else set()
    # The instances of kura-library-jobs@; and what deployments only take away.
    return made - {"kura-library-jobs@.timer", "kura-library-jobs.timer", "kura-library-nightly.timer"}


def test_every_timer_is_stopped_once_and_its_host_tells_of_it():
    assert timers() <= set(alarm_cases.BESIDE)
    assert {unit for unit in alarm_cases.BESIDE if unit.endswith(".timer")} <= timers()
    asked = yaml.safe_load((ROOT / "roles/node_exporter/defaults/main.yml").read_text("utf-8"))["node_exporter_units"]
    for unit in alarm_cases.BESIDE:
        case = next(case for case in alarm_cases.cases(load("nagano"), {"gw1": {unit}}) if unit in case.units)
        if case.alert == "UnitStopped":
            assert re.fullmatch(asked, unit), unit


def test_without_its_web_server_a_site_is_down_and_of_the_console_s_only_mails_tell():
    site = load("nagano")
    found = {case.host: case for case in alarm_cases.cases(site, {h: {"nginx.service"} for h in ("app1", "mon1")})}
    assert (found["app1"].alert, found["app1"].screen, found["mon1"].alert) == ("LibraryDown", True, "ServiceDown")
    assert not found["mon1"].screen
    assert len(list(alarm_cases.waves(list(found.values())))) == 2


def test_no_two_cases_of_a_wave_have_the_same_alarm_and_the_ways_to_people_are_open():
    site = load("nagano")
    hosts = [host.name for host in site.hosts if host.kind in ("server", "router")]
    found = alarm_cases.cases(site, {host: set(EVERYTHING) for host in hosts})
    for some in alarm_cases.waves(found):
        alarms = [(case.alert, case.host, case.labels) for case in some]
        assert len(set(alarms)) == len(alarms)
        names = {case.name.split("/")[0] for case in some}
        assert len(some) == 1 or not names & set(alarm_cases.ALONE) or names == {"mail", "opendkim"}


def test_an_alert_belongs_to_the_service_that_it_names():
    case = Case("ssh/gw1", "x", "gw1", ("ssh.service",), "ServiceDown", (("service", "ssh"),), 0)
    assert case.owns({"alertname": "ServiceDown", "host": "gw1", "service": "ssh", "zone": "dmz"})
    assert not case.owns({"alertname": "ServiceDown", "host": "db1", "service": "ssh"})
    assert not case.owns({"alertname": "ServiceDown", "host": "gw1", "service": "dns"})


def test_a_service_passes_only_when_every_way_that_was_there_told_in_time():
    def row(screen, mail, ways=("screen", "mail")):
        return Row("x/y", "x", "y", "ServiceDown", screen, mail, ways)

    assert (row(100.0, 120.0).seconds, row(100.0, 120.0).passed) == (120.0, True)
    assert not row(100.0, 301.0).passed
    assert (row(100.0, None).seconds, row(100.0, None).passed) == (None, False)
    assert row(100.0, None, ("screen",)).passed
    assert alarm_drill.result([])["passed"] is False
    found = alarm_drill.result([row(100.0, 120.0), row(None, 90.0)])
    assert found["figures"]["alarms_late_or_missing"] == {"value": 1, "unit": "services", "goal": 0, "met": False}


class Hosts:
    """Hosts that stop and start units, and whose monitoring sees a stopped unit the second time it is asked."""

    def __init__(self, *, deaf: bool = False, stubborn: str = "") -> None:
        self.stopped: set[tuple[str, str]] = set()
        self.asked, self.deaf, self.stubborn = 0, deaf, stubborn
        self.looks: list[str] = []  # what the watcher's memory holds, look by look

    def __call__(self, host: str, command: str) -> tuple[int, str]:
        if found := re.search(r"&& systemctl stop (\S+)$", command):
            if found[1] == self.stubborn:
                return 1, "will not"
            self.stopped.add((host, found[1]))
        elif found := re.match(r"systemctl start (\S+) ", command):
            self.stopped.discard((host, found[1]))
        elif "kura-watcher" in command:
            return 0, self.looks.pop(0)
        elif "api/v2/alerts" in command:
            self.asked += 1
            rows = [
                {"labels": {"alertname": "UnitStopped", "host": name, "name": unit}, "summary": f"{name} {unit}"}
                for name, unit in self.stopped
            ]
            return 0, json.dumps({"fired": rows, "shown": rows if self.asked > 1 and not self.deaf else []})
        elif "kura-sink" in command:
            texts = [[time.time(), f"x\n{name} {unit}\n{alarm_drill.FIRING}"] for name, unit in self.stopped]
            return 0, json.dumps(texts if not self.deaf else [])
        return 0, ""


def case(host: str, unit: str) -> Case:
    """A unit whose stop the host itself tells."""
    return Case(f"{unit}/{host}", unit, host, (f"{unit}.service",), "UnitStopped", (("name", f"{unit}.service"),), 0)


def drill(tmp_path, hosts: Hosts) -> Drill:
    """A drill on these hosts."""
    return Drill(load("nagano"), hosts, Book(tmp_path / "alarms.json"), lambda _: None)


def test_a_wave_measures_both_ways_starts_everything_again_and_is_written_down(tmp_path, monkeypatch):
    monkeypatch.setattr(alarm_drill, "PAUSE_SECONDS", 0)
    hosts = Hosts()
    one = drill(tmp_path, hosts)
    one.wave([case("gw1", "chrony"), case("db1", "rsyslog")])
    assert hosts.stopped == set()
    assert all(row.passed and row.screen is not None and row.mail is not None for row in one.book.rows)
    again = Book(tmp_path / "alarms.json")
    again.load()
    assert (again.rows, again.struck) == (one.book.rows, [])


def test_what_nobody_is_told_of_is_missing_and_not_invented(tmp_path, monkeypatch):
    monkeypatch.setattr(alarm_drill, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(alarm_drill, "GOAL_SECONDS", -60.0)
    hosts = Hosts(deaf=True)
    one = drill(tmp_path, hosts)
    one.wave([case("gw1", "chrony")])
    assert [(row.screen, row.mail, row.passed) for row in one.book.rows] == [(None, None, False)]
    assert hosts.stopped == set()


def test_a_service_that_cannot_be_stopped_ends_the_drill_with_the_others_started_again(tmp_path, monkeypatch):
    monkeypatch.setattr(alarm_drill, "PAUSE_SECONDS", 0)
    hosts = Hosts(stubborn="rsyslog.service")
    with pytest.raises(DrillError, match="was not stopped"):
        drill(tmp_path, hosts).wave([case("gw1", "chrony"), case("db1", "rsyslog")])
    assert hosts.stopped == set()


def test_the_monitoring_is_stopped_only_when_the_watcher_has_seen_it_well_again(tmp_path, monkeypatch):
    monkeypatch.setattr(alarm_drill, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(alarm_drill, "GOAL_SECONDS", 5.0)
    hosts = Hosts(deaf=True)
    hosts.looks = ['{"since": 1.0, "told": 2.0}', "", '{"since": 3.0, "told": 0}', '{"since": 0, "told": 0}']
    silent = Case("alertmanager/mon1", "x", "mon1", ("prometheus-alertmanager.service",), "", (), 7, screen=False)
    one = drill(tmp_path, hosts)
    monkeypatch.setattr(one, "_look", lambda some, began, screen, mail: mail.update({silent.name: 1.0}))
    one.wave([silent])
    assert hosts.looks == []
    hosts.looks = ['{"since": 1.0, "told": 2.0}'] * 10**6
    monkeypatch.setattr(alarm_drill, "GOAL_SECONDS", 0.0)
    with pytest.raises(DrillError, match="before the drill does"):
        one.wave([silent])


def test_an_interrupted_drill_starts_what_it_had_stopped(tmp_path):
    hosts = Hosts()
    book = Book(tmp_path / "alarms.json", struck=[("gw1", ("chrony.service",))])
    book.save()
    hosts.stopped.add(("gw1", "chrony.service"))
    again = drill(tmp_path, hosts)
    again.book.load()
    assert again.mend() == ""
    assert hosts.stopped == set()


def test_the_mail_is_sent_by_address_so_that_a_stopped_name_server_can_be_told_of():
    site = load("nagano")
    text = targets.alerting(site, site.service("alertmanager").hosts[0])
    assert f"smtp_smarthost: {site.service('mail').hosts[0].address}:25" in text
    assert f"server_name: {site.fqdn(site.service('mail').row.names[0])}" in text
