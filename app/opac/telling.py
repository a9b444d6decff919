"""My Page: what the patron wishes to be told."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from app.notices.actions import setting
from app.opac.views_my import actor_of, patron_page
from app.patrons.models import Patron


@require_POST
@patron_page
def wish(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Whether to be told before the due date (F-NTC-002)."""
    setting.wish_due_soon(actor_of(request, patron), patron.pk, request.POST.get("due_soon") == "on")
    messages.success(request, "お知らせの希望を変えました。")
    return redirect("opac:my")
