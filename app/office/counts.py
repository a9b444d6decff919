"""What the reports count in the library's own database: personal data seen, written out, erased; mails sent."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils import timezone

from app.audit.models import AuditEvent
from app.exports.models import Export
from app.notices.codes import Adapter, State
from app.notices.models import Notice
from app.web.sealed import MARK

TYPED = "職員が入力した目的"


def everything(since: datetime, until: datetime) -> dict[str, Any]:
    """All counts of the acts in [since, until). Seven SQL statements."""
    return {"personal": personal(since, until), "mail": mail(since, until)}


def personal(since: datetime, until: datetime) -> dict[str, Any]:
    """Views by purpose, lists of persons written out by purpose, their files erased, patrons withdrawn."""
    events = AuditEvent.objects.filter(at__gte=since, at__lt=until, subject_type="patron")
    views = events.filter(outcome="viewed").order_by()
    made = Export.objects.filter(requested_at__gte=since, requested_at__lt=until).order_by()
    purposes = made.values("purpose").annotate(files=Count("pk"), persons=Sum("rows")).order_by("purpose")
    return {
        "views": views.count(),
        "viewers": views.values("actor").distinct().count(),
        "views_by_purpose": _by_purpose(views),
        "exports": list(purposes),
        "erased_files": Export.objects.filter(erased_at__gte=since, erased_at__lt=until).count(),
        "withdrawn": events.filter(operation="patrons.withdraw", outcome="done").count(),
    }


def _by_purpose(views: QuerySet[AuditEvent]) -> list[dict[str, Any]]:
    """The program's own purposes one by one; what staff typed is sealed, and counted as one."""
    plain = views.exclude(purpose__startswith=MARK).values("purpose").annotate(times=Count("id")).order_by("purpose")
    typed = views.filter(purpose__startswith=MARK).count()
    return [*plain, *([{"purpose": TYPED, "times": typed}] if typed else [])]


def mail(since: datetime, until: datetime) -> dict[str, Any]:
    """Mails handed over, by week (its Monday) and state. Notices are kept for some weeks: `first` is the oldest."""
    span = (timezone.localtime(since).date(), timezone.localtime(until).date())
    sent = (State.HANDED, State.DELIVERED, State.BOUNCED, State.FAILED)
    found = Notice.objects.filter(
        means__adapter=Adapter.MAIL, state__in=sent, on_date__gte=span[0], on_date__lt=span[1]
    )
    counted = found.order_by("on_date", "state").values_list("on_date", "state").annotate(mails=Count("pk"))
    weeks: dict[str, Counter[str]] = {}
    days = []
    for day, state, mails in counted:
        days.append(day)
        weeks.setdefault((day - timedelta(days=day.weekday())).isoformat(), Counter())[state] += mails
    return {
        "first": days[0].isoformat() if days else None,
        "weeks": [{"week": week, "states": dict(counts)} for week, counts in weeks.items()],
    }
