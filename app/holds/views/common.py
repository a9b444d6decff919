"""What the pages of this area share."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from app.access.operations import Operation
from app.access.rules import may
from app.access.web import staff_page
from app.audit import actions as audit
from app.branches.models import Branch
from app.exports import web as exports
from app.holds import queries
from app.holds.actions import Next
from app.holds.models import Hold
from app.patrons.actions import VIEW as VIEW_PATRON
from app.patrons.models import Patron
from app.terminals import queries as terminals
from app.terminals.slips import Printed, printed

NO_BRANCH = {
    "title": "館が決まっていません",
    "message": "予約と回送は館ごとに扱います。端末を登録するか、職員に所属館を登録してください。",
}
View = Callable[..., HttpResponse]


def desk_page(operation: Operation) -> Callable[[View], View]:
    """A staff page that needs a place: the view finds it in `request.here`. `?at=` looks at another one's lists."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            place = terminals.of(request).branch
            other = request.GET.get("at", "")
            if other.isascii() and other.isdigit() and len(other) < 9:
                place = Branch.objects.filter(pk=int(other)).first() or place
            if place is None:
                return render(request, "web/error.html", NO_BRANCH, status=403)
            request.here = place
            return view(request, *args, **kwargs)

        return staff_page(operation)(guarded)

    return guard


def hold_or_404(hold_id: int) -> Hold:
    """One hold with its patron, or a 404."""
    hold = queries.one(hold_id)
    if hold is None:
        raise Http404
    return hold


def saw(request: HttpRequest, patron: Patron, purpose: str) -> None:
    """Record that somebody saw this person."""
    audit.record(
        request.actor, VIEW_PATRON, outcome="viewed", subject_type="patron", subject_id=patron.pk, purpose=purpose
    )


def may_do(request: HttpRequest, operation: Operation) -> bool:
    """Whether the actor may, for showing a button; the action asks again."""
    return may(request.actor.operations, operation.code)


def papers(*answers: Next | None) -> list[Printed]:
    """The slips of these answers, ready for paper."""
    return [printed(answer.slip) for answer in answers if answer is not None and answer.slip is not None]


def say(request: HttpRequest, answer: Next | None, otherwise: str) -> None:
    """One sentence after an act: where the item goes, or that it is done."""
    messages.success(request, answer.message if answer else otherwise)


def as_file(
    request: HttpRequest, operation: Operation, name: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> HttpResponse | None:
    """The list as a file when one was asked for (`?as=`); it must hold no person."""
    if not exports.asked(request):
        return None
    return exports.table(request, operation, name, list(columns), rows)


def title_of(hold: Hold) -> str:
    """The title with its volume."""
    return f"{hold.record.title} {hold.record.volume}".strip()
