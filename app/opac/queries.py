"""Reads of the public pages. Availability is read from the items and loans at this moment, never from the index."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext

from app.branches.models import Branch
from app.catalog.codes import LENDABLE_STATUSES, VISIBLE_TO, ShelfStatus
from app.catalog.models import BibliographicRecord, Item
from app.catalog.spots import Spot
from app.circulation.queries import open_loans_for
from app.holds.models import Hold, Status
from app.transfers.models import Transfer


@dataclass(frozen=True)
class ItemLine:
    """One item as a reader may see it. `state` is a sentence fragment, `tone` ok, warn or faint."""

    branch: str
    location: str
    call_number: str
    barcode: str
    state: str
    tone: str
    due_on: date | None
    available: bool
    attachments: str = ""
    # Which issue of a magazine it is, and what puts issues in their order.
    issue: str = ""
    acquired: date = date.min
    order: int = 0


@dataclass(frozen=True)
class RecordLine:
    """One record of a result list with what its items come to."""

    record: BibliographicRecord
    items: int
    available: int
    branches: tuple[str, ...]
    call_number: str
    # Where the search hit in it, when that was not the title.
    spot: Spot | None = None

    @property
    def state(self) -> str:
        """The availability in a word."""
        if not self.items:
            return gettext("所蔵なし")
        return gettext("在架あり") if self.available else gettext("すべて貸出中・利用不可")

    @property
    def tone(self) -> str:
        """The colour of the state; the word says the same."""
        return "ok" if self.available else ("warn" if self.items else "faint")


def _line(item: Item, due_on: date | None) -> ItemLine:
    kept, on_way = getattr(item, "kept", False), getattr(item, "on_way", False)
    stays = item.reference_only or bool(item.restriction)
    lendable = item.status in LENDABLE_STATUSES and not stays and not kept and not on_way
    if due_on is not None:
        state, tone = gettext("貸出中"), "warn"
    elif kept:
        state, tone = gettext("予約取置中"), "warn"
    elif on_way:
        state, tone = gettext("回送中"), "warn"
    elif item.status not in LENDABLE_STATUSES:
        state, tone = gettext(item.get_status_display()), "faint"
    elif stays:
        why = gettext("禁帯出") if item.reference_only else gettext(item.get_restriction_display())
        state, tone = gettext("館内閲覧のみ({why})").format(why=why), "ok"
    else:
        state, tone = gettext(item.get_status_display()), "ok"
    return ItemLine(
        branch=item.branch.name,
        location=item.location,
        call_number=item.call_number,
        barcode=item.barcode,
        state=state,
        tone=tone,
        due_on=due_on,
        available=lendable and due_on is None,
        attachments=item.attachments,
        issue=item.volume_mark or item.call_number or item.barcode,
        acquired=item.acquired_on or date.min,
        order=item.pk,
    )


def item_lines(record_ids: Iterable[int], eyes: str = "public") -> dict[int, list[ItemLine]]:
    """The items of these records that are not withdrawn and that these eyes may see, by record, in branch order. Two
    SQL statements."""
    items = list(
        Item.objects.filter(record_id__in=list(record_ids), visibility__in=VISIBLE_TO[eyes])
        .exclude(status=ShelfStatus.WITHDRAWN)
        .annotate(
            kept=Exists(Hold.objects.filter(item=OuterRef("pk"), status__in=[Status.READY, Status.TRANSIT])),
            on_way=Exists(Transfer.objects.filter(item=OuterRef("pk"))),
        )
        .select_related("branch")
        .order_by("branch__number", "call_key", "barcode")
    )
    out = open_loans_for([item.pk for item in items])
    lines: dict[int, list[ItemLine]] = defaultdict(list)
    for item in items:
        loan = out.get(item.pk)
        lines[item.record_id].append(_line(item, loan.due_on if loan else None))
    return lines


def record_of_barcode(barcode: str, eyes: str) -> int | None:
    """The record of the item with that number, when these eyes may see both. One SQL statement, none without a
    number."""
    if not barcode:
        return None
    seen = VISIBLE_TO[eyes]
    items = Item.objects.filter(barcode=barcode, visibility__in=seen, record__visibility__in=seen)
    return items.exclude(status=ShelfStatus.WITHDRAWN).values_list("record_id", flat=True).first()


def record_lines(record_ids: list[int], eyes: str = "public") -> list[RecordLine]:
    """These records in this order with what their items come to for these eyes. Three SQL statements."""
    if not record_ids:
        return []
    unshown = ("marc", "contents", "notes", "toc", "summary", "author_note")
    records = BibliographicRecord.objects.defer(*unshown).in_bulk(record_ids)
    items = item_lines(record_ids, eyes)
    lines = []
    for record_id in record_ids:
        if record_id not in records:  # withdrawn between the search and now
            continue
        own = items.get(record_id, [])
        lines.append(
            RecordLine(
                record=records[record_id],
                items=len(own),
                available=sum(line.available for line in own),
                branches=tuple(dict.fromkeys(line.branch for line in own)),
                call_number=own[0].call_number if own else "",
            )
        )
    return lines


def record_of(record_id: int) -> BibliographicRecord | None:
    """One record without its MARC, or None. One SQL statement."""
    return BibliographicRecord.objects.defer("marc").filter(pk=record_id).first()


def branch_names() -> dict[int, str]:
    """The names of the branches by id, in the library's order. One SQL statement."""
    return dict(Branch.objects.order_by("number").values_list("pk", "name"))
