"""What can be asked of the search service and what it answers. Pure."""

from dataclasses import dataclass, field

from app.catalog import rules
from app.catalog.search import tokens
from app.catalog.search.documents import folded
from app.catalog.search.fold import fold

LONGEST_TEXT = 200
MOST_TERMS = 16
DEEPEST_PAGE = 500
SORTS = ("relevance", "newest", "oldest", "title")


@dataclass(frozen=True)
class Query:
    """One question. `text` may be any string; empty selections mean "all"; pages count from 1.

    `scope` is "held" for records with an item, "all" for every record (held ones first either way).
    """

    text: str = ""
    scope: str = "all"
    materials: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    branches: tuple[int, ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    sort: str = "relevance"
    page: int = 1
    size: int = 20

    @property
    def narrowed(self) -> bool:
        """True when something besides the text narrows the result."""
        return bool(self.materials or self.classes or self.branches or self.year_from or self.year_to)


@dataclass(frozen=True)
class Terms:
    """A query text understood: the terms that must all occur, the whole as one phrase, a remark for the reader."""

    words: tuple[str, ...]
    phrase: str
    tokens: tuple[int, ...]
    rechecks: tuple[str, ...]
    notice: str = ""


def understand(text: str) -> Terms:
    """The terms of any string. A text without a letter or digit gives no terms and a polite notice."""
    notice = ""
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT]
        notice = f"検索の言葉が長いため、はじめの{LONGEST_TEXT}文字で探しました。"
    isbn = rules.isbn_in(text)
    if isbn:
        return Terms((isbn,), isbn, (tokens.word(isbn),), (isbn,), notice)
    words = fold(text).split()
    if len(words) > MOST_TERMS:
        words = words[:MOST_TERMS]
        notice = f"検索の言葉が多いため、はじめの{MOST_TERMS}語で探しました。"
    words = [rules.isbn_in(word) or word for word in words]
    if not words and text.strip():
        notice = "検索できる文字がありません。ひらがな・カタカナ・漢字・英数字で入力してください。"
    return Terms(
        words=tuple(words),
        phrase=folded(text) if not notice else "".join(words),
        tokens=tuple(sorted({token for word in words for token in tokens.of_term(word)})),
        rechecks=tuple(dict.fromkeys(word for word in words if tokens.needs_recheck(word))),
        notice=notice,
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
    """One page of hits, the exact total, the facets (`material`, `ndc`, `branch`) and a remark for the reader."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    facets: dict[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    notice: str = ""
