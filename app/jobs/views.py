"""Work by the clock on the staff's screen: what ran, what failed, run it again."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from app.access.web import staff_page
from app.jobs import actions, queries, registry
from app.jobs.models import JobRun


@require_GET
@staff_page(actions.VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    """Every job and how it stands."""
    return render(request, "jobs/overview.html", {"standings": queries.standings(timezone.now())})


@require_GET
@staff_page(actions.VIEW)
def history(request: HttpRequest, code: str) -> HttpResponse:
    """The attempts of one job, newest first."""
    job = registry.find(code)
    if job is None:
        raise Http404(code)
    page = Paginator(JobRun.objects.filter(job=code), 50).get_page(request.GET.get("page"))
    return render(request, "jobs/history.html", {"job": job, "page": page})


@require_POST
@staff_page(actions.RERUN)
def rerun(request: HttpRequest, code: str) -> HttpResponse:
    """Ask for one more attempt."""
    try:
        actions.ask_again(request.actor, code, timezone.now())
    except KeyError as unknown:
        raise Http404(code) from unknown
    messages.success(request, "再実行を受け付けました。1分以内に始まります。")
    return redirect("jobs:overview")
