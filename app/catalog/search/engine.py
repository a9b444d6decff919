"""The search: which documents answer, how many, which of them first, and how many have each value."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db import OperationalError

from app.catalog.search import availability, broad, conditions, grams, rows, store
from app.catalog.search.bitmaps import EMPTY, Bitmaps, Slot, long_grams
from app.catalog.search.conditions import Tier, Values
from app.catalog.search.documents import LEVELS
from app.catalog.search.fold import folded
from app.catalog.search.parse import understand
from app.catalog.search.query import (
    DEEPEST_PAGE,
    SORTS,
    AllOf,
    FacetCount,
    Hit,
    Node,
    Query,
    Result,
    Term,
    all_of,
    asked_terms,
)

# A reader gets a polite answer rather than a hung page; the database's own limit is the last guard.
LIMIT_MILLISECONDS = 8000
TOO_BROAD = "該当が多すぎて時間内に探せませんでした。言葉を足して探してください。"
# Up to so many documents are read as rows; more are counted and ordered by bitmaps.
FEW = 1000
# Authors are counted among so few.
AUTHORS_AMONG = 100
AVAILABLE = "1"


@dataclass(frozen=True)
class Asked:
    """A question made ready: what must hold, and the steps of relevance."""

    query: Query
    node: Node | None
    steps: list[Tier]

    @property
    def level(self) -> int:
        """Who asks: 0 a reader anywhere, 1 a reader inside, 2 staff."""
        return LEVELS[self.query.shown_to]


def search(query: Query) -> Result:
    """The page of results for any query, in at most ten statements. Odd queries answer with a notice, never raise.

    Without text and without narrowing nothing is searched and the result is empty.
    """
    understood = understand(query.text)
    if understood.node is None and (query.text.strip() or not query.narrowed):
        return Result(notice=understood.notice)
    nodes = [node for node in (understood.node, query.where) if node is not None]
    node = all_of(nodes)
    phrases, words = [understood.phrase, *understood.also], list(understood.words)
    if understood.node is None and node is not None:
        terms = [folded(term.text) for term in asked_terms(node) if term.field in ("any", "title")]
        phrases, words = terms[:1], terms
    asked = Asked(query, _flat(node), conditions.tiers(phrases, words, node) if query.sort == "relevance" else [])
    try:
        with store.one_view(LIMIT_MILLISECONDS):
            return _answer(asked, understood.notice)
    except OperationalError as error:
        if "statement timeout" not in str(error):
            raise
        return Result(notice=TOO_BROAD)


def _flat(node: Node | None) -> Node | None:
    """All that must hold side by side, so that each is as easy as it can be."""
    if not isinstance(node, AllOf):
        return node
    parts: list[Node] = []
    for part in node.parts:
        inner = _flat(part)
        parts += inner.parts if isinstance(inner, AllOf) else [part]
    return AllOf(tuple(parts))


def _answer(asked: Asked, notice: str) -> Result:
    query = asked.query
    fresh = rows.fresh(query, asked.node, asked.steps)
    slot = store.slot()
    count, hits, loose = hits_of(slot, asked) if slot else (0, b"", None)
    sort = query.sort if query.sort in SORTS else "relevance"
    page = min(max(query.page, 1), DEEPEST_PAGE)
    first, last = (page - 1) * query.size, page * query.size
    if slot is None or count <= FEW:
        found = fresh + (rows.numbered(slot, hits, query, loose, asked.steps) if slot and count else [])
        found.sort(key=rows.ORDERS[sort])
        return Result(
            hits=tuple(_hit(row, asked.level) for row in found[first:last]),
            total=len(found),
            facets=_facets(rows.facets(found, query.classes), *_of_rows(found, query)),
            notice=notice,
        )
    counts, available = broad.facets(slot, hits, query)
    for name, more in rows.facets(fresh, query.classes).items():
        counts[name].update(more)
    available += rows.borrowable([row.record_id for row in fresh], query.branches)
    shown = broad.page(slot, hits, sort, asked.steps, fresh, (first, last), asked.query)
    return Result(
        hits=tuple(_hit(row, asked.level) for row in shown),
        total=count + len(fresh),
        facets=_facets(counts, available, Counter()),
        notice=notice,
    )


def hits_of(slot: Slot, asked: Asked) -> tuple[int, bytes, Node | None]:
    """The numbered documents that answer: how many, which, and what is still to be looked at in their rows.

    Something is left to be looked at only when there are few. Three statements at most.
    """
    values = Values()
    bitmaps = Bitmaps(slot, values, known_grams(slot, long_grams(asked.node, asked.steps)))
    found, loose = bitmaps.asked(asked.node) if asked.node is not None else ("", [])
    parts = [*([f"({found})"] if found else []), *bitmaps.filters(asked.query)]
    ctes = ""
    if asked.query.available:
        ctes, lendable = availability.available(slot, asked.query.branches, values)
        parts.append(lendable)
    expression = " & ".join(parts) or slot.everything()
    refused = [dead(slot), *([hidden] if (hidden := bitmaps.hidden(asked.query)) else [])]
    expression = f"({expression})" + "".join(f" - {one}" for one in refused)
    statement = (
        f"WITH {ctes + ', ' if ctes else ''}h AS MATERIALIZED (SELECT {expression} AS b)"
        " SELECT rb_cardinality(b), b::bytea FROM h"
    )
    count, hits = store.binary(statement, values.given)[0]
    rest = all_of(list(loose))
    if rest is None or count <= FEW:
        return int(count), bytes(hits), rest
    values = Values()
    some = values.put(bytes(hits)).replace(")s", ")b")
    checked = Bitmaps(slot, values).checked(f"{some}::roaringbitmap", conditions.condition(rest, values))
    statement = f"WITH h AS MATERIALIZED (SELECT {checked} AS b) SELECT rb_cardinality(b), b::bytea FROM h"
    count, hits = store.binary(statement, values.given)[0]
    return int(count), bytes(hits), None


def known_grams(slot: Slot, wanted: set[str]) -> set[str]:
    """Those long grams that the slot's dictionary has. One SQL statement, none without grams."""
    if not wanted:
        return set()
    statement = f"SELECT gram FROM {slot.table('posting')} WHERE gram = ANY (%(grams)s) AND field = 0"
    return {gram for (gram,) in store.rows(statement, {"grams": sorted(wanted)})}


