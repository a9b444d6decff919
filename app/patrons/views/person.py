"""One person's page and everything that is done from it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access.web import staff_page
from app.audit import actions as audit
from app.circulation.queries import loans_of
from app.patrons import actions, queries
from app.patrons.forms import CardForm, FamilyForm, NoteForm, PurposeForm, StopForm
from app.patrons.models import Patron, PatronNote, PatronStop
from app.patrons.views.common import facts, put_errors, viewed, words


@staff_page(actions.VIEW)
def show(request: HttpRequest, patron_id: int) -> HttpResponse:
    """One patron with what is out now."""
    return page(request, viewed(request, patron_id, "利用者照会"))


def page(
    request: HttpRequest,
    patron: Patron,
    *,
    password: str = "",
    opened: frozenset[str] = frozenset(),
    status: int = 200,
    **wrong: forms.Form,
) -> HttpResponse:
    """The page; `wrong` are forms with errors, by name, shown open where they stand."""
    today = timezone.localdate()
    family = queries.family_of(patron) if patron.family_id else []
    context: dict[str, Any] = {
        "patron": patron,
        "facts": facts(patron, request.actor, opened),
        "told": queries.at_counter(patron, today),
        "loans": loans_of(patron.pk),
        "holds": queries.holds_of([patron.pk]),
        "cards": patron.cards.all(),
        "stops": [row for row in patron.stops.all() if row.lifted_on is None and (not row.until or row.until >= today)],
        "notes": queries.notes_of(patron.pk, today),
        "family": [one for one in family if one.pk != patron.pk],
        "addressee": queries.addressee(patron, today),
        "password": password,
        "shut": queries.sign_in_is_shut(patron),
        "wrong": [*wrong],
        "forms": {
            "stop": StopForm(),
            "note": NoteForm(),
            "card": CardForm(),
            "family": FamilyForm(),
            "purpose": PurposeForm(initial={"purpose": "本人確認"}),
            **wrong,
        },
    }
    return render(request, "patrons/show.html", context, status=status)


@require_POST
@staff_page(actions.UNMASK)
def unmask(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Open one masked field on this one page; who, which field and why are recorded."""
    patron = viewed(request, patron_id, "利用者照会")
    field = request.POST.get("field", "")
    form = PurposeForm(request.POST)
    names = {fact.name for fact in facts(patron, request.actor)}
    if field not in names:
        raise Http404
    if not form.is_valid():
        return page(request, patron, status=400, purpose=form)
    actions.record_unmasking(request.actor, patron, field, form.cleaned_data["purpose"])
    return page(request, patron, opened=frozenset({field}))


