"""Registering from home: what is typed waits, sealed, under a number that the counter turns into a patron."""

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from app.access.web import anonymous
from app.patrons import actions
from app.patrons.actions.applying import TooMany
from app.patrons.forms import ApplicationForm
from app.patrons.models import Application

SALT = "app.patrons.public"
SHOWN_SECONDS = 24 * 60 * 60


@never_cache
def apply(request: HttpRequest) -> HttpResponse:
    """The form. 429 for more from one place than people make."""
    form = ApplicationForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.apply(anonymous(request), form.content())
        except TooMany:
            form.add_error(None, "申込みが続いています。1時間ほどおいてから、もう一度お試しください。")
            status = 429
        else:
            # The answer has an address of its own: loading it again sends nothing again.
            return redirect(f"{reverse('apply:done')}?n={signing.dumps(made.pk, salt=SALT)}")
    elif request.method == "POST":
        status = 400
    return render(request, "patrons/apply.html", {"form": form}, status=status)


@never_cache
def done(request: HttpRequest) -> HttpResponse:
    """The number to bring to the counter, for a day; nothing of what was typed."""
    try:
        made_id = signing.loads(request.GET.get("n", ""), salt=SALT, max_age=SHOWN_SECONDS)
    except signing.BadSignature:
        raise Http404 from None
    made = Application.objects.filter(pk=made_id).first()
    if made is None:
        raise Http404
    return render(request, "patrons/applied.html", {"application": made})
