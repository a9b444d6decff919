"""What can be asked of the search service and what it answers. Pure.

A question is a tree of terms (`Node`), from the reader's text (`parse.understand`), from the rows of the advanced
form (`Query.where`), or both. Texts in the tree are as typed: whoever reads the tree folds them
(`documents.folded`), so that one folding serves records and questions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

LONGEST_TEXT = 200
MOST_TERMS = 16
DEEPEST_PAGE = 500
SORTS = ("relevance", "newest", "oldest", "title", "author", "popular", "arrived")
FIELDS = ("any", "title", "author", "publisher", "subject", "series", "contents", "class", "number", "year")
MATCHES = ("part", "prefix", "exact")


@dataclass(frozen=True)
class Term:
    """A text in a field of the record.

    `match`: "part" is found anywhere in the field (several words stand side by side, as a phrase), "prefix" at the
    beginning of a value of the field (a title, one author, one heading), "exact" is the whole of a value. Titles,
    names and headings have their readings as further values; a title is also its main part without the subtitle.
    Field "any" is title, author, publisher, subject, series, contents and notes; with "prefix" and "exact" it is
    title, author, subject and series. Field "class" is the beginning of a classification number for "part" and
    "prefix". Field "number" is ISBN (13 digits), national bibliography number and MARC number, a whole one for "part".
    Field "year" holds 「2023」, 「2020-2023」, 「2020-」 or 「-2023」 by the Western count, whatever the match.
    """

    text: str
    field: str = "any"
    match: str = "part"


@dataclass(frozen=True)
class AllOf:
    """Every part must hold."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class AnyOf:
    """One part at least must hold."""

    parts: tuple["Node", ...]


@dataclass(frozen=True)
class Without:
    """The part must not hold."""

    part: "Node"


Node = Term | AllOf | AnyOf | Without


def all_of(parts: list[Node]) -> Node | None:
    """The parts as one node: none, the only one, or all of them."""
    return AllOf(tuple(parts)) if len(parts) > 1 else (parts[0] if parts else None)


def any_of(parts: list[Node]) -> Node | None:
    """The parts as one node: none, the only one, or any of them."""
    return AnyOf(tuple(parts)) if len(parts) > 1 else (parts[0] if parts else None)


def asked_terms(node: Node | None) -> Iterator[Term]:
    """The terms that a record may have, in their order; what stands under Without is not asked for."""
    if isinstance(node, Term):
        yield node
    elif isinstance(node, AllOf | AnyOf):
        for part in node.parts:
            yield from asked_terms(part)


@dataclass(frozen=True)
class Understood:
    """A text understood.

    `node` is None when nothing can be searched for. `notice` is a remark for the reader. `phrase` is the folded text
    without operators, for the order of the results (exact title, beginning, phrase); `also` are other spellings of
    the phrase (romaji written in kana), ranked like it. `words` are the folded terms asked for, each once, without
    the spellings made from romaji.
    """

    node: Node | None = None
    notice: str = ""
    phrase: str = ""
    also: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """One question. `text` may be any string; empty selections mean "all"; pages count from 1.

    `where` comes from the advanced form and must hold besides the text. `scope` is "held" for records with an item,
    "all" for every record (held ones first either way). `classes` are the beginnings of NDC numbers (1 to 3 digits).
    `available` asks for records with an item that can be borrowed at this moment (at one of `branches` when given).
    `shown_to` says whose eyes the answer is for: "staff" see every record, "inside" those not for staff alone,
    "public" only public ones.
    """

    text: str = ""
    where: Node | None = None
    scope: str = "all"
    materials: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    branches: tuple[int, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    languages: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    available: bool = False
    shown_to: str = "staff"
    sort: str = "relevance"
    page: int = 1
    size: int = 20

    @property
    def narrowed(self) -> bool:
        """True when something besides the text narrows the result."""
        return bool(
            self.where
            or self.materials
            or self.classes
            or self.branches
            or self.year_from is not None
            or self.year_to is not None
            or self.languages
            or self.audiences
            or self.available
        )


@dataclass(frozen=True)
class Hit:
    """One record of a page of results. `tier` says why it stands where it stands: 0 is the exact title."""

    record_id: int
    tier: int
    held: bool


@dataclass(frozen=True)
class FacetCount:
    """A value to narrow by, and how many records of the result have it."""

    value: str
    count: int


@dataclass(frozen=True)
class Result:
    """One page of hits, the exact total, the facets with exact counts, and a remark for the reader.

    Facets: branch, material, ndc (the next digit below the chosen one), decade, language, audience, available, and
    author when few enough to be exact.
    """

    hits: tuple[Hit, ...] = ()
    total: int = 0
    facets: dict[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    notice: str = ""
