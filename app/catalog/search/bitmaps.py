"""A question as an expression over the bitmaps of a slot. Pure: SQL text and its parameters.

An expression gives every document that answers and perhaps more; `exact` says that it gives no more. What is not
exact is looked at with the conditions of conditions.py, in small sets: long grams are listed when they are frequent.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from app.catalog.search import conditions, grams
from app.catalog.search.conditions import Tier, Values
from app.catalog.search.documents import LEVELS
from app.catalog.search.query import AllOf, Node, Query, Term, Without

EMPTY = "rb_build('{}'::int[])"
MOST_GRAMS = 8
# The extension (0.5) refuses to read a bitmap of three containers whose third is a run, as a filled one has.
_UNREADABLE = 2
_BEYOND = "\U0010ffff"


@dataclass
class Slot:
    """The slot in use, as SearchState tells it."""

    name: str
    runs: list[list[int]]
    borders: dict[str, list[str]]

    def table(self, kind: str) -> str:
        """The slot's table of postings, facets or numbers."""
        return f"catalog_search{kind}{self.name}"

    def everything(self) -> str:
        """Every number of the slot."""
        if self.runs and self.runs[-1][1] >> 16 == _UNREADABLE:
            return f"(SELECT rb_build_agg(number) FROM {self.table('number')})"
        whole = EMPTY
        for first, last in self.runs:
            whole = f"rb_fill({whole}, {first}, {last + 1})"
        return whole


