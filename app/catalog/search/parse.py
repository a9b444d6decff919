"""From what a reader types to a tree of terms. Pure, and forgiving: any string has a meaning or a polite notice.

Words must all occur. "…" 「…」 『…』 is a phrase; AND OR NOT (capitals) and かつ または のぞく stand between
words; a minus before a word leaves it out; ( ) group; 著者: and its kind look into one field, 著者= wants the whole of
it; a star after a word asks for the beginning. What does not fit (an operator without operands, a bracket without its
partner) is taken as plain words or passed over.
"""

import re
import unicodedata
from dataclasses import dataclass

from app.catalog import rules
from app.catalog.search.fold import compact, fold, folded
from app.catalog.search.query import (
    LONGEST_TEXT,
    MOST_TERMS,
    AllOf,
    AnyOf,
    Node,
    Term,
    Understood,
    Without,
    all_of,
    any_of,
    asked_terms,
)
from app.catalog.search.romaji import SHORTEST, kana_spellings, shortest_in
from app.web.dates import parse_year

FIELD_NAMES = {
    "書名": "title", "タイトル": "title", "誌名": "title", "title": "title",
    "著者": "author", "著者名": "author", "作者": "author", "author": "author",
    "出版者": "publisher", "出版社": "publisher", "発行者": "publisher", "publisher": "publisher",
    "件名": "subject", "主題": "subject", "テーマ": "subject", "subject": "subject",
    "シリーズ": "series", "叢書": "series", "叢書名": "series", "series": "series",
    "内容": "contents", "目次": "contents", "contents": "contents",
    "分類": "class", "ndc": "class", "class": "class",
    "isbn": "number", "番号": "number", "書誌番号": "number",
    "出版年": "year", "年": "year", "year": "year",
}  # fmt: skip
_OPERATORS = {"AND": "and", "OR": "or", "NOT": "not", "かつ": "and", "または": "or", "のぞく": "not"}
_NAMES = "|".join(sorted(map(re.escape, FIELD_NAMES), key=len, reverse=True))
_LEXEME = re.compile(
    r"(?P<space>\s+)"
    r'|"(?P<quote>[^"]*)"|“(?P<curly>[^”]*)”|「(?P<corner>[^」]*)」|『(?P<double>[^』]*)』'
    rf"|(?P<field>(?i:{_NAMES}))(?P<sign>[:=])\s*(?=[^\s:=])"
    r"|(?P<open>\()|(?P<close>\))"
    r'|(?P<bare>[^\s()"“「『]+|.)',
    re.DOTALL,
)
_NEGATIVE = re.compile(r"(?:(?<=\s)|(?<=\()|^)[-−‐–](?=[^\s\-−‐–])")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\ue000]")
_MINUS = "\ue000"
_CLASS = re.compile(r"[0-9A-Za-z.]+")
DEEPEST = 6
_YEARS = re.compile(r"^(.*?)\s*[-~〜－ー–]\s*(.*)$")
NOTHING = "検索できる文字がありません。ひらがな・カタカナ・漢字・英数字で入力してください。"


@dataclass(frozen=True)
class _Lexeme:
    """A piece of the text: `kind` is word, phrase, field, operator, open or close; `value` its text."""

    kind: str
    value: str
    exact: bool = False


def _normal(text: str) -> str:
    """The text in its compatible form, control characters as spaces."""
    return _CONTROLS.sub(" ", unicodedata.normalize("NFKC", text))


def _lexemes(text: str) -> list[_Lexeme]:
    """The pieces of a text (NFKC)."""
    found: list[_Lexeme] = []
    for match in _LEXEME.finditer(_NEGATIVE.sub(_MINUS, text)):
        kind = match.lastgroup
        if kind == "sign":
            found.append(_Lexeme("field", FIELD_NAMES[match["field"].lower()], match["sign"] == "="))
        elif kind in ("quote", "curly", "corner", "double"):
            found.append(_Lexeme("phrase", match[kind].replace(_MINUS, "-")))
        elif kind in ("open", "close"):
            found.append(_Lexeme(kind, match[kind]))
        elif kind == "bare":
            word = match["bare"]
            if word.startswith(_MINUS):
                found.append(_Lexeme("operator", "not"))
                word = word[1:]
            if word in _OPERATORS:
                found.append(_Lexeme("operator", _OPERATORS[word]))
            elif word:
                found.append(_Lexeme("word", word.replace(_MINUS, "-")))
    return found


