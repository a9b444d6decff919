"""What people do with notices: call, print, post, take back what the post returned."""

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.queries import closing_of
from app.holds.models import Contact
from app.notices import rules
from app.notices.actions import shelf
from app.notices.actions.operations import CALL, POST, PRINT
from app.notices.actions.rerouting import reroute
from app.notices.codes import CALL_ENDS, PAPER, Adapter, CallResult, Kind, State
from app.notices.models import Call, Notice
from app.patrons.models import Patron


def _locked(notice_id: int) -> Notice:
    rows = Notice.objects.select_for_update(of=("self",)).select_related("patron", "means", "branch")
    return rows.get(pk=notice_id)


@transaction.atomic
def record_call(
    actor: Actor, notice_id: int, result: str, now: datetime, *, promised_on: date | None = None, note: str = ""
) -> Notice:
    """What a call came to. Told ends it; absent brings it back on the next open day, a promise on the day after it, a
    wrong number puts it onto paper. A second press of the same day with the same result counts once.

    ValidationError for a promise without a day or with one that is past.
    """
    access.require(actor, CALL)
    notice = _locked(notice_id)
    today = timezone.localdate(now)
    if result not in CallResult.values:
        raise ValidationError({"result": "結果を選んでください。"})
    if result == CallResult.PROMISED and (promised_on is None or promised_on < today):
        raise ValidationError({"promised_on": "約束日は今日以後の日付を入力してください。"})
    if notice.state != State.READY or notice.means.adapter != Adapter.CALL:
        return notice
    day = promised_on if result == CallResult.PROMISED else None
    Call.objects.create(notice=notice, on_date=today, result=result, promised_on=day, note=note, by=_name(actor))
    notice.result, notice.by = CallResult(result).label, _name(actor)
    notice.attempts += 1
    if result in CALL_ENDS:
        notice.state, notice.on_date = State.HANDED, today
        if notice.kind == Kind.READY:
            shelf.told_by_hand(actor, notice, now, Contact.PHONE)
    elif result == CallResult.WRONG:
        notice.save(update_fields=["result", "by", "attempts"])
        reroute(notice, "電話番号", today)
        notice.refresh_from_db()
    else:
        place = notice.branch or notice.patron.branch
        notice.next_call_on = rules.call_again(result, today, day, closing_of(place, today))
    if result != CallResult.WRONG:
        notice.save(update_fields=["result", "by", "attempts", "state", "on_date", "next_call_on"])
    audit.record(actor, CALL, subject_type="patron", subject_id=notice.patron_id, detail={"result": result})
    return notice


def _name(actor: Actor) -> str:
    return (actor.name or actor.number)[:60]


def printed(actor: Actor, notices: list[Notice], what: str, now: datetime) -> None:
    """Log that these people's names and addresses are printed. The days on the hold shelf count from today, so that
    the card can name their end; each notice is a transaction, so that no desk waits for all of them."""
    access.require(actor, PRINT)
    for notice in (one for one in notices if one.kind == Kind.READY):
        with transaction.atomic():
            shelf.told_by_hand(actor, notice, now, Contact.POSTCARD)
    audit.record(actor, PRINT, subject_type="notices", detail={"what": what, "number": len(notices)})
    audit.record_views(actor, PRINT, "patron", sorted({notice.patron_id for notice in notices}), what)


@transaction.atomic
def posted(actor: Actor, notice_ids: Iterable[int], now: datetime) -> int:
    """These cards and letters are in the post; returns how many. A second press changes nothing."""
    access.require(actor, POST)
    rows = Notice.objects.filter(pk__in=list(notice_ids), state=State.READY, means__adapter__in=PAPER)
    number = rows.update(state=State.HANDED, on_date=timezone.localdate(now), result="投函", by=_name(actor))
    if number:
        audit.record(actor, POST, subject_type="notices", detail={"number": number})
    return number


@transaction.atomic
def came_back(actor: Actor, notice_id: int, now: datetime) -> Notice:
    """The post returned it: recorded, and the register notes that the address must be confirmed (F-PAT-009)."""
    access.require(actor, POST)
    notice = _locked(notice_id)
    today = timezone.localdate(now)
    if notice.state == State.HANDED and notice.means.adapter in PAPER:
        reroute(notice, "", today)
        Patron.objects.filter(pk=notice.patron_id, post_returned_on=None).update(post_returned_on=today)
        audit.record(actor, POST, subject_type="patron", subject_id=notice.patron_id, detail={"returned": True})
        notice.refresh_from_db()
    return notice
