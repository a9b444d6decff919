"""Borrowing from another library for a reader: asked, refused, arrived and lent like our own, sent back.

The log of each step names the borrowing, never the wish or the hold: see `holds.actions.requests`.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import actions as catalog
from app.catalog.codes import Origin, Restriction, ShelfStatus, Visibility
from app.catalog.models import Item
from app.holds import actions as holds
from app.holds.models import PurchaseRequest
from app.interlibrary.actions.operations import BORROW, PARTNERS, BorrowingRefused
from app.interlibrary.models import Borrowing, Partner

State = Borrowing.State


@transaction.atomic
def put_partner(actor: Actor, partner_id: int | None, fields: Mapping[str, Any]) -> Partner:
    """A new library that lends to us, or changed words about one. ValidationError names the field."""
    access.require(actor, PARTNERS)
    row = Partner.objects.select_for_update().get(pk=partner_id) if partner_id else Partner()
    before = {name: getattr(row, name) for name in fields}
    for name, value in fields.items():
        setattr(row, name, value)
    row.full_clean()
    row.save()
    detail = audit.changes(before, dict(fields))
    audit.record(actor, PARTNERS, subject_type="partner", subject_id=row.pk, detail=detail)
    return row


@transaction.atomic
def ask_for_wish(actor: Actor, request_id: int, partner: Partner, note: str = "") -> Borrowing:
    """Ask a library for what a reader wished for and was selected to be borrowed (F-RSV-030, F-ILL-001)."""
    wish = PurchaseRequest.objects.select_for_update(no_key=True).filter(pk=request_id).first()
    if wish is None:
        raise BorrowingRefused("この希望はすでに終わっています。")
    access.require(actor, BORROW, wish.pickup)
    if wish.status != PurchaseRequest.Status.BORROW:
        raise BorrowingRefused("「他館借受」と選定した希望だけを依頼できます。")
    # A library refused before: that one is over, and the reader's wish is asked of the next.
    Borrowing.objects.filter(request=wish, state=State.REFUSED).update(request=None)
    made = Borrowing.objects.create(
        request=wish,
        partner=partner,
        branch=wish.pickup,
        title=wish.title,
        creator=wish.creator,
        publisher=wish.publisher,
        isbn13=wish.isbn13,
        asked_on=timezone.localdate(),
        asked_by=actor.number,
        note=note.strip()[:200],
    )
    holds.mark_ordered(actor, wish.pk)
    _log(actor, made, "asked")
    return made


@transaction.atomic
def refuse(actor: Actor, borrowing_id: int, note: str = "") -> Borrowing:
    """The other library does not lend it: the wish is there to be asked of another one, or decided on anew."""
    made = _locked(actor, borrowing_id, State.ASKED)
    made.state, made.ended_on = State.REFUSED, timezone.localdate()
    made.note = note.strip()[:200] or made.note
    if made.request_id is not None:
        holds.unmark_ordered(actor, made.request_id, PurchaseRequest.Status.BORROW)
    made.save(update_fields=["state", "ended_on", "note"])
    _log(actor, made, "refused")
    return made


@transaction.atomic
def arrive(
    actor: Actor, borrowing_id: int, due_on: date, barcode: str = "", *, inside_only: bool = False
) -> tuple[Borrowing, holds.Next | None]:
    """It is here: a number for as long as it stays, and it goes to its reader like an item of our own (F-ILL-004).

    `inside_only`: the other library lets it be used in the house only. CatalogError for a wrong or used number.
    """
    made = _locked(actor, borrowing_id, State.ASKED)
    today = timezone.localdate()
    if due_on <= today:
        raise BorrowingRefused("相手館への返却期限は、明日以後の日付で入力してください。")
    fields = {
        "title": made.title,
        "creators": [made.creator] if made.creator else [],
        "publisher": made.publisher,
        "isbn13": made.isbn13,
        "visibility": Visibility.STAFF,  # readers of the catalogue must not queue for what goes back
        "notes": [f"{made.partner.name}から借受"],
    }
    record = catalog.create_record(actor, fields, Origin.TEMPORARY)
    if made.request_id is not None:
        holds.fulfil(actor, made.request_id, record.pk)
        made.request = None
    item = catalog.add_item(
        actor,
        record.pk,
        made.branch,
        barcode,
        status=ShelfStatus.PROCESSING,
        restriction=Restriction.IN_LIBRARY if inside_only else "",
        acquired_from=made.partner.name[:60],
        visibility=Visibility.STAFF,
    )
    made.state, made.item, made.arrived_on, made.due_on = State.ARRIVED, item, today, due_on
    made.save(update_fields=["state", "item", "request", "arrived_on", "due_on"])
    _log(actor, made, "arrived")
    return made, holds.receive(actor, item.barcode, made.branch)[1]


@transaction.atomic
def send_back(actor: Actor, borrowing_id: int) -> Borrowing:
    """It goes back to its library. BorrowingRefused while it is on loan or waits for its reader."""
    made = _locked(actor, borrowing_id, State.ARRIVED)
    if made.item_id is not None:
        item = Item.objects.select_for_update(no_key=True).get(pk=made.item_id)
        if item.loans.exists():
            raise BorrowingRefused("貸出中のため返送できません。返却を受けてから返送してください。")
        if item.holds.filter(status__in=["pull", "transit", "ready"]).exists():
            raise BorrowingRefused("予約者のために取り置いています。受け取るか取り消されてから返送してください。")
        catalog.update_item(actor, item.pk, {"status": ShelfStatus.WITHDRAWN})
    made.state, made.ended_on = State.RETURNED, timezone.localdate()
    made.save(update_fields=["state", "ended_on"])
    _log(actor, made, "returned")
    return made


def _locked(actor: Actor, borrowing_id: int, state: str) -> Borrowing:
    found = Borrowing.objects.select_for_update(of=("self",)).select_related("branch", "partner")
    made = found.filter(pk=borrowing_id).first()
    if made is None:
        raise BorrowingRefused("この借受は見つかりません。")
    access.require(actor, BORROW, made.branch)
    if made.state != state:
        raise BorrowingRefused(f"この借受は「{made.get_state_display()}」です。画面を開き直してください。")
    return made


def _log(actor: Actor, made: Borrowing, step: str) -> None:
    audit.record(actor, BORROW, subject_type="borrowing", subject_id=made.pk, detail={"step": step})
