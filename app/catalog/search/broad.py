"""Many documents: counted by the bitmaps of the facets, ordered by groups of bitmaps.

An order divides the hits into groups: the tiers of relevance, years, stretches of the alphabet. Only the groups that
a page needs are taken apart. Within a tier or a year the smallest numbers of each run are the best.
"""

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from app.catalog.search import availability, rows, store
from app.catalog.search.bitmaps import EMPTY, Bitmaps, Slot, long_grams
from app.catalog.search.conditions import TIERS, Tier, Values
from app.catalog.search.documents import LAST, LEVELS
from app.catalog.search.query import Query
from app.catalog.search.rows import Row

BORDERS = 1024
# Behind every group of an order: documents without a year, a name, an arrival.
REST = 1 << 30
# A stretch of the alphabet is read whole; more documents than this have the same name and need no order among them.
MOST_READ = 20_000
# Arrivals of the last months count by the day, earlier ones by these many days.
OLD_DAYS = 32
_ORDERED_BY_KEY = ("title", "author")


def place(kind: str, row: Any, borders: dict[str, list[str]]) -> int:
    """The group of a document (a Row or a Document) in an order; REST behind all."""
    if kind in ("newest", "oldest"):
        year = row.year if row.year is not None else None
        return REST if year is None else -year if kind == "newest" else year
    if kind == "arrived":
        return -arrival(row.arrived, int(borders.get("recent", ["0"])[0])) if row.arrived else REST
    if kind in _ORDERED_BY_KEY:
        key = row.title_order if kind == "title" else row.author_order
        return REST if key == LAST else bisect_right(borders.get(kind, []), key)
    return row.tier if kind == "relevance" else 0


def arrival(day: int, recent: int) -> int:
    """The day that an arrival counts as."""
    return day if day >= recent else day // OLD_DAYS * OLD_DAYS


def facets(slot: Slot, hits: bytes, query: Query) -> tuple[dict[str, Counter[str]], int]:
    """How many of the hits have each value, and how many can be borrowed now. Two SQL statements."""
    digits = rows.deepest(query.classes)
    kinds = ["branch", "material", f"ndc{digits}", "decade", "language", "audience"]
    counted = store.binary(
        f"SELECT kind, value, sum(rb_and_cardinality(docs, %(hits)b::roaringbitmap))::int"
        f" FROM {slot.table('facet')} WHERE kind = ANY (%(kinds)s::text[]) GROUP BY kind, value",
        {"hits": hits, "kinds": kinds},
    )
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("branch", "material", "ndc", "decade", "language", "audience")
    }
    level = LEVELS[query.shown_to]
    for kind, value, count in counted:
        if kind == "branch":
            branch, _, seen = value.partition(":")
            counts["branch"][branch] += count if int(seen) <= level else 0
        else:
            counts["ndc" if kind.startswith("ndc") else kind][value] += count
    values = Values()
    ctes, lendable = availability.available(slot, query.branches, values)
    some = values.put(hits).replace(")s", ")b")
    statement = f"WITH {ctes} SELECT rb_and_cardinality({lendable}, {some}::roaringbitmap)"
    return counts, int(store.binary(statement, values.given)[0][0])


def page(
    slot: Slot,
    hits: bytes,
    sort: str,
    steps: Sequence[Tier],
    fresh: Sequence[Row],
    window: tuple[int, int],
    query: Query,
) -> list[Row]:
    """The hits from one place to another in an order, with the fresh rows among them. Three SQL statements."""
    own = {place(sort, row, slot.borders) for row in fresh}
    more = {group: sum(place(sort, row, slot.borders) == group for row in fresh) for group in own}
    groups = _groups(slot, hits, sort, steps, more, window)
    numbers = [number for *_, taken in groups for number in taken]
    known = _rows(slot, numbers, LEVELS[query.shown_to])
    shown: list[Row] = []
    order = rows.ORDERS[sort if sort in _ORDERED_BY_KEY else "popular"]
    for group, before, skipped, taken in groups:
        numbers = [number for number in taken if number in known]
        added = sorted((row for row in fresh if place(sort, row, slot.borders) == group), key=order)
        runs = [[known[number] for number in numbers if first <= number <= last] for first, last in slot.runs]
        if sort in _ORDERED_BY_KEY:
            found = sorted([*(row for run in runs for row in run), *added], key=order)
        else:
            # Each run keeps its order, also where ranks changed since: so pages neither repeat nor skip.
            found = list(heapq.merge(*runs, added, key=order))
        found = [row._replace(tier=group if steps else TIERS - 1) for row in found]
        first = max(window[0] - before, 0) - skipped
        shown += found[first : first + window[1] - max(window[0], before)]
    return shown


