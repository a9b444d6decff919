"""Sentences that a library may say in its own words.

`wording("area.what", "既定の文 {count}点", count=3)` gives the sentence with its values filled in: the library's own
one when it has one, else the default beside it in the code. Like a catalogue of translations, the library's sentences
are set from outside (`app.branches.wordings`); this module knows no database, so that pure rules may use it.
"""

import ast
import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language, gettext

_own: Mapping[str, str] = {}

IN_TEMPLATE = re.compile(r"""\{%\s*wording\s+"(?P<code>[^"]+)"\s+"(?P<text>[^"]*)"(?P<rest>[^%]*)%\}""")


def use(texts: Mapping[str, str]) -> None:
    """From now on these sentences, by code, stand in place of the defaults."""
    global _own
    _own = dict(texts)


def wording(code: str, default: str, /, **values: Any) -> str:
    """The sentence of that code with its values filled in.

    A library's sentence that asks for a value which is not there gives way to the default; so does every one of them
    where the page speaks another language, for which the default has a translation.
    """
    language = get_language()
    if language not in ("ja", None):
        return gettext(default).format(**values)
    own = _own.get(code)
    if own is not None:
        try:
            return own.format(**values)
        except (KeyError, IndexError, ValueError, AttributeError):
            pass
    return default.format(**values)


@dataclass(frozen=True)
class Sentence:
    """One sentence of the program: its code, its default text, and where it is said."""

    code: str
    default: str
    where: str

    @property
    def values(self) -> frozenset[str]:
        """The names that stand in braces."""
        return names_in(self.default)


def names_in(text: str) -> frozenset[str]:
    """The names in braces of a sentence. ValueError when the braces do not match."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


@lru_cache(maxsize=1)
def sentences() -> dict[str, Sentence]:
    """Every sentence of the program that may be changed, by code, read from its own source (once per process).

    ValueError when one code has two defaults.
    """
    found: dict[str, Sentence] = {}
    for sentence in _everywhere(Path(__file__).resolve().parents[1]):
        there = found.setdefault(sentence.code, sentence)
        if there.default != sentence.default:
            raise ValueError(f"wording {sentence.code} has two defaults: {there.where} and {sentence.where}")
    return dict(sorted(found.items()))


def _everywhere(root: Path) -> Iterator[Sentence]:
    for path in sorted(root.rglob("*.py")):
        if "tests" not in path.parts and "migrations" not in path.parts:
            text = path.read_text(encoding="utf-8")
            if "wording(" in text:
                yield from _in_code(text, path.relative_to(root).as_posix())
    for path in sorted(root.rglob("templates/**/*.html")):
        where = path.relative_to(root).as_posix()
        for match in IN_TEMPLATE.finditer(path.read_text(encoding="utf-8")):
            yield Sentence(match["code"], match["text"], where)


def _in_code(text: str, where: str) -> Iterator[Sentence]:
    for node in ast.walk(ast.parse(text)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "wording"):
            continue
        given = [argument.value for argument in node.args[:2] if isinstance(argument, ast.Constant)]
        if len(given) == 2:
            yield Sentence(str(given[0]), str(given[1]), where)
