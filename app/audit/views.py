"""The administrators' page over the audit log."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from app.access.operations import title_of
from app.access.web import staff_page
from app.audit import actions, queries
from app.audit.forms import SearchForm
from app.patrons.queries import id_of_card

PER_PAGE = 50
SUBJECTS = {"patron": "利用者", "branch": "館", "staff": "職員"}
OUTCOMES = {"done": "実行", "refused": "拒否", "viewed": "閲覧"}


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
                detail={"since": str(asked["since"]), "until": str(asked["until"]), "operation": asked["operation"]},
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
                    "outcome": OUTCOMES[event.outcome],
                    "subject": f"{SUBJECTS.get(event.subject_type, event.subject_type)} {event.subject_id}".strip(),
                }
                for event in page
            ]
    return render(request, "audit/search.html", {"form": form, "page": page, "rows": rows})