class _Reader:
    """Reads the pieces by recursive descent; `count` is the number of terms read so far."""

    def __init__(self, lexemes: list[_Lexeme]) -> None:
        self.lexemes = lexemes
        self.at = 0
        self.count = 0
        self.cut = False
        words = [word for lexeme in lexemes if lexeme.kind == "word" for word in fold(lexeme.value).split()]
        self.shortest = shortest_in(words)

    def _next(self, kind: str, value: str = "") -> bool:
        here = self.lexemes[self.at : self.at + 1]
        if here and here[0].kind == kind and (not value or here[0].value == value):
            self.at += 1
            return True
        return False

    def read_all(self, field: str = "any") -> Node | None:
        """The whole text, in a field unless it names others; brackets that close nothing are passed over."""
        parts: list[Node] = []
        while self.at < len(self.lexemes):
            node = self.alternatives(field, "part", 0)
            if node is not None:
                parts.append(node)
            if not self._next("close"):
                break
        return all_of(parts)

    def alternatives(self, field: str, match: str, depth: int) -> Node | None:
        """Parts with OR between them."""
        parts: list[Node] = []
        while True:
            node = self.together(field, match, depth)
            if node is not None:
                parts.append(node)
            if not self._next("operator", "or"):
                return any_of(parts)

    def together(self, field: str, match: str, depth: int) -> Node | None:
        """Parts that must all hold, up to an OR, a closing bracket or the end."""
        parts: list[Node] = []
        while self.at < len(self.lexemes):
            here = self.lexemes[self.at]
            if here.kind == "close" or (here.kind, here.value) == ("operator", "or"):
                break
            node = self.one(field, match, depth)
            if node is not None:
                parts.append(node)
        return all_of(parts)

    def one(self, field: str, match: str, depth: int) -> Node | None:
        """One word, phrase, group or denial."""
        here = self.lexemes[self.at]
        self.at += 1
        if here.kind == "operator":
            if here.value == "and" or self.at >= len(self.lexemes) or self.lexemes[self.at].kind == "close":
                return None
            if self.lexemes[self.at].kind == "operator":
                return None
            node = self.one(field, match, depth)
            return Without(node) if node is not None else None
        if here.kind == "field":
            if self.at >= len(self.lexemes) or self.lexemes[self.at].kind in ("operator", "close"):
                return None
            return self.one(here.value, "exact" if here.exact else "part", depth)
        if here.kind == "open":
            if depth >= DEEPEST:
                return None
            node = self.alternatives(field, match, depth + 1)
            self._next("close")
            return node
        if self.count >= MOST_TERMS:
            self.cut = True
            return None
        if here.kind == "phrase":
            node = _phrase(here.value, field, match)
        else:
            node = _word(here.value, field, match, self.shortest)
        self.count += sum(1 for _ in asked_terms(node)) if not isinstance(node, AnyOf) else 1
        return node


def _phrase(text: str, field: str, match: str) -> Node | None:
    """A quoted text as one term."""
    if field in ("year", "class", "number"):
        return _word(text, field, match)
    return Term(text.strip(), field, match) if fold(text) else None


def _word(text: str, field: str, match: str, shortest: int = SHORTEST) -> Node | None:
    """An unquoted piece: its words, with the kana of romaji and the numbers of long digits beside them."""
    if field == "year":
        return _years(text)
    if field == "number":
        number = rules.isbn_in(text) or folded(text).replace(" ", "")
        return Term(number, "number", match) if number else None
    if field == "class":
        number = "".join(_CLASS.findall(text)).upper()
        return Term(number, "class", match) if number else None
    if match != "part":
        return Term(text.strip(), field, match) if fold(text) else None
    if text.endswith("*") and fold(text):
        return Term(text.rstrip("*"), field, "prefix")
    isbn = rules.isbn_in(text)
    if isbn and field == "any":
        return Term(isbn, "number")
    return all_of([_spelled(word, field, shortest) for word in fold(text).split()[:MOST_TERMS]])


