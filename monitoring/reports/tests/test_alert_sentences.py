"""The alerts of a quarter are told in sentences, never in templates."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitoring import rules
from monitoring.reports.facts import Alert
from monitoring.reports.quarter_operations import _summary

KNOWN = {alert.name: alert for alert in rules.load()}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_no_alert_is_told_with_a_template_in_it(name):
    at = datetime(2026, 11, 23, tzinfo=UTC)
    told = _summary(Alert(name, {"alertname": name, "host": "bak1"}, at, at), KNOWN)
    assert "{{" not in told
    assert "}}" not in told


def test_the_host_stands_in_the_sentence_and_a_circle_for_the_value():
    at = datetime(2026, 11, 23, tzinfo=UTC)
    told = _summary(Alert("BackupStoreFilling", {"host": "bak1"}, at, at), KNOWN)
    assert told == "バックアップの保管先の使用率が○です"
    assert _summary(Alert("UnitStopped", {"host": "gw1", "name": "chrony.service"}, at, at), KNOWN).startswith(
        "gw1 の chrony"
    )
