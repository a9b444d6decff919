"""Closures and other changes of many dates, on the staff's screen."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access.web import staff_page
from app.calendars import actions, queries
from app.calendars.forms import ClosureForm
from app.calendars.models import Redating
from app.web.forms import fingerprint, sure

SECONDS = 3.0
"""How long one press works at a large change before the page shows how far it has come."""


@staff_page(actions.CLOSE)
def changes(request: HttpRequest) -> HttpResponse:
    """The latest changes, and how far each has come."""
    return render(request, "calendars/changes.html", {"changes": queries.recent()})


@staff_page(actions.CLOSE)
def new(request: HttpRequest) -> HttpResponse:
    """A closure or extension: first what it would move, then the second press does it."""
    form = ClosureForm(request.POST or None)
    preview: queries.Preview | None = None
    if request.method == "POST" and form.is_valid():
        plan = form.plan()
        try:
            if sure(request.POST):
                change = actions.begin(request.actor, plan)
                actions.go_on(request.actor, change.pk, SECONDS)
                return redirect("calendars:change", change.pk)
            preview = queries.preview(plan, timezone.localdate())
        except ValidationError as error:
            form.add_error(None, error)
        except ValueError:
            form.add_error("last", "この後に開館する日がありません。開館日を確かめてください。")
    context = {"form": form, "preview": preview, "seen": fingerprint(request.POST)}
    return render(request, "calendars/new.html", context, status=422 if form.errors else 200)


@staff_page(actions.CLOSE)
def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """One change: what it moved, how far it has come; posting carries it on or takes it back."""
    found = get_object_or_404(Redating.objects.prefetch_related("branches"), pk=change_id)
    return render(request, "calendars/change.html", {"change": found})


@require_POST
@staff_page(actions.CLOSE)
def go_on(request: HttpRequest, change_id: int) -> HttpResponse:
    """Carry a change on for a few seconds."""
    get_object_or_404(Redating, pk=change_id)
    actions.go_on(request.actor, change_id, SECONDS)
    return redirect("calendars:change", change_id)


@require_POST
@staff_page(actions.CLOSE)
def undo(request: HttpRequest, change_id: int) -> HttpResponse:
    """Take a change back."""
    get_object_or_404(Redating, pk=change_id)
    try:
        actions.undo(request.actor, change_id)
        actions.go_on(request.actor, change_id, SECONDS)
    except ValidationError as error:
        messages.warning(request, " ".join(error.messages))
    return redirect("calendars:change", change_id)
