"""What values mean and how they read."""

import math
from datetime import UTC, datetime

import pytest

from app.operations.rules import alerts_of, judge, named, reading, runbook_path, worst

HIGH = {"worse": "high", "warn": 80, "bad": 90}
LOW = {"worse": "low", "warn": 20, "bad": 10}


@pytest.mark.parametrize(
    ("value", "thresholds", "level"),
    [
        (79.9, HIGH, "ok"),
        (80, HIGH, "watch"),
        (89.9, HIGH, "watch"),
        (90, HIGH, "bad"),
        (20.1, LOW, "ok"),
        (20, LOW, "watch"),
        (10, LOW, "bad"),
        (0, {"worse": "low", "warn": 0.5, "bad": 0.5}, "bad"),
        (1, {"worse": "low", "warn": 0.5, "bad": 0.5}, "ok"),
        (1, None, "ok"),
        (None, HIGH, "unknown"),
        (math.nan, None, "unknown"),
    ],
)
def test_a_value_is_judged_by_its_thresholds(value, thresholds, level):
    assert judge(value, thresholds) == level


def test_the_worst_answers_and_nothing_measured_is_unknown():
    assert worst(["ok", "watch", "ok"]) == "watch"
    assert worst(["watch", "unknown"]) == "unknown"
    assert worst(["unknown", "bad", "ok"]) == "bad"
    assert worst([]) == "unknown"


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1, "up", "応答あり"),
        (0, "up", "応答なし"),
        (1, "yes", "はい"),
        (0, "yes", "いいえ"),
        (12.34, "percent", "12.3 %"),
        (0.0421, "seconds", "42 ミリ秒"),
        (2.5, "seconds", "2.5 秒"),
        (30, "duration", "30 秒"),
        (5400, "duration", "90 分"),
        (40000, "duration", "11 時間 6 分"),
        (700000, "duration", "8 日"),
        (-120, "duration", "-2 分"),
        (1023, "bytes", "1023 B"),
        (5 * 1024**3, "bytes", "5.0 GiB"),
        (2048, "bytes_per_second", "2.0 KiB/秒"),
        (1190000, "count", "1,190,000"),
        (39.6, "days", "40 日"),
        (math.inf, "percent", "∞"),
        (None, "count", "測定値なし"),
    ],
)
def test_values_read_with_their_unit(value, unit, text):
    assert reading(value, unit) == text


def test_a_series_is_named_by_its_labels():
    assert named("{host} {mountpoint}", {"host": "db1", "mountpoint": "/"}) == "db1 /"
    assert named("{name}", {"host": "db1"}) == ""
    assert named("{host} 確定", {"host": "db1"}) == "db1 確定"


def test_a_runbook_reference_becomes_a_path():
    assert runbook_path("node#HostDown") == "node/#HostDown"
    assert runbook_path("power") == "power/"


WEBHOOK = {
    "status": "firing",
    "alerts": [
        {
            "status": "resolved",
            "labels": {"alertname": "HostDown", "host": "db1", "severity": "critical"},
            "annotations": {"summary": "サーバ db1 が応答しません", "runbook": "node#HostDown"},
            "startsAt": "2026-11-22T21:35:58.1Z",
            "endsAt": "2026-11-22T21:40:00.1Z",
            "fingerprint": "a1",
        }
    ],
}


def test_a_notification_is_read():
    (alert,) = alerts_of(WEBHOOK)
    assert (alert.name, alert.host, alert.severity) == ("HostDown", "db1", "critical")
    assert alert.starts_at == datetime(2026, 11, 22, 21, 35, 58, 100000, tzinfo=UTC)
    assert alert.ends_at == datetime(2026, 11, 22, 21, 40, 0, 100000, tzinfo=UTC)


def test_a_firing_alert_has_no_end():
    firing = {**WEBHOOK["alerts"][0], "status": "firing", "endsAt": "0001-01-01T00:00:00Z"}
    assert alerts_of({"alerts": [firing]})[0].ends_at is None


@pytest.mark.parametrize("payload", [None, 3, {}, {"alerts": "x"}, {"alerts": [{}]}, [{"labels": {}}], [None]])
def test_what_is_no_notification_is_refused(payload):
    with pytest.raises(ValueError, match=r"alert"):
        alerts_of(payload)
