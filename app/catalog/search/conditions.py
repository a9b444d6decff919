"""A question as conditions on the rows of SearchDocument (alias d). Pure: SQL text and its parameters.

This is the meaning of a question. What bitmaps cannot prove is looked at with these conditions, and so are documents
that are not yet in the bitmaps.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalog.codes import LENDABLE_STATUSES
from app.catalog.search import grams
from app.catalog.search.documents import LEVELS, NOT_HELD
from app.catalog.search.fold import folded
from app.catalog.search.query import AllOf, AnyOf, Node, Query, Term, Without

EVERYWHERE = (grams.TITLE, grams.AUTHOR, grams.PUBLISHER, grams.SUBJECT, grams.SERIES, grams.CONTENTS)
_HEADINGS = (grams.TITLE, grams.AUTHOR, grams.SUBJECT, grams.SERIES)
_FIELDS = {
    "title": (grams.TITLE,),
    "author": (grams.AUTHOR,),
    "publisher": (grams.PUBLISHER,),
    "subject": (grams.SUBJECT,),
    "series": (grams.SERIES,),
    "contents": (grams.CONTENTS,),
    "number": (grams.NUMBERS,),
    "class": (grams.CLASSES,),
}
TIERS = 7
ANY_PART = ("any", "part")
_LAST_YEAR = 9999

# An item that a reader may take home at this moment (alias i): on the shelf, and nobody has or awaits it.
# circulation, holds and transfers lie above the catalogue: their tables are asked in SQL.
AWAY = (
    "SELECT item_id FROM circulation_loan"
    " UNION ALL SELECT item_id FROM holds_hold WHERE status IN ('ready', 'transit') AND item_id IS NOT NULL"
    " UNION ALL SELECT item_id FROM transfers_transfer"
)
SHELVED = (
    f"i.status IN ({', '.join(repr(str(status.value)) for status in LENDABLE_STATUSES)})"
    " AND NOT i.reference_only AND i.restriction = '' AND i.visibility = 'public'"
)
BORROWABLE = (
    f"{SHELVED} AND NOT EXISTS (SELECT FROM circulation_loan l WHERE l.item_id = i.id)"
    " AND NOT EXISTS (SELECT FROM holds_hold h WHERE h.item_id = i.id AND h.status IN ('ready', 'transit'))"
    " AND NOT EXISTS (SELECT FROM transfers_transfer t WHERE t.item_id = i.id)"
)


@dataclass
class Values:
    """The parameters of a statement, each under a name of its own."""

    given: dict[str, Any] = field(default_factory=dict)

    def put(self, value: Any) -> str:
        """The placeholder of a value."""
        name = f"v{len(self.given)}"
        self.given[name] = value
        return f"%({name})s"


def fields_of(term: Term) -> tuple[int, ...]:
    """The fields in which a term may occur."""
    return _FIELDS.get(term.field, EVERYWHERE if term.match == "part" else _HEADINGS)


def needle_of(term: Term) -> str:
    """What one of these fields must contain; "" when the term can be nowhere."""
    if term.field == "number":
        match = "exact" if term.match == "part" else term.match
        return grams.needle(folded(term.text).replace(" ", ""), match)
    if term.field == "class":
        text = term.text.strip().upper()
        return grams.needle(text, "exact" if term.match == "exact" else "prefix")
    return grams.needle(folded(term.text), term.match)


def years_of(term: Term) -> tuple[int, int]:
    """The first and last year that a term of the field "year" asks for."""
    low, dash, high = term.text.partition("-")
    first = int(low) if low.isdigit() else 1
    last = int(high) if high.isdigit() else _LAST_YEAR if dash else first
    return min(first, _LAST_YEAR), min(last, _LAST_YEAR)


def contains(wanted: str, fields: Iterable[int], values: Values) -> str:
    """That one of the fields contains the needle."""
    if not wanted:
        return "FALSE"
    name = values.put(wanted)
    return "(" + " OR ".join(f"strpos(d.{grams.FIELDS[number - 1]}, {name}) > 0" for number in fields) + ")"


def condition(node: Node, values: Values) -> str:
    """That a document answers a node."""
    if isinstance(node, Term):
        if node.field == "year":
            first, last = years_of(node)
            return f"d.year BETWEEN {values.put(first)}::int AND {values.put(last)}::int"
        return contains(needle_of(node), fields_of(node), values)
    if isinstance(node, Without):
        return f"({condition(node.part, values)}) IS NOT TRUE"
    joiner = " AND " if isinstance(node, AllOf) else " OR "
    return "(" + joiner.join(condition(part, values) for part in node.parts) + ")"


def filters(query: Query, values: Values) -> list[str]:
    """What narrows a question besides its texts."""
    level = LEVELS[query.shown_to]
    found = [f"d.visibility <= {level}"]
    if query.scope == "held":
        found.append(f"d.held <= {level}")
    for column, chosen in (
        ("material_type", query.materials),
        ("language", query.languages),
        ("audience", query.audiences),
    ):
        if chosen:
            found.append(f"d.{column} = ANY ({values.put(list(chosen))})")
    if query.classes:
        starts = values.put([f"{text}%" for text in query.classes])
        found.append(f"d.ndc LIKE ANY ({starts})")
    if query.branches:
        found.append(f"{branches(level)} && {values.put(list(query.branches))}::int[]")
    if query.year_from is not None:
        found.append(f"d.year >= {values.put(query.year_from)}::int")
    if query.year_to is not None:
        found.append(f"d.year <= {values.put(query.year_to)}::int")
    if query.available:
        at = f" AND i.branch_id = ANY ({values.put(list(query.branches))}::int[])" if query.branches else ""
        found.append(f"EXISTS (SELECT FROM catalog_item i WHERE i.record_id = d.record_id{at} AND {BORROWABLE})")
    return found


def branches(level: int) -> str:
    """The branches whose items somebody of that level sees."""
    return "(" + " || ".join(("d.branches", "d.inside_branches", "d.staff_branches")[: level + 1]) + ")"


def within(node: Node, *fields: str) -> Node:
    """The same node with every term of any field asked for in one of these fields."""
    if isinstance(node, Term):
        if node.field != "any":
            return node
        terms = tuple(Term(node.text, field, node.match) for field in fields)
        return terms[0] if len(terms) == 1 else AnyOf(terms)
    if isinstance(node, Without):
        return node
    return type(node)(tuple(within(part, *fields) for part in node.parts))


@dataclass(frozen=True)
class Place:
    """Where a needle must stand for a tier: `wanted` in field `number`."""

    number: int
    wanted: str


@dataclass(frozen=True)
class Tier:
    """One step of relevance: any of the places, or the node."""

    places: tuple[Place, ...]
    node: Node | None = None


def tiers(phrases: Sequence[str], terms: Sequence[str], node: Node | None) -> list[Tier]:
    """What puts a document into tiers 0, 1, … (the first that fits); the last tier, the rest, is not among them.

    The whole title is the phrase; a title begins with the phrase, or is one of several terms; the phrase in the
    title; every term in the title; in the author; in title or author.
    """
    texts = [text for text in dict.fromkeys(grams.needle(phrase, "part") for phrase in phrases) if text]
    if not texts or node is None:
        return []
    alone = [text for text in dict.fromkeys(grams.needle(term, "exact") for term in terms) if text]
    title, author = grams.TITLE, grams.AUTHOR
    # One plain word is itself the phrase: its tiers by word are those by phrase. Where plain words stand anyhow, the
    # phrase of them is among them.
    parts = node.parts if isinstance(node, AllOf) else (node,)
    wanted = [needle_of(part) for part in parts if isinstance(part, Term) and (part.field, part.match) == ANY_PART]
    plain = len(wanted) == len(parts)
    again = plain and len(wanted) == 1 and wanted[0] in texts
    apart = [text for text in texts if again or not plain or not all(one in text for one in wanted)]
    return [
        Tier(tuple(Place(title, f"\n{text}\n") for text in texts)),
        Tier(
            tuple(Place(title, f"\n{text}") for text in texts)
            + (tuple(Place(title, text) for text in alone) if len(terms) > 1 else ())
        ),
        Tier(tuple(Place(title, text) for text in texts)),
        Tier((), None if again else within(node, "title")),
        Tier(tuple(Place(author, text) for text in apart), None if again else within(node, "author")),
        Tier((), None if again else within(node, "title", "author")),
    ]


def tier(steps: Sequence[Tier], values: Values) -> str:
    """The tier of a document that answers the question."""
    cases = []
    for number, step in enumerate(steps):
        tests = [contains(place.wanted, (place.number,), values) for place in step.places]
        if step.node is not None:
            tests.append(condition(step.node, values))
        if tests:
            cases.append(f"WHEN {' OR '.join(tests)} THEN {number}")
    return f"CASE {' '.join(cases)} ELSE {TIERS - 1} END" if cases else str(TIERS - 1)


def is_held(held: int, level: int) -> bool:
    """Whether somebody of that level sees an item."""
    return held != NOT_HELD and held <= level
