"""Pages of updates."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.incidents.forms import now_local
from app.incidents.views import attempt
from app.operations.views import actor, page
from app.upkeep import queries, rules
from app.upkeep.actions import updates as updating
from app.upkeep.forms import ApplyForm, ToldForm, UpdateForm, VerifyForm
from app.upkeep.models import Update


@require_GET
def updates(request: HttpRequest) -> HttpResponse:
    """The updates, and the months whose terminals' updates lack a proof."""
    context = {"updates": queries.updates(), "months": queries.terminal_months(timezone.localdate())}
    return page(request, "upkeep/updates.html", "updates", context)


@require_http_methods(["GET", "POST"])
def update_new(request: HttpRequest) -> HttpResponse:
    """Register an update."""
    form = UpdateForm(request.POST or None)
    if request.method == "POST":
        act = lambda given: updating.register(actor(request), given, timezone.now())  # noqa: E731
        made = attempt(request, form, act, "修正を登録しました。検証してから適用してください。")
        if made:
            return redirect("upkeep:update", made.pk)
    return page(request, "upkeep/form.html", "updates", {"form": form, "title": "修正の登録", "back": "upkeep:updates"})


@require_GET
def update(request: HttpRequest, update_id: int) -> HttpResponse:
    """One update."""
    return _update(request, get_object_or_404(Update, pk=update_id))


def _update(request: HttpRequest, found: Update, **forms: Any) -> HttpResponse:
    now = {"at": now_local()}
    context = {
        "update": found,
        "checks": [(task, found.checks.get(task, [None])[0]) for task in rules.TERMINAL_TASKS]
        if found.target == Update.Target.TERMINAL and found.checks
        else [],
        "verify_form": VerifyForm(found.target, initial=now),
        "apply_form": ApplyForm(initial=now),
        "told_form": ToldForm(initial=now),
        **forms,
    }
    return page(request, "upkeep/update.html", "updates", context)


@require_POST
def update_step(request: HttpRequest, update_id: int, step: str) -> HttpResponse:
    """Record the proof, the application, or that people were told."""
    found = get_object_or_404(Update, pk=update_id)
    who = actor(request)
    form: Any
    if step == "verify":
        form = VerifyForm(found.target, request.POST)

        def act(given: dict[str, Any]) -> None:
            updating.verify(
                who,
                update_id,
                at=given["at"],
                where=given["where"],
                text=given["text"],
                passed=form.passed,
                checks=form.checks,
            )

        said = "検証結果を記録しました。"
    elif step == "apply":
        form, said = ApplyForm(request.POST), "適用を記録しました。"
        act = lambda given: updating.apply(who, update_id, **given)  # noqa: E731
    elif step == "told":
        form, said = ToldForm(request.POST), "通知を記録しました。"
        act = lambda given: updating.tell(who, update_id, **given)  # noqa: E731
    else:
        raise Http404(step)
    if attempt(request, form, act, said):
        return redirect("upkeep:update", update_id)
    if found.applied_at or (step == "apply" and not found.passed):  # its page has no such form
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("upkeep:update", update_id)
    return _update(request, found, **{f"{step}_form": form})