def _spelled(word: str, field: str, shortest: int) -> Node:
    """A folded word as a term, or as any of its spellings."""
    parts: list[Node] = [Term(word, field)]
    if field in ("any", "title", "author", "publisher", "subject", "series"):
        parts += [Term(kana, field) for kana in kana_spellings(word, shortest)]
    if field == "any" and word.isascii() and word.isdigit() and len(word) >= 7:
        parts.append(Term(word, "number"))
    return AnyOf(tuple(parts)) if len(parts) > 1 else parts[0]


def _years(text: str) -> Node | None:
    """Years by either count, one or a range: 「令和5」「R1-R5」「2020-」."""
    year = parse_year(text)
    if year is not None:
        return Term(str(year), "year")
    found = _YEARS.match(text)
    if found:
        ends = [parse_year(end) for end in found.groups()]
        if any(ends):
            return Term("-".join("" if end is None else str(end) for end in ends), "year")
    return _word(text, "any", "part")


def _plain(text: str) -> Node | None:
    """Every word of the text as it stands, whatever it would mean otherwise."""
    words = fold(text).split()[:MOST_TERMS]
    return all_of([_spelled(word, "any", shortest_in(words)) for word in words])


def understand(text: str) -> Understood:
    """The meaning of any string. A text without a letter or digit gives no node and a polite notice."""
    notice = ""
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT]
        notice = f"検索の言葉が長いため、はじめの{LONGEST_TEXT}文字で探しました。"
    isbn = rules.isbn_in(text)
    if isbn:
        return Understood(Term(isbn, "number"), notice, isbn, (), (isbn,))
    reader = _Reader(_lexemes(_normal(text)))
    node = reader.read_all()
    if not any(True for _ in asked_terms(node)):
        node = _plain(text)
    if node is None:
        return Understood(notice=NOTHING if text.strip() else "")
    if reader.cut or len(fold(text).split()) > MOST_TERMS:
        notice = f"検索の言葉が多いため、はじめの{MOST_TERMS}語で探しました。"
    return _understood(text, node, notice)


def in_field(text: str, field: str, match: str) -> Node | None:
    """A row of the advanced form: what its text asks for in a field; None when there is nothing to search for.

    With "part" the text is read like any other, so that its words must all occur; else it is one text as it stands.
    """
    text = _normal(text[:LONGEST_TEXT])
    if match != "part":
        return _word(text, field, match)
    node = _Reader(_lexemes(text)).read_all(field)
    return node if any(True for _ in asked_terms(node)) else None


def _understood(text: str, node: Node, notice: str) -> Understood:
    words: list[str] = []
    spelled: list[list[str]] = []
    for part in _leaves(node):
        first = part.parts[0] if isinstance(part, AnyOf) else part
        assert isinstance(first, Term)
        if first.field == "year":
            continue
        words.append(folded(first.text))
        kana = [term.text for term in asked_terms(part) if term.field != "number"][1:]
        spelled.append(kana)
    phrase = compact(" ".join(words))
    also = [folded(text)]
    for number in range(max(map(len, spelled), default=0)):
        chosen = [kana[min(number, len(kana) - 1)] if kana else word for word, kana in zip(words, spelled, strict=True)]
        also.append(compact(" ".join(chosen)))
    return Understood(
        node=node,
        notice=notice,
        phrase=phrase,
        also=tuple(dict.fromkeys(other for other in also if other != phrase)),
        words=tuple(dict.fromkeys(words)),
    )


def _leaves(node: Node) -> list[Term | AnyOf]:
    """The terms asked for; the spellings of one word stay together."""
    if isinstance(node, Term):
        return [node]
    if isinstance(node, AnyOf) and _one_word(node):
        return [node]
    if isinstance(node, AllOf | AnyOf):
        return [leaf for part in node.parts for leaf in _leaves(part)]
    return []


def _one_word(node: AnyOf) -> bool:
    """True for the spellings of one word: terms made from the first, not alternatives that the reader named."""
    first = node.parts[0]
    return isinstance(first, Term) and node in (_spelled(first.text, first.field, n) for n in (SHORTEST, 2))
