"""Documents read as rows: those not yet in the bitmaps, and small sets of those that are."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from app.catalog.search import conditions, store
from app.catalog.search.bitmaps import Slot
from app.catalog.search.conditions import Tier, Values
from app.catalog.search.documents import LEVELS, NOT_HELD
from app.catalog.search.query import Node, Query


class Row(NamedTuple):
    """What sorting, counting and showing need of one document that answers."""

    record_id: int
    held: int
    popularity: int
    year: int | None
    title_order: str
    author_order: str
    arrived: int
    material: str
    ndc: str
    language: str
    audience: str
    branches: list[int]
    tier: int


def _columns(level: int) -> str:
    return (
        "d.record_id, d.held, d.popularity, d.year, d.title_order, d.author_order, d.arrived, d.material_type, d.ndc,"
        f" d.language, d.audience, {conditions.branches(level)}"
    )


def fresh(query: Query, node: Node | None, steps: Sequence[Tier]) -> list[Row]:
    """The answers among documents that changed since the last merge. One SQL statement."""
    values = Values()
    tests = ["d.fresh", *conditions.filters(query, values)]
    if node is not None:
        tests.append(conditions.condition(node, values))
    tier = conditions.tier(steps, values)
    columns = _columns(LEVELS[query.shown_to])
    statement = f"SELECT {columns}, {tier} FROM catalog_searchdocument AS d WHERE {' AND '.join(tests)}"
    return [Row(*row) for row in store.rows(statement, values.given)]


def numbered(slot: Slot, hits: bytes, query: Query, node: Node | None, steps: Sequence[Tier]) -> list[Row]:
    """The rows of a few numbered documents that meet the node (None: surely all do). One SQL statement."""
    values = Values()
    test = f" WHERE {conditions.condition(node, values)}" if node is not None else ""
    tier = conditions.tier(steps, values)
    some = values.put(hits).replace(")s", ")b")
    statement = (
        f"SELECT {_columns(LEVELS[query.shown_to])}, {tier} FROM catalog_searchdocument AS d"
        f" JOIN {slot.table('number')} AS n ON n.record_id = d.record_id"
        f" AND n.number = ANY (rb_to_array({some}::roaringbitmap)){test}"
    )
    return [Row(*row) for row in store.binary(statement, values.given)]


def rank(row: Row) -> tuple[Any, ...]:
    """What decides among equals: held, borrowed often, newer, then the record's number."""
    return (row.held == NOT_HELD, -row.popularity, row.year is None, -(row.year or 0), row.record_id)


ORDERS: dict[str, Callable[[Row], tuple[Any, ...]]] = {
    "relevance": lambda row: (row.tier, *rank(row)),
    "newest": lambda row: (row.year is None, -(row.year or 0), *rank(row)),
    "oldest": lambda row: (row.year is None, row.year or 0, *rank(row)),
    "title": lambda row: (row.title_order, *rank(row)),
    "author": lambda row: (row.author_order, *rank(row)),
    "popular": rank,
    "arrived": lambda row: (-row.arrived, *rank(row)),
}


def deepest(classes: Sequence[str]) -> int:
    """How many digits the classes below the chosen ones have."""
    return min(min((len(one) for one in classes), default=0) + 1, 3)


def facets(found: Iterable[Row], classes: Sequence[str]) -> dict[str, Counter[str]]:
    """How many of the rows have each value; availability is not in the rows."""
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("branch", "material", "ndc", "decade", "language", "audience")
    }
    digits = deepest(classes)
    for row in found:
        counts["branch"].update(map(str, row.branches))
        counts["material"][row.material] += 1
        if len(row.ndc) >= digits:
            counts["ndc"][row.ndc[:digits]] += 1
        if row.year is not None:
            counts["decade"][str(row.year // 10 * 10)] += 1
        counts["language"][row.language] += 1
        counts["audience"][row.audience] += 1
    for name in ("material", "language", "audience"):
        counts[name].pop("", None)
    return counts


def borrowable(record_ids: Sequence[int], branches: Sequence[int]) -> int:
    """How many of these records have an item that can be borrowed at this moment. One SQL statement."""
    if not record_ids:
        return 0
    values = Values()
    at = f" AND i.branch_id = ANY ({values.put(list(branches))}::int[])" if branches else ""
    some = values.put(list(record_ids))
    statement = (
        f"SELECT count(DISTINCT i.record_id) FROM catalog_item AS i"
        f" WHERE i.record_id = ANY ({some}::bigint[]){at} AND {conditions.BORROWABLE}"
    )
    return int(store.rows(statement, values.given)[0][0])
