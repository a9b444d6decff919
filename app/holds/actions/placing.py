"""Receiving holds. Every route comes through here and is judged alike (F-RSV-004)."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog.codes import Restriction
from app.catalog.models import BibliographicRecord, Item
from app.holds import rules
from app.holds.actions import shelving
from app.holds.actions.allocation import look_on_shelves
from app.holds.actions.operations import OVERRIDE, PLACE, HoldRefused
from app.holds.models import OPEN, Contact, Hold, HoldStatistic, Route, Status
from app.patrons.models import Patron
from app.regulations import queries as regulations
from app.regulations.rules import STOP_HOLDS, Case, decide, stage_of
from app.web.wording import wording

# How the register says it, and how a hold does.
WAYS = {"mail": Contact.MAIL, "phone": Contact.PHONE, "post": Contact.POSTCARD, "none": Contact.NONE}
GONE = "この資料の登録が見つかりません。もう一度検索してください。"


@dataclass(frozen=True)
class Wanted:
    """What somebody asks for. `item_id` makes it a hold on that very copy (資料指定)."""

    record_id: int
    pickup: Branch | None = None
    contact: str = ""
    route: str = Route.COUNTER
    item_id: int | None = None
    note: str = ""
    reason: str = ""
    """Why a limit is passed over, by staff with OVERRIDE."""


def defaults_of(patron: Patron) -> tuple[Branch, str]:
    """Where the patron collects and how they are told unless they say otherwise."""
    return patron.branch, WAYS[patron.contact_by]


def may_ask(actor: Actor, patron_id: int, operation: object = PLACE) -> None:
    """Staff with the operation, the system, or the patron themself; otherwise NotPermitted."""
    if actor.kind == "patron" and actor.number == str(patron_id):
        return
    access.require(actor, operation)


def place(actor: Actor, patron_id: int, wanted: Wanted, now: datetime | None = None) -> Hold:
    """Receive one hold, and look for a copy on the shelves at once. HoldRefused says why not.

    The same wish again (a double submit) is refused as such and changes nothing. Limits and conditions come from the
    regulations; staff with OVERRIDE pass over them with a reason, which the log keeps. About fifteen SQL statements.
    """
    may_ask(actor, patron_id)
    try:
        return _place(actor, patron_id, wanted, now or timezone.now())
    except IntegrityError as error:
        if "holds_record_once" in str(error) or "holds_copy_once" in str(error):
            raise HoldRefused("twice", wording("holds.placing.twice", "この資料はすでに予約しています。")) from error
        raise


def locked_patron(patron_id: int) -> Patron:
    """The patron with category and branch, locked (without the joined rows: see `lock_around`). Two SQL statements."""
    known = Patron.objects.select_for_update(no_key=True).filter(pk=patron_id).values_list("pk", flat=True).get()
    return Patron.objects.select_related("category", "branch").get(pk=known)


@transaction.atomic
def _place(actor: Actor, patron_id: int, wanted: Wanted, now: datetime) -> Hold:
    patron = locked_patron(patron_id)
    record = BibliographicRecord.objects.defer("marc").filter(pk=wanted.record_id, merged__isnull=True).first()
    if record is None:
        raise HoldRefused("unknown_record", GONE)
    only = Item.objects.select_related("branch").filter(pk=wanted.item_id, record=record).first()
    if wanted.item_id is not None and only is None:
        raise HoldRefused("unknown_item", GONE)
    pickup, contact = defaults_of(patron)
    hold = Hold(
        patron=patron,
        record=record,
        only_item=only,
        received_at=now,
        queue_at=now,
        route=wanted.route,
        pickup=wanted.pickup or pickup,
        contact=wanted.contact or contact,
        note=wanted.note[:100],
    )
    why = _judge(actor, hold, patron, timezone.localdate(now), wanted.reason)
    hold.save(force_insert=True)
    shelving.touch(record.pk, None)
    shelving.count(HoldStatistic.Act.PLACE, hold, timezone.localdate(now))
    detail = {"route": hold.route, **({"override": why} if why else {})}
    said = audit.typed(wanted.reason[:100]) if why else ""
    audit.record(actor, PLACE, subject_type="hold", subject_id=hold.pk, purpose=said, detail=detail)
    look_on_shelves([record.pk], now)
    hold.refresh_from_db(fields=["status", "item"])
    return hold


def _judge(actor: Actor, hold: Hold, patron: Patron, today: date, reason: str) -> str:
    """Raise HoldRefused, or return the code of the rule that staff pass over with a reason (empty: none)."""
    against = refusal(hold, patron, today)
    if against is None:
        return ""
    if not against.may_override or actor.kind != "staff":
        raise against
    if not reason.strip() or OVERRIDE.code not in actor.operations:
        raise against
    return against.code


def refusal(hold: Hold, patron: Patron, today: date) -> HoldRefused | None:
    """What speaks against a hold that is not saved yet, or None. Five SQL statements."""
    if hold.contact not in Contact.values or hold.route not in Route.values:
        return HoldRefused(
            "unknown_choice", wording("holds.placing.unknown_choice", "連絡方法と受付経路を選び直してください。")
        )
    if not hold.pickup.is_active:
        return HoldRefused(
            "pickup_closed", wording("holds.placing.pickup_closed", "受取館に選べない館です。別の館を選んでください。")
        )
    if Hold.objects.filter(patron=patron, record=hold.record, only_item=hold.only_item, status__in=OPEN).exists():
        return HoldRefused("twice", wording("holds.placing.twice", "この資料はすでに予約しています。"))
    if patron.loans.filter(item__record=hold.record).exists() and hold.only_item is None:
        return HoldRefused("has_it", wording("holds.placing.has_it", "いま借りている資料です。"), may_override=True)
    return _of_patron(patron, hold, today) or _of_material(hold, today) or _of_limits(hold, patron, today)


def _of_patron(patron: Patron, hold: Hold, today: date) -> HoldRefused | None:
    if patron.valid_until is not None and patron.valid_until < today:
        return HoldRefused(
            "expired",
            wording("holds.placing.expired", "利用券の有効期限が切れています。窓口で更新してください。"),
            may_override=True,
        )
    if patron.withdrawn_on is not None:
        return HoldRefused("withdrawn", wording("holds.placing.withdrawn", "退会した利用者です。"))
    if not patron.category.may_hold:
        return HoldRefused(
            "category",
            wording("holds.placing.category", "{name}の方は予約できません。", name=patron.category.name),
            may_override=True,
        )
    if patron.hold_stopped_until is not None and today <= patron.hold_stopped_until:
        until = "解除される" if patron.hold_stopped_until == date.max else f"{patron.hold_stopped_until:%Y/%m/%d}"
        return HoldRefused(
            "stopped",
            wording("holds.placing.stopped", "{until}まで予約を停止しています。", until=until),
            may_override=True,
        )
    terms = shelving.terms_of(hold, hold.only_item, today)
    late = [(today - due).days for due in patron.loans.values_list("due_on", flat=True) if due < today]
    stages = stage_of(terms.overdue_stages.value, late)
    if any(stage.effect == STOP_HOLDS for stage in stages):
        message = wording("holds.placing.of_patron", "返却期限を過ぎた資料があるため、予約を受け付けられません。")
        return HoldRefused("overdue", message, why=terms.overdue_stages.why, may_override=True)
    return None


def _of_material(hold: Hold, today: date) -> HoldRefused | None:
    """予約不可 (F-RSV-031): refused when no copy that the regulations let be held is there. A record without copies
    is on order or to come and may be held (F-RSV-027)."""
    items = list(Item.objects.filter(record_id=hold.record_id).exclude(status="withdrawn").select_related("branch"))
    if hold.only_item is not None:
        items = [item for item in items if item.pk == hold.only_item_id]
    if not items:
        return None if hold.only_item is None else HoldRefused("unknown_item", GONE)
    first = None
    for item in items:
        against = refused_copy(item, hold.patron.category_id, today)
        if against is None:
            return None
        first = first or against
    return first


def refused_copy(item: Item, category_id: int, today: date) -> HoldRefused | None:
    """Why this copy may not be held, or None. No SQL while the regulations are in memory."""
    if item.reference_only:
        return HoldRefused(
            "reference_only",
            wording("holds.placing.reference_only", "館内でだけ利用できる資料のため、予約できません。"),
            may_override=True,
        )
    case = Case(item.branch_id, category_id, item.material_type, today, location=item.location)
    terms = decide(regulations.table(today), case)
    if terms.holds_refused.value:
        return HoldRefused(
            "not_for_holds",
            wording("holds.placing.not_for_holds", "予約を受け付けていない種類の資料です。"),
            why=terms.holds_refused.why,
            may_override=True,
        )
    latest = terms.holds_refused_latest
    if latest.value and item.restriction == Restriction.LATEST:
        message = wording("holds.placing.refused_copy", "最新号は、次の号が出るまで予約できません。")
        return HoldRefused("latest", message, why=latest.why, may_override=True)
    days = terms.holds_refused_days.value
    if days and item.acquired_on is not None and (today - item.acquired_on).days < days:
        message = wording("holds.placing.refused_copy_2", "受け入れて{days}日たつまで予約できません。", days=days)
        return HoldRefused("too_new", message, why=terms.holds_refused_days.why, may_override=True)
    return None


def _of_limits(hold: Hold, patron: Patron, today: date) -> HoldRefused | None:
    terms = shelving.terms_of(hold, hold.only_item, today)
    kinds = list(Hold.objects.filter(patron=patron, status__in=OPEN).values_list("record__material_type", flat=True))
    total, of_kind = terms.total_hold_limit, terms.hold_limit
    if rules.over_limit(len(kinds), total.value):
        message = wording(
            "holds.placing.of_limits", "予約は{total}件までです（現在{count}件）。", total=total.value, count=len(kinds)
        )
        return HoldRefused("limit", message, why=total.why, may_override=True)
    same = kinds.count(hold.record.material_type)
    if rules.over_limit(same, of_kind.value):
        message = wording(
            "holds.placing.of_limits_2",
            "この種別の予約は{of_kind}件までです（現在{same}件）。",
            of_kind=of_kind.value,
            same=same,
        )
        return HoldRefused("material_limit", message, why=of_kind.why, may_override=True)
    return None


__all__ = ["Status", "Wanted", "defaults_of", "may_ask", "place", "refusal", "refused_copy"]
