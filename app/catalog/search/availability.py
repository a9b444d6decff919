"""Which numbered documents have an item to borrow at this moment, as a bitmap.

The bitmaps of a while ago (SearchAvailable) and the items that were away then (SearchState.away) are kept. What was
lent, held or sent since, or came back, is noted as it happens (SearchMoved, by triggers in the same transaction); the
records of these items are decided anew with every question. So the answer is the database's truth whenever it is
asked; `refresh` only keeps the notes few. What else makes an item available changes its record's document, which then
is not numbered.
"""

from collections.abc import Sequence

from django.db import transaction

from app.catalog.search import store
from app.catalog.search.bitmaps import EMPTY, Slot
from app.catalog.search.conditions import AWAY, BORROWABLE, SHELVED, Values

# So many noted items cost about as much as the rest of a question.
REFRESH_FROM = 100
_NOW = f"(SELECT coalesce(rb_build_agg(item_id::int), {EMPTY}) FROM ({AWAY}) AS away)"
_THEN = "(SELECT away FROM catalog_searchstate WHERE id = 1)"


def available(slot: Slot, branches: Sequence[int], values: Values) -> tuple[str, str]:
    """CTEs (to stand in a WITH) and the expression for the documents available at one of the branches, or at any."""
    chosen = values.put(list(branches) or [0])
    at = f" AND i.branch_id = ANY ({values.put(list(branches))}::int[])" if branches else ""
    number = slot.table("number")
    ctes = f"""differing AS MATERIALIZED (
        SELECT DISTINCT n.number, n.record_id FROM catalog_item AS i JOIN {number} AS n ON n.record_id = i.record_id
        WHERE i.id = ANY (ARRAY(SELECT item_id FROM catalog_searchmoved))
    ), lendable AS MATERIALIZED (
        SELECT coalesce(rb_or_agg(docs), {EMPTY})
            - (SELECT coalesce(rb_build_agg(number), {EMPTY}) FROM differing)
            | (SELECT coalesce(rb_build_agg(number), {EMPTY}) FROM differing
               WHERE EXISTS (SELECT FROM catalog_item AS i WHERE i.record_id = differing.record_id{at}
                             AND {BORROWABLE})) AS b
        FROM catalog_searchavailable WHERE slot = '{slot.name}' AND branch_id = ANY ({chosen}::int[])
    )"""
    return ctes, "(SELECT b FROM lendable)"


def _items(slot: str, away: str, records: str = "") -> str:
    """Branch and number of every document with an item to borrow, once for its branch and once for any (0)."""
    return f"""SELECT at.branch_id, n.number
        FROM catalog_item AS i JOIN catalog_searchnumber{slot} AS n ON n.record_id = i.record_id,
             LATERAL (VALUES (0), (i.branch_id::int)) AS at (branch_id)
        WHERE {SHELVED} AND NOT ({away} @> i.id::int){records}"""


def build(slot: str) -> bytes:
    """Make SearchAvailable anew for a slot; returns the items that are away, for its SearchState.

    The items away are found first: what is lent or comes back meanwhile differs from them and is decided anew."""
    away = bytes(store.binary(f"SELECT {_NOW}::bytea", {})[0][0])
    store.rows("DELETE FROM catalog_searchavailable WHERE slot = %(slot)s", {"slot": slot})
    statement = (
        f"INSERT INTO catalog_searchavailable (slot, branch_id, docs) SELECT '{slot}', branch_id, rb_build_agg(number)"
        f" FROM ({_items(slot, '(SELECT %(away)b::roaringbitmap)')}) AS found GROUP BY branch_id RETURNING branch_id"
    )
    store.binary(statement, {"away": away})
    return away


def add(slot: Slot, first: int, last: int) -> None:
    """Take a run of new numbers into SearchAvailable, as of SearchState.away."""
    some = _items(slot.name, _THEN, " AND n.number BETWEEN %(first)s::int AND %(last)s::int")
    _put(slot, some, EMPTY, {"first": first, "last": last})


def _put(slot: Slot, some: str, gone: str, values: dict[str, object]) -> None:
    """Take `gone` out of every bitmap and put in what `some` finds."""
    store.binary(
        f"""WITH anew AS (SELECT branch_id, rb_build_agg(number) AS docs FROM ({some}) AS s GROUP BY branch_id),
        gone AS (SELECT {gone} AS docs),
        there AS (SELECT branch_id, docs FROM catalog_searchavailable WHERE slot = '{slot.name}')
        INSERT INTO catalog_searchavailable (slot, branch_id, docs)
        SELECT '{slot.name}', branch_id, coalesce(there.docs, {EMPTY}) - gone.docs | coalesce(anew.docs, {EMPTY})
        FROM there FULL JOIN anew USING (branch_id) CROSS JOIN gone
        ON CONFLICT (slot, branch_id) DO UPDATE SET docs = excluded.docs RETURNING branch_id""",
        values,
    )


@transaction.atomic
def refresh(least: int | None = None) -> int:
    """Decide anew what was noted, when there are so many notes, and forget these; returns how many items differed."""
    known = store.rows("SELECT id FROM catalog_searchstate WHERE id = 1 FOR UPDATE")
    slot = store.slot() if known else None
    if slot is None:
        # The first bitmaps will be made from what is away then.
        store.rows("DELETE FROM catalog_searchmoved")
        return 0
    seen = [pk for (pk,) in store.rows("SELECT id FROM catalog_searchmoved")]
    if len(seen) < (REFRESH_FROM if least is None else least):
        return 0
    # Read after what was noted: what is noted from now on stays noted.
    now = bytes(store.binary(f"SELECT {_NOW}::bytea", {})[0][0])
    count, changed = store.binary(
        f"SELECT rb_cardinality(b), b::bytea FROM (SELECT %(now)b::roaringbitmap # {_THEN} AS b) AS d", {"now": now}
    )[0]
    numbers = (
        f"SELECT DISTINCT n.number FROM catalog_item AS i JOIN {slot.table('number')} AS n"
        " ON n.record_id = i.record_id WHERE i.id = ANY (rb_to_array(%(changed)b::roaringbitmap))"
    )
    touched = bytes(
        store.binary(
            f"SELECT coalesce(rb_build_agg(number), {EMPTY})::bytea FROM ({numbers}) AS n", {"changed": changed}
        )[0][0]
    )
    some = _items(
        slot.name,
        "(SELECT %(now)b::roaringbitmap)",
        " AND n.number = ANY (rb_to_array(%(touched)b::roaringbitmap))",
    )
    _put(slot, some, "%(touched)b::roaringbitmap", {"now": now, "touched": touched})
    store.binary("UPDATE catalog_searchstate SET away = %(now)b::roaringbitmap WHERE id = 1 RETURNING id", {"now": now})
    store.rows("DELETE FROM catalog_searchmoved WHERE id = ANY (%(seen)s)", {"seen": seen})
    return int(count)


def note(away: bytes) -> None:
    """Note what moved since these items were away, and nothing else; whoever calls holds SearchState.

    For a rebuild: what it found away is some minutes old when it comes into use, and may have been refreshed
    meanwhile. So no note of what was lent outlives the night.
    """
    store.rows("DELETE FROM catalog_searchmoved")
    store.binary(
        "INSERT INTO catalog_searchmoved (item_id)"
        f" SELECT unnest(rb_to_array({_NOW} # %(away)b::roaringbitmap)) RETURNING id",
        {"away": away},
    )
