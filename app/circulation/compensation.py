"""The page of compensations (弁償): what is open, and the three steps."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from app.access.web import staff_page
from app.circulation import actions, queries
from app.circulation.models import Loan
from app.patrons.rules import plain_number


@staff_page(actions.COMPENSATE)
def cases(request: HttpRequest) -> HttpResponse:
    """Everything that is being compensated, the oldest first."""
    return _show(request)


@require_POST
@staff_page(actions.COMPENSATE)
def act(request: HttpRequest) -> HttpResponse:
    """Open, settle or stop one, by the item's number."""
    given = request.POST
    barcode = plain_number(given.get("barcode", "")[:40]) or given.get("barcode", "")[:40].strip()
    step = given.get("act", "")
    try:
        if not barcode:
            raise actions.CompensationRefused("資料番号を読み取るか入力してください。")
        if step == "open":
            actions.open_compensation(request.actor, barcode, given.get("cause", ""))
            messages.success(request, "弁償の手続きを始めました。この資料の督促は止まります。")
        elif step == "settle":
            actions.settle_compensation(request.actor, barcode, given.get("way", ""))
            messages.success(request, "弁償済みにしました。資料は今夜、貸出から外れて除籍になります。")
        elif step == "stop":
            actions.stop_compensation(request.actor, barcode)
            messages.success(request, "取り消しました。")
        else:
            raise actions.CompensationRefused("操作を選んでください。")
    except actions.CompensationRefused as problem:
        return _show(request, str(problem), barcode, 422)
    return redirect("circulation:compensation")


def _show(request: HttpRequest, problem: str = "", barcode: str = "", status: int = 200) -> HttpResponse:
    context = {
        "loans": queries.compensations(),
        "problem": problem,
        "barcode": barcode,
        "causes": Loan.Compensation.choices,
        "ways": Loan.Settled.choices,
    }
    return render(request, "circulation/compensation.html", context, status=status)
