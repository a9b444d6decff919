"""Which items or records a batch is about: by a condition, by numbers read one after the other, or by a file."""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from app.catalog import rules
from app.catalog.models import BibliographicRecord, Item
from app.catalog.search import Query, search
from app.patrons.rules import plain_number

MOST = 5_000
_PAGE = 500
_BREAK = re.compile(r"[\s,;、，]+")


@dataclass(frozen=True)
class Selection:
    """Ids in the order they were given, and the numbers that nobody knows."""

    ids: list[int]
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ItemCondition:
    """What items are looked for; empty parts do not matter. `text` is searched for as on the search page."""

    text: str = ""
    branch_id: int | None = None
    location: str = ""
    material_type: str = ""
    status: str = ""
    shelf_mark: str = ""
    call_number: str = ""
    """The beginning of the call number."""
    acquired_from: date | None = None
    acquired_to: date | None = None

    @property
    def is_empty(self) -> bool:
        """True when nothing is asked for: a batch over the whole library is never meant."""
        return self == ItemCondition()


def printable(text: str) -> str:
    """The text without signs that nobody can read and no database column takes."""
    return "".join(sign for sign in text if sign.isprintable())


def numbers_typed(text: str) -> list[str]:
    """Numbers read one after the other, each once: by lines, spaces or commas, a reader's frame signs taken off."""
    words = (printable(word) for word in _BREAK.split(text))
    return list(dict.fromkeys(plain_number(word) or word for word in words if word))


def numbers_in_file(content: bytes) -> list[str]:
    """The numbers of a file: the first column of CSV, or a number a line. A first line without a digit is a heading."""
    for coding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(coding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = content.decode("utf-8", "replace")
    cells = [row[0].strip() for row in csv.reader(io.StringIO(text.replace("\0", ""))) if row and row[0].strip()]
    if cells and not any(character.isdigit() for character in cells[0]):
        del cells[0]
    words = (printable(unicodedata.normalize("NFKC", cell))[:60] for cell in cells)
    return list(dict.fromkeys(plain_number(word) or word for word in words if word))


def items_numbered(numbers: Iterable[str]) -> Selection:
    """The items with these numbers. One SQL statement."""
    wanted = list(dict.fromkeys(numbers))
    known = dict(Item.objects.filter(barcode__in=wanted).values_list("barcode", "pk"))
    return Selection([known[n] for n in wanted if n in known], [n for n in wanted if n not in known])


def records_numbered(numbers: Iterable[str]) -> Selection:
    """The records of these item numbers or ISBNs, or with these record numbers. Three SQL statements.

    A number of an item comes first, then an ISBN (the record with items, then the older one), then our own number.
    """
    wanted = list(dict.fromkeys(numbers))
    by_item = dict(Item.objects.filter(barcode__in=wanted).values_list("barcode", "record_id"))
    isbns = {isbn: number for number in wanted if (isbn := rules.isbn13(number))}
    with_isbn = BibliographicRecord.objects.filter(isbn13__in=isbns, merged__isnull=True).order_by("-pk")
    by_isbn = {isbns[isbn]: pk for isbn, pk in with_isbn.values_list("isbn13", "pk")}
    plain = [int(n) for n in wanted if n.isascii() and n.isdigit() and len(n) < 19]
    own = set(BibliographicRecord.objects.filter(pk__in=plain, merged__isnull=True).values_list("pk", flat=True))
    ids, unknown = [], []
    for number in wanted:
        found = by_item.get(number) or by_isbn.get(number)
        if found is None and number.isascii() and number.isdigit() and len(number) < 19 and int(number) in own:
            found = int(number)
        (unknown.append(number) if found is None else ids.append(found))
    return Selection(list(dict.fromkeys(ids)), unknown)


def items_where(condition: ItemCondition) -> Selection:
    """The items that meet the condition, in shelf order, one more than MOST at most. One SQL statement and a search."""
    rows = Item.objects.all()
    if condition.text:
        rows = rows.filter(record_id__in=records_where(Query(text=condition.text, scope="held")).ids)
    if condition.branch_id is not None:
        rows = rows.filter(branch_id=condition.branch_id)
    for name in ("location", "material_type", "status", "shelf_mark"):
        if getattr(condition, name):
            rows = rows.filter(**{name: getattr(condition, name)})
    if condition.call_number:
        rows = rows.filter(call_number__startswith=condition.call_number)
    if condition.acquired_from:
        rows = rows.filter(acquired_on__gte=condition.acquired_from)
    if condition.acquired_to:
        rows = rows.filter(acquired_on__lte=condition.acquired_to)
    return Selection(list(rows.order_by("call_key", "barcode").values_list("pk", flat=True)[: MOST + 1]))


def records_where(query: Query) -> Selection:
    """The records that a search finds, one more than MOST at most. Some SQL statements a page of 500."""
    ids: list[int] = []
    page = 1
    while len(ids) <= MOST:
        found = search(
            Query(
                text=query.text,
                where=query.where,
                scope=query.scope,
                materials=query.materials,
                classes=query.classes,
                year_from=query.year_from,
                year_to=query.year_to,
                page=page,
                size=_PAGE,
            )
        )
        ids += [hit.record_id for hit in found.hits]
        if not found.hits or len(found.hits) < _PAGE:
            break
        page += 1
    return Selection(ids[: MOST + 1])