def _groups(
    slot: Slot, hits: bytes, sort: str, steps: Sequence[Tier], more: dict[int, int], window: tuple[int, int]
) -> list[tuple[int, int, int, list[int]]]:
    """The groups of which a page has some: the group, how many stand before it, how many of its numbers were passed
    over, and the following ones.

    Groups are counted first; only those that the page needs are taken apart, and tiers behind it are not looked at.
    """
    values = Values()
    some = f"{values.put(hits).replace(')s', ')b')}::roaringbitmap"
    places, counts = values.put(list(more)), values.put(list(more.values()))
    first, last = values.put(window[0]), values.put(window[1])
    makers: dict[str, Callable[[], tuple[str, str]]] = {
        "relevance": lambda: _by_tier(slot, steps, values, last),
        "popular": lambda: ("groups AS (SELECT 0 AS place, rb_cardinality(h.b) AS n FROM h)", "(SELECT b FROM h)"),
    }
    made, members = makers.get(sort, lambda: _by_value(slot, sort))()
    whole = f"rb_to_array(rb_select(b, {MOST_READ}))"
    each = " || ".join(
        f"rb_to_array(rb_select(b, {last}::bigint - before, 0, false, {start}, {end + 1}))" for start, end in slot.runs
    )
    alone = "added = 0" if len(slot.runs) == 1 else "FALSE"
    skipped = f"CASE WHEN {alone} THEN greatest({first}::bigint - before, 0) ELSE 0 END"
    straight = f"rb_to_array(rb_select(b, {last}::bigint - before - skipped, skipped))"
    taken = whole if sort in _ORDERED_BY_KEY else f"CASE WHEN {alone} THEN {straight} ELSE {each} END"
    if sort in _ORDERED_BY_KEY:
        skipped = "0::bigint"
    statement = f"""
        WITH h AS MATERIALIZED (SELECT {some} AS b), {made},
        counted AS MATERIALIZED (
            SELECT place, coalesce(f.n, 0) AS added, coalesce(g.n, 0) + coalesce(f.n, 0) AS n
            FROM groups AS g FULL JOIN unnest({places}::int[], {counts}::int[]) AS f (place, n) USING (place)),
        summed AS (SELECT place, added, n, (sum(n) OVER (ORDER BY place) - n)::bigint AS before FROM counted),
        needed AS MATERIALIZED (SELECT place, coalesce({members}, {EMPTY}) AS b, added, before, {skipped} AS skipped
                   FROM summed WHERE n > 0 AND before < {last}::bigint AND before + n > {first}::bigint)
        SELECT place, before, skipped, {taken} FROM needed ORDER BY place"""
    return [(group, before, skip, list(taken)) for group, before, skip, taken in store.binary(statement, values.given)]


def _by_value(slot: Slot, sort: str) -> tuple[str, str]:
    """Groups by the values of a facet that has an order, what has no value behind; and the documents of one."""
    kind = {"newest": "year", "oldest": "year"}.get(sort, sort)
    sign = "-" if sort in ("newest", "arrived") else ""
    table = slot.table("facet")
    groups = f"""valued AS MATERIALIZED (
            SELECT {sign}place AS place, sum(rb_and_cardinality(docs, h.b))::bigint AS n FROM {table}, h
            WHERE kind = '{kind}' GROUP BY 1),
        groups AS (
            SELECT place, n FROM valued
            UNION ALL SELECT {REST}, rb_cardinality(h.b) - coalesce((SELECT sum(n) FROM valued), 0)::bigint FROM h)"""
    docs = f"SELECT rb_or_agg(docs & h.b) FROM {table}, h WHERE kind = '{kind}'"
    rest = f"(SELECT b FROM h) - coalesce(({docs}), {EMPTY})"
    return groups, f"CASE WHEN place = {REST} THEN {rest} ELSE ({docs} AND {table}.place = {sign}summed.place) END"


def _by_tier(slot: Slot, steps: Sequence[Tier], values: Values, last: str) -> tuple[str, str]:
    """Groups by relevance, and the documents of one: each tier takes from what the earlier ones left, and none once
    `last` documents were found."""
    wanted = long_grams(None, steps)
    for step in steps:
        wanted |= long_grams(step.node, ())
    found = store.rows(
        f"SELECT gram FROM {slot.table('posting')} WHERE gram = ANY (%(grams)s) AND field = 0",
        {"grams": sorted(wanted)},
    )
    bitmaps = Bitmaps(slot, values, {gram for (gram,) in found}, "(SELECT b FROM h)")
    left, ctes, groups, enough = "h.b, 0::bigint AS seen FROM h", [], [], f"seen >= {last}::bigint"
    for number, expression in enumerate(bitmaps.tiers(steps, bitmaps.among)):
        ctes.append(f"l{number} AS MATERIALIZED (SELECT {left})")
        ctes.append(
            f"t{number} AS MATERIALIZED"
            f" (SELECT CASE WHEN {enough} THEN {EMPTY} ELSE b & ({expression}) END AS b FROM l{number})"
        )
        left = (
            f"l{number}.b - t{number}.b AS b, l{number}.seen + rb_cardinality(t{number}.b) AS seen"
            f" FROM l{number}, t{number}"
        )
        groups.append(f"SELECT {number} AS place, b FROM t{number}")
    ctes.append(f"rest AS MATERIALIZED (SELECT {left})")
    groups.append(f"SELECT {TIERS - 1} AS place, b FROM rest")
    ctes.append(f"tiered AS MATERIALIZED ({' UNION ALL '.join(groups)})")
    ctes.append("groups AS (SELECT place, rb_cardinality(b) AS n FROM tiered)")
    return ", ".join(ctes), "(SELECT b FROM tiered WHERE tiered.place = summed.place)"


def _rows(slot: Slot, numbers: Sequence[int], level: int) -> dict[int, Row]:
    """What ordering and showing need of these numbers. One SQL statement."""
    if not numbers:
        return {}
    found = store.rows(
        "SELECT n.number, d.record_id, d.held, d.popularity, d.year, d.title_order, d.author_order, d.arrived, '', '',"
        f" '', '', '{{}}'::int[], {TIERS - 1} FROM {slot.table('number')} AS n"
        " JOIN catalog_searchdocument AS d ON d.record_id = n.record_id WHERE n.number = ANY (%(numbers)s)",
        {"numbers": list(numbers)},
    )
    return {number: Row(*row) for number, *row in found}
