"""The administrators' page over the audit log."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from app.access.operations import title_of
from app.access.web import staff_page
from app.audit import actions, queries
from app.audit.forms import SearchForm
from app.audit.models import AuditEvent
from app.patrons.queries import id_of_card

PER_PAGE = 50
SUBJECTS = {"patron": "利用者", "branch": "館", "staff": "職員", "record": "書誌", "item": "資料"}
DETAILS = {
    "since": "開始日",
    "until": "終了日",
    "actor": "職員番号",
    "operation": "操作",
    "roles": "役割",
    "fields": "変更した項目",
    "changed": "変更",
    "created": "登録",
    "updated": "更新",
    "new": "新規",
    "there": "登録済み",
    "record": "書誌",
    "branch": "館",
}
OUTCOMES = {"done": "実行", "refused": "拒否", "viewed": "閲覧"}


def details_of(event: AuditEvent) -> list[tuple[str, str]]:
    """The event's detail with Japanese names, what is empty left out."""
    shown = {
        key: "、".join(map(str, value)) if isinstance(value, list) else value for key, value in event.detail.items()
    }
    return [(DETAILS.get(key, key), str(value)) for key, value in shown.items() if value not in ("", None)]


@staff_page(actions.SEARCH)
def search(request: HttpRequest) -> HttpResponse:
    """Search by day, person, operation and patron. The search needs a purpose and is itself an event."""
    form = SearchForm(request.POST or None, initial=SearchForm.start())
    page, rows = None, []
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        subject = id_of_card(asked["card"]) if asked["card"] else None
        if asked["card"] and subject is None:
            form.add_error("card", "この番号の利用者は登録されていません。")
        else:
            actions.record(
                request.actor,
                actions.SEARCH,
                outcome="viewed",
                purpose=asked["purpose"],
                subject_type="patron" if subject else "",
                subject_id=subject or "",
                detail={
                    "since": str(asked["since"]),
                    "until": str(asked["until"]),
                    "actor": asked["actor"].strip(),
                    "operation": asked["operation"].strip(),
                },
            )
            found = queries.search(
                asked["since"],
                asked["until"],
                asked["actor"].strip(),
                asked["operation"].strip(),
                "patron" if subject else "",
                str(subject or ""),
            )
            page = Paginator(found, PER_PAGE).get_page(request.POST.get("page"))
            rows = [
                {
                    "event": event,
                    "operation": title_of(event.operation),
                    "details": details_of(event),
                    "outcome": OUTCOMES[event.outcome],
                    "subject": f"{SUBJECTS.get(event.subject_type, event.subject_type)} {event.subject_id}".strip(),
                }
                for event in page
            ]
    return render(request, "audit/search.html", {"form": form, "page": page, "rows": rows})
