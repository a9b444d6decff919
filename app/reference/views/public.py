"""What readers see of questions and events. Reading needs no session; asking and applying need the card."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from app.features import markup
from app.features.public import public_page
from app.patrons.models import Patron
from app.reference import queries
from app.reference.actions import events, questions
from app.reference.forms import QuestionForm
from app.reference.models import Application, Event
from app.reference.web import actor_of, reader_page


def _accepted(receipt: str) -> str:
    return _("受け付けました。受付番号は %(receipt)s です。") % {"receipt": receipt}


@public_page
def about(request: HttpRequest) -> HttpResponse:
    """What the library answers, and the way to the form. No SQL statement."""
    return render(request, "reference/about.html")


@reader_page
def ask(request: HttpRequest, patron: Patron) -> HttpResponse:
    """The form; the answer is the question's own page with its receipt number."""
    form = QuestionForm(request.POST or None, initial={"branch": patron.branch_id})
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            made = questions.ask(actor_of(request, patron), patron, now=timezone.now(), **asked)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _accepted(made.receipt))
            return redirect("ask:question", made.receipt)
    return render(request, "reference/ask.html", {"form": form}, status=422 if form.errors else 200)


@reader_page
def mine(request: HttpRequest, patron: Patron) -> HttpResponse:
    """A reader's questions and applications. Two SQL statements."""
    context = {
        "questions": queries.questions_of(patron.pk),
        "applications": queries.applications_of(patron.pk, timezone.now()),
    }
    return render(request, "reference/mine.html", context)


@reader_page
def question(request: HttpRequest, patron: Patron, receipt: str) -> HttpResponse:
    """One question with its state and answer; seeing the answer marks it as read."""
    found = queries.question_of(patron.pk, receipt)
    if found is None:
        raise Http404
    if request.method == "POST":
        if questions.withdraw(actor_of(request, patron), patron, found.pk):
            messages.success(request, _("質問を取り下げました。"))
        return redirect("ask:question", receipt)
    questions.read(patron, found.pk, timezone.now())
    context = {"question": found, "open": found.state in questions.OPEN}
    return render(request, "reference/question.html", context)


@public_page
def event_list(request: HttpRequest) -> HttpResponse:
    """The events to come. One SQL statement."""
    return render(request, "reference/events.html", {"events": queries.shown(timezone.now())})


@public_page
def event(request: HttpRequest, event_id: int) -> HttpResponse:
    """One event; how far it is filled, in numbers. Two SQL statements."""
    now = timezone.now()
    found = get_object_or_404(queries.shown(now), pk=event_id)
    taken = queries.filled(found.pk)
    may_apply = (
        found.choosing != Event.Choosing.NONE
        and not found.cancelled_at
        and not found.drawn_at
        and found.closes_at > now
        and (found.choosing == Event.Choosing.LOTTERY or taken.waiting < found.waiting or taken.places < found.capacity)
    )
    context = {"event": found, "body": markup.render(found.body), "taken": taken, "may_apply": may_apply}
    return render(request, "reference/event.html", context)


@reader_page
def apply(request: HttpRequest, patron: Patron, event_id: int) -> HttpResponse:
    """Apply for an event, or see what came of it, or give it up."""
    found = get_object_or_404(queries.shown(timezone.now()), pk=event_id)
    actor = actor_of(request, patron)
    if request.method == "POST":
        try:
            if request.POST.get("do") == "cancel":
                if events.cancel(actor, patron, event_id):
                    messages.success(request, _("申込みを取り消しました。"))
            else:
                made = events.apply(actor, patron, event_id, timezone.now())
                messages.success(request, _accepted(made.receipt))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return redirect("ask:apply", event_id)
    mine = found.applications.filter(patron=patron).exclude(state=Application.State.CANCELLED).first()
    context = {
        "event": found,
        "mine": mine,
        "number": queries.waiting_number(mine) if mine and mine.state == Application.State.WAITING else 0,
    }
    return render(request, "reference/apply.html", context)
