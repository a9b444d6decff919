"""Where in a record a search hit, when it was not the title: the line of its contents, table of contents or summary."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.catalog.models import BibliographicRecord, ContentsPart
from app.catalog.search import Query
from app.catalog.search.fold import folded
from app.catalog.search.parse import understand
from app.catalog.search.query import asked_terms
from app.catalog.showing import policy

LONGEST = 120
_AROUND = 40


@dataclass(frozen=True)
class Spot:
    """The line, and the name of the part of the record that it stands in."""

    part: str
    line: str


def words_of(query: Query) -> list[str]:
    """The folded words that a record may have anywhere."""
    nodes = [understand(query.text).node, query.where]
    terms = [term for node in nodes if node is not None for term in asked_terms(node)]
    found = [folded(term.text) for term in terms if term.field in ("any", "contents")]
    return [word for word in dict.fromkeys(found) if len(word) > 1]


def spots_of(record_ids: Iterable[int], query: Query) -> dict[int, Spot]:
    """For those of these records where a word stands in their contents and not in the title. At most three SQL
    statements, none without words."""
    ids, words = list(record_ids), words_of(query)
    if not ids or not words:
        return {}
    decided = policy()
    pieces: dict[int, list[str]] = {}
    parts = ContentsPart.objects.filter(record_id__in=ids).order_by("record_id", "order")
    for record_id, title, creator in parts.values_list("record_id", "title", "creator"):
        pieces.setdefault(record_id, []).append(f"{title} {creator}".strip())
    found: dict[int, Spot] = {}
    rows = BibliographicRecord.objects.filter(pk__in=ids).values_list("pk", "title", "contents", "toc", "summary")
    for pk, title, contents, toc, summary in rows:
        wanted = [word for word in words if word not in folded(title)]
        places = [
            ("内容細目", [*pieces.get(pk, []), *contents]),
            ("目次", toc.splitlines() if decided.show_toc else []),
            ("内容紹介", [summary] if decided.show_summary else []),
        ]
        spot = _first(places, wanted)
        if spot:
            found[pk] = spot
    return found


def marked(lines: Sequence[str], text: str) -> list[tuple[str, bool]]:
    """The lines, and whether a word of the text stands in each. Pure."""
    words = words_of(Query(text=text[:200])) if text else []
    return [(line, any(word in folded(line) for word in words)) for line in lines]


def _first(places: Sequence[tuple[str, Sequence[str]]], words: Sequence[str]) -> Spot | None:
    for part, lines in places:
        for line in lines:
            key = folded(line)
            word = next((word for word in words if word in key), "")
            if word:
                return Spot(part, _cut(line, key.index(word)))
    return None


def _cut(line: str, at: int) -> str:
    """As much of a long line as fits around the place."""
    if len(line) <= LONGEST:
        return line
    start = max(0, min(at - _AROUND, len(line) - LONGEST))
    return ("…" if start else "") + line[start : start + LONGEST].strip() + ("…" if start + LONGEST < len(line) else "")
