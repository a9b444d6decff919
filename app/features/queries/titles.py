"""Titles as the public lists show them, and new arrivals. Whatever readers may not see is left out."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from app.branches.models import Branch
from app.catalog import rules as catalog
from app.catalog.codes import VISIBLE_TO, ShelfStatus
from app.catalog.models import BibliographicRecord, Item
from app.features.models import Policy

SEEN = VISIBLE_TO["public"]
# What is on its way out of the stock is no news.
GONE = (ShelfStatus.WITHDRAWN, ShelfStatus.MISSING)
SHOWN_FIELDS = (
    "pk", "title", "volume", "statement", "publisher", "year", "issued", "isbn13", "ndc", "material_type", "audience",
)  # fmt: skip


def policy() -> Policy:
    """What the library decided, or the defaults. One SQL statement."""
    return Policy.objects.filter(pk=1).first() or Policy()


def public_records() -> QuerySet[BibliographicRecord]:
    """Records that anybody may see, with what a line shows of them."""
    return BibliographicRecord.objects.filter(visibility__in=SEEN).only(*SHOWN_FIELDS)


def public_items() -> QuerySet[Item]:
    """Items that anybody may see, of records that anybody may see, still in stock."""
    shown = Item.objects.filter(visibility__in=SEEN, record__visibility__in=SEEN)
    return shown.exclude(status__in=GONE)


def by_id(record_ids: Iterable[int]) -> dict[int, BibliographicRecord]:
    """Records that anybody may see, by id. One SQL statement."""
    return public_records().in_bulk(list(record_ids))


def records_named(lines: Sequence[str]) -> list[tuple[str, BibliographicRecord | None]]:
    """What each line names: an item number, an ISBN, or a record's number as in its address (also the whole address).
    None for what is unknown. Three SQL statements."""
    wanted = [line.strip() for line in lines if line.strip()]
    numbers = {line: line.rstrip("/").rpartition("/")[2] for line in wanted}
    digits = {value for value in numbers.values() if value.isascii() and value.isdigit()}
    isbns = {line: catalog.isbn13(line) for line in wanted}
    records = BibliographicRecord.objects.only(*SHOWN_FIELDS)
    items = dict(Item.objects.filter(barcode__in=digits).values_list("barcode", "record_id"))
    by_isbn: dict[str, BibliographicRecord] = {}
    # The record that the library holds speaks for an ISBN that several have.
    for record in records.filter(isbn13__in=set(filter(None, isbns.values()))).order_by("-pk"):
        by_isbn[record.isbn13] = record
    keys = {int(value) for value in digits if len(value) < 18} | set(items.values())
    found = records.in_bulk(list(keys))

    def named(line: str) -> BibliographicRecord | None:
        value = numbers[line]
        if value in items:
            return found.get(items[value])
        if isbns[line]:
            return by_isbn.get(isbns[line])
        return found.get(int(value)) if value in digits and len(value) < 18 else None

    return [(line, named(line)) for line in wanted]


@dataclass(frozen=True)
class New:
    """A title that arrived, the day on which it did, and the libraries that have it."""

    record: BibliographicRecord
    day: date
    branches: tuple[str, ...]
    call_number: str


@dataclass(frozen=True)
class Arrivals:
    """New arrivals, and by what they can be narrowed."""

    titles: list[New]
    total: int
    days: list[tuple[date, int]]
    materials: list[tuple[str, int]]
    classes: list[tuple[str, int]]


MOST_NEW = 5000


def arrivals(
    today: date,
    *,
    day: date | None = None,
    material: str = "",
    ndc: str = "",
    branch: Branch | None = None,
    page: int = 1,
    size: int = 50,
) -> Arrivals:
    """What was accessioned in the last days (Policy.new_days), the latest first, each title once. Counts are of what
    the other choices leave. Four SQL statements; at most 5,000 items are looked at."""
    since = today - timedelta(days=policy().new_days)
    items = public_items().filter(acquired_on__gt=since, acquired_on__lte=today)
    if branch is not None:
        items = items.filter(branch=branch)
    rows = list(
        items.order_by("-acquired_on", "call_key", "pk").values_list(
            "record_id", "acquired_on", "material_type", "record__ndc", "branch__short", "call_number"
        )[:MOST_NEW]
    )
    chosen: dict[int, list[tuple[int, date, str, str, str, str]]] = defaultdict(list)
    days: dict[date, set[int]] = defaultdict(set)
    materials: dict[str, set[int]] = defaultdict(set)
    classes: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        fits = (not day or row[1] == day, not material or row[2] == material, not ndc or row[3][:1] == ndc)
        if all(fits):
            chosen[row[0]].append(row)
        if fits[1] and fits[2]:
            days[row[1]].add(row[0])
        if fits[0] and fits[2]:
            materials[row[2]].add(row[0])
        if fits[0] and fits[1] and row[3][:1].isdigit():
            classes[row[3][:1]].add(row[0])
    wanted = list(chosen)[(page - 1) * size : page * size]
    records = by_id(wanted)
    titles = [
        New(records[pk], chosen[pk][0][1], tuple(dict.fromkeys(row[4] for row in chosen[pk])), chosen[pk][0][5])
        for pk in wanted
        if pk in records
    ]
    return Arrivals(
        titles,
        len(chosen),
        [(key, len(found)) for key, found in sorted(days.items(), reverse=True)],
        [(key, len(found)) for key, found in materials.items()],
        [(key, len(found)) for key, found in sorted(classes.items())],
    )


def in_use(places: Q | None = None) -> QuerySet[Branch]:
    """The branches in use, in the library's order."""
    return Branch.objects.filter(places or Q(), is_active=True).order_by("number")
