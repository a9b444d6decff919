"""The staff room on the screen."""

import hmac
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from app.access.web import staff_page
from app.office import actions, queries
from app.office.actions import maintenance as windows
from app.office.actions import manuals
from app.office.actions import messages as notes
from app.office.actions import stops as stopping
from app.office.forms import MaintenanceForm, ManualForm, MessageForm, ReportForm
from app.office.models import MaintenanceWindow, ManualRevision, StaffMessage
from app.operations import markdown
from app.web.harmless import posted_json
from inventory import load


@require_GET
@staff_page(actions.VIEW_STATUS)
def status(request: HttpRequest) -> HttpResponse:
    """Servers, database, links, backups and the work by the clock, as last looked at."""
    groups, last, stale = queries.status(timezone.now())
    context = {"groups": groups, "last": last, "stale": stale, "console": load(settings.INVENTORY).fqdn("console")}
    return render(request, "office/status.html", context)


# messages


@require_GET
@staff_page(actions.READ_MESSAGES)
def messages_page(request: HttpRequest) -> HttpResponse:
    """What is up for the reader; for who may write, also what was sent."""
    found = queries.messages_for(request.user, timezone.localdate())
    context = {"found": found}
    if actions.WRITE_MESSAGES.code in request.actor.operations:
        context["sent"] = Paginator(queries.sent_messages(), 30).get_page(request.GET.get("page"))
    return render(request, "office/messages.html", context)


@staff_page(actions.WRITE_MESSAGES)
def message_new(request: HttpRequest) -> HttpResponse:
    """A new message."""
    today = timezone.localdate()
    form = MessageForm(request.POST or None, initial={"since": today, "until": today + timedelta(days=14)})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        branches, roles = [one.pk for one in data["branches"]], [one.pk for one in data["roles"]]
        try:
            notes.send(request.actor, data["title"], data["body"], data["since"], data["until"], branches, roles)
            return redirect("office:messages")
        except ValidationError as wrong:
            form.add_error("until", wrong)
    return render(request, "office/message_new.html", {"form": form}, status=400 if form.errors else 200)


@require_GET
@staff_page(actions.WRITE_MESSAGES)
def message_detail(request: HttpRequest, message_id: int) -> HttpResponse:
    """Who has read it, and who has not."""
    message = get_object_or_404(StaffMessage.objects.prefetch_related("branches", "roles"), pk=message_id)
    people = list(queries.addressees(message, timezone.localdate()))
    left = [person for person in people if not person.has_read]
    context = {"message": message, "left": left, "done": len(people) - len(left), "all": len(people)}
    return render(request, "office/message.html", context)


@require_POST
@staff_page(actions.READ_MESSAGES)
def message_read(request: HttpRequest, message_id: int) -> HttpResponse:
    """Mark one as read: only what is up for the reader."""
    today = timezone.localdate()
    message = get_object_or_404(queries.messages_for(request.user, today), pk=message_id)
    notes.mark_read(request.actor, message, request.user)
    return redirect("office:messages")


@require_POST
@staff_page(actions.WRITE_MESSAGES)
def message_withdraw(request: HttpRequest, message_id: int) -> HttpResponse:
    """Take one down."""
    notes.withdraw(request.actor, message_id, timezone.now())
    return redirect("office:messages")


# the manual


@require_GET
@staff_page(actions.READ_MANUALS)
def manual(request: HttpRequest) -> HttpResponse:
    """Every page with its version and date."""
    return render(request, "office/manual.html", {"pages": queries.manual()})


@require_GET
@staff_page(actions.READ_MANUALS)
def manual_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One page, in force or an older version of it."""
    found = list(ManualRevision.objects.filter(slug=slug))
    wanted = request.GET.get("version", "")
    page = next((one for one in found if str(one.version) == wanted), found[0] if found and not wanted else None)
    if page is None:
        raise Http404(slug)
    context = {"page": page, "body": markdown.render(page.body), "versions": found}
    return render(request, "office/manual_page.html", context)


@staff_page(actions.REVISE_MANUALS)
def manual_revise(request: HttpRequest, slug: str) -> HttpResponse:
    """A new version of a page, or the first of a new one."""
    newest = ManualRevision.objects.filter(slug=slug).first()
    initial = {"title": newest.title, "body": newest.body} if newest else {}
    form = ManualForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        manuals.revise(request.actor, slug, today=timezone.localdate(), **form.cleaned_data)
        return redirect("office:manual_page", slug)
    return render(request, "office/manual_revise.html", {"form": form, "slug": slug, "newest": newest})


# maintainers


@require_GET
@staff_page(actions.VIEW_MAINTENANCE)
def maintenance(request: HttpRequest) -> HttpResponse:
    """Every request, the latest first."""
    page = Paginator(MaintenanceWindow.objects.all(), 50).get_page(request.GET.get("page"))
    return render(request, "office/maintenance.html", {"page": page, "now": timezone.now()})


@staff_page(actions.ASK_MAINTENANCE)
def maintenance_new(request: HttpRequest) -> HttpResponse:
    """Ask for access."""
    form = MaintenanceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            window = windows.ask(request.actor, now=timezone.now(), **form.cleaned_data)
            return redirect("office:maintenance_detail", window.pk)
        except ValidationError as wrong:
            form.add_error(None, wrong)
    return render(request, "office/maintenance_new.html", {"form": form}, status=400 if form.errors else 200)


@staff_page(actions.VIEW_MAINTENANCE)
def maintenance_detail(request: HttpRequest, window_id: int) -> HttpResponse:
    """One request: allow, refuse, end, report."""
    window = get_object_or_404(MaintenanceWindow, pk=window_id)
    form = ReportForm(request.POST if request.POST.get("do") == "report" else None)
    now = timezone.now()
    if request.method == "POST":
        try:
            match request.POST.get("do"):
                case "allow" | "refuse":
                    windows.decide(request.actor, window_id, allowed=request.POST["do"] == "allow", now=now)
                case "end":
                    windows.end(request.actor, window_id, now)
                case "report" if form.is_valid():
                    windows.report(request.actor, window_id, form.cleaned_data["report"], now)
            return redirect("office:maintenance_detail", window_id)
        except ValidationError as wrong:
            messages.error(request, " ".join(wrong.messages))
            return redirect("office:maintenance_detail", window_id)
    is_open = queries.open_windows(now).filter(pk=window_id).exists()
    return render(request, "office/maintenance_detail.html", {"window": window, "form": form, "is_open": is_open})


@require_GET
def maintenance_keys(request: HttpRequest, host: str) -> HttpResponse:
    """For a host's sshd (roles/maintenance): a line for each window that lets somebody in there now: its number, its
    end (seconds since the epoch) and the key.

    Asked with the hosts' token instead of a session. Without a token in the settings nobody gets an answer.
    """
    _hosts_only(request)
    found = [window for window in queries.open_windows(timezone.now()) if host in window.hosts]
    lines = [f"{window.pk} {int(window.closes_at.timestamp())} {window.key}\n" for window in found]
    return HttpResponse("".join(lines), content_type="text/plain")


def _hosts_only(request: HttpRequest) -> None:
    """Go on only for a host with the hosts' token; 404 for everybody else."""
    token = getattr(settings, "MAINTENANCE_TOKEN", "")
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(token.encode(), given.encode()):
        raise Http404


@csrf_exempt
@require_POST
def stops(request: HttpRequest) -> JsonResponse:
    """Planned stops from the console, with the hosts' token instead of a session. 400 for what is none."""
    _hosts_only(request)
    try:
        taken = stopping.take(posted_json(request), timezone.now())
    except ValueError as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"taken": taken})