def dead(slot: Slot) -> str:
    """The numbers that count no more: replaced for good, of documents that are fresh, of records that are gone."""
    return (
        f"coalesce((SELECT dead FROM catalog_searchstate WHERE id = 1), {EMPTY})"
        f" - coalesce((SELECT rb_build_agg(d.number) FROM catalog_searchdocument AS d WHERE d.fresh), {EMPTY})"
        # An array, that the numbers are looked up: a join may be planned to read all of them.
        f" - coalesce((SELECT rb_build_agg(n.number) FROM {slot.table('number')} AS n"
        f" WHERE n.record_id = ANY (ARRAY(SELECT record_id FROM catalog_searchgone))), {EMPTY})"
    )


def _hit(row: Any, level: int) -> Hit:
    return Hit(row.record_id, row.tier, conditions.is_held(row.held, level))


def _facets(
    counts: dict[str, Counter[str]], available: int, authors: Counter[str]
) -> dict[str, tuple[FacetCount, ...]]:
    counts = {**counts, "available": Counter({AVAILABLE: available} if available else {})}
    if authors:
        counts["author"] = authors
    return {name: _ordered(counted) for name, counted in counts.items()}


def _ordered(counted: Counter[str]) -> tuple[FacetCount, ...]:
    ordered = sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(FacetCount(value, count) for value, count in ordered if count)


