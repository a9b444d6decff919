"""Keeping what the looks found."""

from datetime import datetime

from django.db import transaction

from app.office.models import Check
from app.office.probes import Finding

WORSE = [Check.Level.OK, Check.Level.UNKNOWN, Check.Level.WARN, Check.Level.BAD]


@transaction.atomic
def keep(findings: list[Finding], now: datetime) -> int:
    """Write down this minute's findings; what was not looked at any more goes. Returns how many are not well.

    Three SQL statements.
    """
    # Two alerts of one name on one host are one line, and the worse of the two.
    findings = list({one.code: one for one in sorted(findings, key=lambda one: WORSE.index(one.level))}.values())
    before = {check.code: check for check in Check.objects.select_for_update()}
    rows = []
    for one in findings:
        same = one.code in before and before[one.code].level == one.level
        rows.append(
            Check(
                code=one.code,
                group=one.group,
                title=one.title[:80],
                level=one.level,
                text=one.text[:200],
                since=before[one.code].since if same else now,
                seen_at=now,
            )
        )
    Check.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["group", "title", "level", "text", "since", "seen_at"],
    )
    Check.objects.exclude(code__in=[one.code for one in findings]).delete()
    return sum(1 for one in findings if one.level in (Check.Level.BAD, Check.Level.WARN))