@require_POST
@staff_page(actions.ISSUE_PASSWORD)
def issue_password(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Issue a temporary password and show it, once: it is stored nowhere but as a hash."""
    patron = viewed(request, patron_id, "仮パスワードの発行")
    return page(request, patron, password=actions.issue_password(request.actor, patron))


@require_POST
@staff_page(actions.ISSUE_PASSWORD)
def release_sign_in(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Open a sign-in that too many misses shut."""
    patron = viewed(request, patron_id, "サインイン停止の解除")
    actions.release_sign_in(request.actor, patron)
    messages.success(request, "サインインの一時停止を解きました。")
    return redirect("patrons:show", patron.pk)


@require_POST
@staff_page(actions.CHANGE)
def renew(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Renew the validity; the box says that the address was confirmed."""
    patron = viewed(request, patron_id, "有効期限の更新")
    try:
        done = actions.renew(request.actor, patron, address_confirmed=request.POST.get("address_confirmed") == "yes")
    except ValidationError as error:
        messages.error(request, words(error))
    else:
        messages.success(request, f"有効期限を{done.valid_until:%Y年%m月%d日}まで更新しました。")
    return redirect("patrons:show", patron.pk)


@require_POST
@staff_page(actions.CHANGE)
def post_returned(request: HttpRequest, patron_id: int) -> HttpResponse:
    """A letter came back, or the address was confirmed since."""
    patron = viewed(request, patron_id, "郵便返戻")
    came_back = request.POST.get("act") == "returned"
    actions.note_post_returned(request.actor, patron, timezone.localdate() if came_back else None)
    messages.success(request, "郵便返戻を記録しました。" if came_back else "住所の確認を記録しました。")
    return redirect("patrons:show", patron.pk)


@require_POST
@staff_page(actions.CHANGE)
def add_card(request: HttpRequest, patron_id: int) -> HttpResponse:
    """One more card of any kind, or a new library card in place of the old one."""
    patron = viewed(request, patron_id, "利用券の登録")
    form = CardForm(request.POST)
    if form.is_valid():
        given = form.cleaned_data
        try:
            if given["replaces"]:
                actions.replace_card(request.actor, patron, given["number"])
            else:
                actions.add_card(request.actor, patron, given["number"], given["kind"])
        except ValidationError as error:
            put_errors(form, error)
        else:
            done = "再発行しました。貸出と予約は新しい利用券に引き継がれています。"
            messages.success(request, done if given["replaces"] else "登録しました。")
            return redirect("patrons:show", patron.pk)
    return page(request, patron, status=400, card=form)


@require_POST
@staff_page(actions.CHANGE)
def lost_card(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Stop a card at once."""
    patron = viewed(request, patron_id, "利用券の紛失")
    try:
        actions.report_lost(request.actor, patron, request.POST.get("number", ""))
    except ValidationError as error:
        messages.error(request, words(error))
    else:
        messages.success(request, "利用券を止めました。この番号では貸出できません。")
    return redirect("patrons:show", patron.pk)


@require_POST
@staff_page(actions.STOP)
def add_stop(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Stop lending, holds or the web."""
    patron = viewed(request, patron_id, "利用停止")
    form = StopForm(request.POST)
    if form.is_valid():
        try:
            actions.stop(request.actor, patron, **form.cleaned_data)
        except ValidationError as error:
            put_errors(form, error)
        else:
            messages.success(request, "停止を登録しました。")
            return redirect("patrons:show", patron.pk)
    return page(request, patron, status=400, stop=form)


@require_POST
@staff_page(actions.STOP)
def lift_stop(request: HttpRequest, stop_id: int) -> HttpResponse:
    """End a stop before its time."""
    try:
        patron = actions.lift_stop(request.actor, stop_id)
    except PatronStop.DoesNotExist:
        raise Http404 from None
    messages.success(request, "停止を解除しました。")
    return redirect("patrons:show", patron.pk)


@require_POST
@staff_page(actions.CHANGE)
def add_note(request: HttpRequest, patron_id: int) -> HttpResponse:
    """A message for the counter."""
    patron = viewed(request, patron_id, "連絡事項")
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            actions.add_note(request.actor, patron, **form.cleaned_data)
        except ValidationError as error:
            put_errors(form, error)
        else:
            messages.success(request, "連絡事項を登録しました。")
            return redirect("patrons:show", patron.pk)
    return page(request, patron, status=400, note=form)


@require_POST
@staff_page(actions.CHANGE)
def finish_note(request: HttpRequest, note_id: int) -> HttpResponse:
    """Take a message off."""
    note = PatronNote.objects.filter(pk=note_id).first()
    if note is None:
        raise Http404
    actions.finish_note(request.actor, note_id)
    return redirect("patrons:show", note.patron_id)


@staff_page(actions.VIEW)
def family(request: HttpRequest, patron_id: int) -> HttpResponse:
    """The family's loans and holds on one screen; everybody shown is recorded."""
    patron = queries.by_id(patron_id)
    if patron is None:
        raise Http404
    members = queries.family_of(patron)
    audit.record_views(request.actor, actions.VIEW, "patron", [one.pk for one in members], "家族の照会")
    today = timezone.localdate()
    holds = queries.holds_of([one.pk for one in members])
    rows = [
        {
            "patron": one,
            "loans": loans_of(one.pk),
            "ready": [hold for hold in holds if hold.patron_id == one.pk and hold.status == "ready"],
            "waiting": [hold for hold in holds if hold.patron_id == one.pk and hold.status != "ready"],
            "stop": queries.refusal(one, "lend", today),
        }
        for one in members
    ]
    ready = sum(len(row["ready"]) for row in rows)
    return render(request, "patrons/family.html", {"patron": patron, "rows": rows, "ready": ready})


@require_POST
@staff_page(actions.CHANGE)
def join_family(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Tie two people together, by consent."""
    patron = viewed(request, patron_id, "家族の登録")
    form = FamilyForm(request.POST)
    if form.is_valid():
        other = queries.by_card(form.cleaned_data["number"])
        try:
            if other is None:
                raise ValidationError({"number": "この番号の利用者はいません。"})
            actions.join_family(request.actor, patron, other, consent=form.cleaned_data["consent"])
        except ValidationError as error:
            put_errors(form, error)
        else:
            messages.success(request, "家族として登録しました。")
            return redirect("patrons:show", patron.pk)
    return page(request, patron, status=400, family=form)


@require_POST
@staff_page(actions.CHANGE)
def leave_family(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Take the patron out of the family."""
    patron = viewed(request, patron_id, "家族の登録")
    actions.leave_family(request.actor, patron)
    messages.success(request, "家族から外しました。")
    return redirect("patrons:show", patron.pk)


@staff_page(actions.VIEW)
def history(request: HttpRequest, patron_id: int) -> HttpResponse:
    """What was changed, when, by whom, from what to what."""
    patron = viewed(request, patron_id, "変更履歴")
    return render(request, "patrons/history.html", {"patron": patron, "changes": patron.changes.all()[:200]})


@require_POST
@staff_page(actions.WITHDRAW)
def withdraw(request: HttpRequest, patron_id: int) -> HttpResponse:
    """End a registration; what binds the patron is said."""
    patron = viewed(request, patron_id, "退会")
    reason = request.POST.get("reason", "").strip()
    try:
        if not reason:
            raise ValidationError("退会の理由を入力してください。")
        actions.withdraw(request.actor, patron, reason[:200])
    except ValidationError as error:
        messages.error(request, words(error))
    else:
        messages.success(request, "退会にしました。")
    return redirect("patrons:show", patron.pk)
