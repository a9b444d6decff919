"""The administrators' pages over the audit log: search, notices of mass viewing, keeping."""

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.views.decorators.http import require_GET, require_POST

from app.access.models import StaffUser
from app.access.operations import declared
from app.access.rules import may
from app.access.web import staff_page
from app.audit import actions, queries, shown
from app.audit.actions import disposal, watching
from app.audit.forms import SearchForm
from app.audit.models import AuditAlert, AuditSeal
from app.exports import actions as exports
from app.exports.formats import FORMATS

PER_PAGE = 50
COUNTED = 10_000  # beyond that a page does not count
COUNTED_DAYS = 62


def _titled(text: str) -> list[str]:
    """The codes of the operations whose Japanese title holds the text."""
    return [operation.code for operation in declared() if text and text in operation.title]


def _found(asked: dict[str, Any]) -> Any:
    return queries.search(
        asked["since"],
        asked["until"],
        asked["actor"].strip(),
        asked["operation"].strip(),
        asked["subject_type"],
        asked["subject_id"],
        asked["terminal"],
        asked["outcome"],
        operations=_titled(asked["operation"].strip()),
    )


def _record_search(request: HttpRequest, asked: dict[str, Any]) -> None:
    told = ("actor", "operation", "terminal", "outcome")
    actions.record(
        request.actor,
        actions.SEARCH,
        outcome="viewed",
        purpose=actions.typed(asked["purpose"]),
        subject_type=asked["subject_type"],
        subject_id=asked["subject_id"],
        detail={
            "since": str(asked["since"]),
            "until": str(asked["until"]),
            **{name: asked[name].strip() for name in told if asked[name].strip()},
        },
    )


def _after(text: str) -> tuple[datetime, int] | None:
    """Where the next page begins: `time|id` of the last event that was shown."""
    moment, _, number = text.partition("|")
    at = parse_datetime(moment) if number.isdigit() else None
    return (at, int(number)) if at and at.tzinfo else None


@staff_page(actions.SEARCH)
def search(request: HttpRequest) -> HttpResponse:
    """Search by day, person, operation, terminal and subject. The search needs a purpose and is itself an event.

    Pages go on from the last event shown, so that six years cost no more than the months that are read. Four SQL
    statements."""
    form = SearchForm(request.POST or None, initial=SearchForm.start())
    context: dict[str, Any] = {"form": form, "operations": declared(), "formats": FORMATS.values()}
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        _record_search(request, asked)
        found = _found(asked)
        if request.POST.get("as") in FORMATS:
            return _export(request, asked, found)
        narrow = asked["subject_id"] or asked["actor"] or asked["until"] - asked["since"] <= timedelta(COUNTED_DAYS)
        after = _after(request.POST.get("after", ""))
        events = list((queries.older_than(found, *after) if after else found)[: PER_PAGE + 1])
        more = events[PER_PAGE - 1] if len(events) > PER_PAGE else None
        context |= {
            "asked": True,
            "rows": shown.rows(events[:PER_PAGE]),
            "count": found[: COUNTED + 1].count() if narrow else None,
            "counted": COUNTED,
            "after": f"{more.at.isoformat()}|{more.pk}" if more else "",
            "later": bool(after),
        }
    return render(request, "audit/search.html", context, status=422 if form.errors else 200)


def _export(request: HttpRequest, asked: dict[str, Any], found: Any) -> HttpResponse:
    rows = (shown.cells(event) for event in found.iterator(2000))
    try:
        made = exports.make(
            request.actor, actions.EXPORT, "監査記録", request.POST["as"], shown.TITLES, rows, asked["purpose"]
        )
    except exports.ExportRefused as refused:
        messages.error(request, str(refused))
        return redirect("audit:search")
    return redirect("exports:show", made.pk)


def _names(numbers: set[str]) -> dict[str, str]:
    return dict(StaffUser.objects.filter(number__in=numbers).values_list("number", "name"))


@require_GET
@staff_page(actions.SEARCH)
def alerts(request: HttpRequest) -> HttpResponse:
    """Who looked at many people in a short time, and what came of it. Two SQL statements."""
    found = list(AuditAlert.objects.all()[:200])
    names = _names({alert.actor for alert in found} | {alert.seen_by for alert in found})
    rows = [
        {"alert": alert, "name": names.get(alert.actor, ""), "seen_name": names.get(alert.seen_by, alert.seen_by)}
        for alert in found
    ]
    context = {
        "rows": rows,
        "watch": watching.watch(),
        "may_close": may(request.actor.operations, watching.ACKNOWLEDGE.code),
    }
    return render(request, "audit/alerts.html", context)


@require_POST
@staff_page(watching.ACKNOWLEDGE)
def acknowledge(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Close a notice."""
    try:
        watching.acknowledge(request.actor, alert_id, request.POST.get("finding", ""), timezone.now())
    except watching.AlertRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "確認済みにしました。")
    return redirect("audit:alerts")


@require_GET
@staff_page(actions.SEARCH)
def keeping(request: HttpRequest) -> HttpResponse:
    """How the log is sealed, how long its months are kept, and what is asked to be disposed of. Six SQL statements."""
    operations = request.actor.operations
    years = disposal.years_kept()
    since = queries.unsealed_since()
    context = {
        "last": AuditSeal.objects.defer("prints", "spans").order_by("-number").first(),
        "unsealed_since": since,
        "late": since is not None and timezone.now() - since > timedelta(minutes=10),
        "months": queries.kept_months(timezone.localdate(), years),
        "years": years,
        "me": request.actor.number,
        "may_request": may(operations, disposal.REQUEST.code),
        "may_approve": may(operations, disposal.APPROVE.code),
    }
    return render(request, "audit/keeping.html", context)


@require_POST
@staff_page(disposal.REQUEST)
def request_disposal(request: HttpRequest) -> HttpResponse:
    """Ask for a month's disposal."""
    month = parse_date(request.POST.get("month", "")) or date.max
    try:
        disposal.request(request.actor, month, request.POST.get("reason", ""), timezone.localdate())
    except disposal.DisposalRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "廃棄を申請しました。ほかの承認者が承認すると、夜間に廃棄します。")
    return redirect("audit:keeping")


@require_POST
@staff_page(disposal.APPROVE)
def decide_disposal(request: HttpRequest, disposal_id: int) -> HttpResponse:
    """Approve a request or turn it down."""
    approved = request.POST.get("decision") == "approve"
    try:
        disposal.decide(request.actor, disposal_id, approved, timezone.now())
    except disposal.DisposalRefused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "承認しました。夜間に廃棄します。" if approved else "申請を取り下げました。")
    return redirect("audit:keeping")