def _of_rows(found: Sequence[rows.Row], query: Query) -> tuple[int, Counter[str]]:
    """How many of these can be borrowed now, and how many there are of each author. Two SQL statements."""
    ids = [row.record_id for row in found]
    authors: Counter[str] = Counter()
    if 0 < len(ids) <= AUTHORS_AMONG:
        texts = store.rows(
            "SELECT d.author, r.creators FROM catalog_searchdocument AS d"
            " JOIN catalog_bibliographicrecord AS r ON r.id = d.record_id WHERE d.record_id = ANY (%(ids)s)",
            {"ids": ids},
        )
        names: dict[str, Counter[str]] = {}
        for _, creators in texts:
            for name in dict.fromkeys(creators):
                if wanted := conditions.needle_of(Term(name, "author", "exact")):
                    names.setdefault(wanted, Counter())[name] += 1
        for wanted, written in names.items():
            authors[written.most_common(1)[0][0]] = sum(wanted in text for text, _ in texts)
    return rows.borrowable(ids, query.branches), authors


def suggest(prefix: str, limit: int = 10) -> list[str]:
    """Up to `limit` titles that begin with the text, in kanji or by reading, held and much-borrowed ones first.

    Only what everybody may see. At most five statements.
    """
    wanted = grams.needle(folded(prefix[:60]), "prefix")
    if not wanted:
        return []
    with store.one_view(LIMIT_MILLISECONDS):
        titles = _begun(wanted, limit)
    return titles


def _begun(wanted: str, limit: int) -> list[str]:
    values = Values()
    test = conditions.contains(wanted, (grams.TITLE,), values)
    columns = "d.record_id, d.held, d.popularity, d.year, r.title"
    joined = "catalog_searchdocument AS d JOIN catalog_bibliographicrecord AS r ON r.id = d.record_id"
    found = store.rows(
        f"SELECT {columns} FROM {joined} WHERE d.fresh AND d.visibility = 0 AND {test}"
        " ORDER BY d.held = 3, d.popularity DESC, d.year DESC NULLS LAST, d.record_id LIMIT 200",
        values.given,
    )
    slot = store.slot()
    if slot:
        best, exact = _best(slot, wanted, limit)
        statement = (
            f"SELECT {columns} FROM {joined} JOIN {slot.table('number')} AS n ON n.record_id = d.record_id"
            " WHERE n.number = ANY (%(numbers)s::int[])"
        )
        values = Values()
        check = "" if exact else f" AND {conditions.contains(wanted, (grams.TITLE,), values)}"
        # The best come first: most often a few of them are enough.
        for start, end in pairwise((0, 2 * limit, *(10 * limit * 6**step for step in range(4)))):
            numbers = [number for run in best for number in run[start:end]]
            if not numbers or len({title for *_, title in found}) >= limit:
                break
            found += store.rows(statement + check, values.given | {"numbers": numbers})
    found.sort(key=lambda row: (row[1] == 3, -row[2], row[3] is None, -(row[3] or 0), row[0]))
    return list(dict.fromkeys(title for *_, title in found))[:limit]


def _best(slot: Slot, wanted: str, limit: int) -> tuple[list[list[int]], bool]:
    """The best numbers of each run that may have a title with this beginning, and whether they surely have."""
    values = Values()
    bitmaps = Bitmaps(slot, values, known_grams(slot, grams.long_grams(wanted)))
    expression, exact = bitmaps.needle(wanted, (grams.TITLE,))
    shown = f"({expression}) - {dead(slot)} - {bitmaps.facet('visibility', (1, 2))}"
    many = 10 * limit if exact else 2 * grams.FREQUENT
    best = ", ".join(f"rb_to_array(rb_select(b, {many}, 0, false, {first}, {last + 1}))" for first, last in slot.runs)
    statement = f"WITH h AS MATERIALIZED (SELECT {shown} AS b) SELECT {best} FROM h"
    return [list(run) for run in store.binary(statement, values.given)[0]], exact
