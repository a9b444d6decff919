"""The report's numbers against the list of faults that were injected into a quarter."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from inventory import load
from monitoring.reports.facts import FORECAST_DAYS, Facts, gather, trend
from monitoring.reports.period import Quarter
from monitoring.reports.tests.simulated import SERVERS, Simulated, Span, at, known_evidence, known_quarter

SITE = load("nagano")
Q3 = Quarter.parse("2026Q3", "Asia/Tokyo")


@pytest.fixture(scope="module")
def facts() -> Facts:
    return gather(SITE, Q3, known_quarter().query, known_evidence(), at(10, 5))


def test_outages_are_the_injected_ones_and_no_others(facts):
    seen = [(outage.service, outage.start, round(outage.minutes, 3), outage.planned) for outage in facts.outages]
    assert seen == [
        ("library", at(7, 14, 10, 0), 45.0, False),
        ("library", at(8, 25, 22, 0), 12.0, True),
        ("database", at(9, 3, 15, 0), 2.0, False),
    ]


@pytest.mark.req("S-OPS-002")
def test_availability_by_month_separates_planned_stops_from_failures(facts):
    july, august, september, whole = facts.uptime["library"]
    assert (july.measured, july.failed, july.planned) == (31 * 1440, 45, 0)
    assert (august.failed, august.planned) == (0, pytest.approx(12))
    assert august.measured == 29 * 1440  # the two blind days are not counted
    assert september.measured == 30 * 1440 - 6 * 60
    assert july.percent == pytest.approx(100 * (1 - 45 / (31 * 1440)))
    assert august.percent == 100
    assert whole.percent == pytest.approx(100 * (1 - 45 / (whole.measured - 12)))


def test_a_stop_counts_as_planned_only_on_the_hosts_of_the_work():
    work = [item for item in known_evidence() if item.kind == "deploy"]
    elsewhere = [item.model_copy(update={"hosts": ["db1"]}) for item in work]
    facts = gather(SITE, Q3, known_quarter().query, elsewhere, at(10, 5))
    assert [outage.planned for outage in facts.outages] == [False, False, False]


def test_alerts_are_the_injected_ones_to_the_minute(facts):
    seen = [(alert.name, alert.labels["host"], alert.start, alert.end) for alert in facts.alerts]
    assert seen == [
        ("HostDown", "app1", at(7, 14, 10, 2), at(7, 14, 10, 46)),
        ("BackupStale", "db1", at(8, 21, 8, 5), at(8, 22, 2, 1)),
    ]


def test_every_day_of_the_quarter_has_its_backup_result(facts):
    db1 = dict(zip(Q3.days, facts.backups["db1"].days, strict=True))
    assert len(db1) == 92
    assert [day for day, success in db1.items() if success is False] == [date(2026, 8, 20), date(2026, 8, 21)]
    assert [day for day, success in db1.items() if success is None] == [date(2026, 8, 1)]
    gw1 = dict(zip(Q3.days, facts.backups["gw1"].days, strict=True))
    assert [day for day, success in gw1.items() if success is False] == [date(2026, 9, 30)]


def test_days_without_measurements_are_listed_and_only_those(facts):
    assert set(Q3.days) - facts.measured_days == {date(2026, 8, 1), date(2026, 8, 2)}


def test_use_of_a_server_is_the_mean_and_the_highest_of_what_was_measured():
    peak = Span(at(7, 10, 12), at(7, 10, 13))
    world = Simulated(cpu=lambda host, moment: 0.9 if host == "db1" and peak.covers(moment - 1) else 0.1)
    facts = gather(SITE, Q3, world.query, [], at(10, 5))
    mean, highest = facts.usage["cpu"]["db1"].months[0]
    assert highest == pytest.approx(90)
    assert mean == pytest.approx(10 + 80 / (31 * 24))
    assert facts.usage["cpu"]["db1"].days[9] == (pytest.approx(10 + 80 / 24), pytest.approx(90))
    assert facts.usage["cpu"]["app1"].months[0] == (pytest.approx(10), pytest.approx(10))


@pytest.mark.req("S-MON-002")
def test_a_growing_file_system_has_a_day_on_which_it_is_full(facts):
    by_mount = {(area.host, area.mountpoint): area for area in facts.filesystems}
    borg = by_mount["bak1", "/srv/borg"]
    assert borg.daily_growth == pytest.approx(0.5, rel=1e-3)
    assert abs((borg.full_on - (date(2026, 7, 1) + timedelta(days=160))).days) <= 1  # 20 % + 0.5 a day
    assert by_mount["db1", "/"].full_on is None


def test_nothing_is_foretold_from_too_few_days():
    assert trend([(day, float(day)) for day in range(FORECAST_DAYS - 1)]) is None
    assert trend([(day, 2.0 * day) for day in range(FORECAST_DAYS)]) == pytest.approx(2.0)


def test_the_quarter_ends_and_begins_at_midnight_in_tokyo():
    edge = Simulated(
        outages={"library": [Span(at(6, 30, 23, 50), at(7, 1, 0, 10)), Span(at(9, 30, 23, 50), at(10, 1, 1))]}
    )
    facts = gather(SITE, Q3, edge.query, [], at(10, 5))
    assert [(outage.start, round(outage.minutes)) for outage in facts.outages] == [
        (at(7, 1), 10),
        (at(9, 30, 23, 50), 10),
    ]


def test_a_quarter_that_is_not_over_is_measured_up_to_now():
    facts = gather(SITE, Q3, known_quarter().query, [], at(7, 20, 12, 30))
    assert facts.until == at(7, 20, 13)
    assert facts.measured_days == {day for day in Q3.days if day <= date(2026, 7, 20)}
    assert facts.uptime["library"][1].percent is None
    assert facts.backups["db1"].days[19:] == (True, *[None] * 72)


def test_an_empty_prometheus_gives_no_number_at_all():
    facts = gather(SITE, Q3, lambda *question: [], [], at(10, 5))
    assert not facts.measured_days
    assert facts.uptime == {}
    assert facts.usage == {"cpu": {}, "memory": {}, "disk": {}}
    assert [host.name for host in facts.servers] == list(SERVERS)
