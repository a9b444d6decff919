"""Pages of incidents and inquiries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.incidents import actions, papers, queries, rules
from app.incidents.forms import (
    AnswerForm,
    ChangeForm,
    OpenForm,
    RemarkForm,
    StageForm,
    TakeForm,
    TellForm,
    VisitForm,
    now_local,
)
from app.incidents.models import Incident, Inquiry
from app.operations.actions import Unsuitable
from app.operations.models import AlertEvent
from app.operations.views import actor, page

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Form = django_forms.BaseForm


def download(content: bytes, name: str, kind: str) -> HttpResponse:
    """A file to keep."""
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def attempt(request: HttpRequest, form: Form, act: Callable[[dict[str, Any]], Any], said: str) -> Any:
    """Do it with a valid form; None, with the reasons in the form, when it cannot be."""
    if not form.is_valid():
        return None
    try:
        done = act(form.cleaned_data)
    except Unsuitable as error:
        form.add_error(None, str(error))
        return None
    messages.success(request, said)
    return done if done is not None else True


@require_GET
def incidents(request: HttpRequest) -> HttpResponse:
    """The incidents; those that are open first asked for."""
    shown, words = request.GET.get("show", "open"), request.GET.get("q", "").strip()
    kind = request.GET.get("kind", "")
    missed, unanswered = queries.missed()
    context = {
        "lines": queries.incidents(only_open=shown != "all", words=words, kind=kind),
        "open_count": queries.open_count(),
        "shown": shown,
        "words_asked": words,
        "kind": kind,
        "missed": missed,
        "unanswered": unanswered,
        "promised": queries.promised_minutes(),
    }
    return page(request, "incidents/list.html", "incidents", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Take an incident in."""
    form = OpenForm(request.POST or None, initial={"received_at": now_local(), "responded_at": now_local()})
    if request.method == "POST":
        made = attempt(
            request, form, lambda given: actions.open_incident(actor(request), given), "障害を受け付けました。"
        )
        if made:
            return redirect("incidents:incident", made.pk)
    context = {"form": form, "title": "障害の受付", "back": "incidents:list"}
    return page(request, "incidents/form.html", "incidents", context)


@require_POST
def from_alert(request: HttpRequest, alert_id: int) -> HttpResponse:
    """Take an alert in as an incident."""
    alert = get_object_or_404(AlertEvent, pk=alert_id)
    made = actions.open_by_alert(alert, actor(request))
    found = made or Incident.objects.get(alert=alert.name, host=alert.host, closed_at=None)
    return redirect("incidents:incident", found.pk)


@require_GET
def incident(request: HttpRequest, incident_id: int) -> HttpResponse:
    """One incident."""
    return _incident(request, get_object_or_404(Incident, pk=incident_id))


def _incident(request: HttpRequest, found: Incident, **forms: Form) -> HttpResponse:
    done = {row.stage: row for row in found.stages.all()}
    following = next(iter(rules.missing_stages(done)), 8)
    context = {
        "incident": found,
        "line": queries.line(found, timezone.now()),
        "stages": [(number, title, done.get(number)) for number, title in rules.STAGES.items()],
        "course": queries.course(found),
        "promised": queries.promised_minutes(),
        "cause_title": rules.CAUSES.get(found.cause, ""),
        "responsibility_title": rules.RESPONSIBILITIES.get(found.responsibility, ""),
        "contacts": papers.contacts(),
        "stage_form": StageForm(initial={"stage": following, "at": now_local()}),
        "remark_form": RemarkForm(initial={"at": now_local()}),
        "tell_form": TellForm(initial={"at": now_local()}),
        **forms,
    }
    return page(request, "incidents/incident.html", "incidents", context)


@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, incident_id: int) -> HttpResponse:
    """Change what is known."""
    found = get_object_or_404(Incident, pk=incident_id)
    form = ChangeForm(request.POST or None, instance=found)
    if request.method == "POST":
        act = lambda given: actions.change(actor(request), incident_id, given)  # noqa: E731
        if attempt(request, form, act, "内容を更新しました。"):
            return redirect("incidents:incident", incident_id)
    context = {"form": form, "title": f"{found.number}の内容", "incident": found}
    return page(request, "incidents/form.html", "incidents", context)


