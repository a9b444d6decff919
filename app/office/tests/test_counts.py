"""Counts for the reports: of what the audit log and the exports hold in that span, and of nothing else."""

import json
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from app.audit.models import AuditEvent
from app.exports.models import Export
from app.notices.codes import LETTER, MAIL, Kind, State
from app.notices.models import Means, Notice
from app.tests import make

SAMPLE = Path(__file__).parents[3] / "monitoring/reports/tests/counts.json"


def counts(since, until):
    """What the command prints."""
    out = StringIO()
    call_command("report_counts", since=since.isoformat(), until=until.isoformat(), stdout=out)
    return json.loads(out.getvalue())


@pytest.mark.req("S-PRV-009")
def test_views_exports_and_erasures_of_the_span_are_counted(db):
    now = timezone.now()
    for at, outcome, purpose, actor in (
        (now - timedelta(hours=2), "viewed", "貸出窓口", "s1"), (now - timedelta(hours=1), "viewed", "貸出窓口", "s2"),
        (now - timedelta(hours=1), "refused", "", "s1"), (now - timedelta(days=9), "viewed", "資料照会", "s1"),
    ):  # fmt: skip
        AuditEvent.objects.create(at=at, actor_kind="staff", actor=actor, operation="patrons.view", outcome=outcome,
                                  subject_type="patron", subject_id="1", purpose=purpose)  # fmt: skip
    AuditEvent.objects.create(at=now - timedelta(hours=1), actor_kind="staff", actor="s1", operation="patrons.withdraw",
                              outcome="done", subject_type="patron", subject_id="1")  # fmt: skip
    who = make.staff()
    for rows, erased in ((30, None), (12, now - timedelta(minutes=5))):
        made = Export.objects.create(name="延滞者一覧", operation="exports.test", purpose="督促", format="csv",
                                     rows=rows, requested_by=who, erase_on=now.date(), erased_at=erased)  # fmt: skip
        Export.objects.filter(pk=made.pk).update(requested_at=now - timedelta(hours=1))
    found = counts(now - timedelta(days=1), now + timedelta(minutes=1))["personal"]
    assert found == {
        "views": 2,
        "viewers": 2,
        "views_by_purpose": [{"purpose": "貸出窓口", "times": 2}],
        "exports": [{"purpose": "督促", "files": 2, "persons": 42}],
        "erased_files": 1,
        "withdrawn": 1,
    }
    earlier = counts(now - timedelta(days=30), now - timedelta(days=2))["personal"]
    assert (earlier["views"], earlier["exports"], earlier["withdrawn"]) == (1, [], 0)


def shape(value):
    """A value's keys and kinds without its values; of a list that of its first."""
    if isinstance(value, dict):
        return {key: shape(one) for key, one in value.items()}
    return [shape(one) for one in value[:1]] if isinstance(value, list) else type(value).__name__


def test_what_the_reports_are_tested_with_is_what_the_command_prints(db):
    """The sample that the reports' tests take for the library's counts: its mails are sent here for real."""
    sample = json.loads(SAMPLE.read_text(encoding="utf-8"))
    email, letter = Means.objects.get(code=MAIL), Means.objects.get(code=LETTER)
    patron, day = make.patron(), date(2026, 7, 8)
    for on, means, state, times in (
        (day, email, State.DELIVERED, 1), (date(2026, 7, 12), email, State.DELIVERED, 1), (day, email, State.HANDED, 1),
        (date(2026, 7, 6), email, State.BOUNCED, 1), (date(2026, 7, 13), email, State.FAILED, 1),
        # Neither a letter, nor what was not sent yet, nor a mail of another quarter is counted.
        (day, letter, State.HANDED, 1), (day, email, State.READY, 1), (date(2026, 10, 1), email, State.BOUNCED, 1),
    ):  # fmt: skip
        for _ in range(times):
            Notice.objects.create(patron=patron, kind=Kind.OVERDUE, means=means, state=state, on_date=on)
    since = datetime(2026, 7, 1, tzinfo=timezone.get_default_timezone())
    found = counts(since, since.replace(month=10))
    assert found["mail"] == sample["mail"]
    who = make.staff()
    AuditEvent.objects.create(at=timezone.now(), actor_kind="staff", actor="s1", operation="patrons.view",
                              outcome="viewed", subject_type="patron", subject_id="1", purpose="貸出窓口")  # fmt: skip
    Export.objects.create(name="延滞者一覧", operation="exports.test", purpose="督促", format="csv", rows=3,
                          requested_by=who, erase_on=timezone.now().date())  # fmt: skip
    now = counts(timezone.now() - timedelta(days=1), timezone.now() + timedelta(minutes=1))
    assert shape(now["personal"]) == shape(sample["personal"])


@pytest.mark.parametrize("text", ["yesterday", "2026-07-01T00:00:00"])
def test_a_time_without_meaning_is_refused(db, text):
    with pytest.raises(CommandError, match="write it as"):
        call_command("report_counts", since=text, until=text)
