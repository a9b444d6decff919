"""Purchase requests (リクエスト): received, decided, and handed on as holds when the record is there."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog import rules as catalog_rules
from app.catalog.models import BibliographicRecord
from app.holds.actions import shelving
from app.holds.actions.allocation import look_on_shelves
from app.holds.actions.operations import CHANGE, REQUEST, SELECT, HoldRefused
from app.holds.actions.placing import defaults_of, locked_patron, may_ask
from app.holds.models import OPEN, Contact, Hold, HoldStatistic, PurchaseRequest, Route
from app.patrons.models import Patron
from app.patrons.queries import refusal
from app.regulations import queries as regulations
from app.regulations.rules import Case, decide

STATUS = PurchaseRequest.Status
ANSWERS = {
    STATUS.BUY: "ご希望の「{title}」は、購入することになりました。用意ができましたらお知らせします。",
    STATUS.BORROW: "ご希望の「{title}」は、ほかの図書館から借り受けます。届きましたらお知らせします。",
    STATUS.DECLINED: "ご希望の「{title}」は、検討の結果、今回は用意を見送ることになりました。",
}


@dataclass(frozen=True)
class Asked:
    """What somebody wishes for."""

    title: str
    creator: str = ""
    publisher: str = ""
    isbn: str = ""
    wish: str = ""
    pickup: Branch | None = None
    contact: str = ""
    route: str = Route.COUNTER


@transaction.atomic
def ask(actor: Actor, patron_id: int, asked: Asked, now: datetime | None = None) -> PurchaseRequest:
    """Receive a request, by staff or the patron. HoldRefused says what is wrong, or that the month's number is full.

    Whether the library has it already is shown before (`queries.owned`); the same wish of the same patron again is
    refused.
    """
    may_ask(actor, patron_id, REQUEST)
    now = now or timezone.now()
    patron = locked_patron(patron_id)
    isbn = catalog_rules.isbn13(asked.isbn) if asked.isbn.strip() else ""
    if asked.isbn.strip() and not isbn:
        raise HoldRefused("isbn", "ISBNの番号が正しくありません。10桁か13桁で入力してください。")
    if not asked.title.strip():
        raise HoldRefused("title", "書名を入力してください。")
    pickup, contact = defaults_of(patron)
    made = PurchaseRequest(
        patron=patron,
        title=asked.title.strip()[:200],
        creator=asked.creator.strip()[:100],
        publisher=asked.publisher.strip()[:100],
        isbn13=isbn,
        wish=asked.wish.strip()[:200],
        received_at=now,
        route=asked.route,
        pickup=asked.pickup or pickup,
        contact=asked.contact or contact,
    )
    _judge(made, patron, timezone.localdate(now))
    made.save(force_insert=True)
    audit.record(actor, REQUEST, subject_type="request", subject_id=made.pk, detail={"route": made.route})
    return made


def _judge(made: PurchaseRequest, patron: Patron, today: date) -> None:
    if made.contact not in Contact.values or made.route not in Route.values:
        raise HoldRefused("unknown_choice", "連絡方法と受付経路を選び直してください。")
    mine = PurchaseRequest.objects.filter(patron=patron)
    same = mine.filter(isbn13=made.isbn13) if made.isbn13 else mine.filter(title=made.title, creator=made.creator)
    if same.exclude(status=STATUS.DECLINED).exists():
        raise HoldRefused("twice", "同じ資料の希望をすでに受け付けています。")
    case = Case(made.pickup_id, patron.category_id, "", today)
    limit = decide(regulations.table(today), case).request_limit
    start = datetime.combine(today.replace(day=1), time.min, timezone.get_current_timezone())
    count = mine.filter(received_at__gte=start).count()
    if limit.value is not None and count >= limit.value:
        raise HoldRefused("limit", f"購入希望は月に{limit.value}件までです（今月{count}件）。", why=limit.why)


@transaction.atomic
def decide_request(
    actor: Actor, request_id: int, status: str, reason: str, answer: str = "", now: datetime | None = None
) -> PurchaseRequest:
    """Buy, borrow or decline, with a reason for the file and an answer for the patron (F-RSV-029).

    Without an answer the usual sentence is made; notices read what is not told yet and tell it. HoldRefused without a
    reason. Deciding again writes over the decision as long as the patron was not told.
    """
    access.require(actor, SELECT)
    if status not in ANSWERS:
        raise HoldRefused("unknown_choice", "選定の結果を選んでください。")
    if not reason.strip():
        raise HoldRefused("reason", "選定の理由を入力してください。")
    made = _locked(request_id)
    if made.told_at is not None:
        raise HoldRefused("told", "本人に回答した後のため、変更できません。")
    if status == STATUS.BORROW and (against := refusal(made.patron, "ill", timezone.localdate(now))):
        raise HoldRefused("ill", against)
    made.status, made.reason = status, reason.strip()[:200]
    made.answer = answer.strip() or ANSWERS[STATUS(status)].format(title=made.title)
    made.decided_on, made.decided_by = timezone.localdate(now or timezone.now()), actor.number
    made.save()
    _log(actor, made, {"status": status})
    return made


@transaction.atomic
def mark_ordered(actor: Actor, request_id: int) -> PurchaseRequest:
    """The order is placed, or the other library asked. The request keeps its patron until the item is there."""
    access.require(actor, SELECT)
    made = _locked(request_id)
    if made.status not in (STATUS.BUY, STATUS.BORROW):
        raise HoldRefused("undecided", "購入か他館借受に決めた希望だけを手配できます。")
    made.status = STATUS.ORDERED
    made.save(update_fields=["status"])
    _log(actor, made, {"status": made.status})
    return made


@transaction.atomic
def unmark_ordered(actor: Actor, request_id: int, status: str = STATUS.BUY) -> PurchaseRequest:
    """What was ordered or asked for will not come: the request is to be bought or borrowed again, or decided anew."""
    access.require(actor, SELECT)
    made = _locked(request_id)
    made.status = status
    made.save(update_fields=["status"])
    _log(actor, made, {"status": made.status})
    return made


@transaction.atomic
def fulfil(actor: Actor, request_id: int, record_id: int, now: datetime | None = None) -> Hold:
    """The wished for is a record now, on order or there: the request becomes a hold of its own time and is deleted.

    A patron who holds the record already keeps that hold. HoldRefused for an unknown record.
    """
    access.require(actor, SELECT)
    now = now or timezone.now()
    made = _locked(request_id)
    record = BibliographicRecord.objects.defer("marc").filter(pk=record_id).first()
    if record is None:
        raise HoldRefused("unknown_record", "書誌が見つかりません。番号を確かめてください。")
    hold = Hold.objects.filter(patron=made.patron_id, record=record, only_item=None, status__in=OPEN).first()
    if hold is None:
        hold = Hold.objects.create(
            patron_id=made.patron_id,
            record=record,
            received_at=made.received_at,
            queue_at=made.received_at,
            route=made.route,
            pickup_id=made.pickup_id,
            contact=made.contact,
            note="購入希望から",
        )
        shelving.count(HoldStatistic.Act.PLACE, hold, timezone.localdate(now))
    shelving.touch(record.pk, None)
    _log(actor, made, {"became": "hold"})
    made.delete()
    look_on_shelves([record.pk], now)
    hold.refresh_from_db(fields=["status", "item"])
    return hold


@transaction.atomic
def withdraw(actor: Actor, request_id: int) -> None:
    """The patron, or staff for them, takes the wish back before it is decided."""
    made = _locked(request_id)
    may_ask(actor, made.patron_id, CHANGE)
    if made.status != STATUS.RECEIVED:
        raise HoldRefused("decided", "選定が済んだ希望は取り消せません。窓口でお尋ねください。")
    made.delete()
    audit.record(actor, CHANGE, subject_type="request", subject_id=request_id, detail={"ended": "withdrawn"})


def _log(actor: Actor, made: PurchaseRequest, detail: dict[str, str]) -> None:
    """What was done with a wish, by its place of collection: neither request nor hold is named.

    Selecting, ordering and receiving are logged beside a record or an item, minutes apart at most; a number that also
    stands beside a patron, at the receipt or at a call, would tell six years later who wished for it.
    """
    audit.record(actor, SELECT, subject_type="branch", subject_id=made.pickup.code, detail=detail)


def _locked(request_id: int) -> PurchaseRequest:
    made = PurchaseRequest.objects.select_for_update(no_key=True).filter(pk=request_id).first()
    if made is None:
        raise HoldRefused("over", "この希望はすでに終わっています。")
    return made