@require_POST
def step(request: HttpRequest, incident_id: int, step: str) -> HttpResponse:
    """Record a stage, a remark, a report, or the closing."""
    found = get_object_or_404(Incident, pk=incident_id)
    who = actor(request)
    if step == "close":
        try:
            actions.close(who, incident_id, timezone.now())
        except Unsuitable as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"{found.number}を完了にしました。")
        return redirect("incidents:incident", incident_id)
    kinds: dict[str, tuple[type[Any], Callable[[dict[str, Any]], Any], str]] = {
        "stage": (StageForm, lambda given: actions.record_stage(who, incident_id, **given), "段階を記録しました。"),
        "remark": (RemarkForm, lambda given: actions.remark(who, incident_id, **given), "経過を記録しました。"),
        "tell": (TellForm, lambda given: actions.tell(who, incident_id, given), "報告を記録しました。"),
    }
    if step not in kinds:
        raise Http404(step)
    kind, act, said = kinds[step]
    form = kind(request.POST)
    if attempt(request, form, act, said):
        return redirect("incidents:incident", incident_id)
    if found.closed_at:  # its page has no such form any more
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("incidents:incident", incident_id)
    return _incident(request, found, **{f"{step}_form": form})


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """The ledger of all incidents (障害管理表) in Excel."""
    return download(papers.ledger(queries.incidents(), timezone.localtime()), "incidents.xlsx", EXCEL)


@require_GET
def paper(request: HttpRequest, incident_id: int, paper: str) -> HttpResponse:
    """One of the papers of an incident in Word: report, first (第一報), public (公表用)."""
    found = get_object_or_404(Incident, pk=incident_id)
    if paper not in papers.PAPERS:
        raise Http404(paper)
    content = papers.PAPERS[paper](found, timezone.localtime(), actor(request).name)
    return download(content, f"{found.number}-{paper}.docx", WORD)


@require_GET
def trends(request: HttpRequest) -> HttpResponse:
    """Causes, devices and measures of the last quarters."""
    found = queries.trends(timezone.localdate())
    return page(request, "incidents/trends.html", "trends", {"trends": found})


@require_GET
def inquiries(request: HttpRequest) -> HttpResponse:
    """The inquiries."""
    shown, words = request.GET.get("show", "open"), request.GET.get("q", "").strip()
    lines = queries.inquiries(only_open=shown != "all", words=words)
    context = {"lines": lines, "shown": shown, "words_asked": words, "overdue": sum(row.overdue for row in lines)}
    return page(request, "incidents/inquiries.html", "inquiries", context)


@require_http_methods(["GET", "POST"])
def inquiry_new(request: HttpRequest) -> HttpResponse:
    """Take an inquiry in."""
    form = TakeForm(request.POST or None, initial={"received_at": now_local()})
    if request.method == "POST":
        made = attempt(request, form, lambda given: actions.take(actor(request), given), "問合せを受け付けました。")
        if made:
            return redirect("incidents:inquiry", made.pk)
    context = {"form": form, "title": "問合せの受付", "back": "incidents:inquiries"}
    return page(request, "incidents/form.html", "inquiries", context)


@require_GET
def inquiry(request: HttpRequest, inquiry_id: int) -> HttpResponse:
    """One inquiry."""
    return _inquiry(request, get_object_or_404(Inquiry, pk=inquiry_id))


def _inquiry(request: HttpRequest, found: Inquiry, **forms: Form) -> HttpResponse:
    context = {
        "inquiry": found,
        "line": queries.asked(found, timezone.now()),
        "answer_form": AnswerForm(initial={"responded_at": found.responded_at or now_local(), "answer": found.answer,
                                           "solved_at": found.solved_at}),
        "visit_form": VisitForm(initial={"at": found.visit_at or now_local(), "by": found.visit_by,
                                         "text": found.visit_text, "solved_at": found.solved_at}),
        **forms,
    }  # fmt: skip
    return page(request, "incidents/inquiry.html", "inquiries", context)


@require_POST
def inquiry_step(request: HttpRequest, inquiry_id: int, step: str) -> HttpResponse:
    """Record the answer, or the visit."""
    found = get_object_or_404(Inquiry, pk=inquiry_id)
    who = actor(request)
    kinds: dict[str, tuple[type[Any], Callable[[dict[str, Any]], Any], str]] = {
        "answer": (AnswerForm, lambda given: actions.answer(who, inquiry_id, **given), "回答を記録しました。"),
        "visit": (VisitForm, lambda given: actions.visit(who, inquiry_id, **given), "訪問を記録しました。"),
    }
    if step not in kinds:
        raise Http404(step)
    kind, act, said = kinds[step]
    form = kind(request.POST)
    if attempt(request, form, act, said):
        return redirect("incidents:inquiry", inquiry_id)
    return _inquiry(request, found, **{f"{step}_form": form})
