"""Records that are probably there twice: candidates through the search service and by numbers, judged by `likeness`."""

from dataclasses import dataclass

from django.db.models import Count, Q

from app.catalog.codes import Origin
from app.catalog.likeness import best, isbns_of, likeness, main_part, numbers_of
from app.catalog.models import BibliographicRecord
from app.catalog.search import Query, search

MOST_SHOWN = 10
_EACH = 30


@dataclass(frozen=True)
class Likely:
    """A record that is probably the same, with how sure that is and why."""

    record: BibliographicRecord
    score: float
    why: str


def like(record: BibliographicRecord) -> list[Likely]:
    """The records that are probably the same as this one, which need not be saved; the likeliest first.

    Two SQL statements and at most seven searches.
    """
    ids = _by_number(record) | _by_words(record)
    ids.discard(record.pk)
    found = BibliographicRecord.objects.filter(merged__isnull=True).defer("marc", "contents", "notes").in_bulk(ids)
    ranked = best((pk, likeness(record, other)) for pk, other in found.items())
    return [Likely(found[pk], how.score, how.why) for pk, how in ranked[:MOST_SHOWN]]


def _by_number(record: BibliographicRecord) -> set[int]:
    wanted = Q(isbn13__in=isbns_of(record))
    forms = {form for number in numbers_of(record) for form in _written(number)}
    wanted |= Q(national_number__in=forms) | Q(control_number__in=forms)
    return set(BibliographicRecord.objects.filter(wanted).values_list("pk", flat=True)[: _EACH * 2])


def _written(number: str) -> set[str]:
    """How a number may stand in a record: bare, padded, with a country before it."""
    padded = {number, *(number.zfill(width) for width in (8, 9, 10, 12))}
    return padded | {f"JP{one}" for one in padded} | {f"jp{one}" for one in padded}


def _by_words(record: BibliographicRecord) -> set[int]:
    """Candidates by the title, its reading and halves (a slip of the pen is in one of them) and the author; the latter
    among the years around only, when the year is known."""
    title = main_part(record.title)
    wide = [*isbns_of(record), title]
    narrow = [main_part(record.title_reading), *record.creators[:1]]
    if len(title) > 5:
        middle = len(title) // 2
        narrow += [title[:middle], title[middle:]]
    near = {} if record.year is None else {"year_from": record.year - 1, "year_to": record.year + 1}
    asked = [Query(text=text, size=_EACH) for text in _said(wide)]
    asked += [Query(text=text, size=_EACH, **near) for text in _said(narrow)]
    return {hit.record_id for query in asked for hit in search(query).hits}


def _said(texts: list[str]) -> list[str]:
    return list(dict.fromkeys(text.strip() for text in texts if text.strip()))


def temporary_records() -> list[BibliographicRecord]:
    """Temporary records that wait for their real one, the oldest first, with their number of items as `pieces`.

    One SQL statement.
    """
    waiting = BibliographicRecord.objects.filter(origin=Origin.TEMPORARY, merged__isnull=True)
    return list(waiting.defer("marc").annotate(pieces=Count("items")).order_by("created_at", "pk"))
