"""Questions and events on the staff's screen."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.exports import web as exports
from app.reference import actions, queries
from app.reference.actions import events, questions
from app.reference.forms import AnswerForm, EventForm
from app.reference.models import Application, Event, Question
from app.web import versions


@require_GET
@staff_page(actions.VIEW)
def question_list(request: HttpRequest) -> HttpResponse:
    """Questions by state, the oldest open one first; nobody's name. Two SQL statements."""
    state = request.GET.get("state", "open")
    found = Question.objects.select_related("branch")
    if state == "open":
        found = found.filter(state__in=questions.OPEN).order_by("asked_at")
    elif state in Question.State.values:
        found = found.filter(state=state)
    context = {
        "page": Paginator(found, 50).get_page(request.GET.get("page")),
        "state": state,
        "states": [("open", "未回答"), *Question.State.choices, ("all", "すべて")],
    }
    return render(request, "reference/staff_questions.html", context)


@staff_page(actions.VIEW)
def question(request: HttpRequest, question_id: int) -> HttpResponse:
    """One question: who asked, what is known, the answer."""
    found = get_object_or_404(Question.objects.select_related("patron", "branch"), pk=question_id)
    values = questions.values_of(found)
    form = AnswerForm(request.POST if request.method == "POST" else None, initial=values)
    context, status = {"seen": versions.token(values)}, 200
    if request.method == "POST":
        status = 422
        try:
            if request.POST.get("do") == "take":
                questions.take(request.actor, question_id)
                return redirect("reference:question", question_id)
            if form.is_valid():
                send = request.POST.get("do") == "send"
                seen = request.POST.get(versions.FIELD, "")
                questions.work_on(request.actor, question_id, form.cleaned_data, seen, timezone.now(), send=send)
                messages.success(request, "回答を送りました。マイページに出ます。" if send else "保存しました。")
                return redirect("reference:question", question_id)
        except versions.Conflict as conflict:
            context, status = versions.told(form, conflict), 409
        except ValidationError as error:
            form.add_error(None, error) if form.is_bound else messages.error(request, " ".join(error.messages))
    else:
        questions.viewed(request.actor, found)
    context |= {
        "question": found,
        "form": form,
        "open": found.state in questions.OPEN,
        "may_answer": may(request.actor.operations, actions.ANSWER.code),
    }
    return render(request, "reference/staff_question.html", context, status=status)


@require_GET
@staff_page(actions.APPLICANTS)
def event_list(request: HttpRequest) -> HttpResponse:
    """Every event, the latest first."""
    page = Paginator(Event.objects.select_related("branch").order_by("-starts_at", "-pk"), 50)
    context = {"page": page.get_page(request.GET.get("page")), "now": timezone.now()}
    return render(request, "reference/staff_events.html", context)


@staff_page(actions.EVENTS)
def event_edit(request: HttpRequest, event_id: int | None = None) -> HttpResponse:
    """Announce an event, or change it."""
    found = get_object_or_404(Event, pk=event_id) if event_id else None
    values = events.values_of(found) if found else {}
    form = EventForm(request.POST if request.method == "POST" else None, initial=values or None)
    context, status = {"seen": versions.token(values)}, 200
    if request.method == "POST" and form.is_valid():
        try:
            made = events.announce(request.actor, form.cleaned_data, event_id, request.POST.get(versions.FIELD, ""))
        except versions.Conflict as conflict:
            context, status = versions.told(form, conflict), 409
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "保存しました。")
            return redirect("reference:event", made.pk)
    status = 422 if form.errors else status
    return render(request, "reference/staff_event_edit.html", {"form": form, "event": found, **context}, status=status)


@staff_page(actions.APPLICANTS)
def event(request: HttpRequest, event_id: int) -> HttpResponse:
    """Who applied, in order; as a file with a purpose."""
    found = get_object_or_404(Event.objects.select_related("branch"), pk=event_id)
    rows = list(found.applications.exclude(state=Application.State.CANCELLED).select_related("patron"))
    order = {Application.State.PLACE: 0, Application.State.WAITING: 1}
    rows.sort(key=lambda row: (order.get(row.state, 2), row.order))
    people = [row.patron_id for row in rows]
    if exports.asked(request):
        lines = [[row.receipt, row.get_state_display(), row.patron.name, row.patron.phone] for row in rows]
        columns = ["受付番号", "状態", "氏名", "電話"]
        name = f"催しの申込者 {found.title}"[:60]
        return exports.table(request, actions.APPLICANTS, name, columns, lines, personal=True, people=people)
    events.applicants_seen(request.actor, found, people)
    context = {
        "event": found,
        "rows": rows,
        "taken": queries.filled(found.pk),
        "may_edit": may(request.actor.operations, actions.EVENTS.code),
        "may_draw": found.choosing == Event.Choosing.LOTTERY
        and found.drawn_at is None
        and found.cancelled_at is None
        and found.closes_at <= timezone.now(),
    }
    return render(request, "reference/staff_event.html", context)


@require_POST
@staff_page(actions.EVENTS)
def event_act(request: HttpRequest, event_id: int) -> HttpResponse:
    """Draw lots, or call it off."""
    get_object_or_404(Event, pk=event_id)
    try:
        match request.POST.get("do"):
            case "draw":
                count = events.draw(request.actor, event_id, timezone.now())
                messages.success(request, f"抽選しました。参加は{count}人です。")
            case "call_off":
                events.call_off(request.actor, event_id, timezone.now())
                messages.success(request, "中止にしました。")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("reference:event", event_id)
