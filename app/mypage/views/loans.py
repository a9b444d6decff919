"""Extending what one has out, one thing or everything that may be extended."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from app.circulation import actions as circulation
from app.circulation.models import Loan
from app.mypage import queries
from app.mypage.web import actor_of, patron_page
from app.patrons.models import Patron

DONE = "renew"


@require_POST
@patron_page
def renew(request: HttpRequest, patron: Patron, loan_id: int) -> HttpResponse:
    """Extend one loan. The form carries the due date it showed: sent twice, the second time extends nothing."""
    loan = Loan.objects.select_related("item", "branch").filter(pk=loan_id, patron=patron).first()
    if loan is None:
        raise Http404
    if loan.due_on.isoformat() != request.POST.get("due"):
        messages.info(request, gettext("この資料の返却期限はすでに変わっています。"))
        return redirect("opac:my")
    outcome = circulation.renew(actor_of(request, patron), patron.pk, loan.item.barcode, loan.branch)
    tell = messages.success if outcome.code == DONE else messages.error
    tell(request, outcome.message)
    return redirect("opac:my")


@require_POST
@patron_page
def renew_all(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Extend everything that may be extended, each by the rules of the library that lent it."""
    actor, done = actor_of(request, patron), 0
    for line in queries.loan_lines(patron, timezone.now()):
        if line.may_renew:
            outcome = circulation.renew(actor, patron.pk, line.loan.item.barcode, line.loan.branch)
            done += outcome.code == DONE
    if done:
        messages.success(request, gettext("%(count)d点を延長しました。") % {"count": done})
    else:
        messages.info(request, gettext("延長できる資料はありません。"))
    return redirect("opac:my")
