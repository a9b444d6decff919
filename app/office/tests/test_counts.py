"""Counts for the reports: of what the audit log and the exports hold in that span, and of nothing else."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from app.audit.models import AuditEvent
from app.exports.models import Export
from app.tests import make


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


@pytest.mark.parametrize("text", ["yesterday", "2026-07-01T00:00:00"])
def test_a_time_without_meaning_is_refused(db, text):
    with pytest.raises(CommandError, match="write it as"):
        call_command("report_counts", since=text, until=text)