@dataclass
class Bitmaps:
    """Makes expressions; `known` are the long grams of the question that the slot's dictionary has. What must be looked
    at is looked at among the documents of the expression `among` only, when it is given."""

    slot: Slot
    values: Values
    known: set[str] = field(default_factory=set)
    among: str = ""

    def needle(self, wanted: str, fields: Sequence[int]) -> tuple[str, bool]:
        """The documents that have the needle in one of the fields, and whether surely no others."""
        if not wanted:
            return EMPTY, True
        begun, exact = "", False
        if fields == (grams.NUMBERS,):
            pieces = grams.for_numbers(wanted)
        elif fields == (grams.CLASSES,):
            pieces, exact = grams.for_classes(wanted)
        else:
            pieces, begun, exact = grams.cover(wanted, self.known)
            # Short grams stand where no long one is frequent: they leave the fewest.
            pieces = sorted(pieces, key=len)[:MOST_GRAMS]
        found = [self._all(pieces, fields)] if pieces else []
        if begun:
            found.append(self._begun(begun, fields))
        return (f"({' & '.join(found)})" if found else self.slot.everything()), exact

    def _all(self, pieces: list[str], fields: Sequence[int]) -> str:
        return (
            "coalesce((SELECT rb_or_agg(b) FROM (SELECT rb_and_agg(docs) AS b"
            f" FROM {self.slot.table('posting')} WHERE gram = ANY ({self.values.put(pieces)}::text[])"
            f" AND field = ANY ('{{{','.join(map(str, fields))}}}'::smallint[])"
            f" GROUP BY field, part HAVING count(*) = {len(pieces)}) AS parts), {EMPTY})"
        )

    def _begun(self, begun: str, fields: Sequence[int]) -> str:
        return (
            f"coalesce((SELECT rb_or_agg(docs) FROM {self.slot.table('posting')}"
            f" WHERE gram >= {self.values.put(begun)} AND gram < {self.values.put(begun + _BEYOND)}"
            f" AND field = ANY ('{{{','.join(map(str, fields))}}}'::smallint[])), {EMPTY})"
        )

    def facet(self, kind: str, chosen: Iterable[object]) -> str:
        """The documents that have one of the values."""
        texts = self.values.put([str(value) for value in chosen])
        return (
            f"coalesce((SELECT rb_or_agg(docs) FROM {self.slot.table('facet')}"
            f" WHERE kind = '{kind}' AND value = ANY ({texts}::text[])), {EMPTY})"
        )

    def years(self, first: int | None, last: int | None) -> str:
        """The documents of these years."""
        low = f" AND place >= {self.values.put(first)}::int" if first is not None else ""
        high = f" AND place <= {self.values.put(last)}::int" if last is not None else ""
        table = self.slot.table("facet")
        return f"coalesce((SELECT rb_or_agg(docs) FROM {table} WHERE kind = 'year'{low}{high}), {EMPTY})"

    def checked(self, expression: str, condition: str) -> str:
        """Those of few documents that meet a condition on their rows."""
        return (
            f"coalesce((SELECT rb_build_agg(n.number) FROM {self.slot.table('number')} AS n"
            f" JOIN catalog_searchdocument AS d ON d.record_id = n.record_id"
            f" WHERE n.number = ANY (rb_to_array({expression})) AND {condition}), {EMPTY})"
        )

    def term(self, term: Term) -> tuple[str, bool]:
        """The documents of a term."""
        if term.field == "year":
            return self.years(*conditions.years_of(term)), True
        return self.needle(conditions.needle_of(term), conditions.fields_of(term))

    def node(self, node: Node) -> str:
        """The documents of a node, exactly: terms that bitmaps cannot prove are looked at."""
        if isinstance(node, Term):
            expression, exact = self.term(node)
            if exact:
                return expression
            some = f"{expression} & {self.among}" if self.among else expression
            return self.checked(some, conditions.condition(node, self.values))
        if isinstance(node, Without):
            return f"({self.slot.everything()} - {self.node(node.part)})"
        if isinstance(node, AllOf):
            wanted = [self.node(part) for part in node.parts if not isinstance(part, Without)]
            refused = [self.node(part.part) for part in node.parts if isinstance(part, Without)]
            first = " & ".join(wanted) or self.slot.everything()
            return f"(({first})" + "".join(f" - {part}" for part in refused) + ")"
        return "(" + " | ".join(self.node(part) for part in node.parts) + ")"

    def asked(self, node: Node) -> tuple[str, list[Term]]:
        """The documents of a whole question, and the terms among those that must all hold that are still to be looked
        at: better among the few that answer the rest than each by itself."""
        parts = node.parts if isinstance(node, AllOf) else (node,)
        loose, found = [], []
        for part in parts:
            if isinstance(part, Term):
                expression, exact = self.term(part)
                found.append(expression)
                loose += [] if exact else [part]
        fixed = [part for part in parts if not isinstance(part, Term)]
        if fixed:
            found.append(self.node(AllOf(tuple(fixed))))
        return " & ".join(found), loose

    def filters(self, query: Query) -> list[str]:
        """What narrows a question, except that something is available."""
        level = LEVELS[query.shown_to]
        found = []
        if query.scope == "held":
            found.append(self.facet("held", range(level + 1)))
        for kind, chosen in (
            ("material", query.materials),
            ("language", query.languages),
            ("audience", query.audiences),
        ):
            if chosen:
                found.append(self.facet(kind, chosen))
        if query.classes:
            found.append(self.classes(query.classes))
        if query.branches:
            found.append(self.facet("branch", [f"{one}:{at}" for one in query.branches for at in range(level + 1)]))
        if query.year_from is not None or query.year_to is not None:
            found.append(self.years(query.year_from, query.year_to))
        return found

    def classes(self, chosen: Sequence[str]) -> str:
        """The documents of these classes of one to three digits."""
        by_length = {length: [one for one in chosen if len(one) == length] for length in (1, 2, 3)}
        parts = [self.facet(f"ndc{length}", some) for length, some in by_length.items() if some]
        return "(" + (" | ".join(parts) or EMPTY) + ")"

    def hidden(self, query: Query) -> str | None:
        """The documents that must not be shown; None when all may."""
        level = LEVELS[query.shown_to]
        return self.facet("visibility", range(level + 1, max(LEVELS.values()) + 1)) if level < 2 else None

    def tiers(self, steps: Sequence[Tier], hits: str) -> list[str]:
        """For each tier the documents among the hits that it fits, whether or not an earlier one does."""
        return [" | ".join(self._tier(step, hits)) or EMPTY for step in steps]

    def _tier(self, step: Tier, hits: str) -> Iterator[str]:
        for place in step.places:
            expression, exact = self.needle(place.wanted, (place.number,))
            if not exact:
                test = conditions.contains(place.wanted, (place.number,), self.values)
                expression = self.checked(f"{expression} & {hits}", test)
            yield expression
        if step.node is not None:
            yield self.node(step.node)


def long_grams(node: Node | None, steps: Sequence[Tier]) -> set[str]:
    """The long grams of a question that the dictionary may have."""
    found: set[str] = set()
    for term in _terms(node):
        if term.field not in ("year", "number", "class"):
            found |= grams.long_grams(conditions.needle_of(term))
    for step in steps:
        for place in step.places:
            found |= grams.long_grams(place.wanted)
    return found


def _terms(node: Node | None) -> Iterator[Term]:
    if isinstance(node, Term):
        yield node
    elif isinstance(node, Without):
        yield from _terms(node.part)
    elif node is not None:
        for part in node.parts:
            yield from _terms(part)
