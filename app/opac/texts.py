"""Every sentence that the public pages say, read from their own source, so that no translation can be forgotten.

A sentence is its Japanese text: what stands in `{% translate %}`, in `gettext(…)`, in the wordings of the areas that a
reader meets, and the names of codes.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

from app.catalog import ndc
from app.catalog.codes import LANGUAGES, NDC_CLASSES, Audience, MaterialType, Restriction, ShelfStatus
from app.holds.models import Contact, Status
from app.web import wording

APP = Path(__file__).resolve().parents[1]
LOCALE = APP / "locale"
# Catalogue of texts and the name of its folder. That for children need not say everything anew.
FOLDERS = {"en": "en", "zh-hans": "zh_Hans", "ko": "ko", "ja-kids": "ja_Kids"}
CALLS = {"gettext", "gettext_lazy", "_", "ngettext", "pgettext"}
# Wordings that readers meet: where they are said.
WORDED = ("opac/", "mypage/", "features/", "reference/", "holds/actions/placing.py", "holds/actions/changing.py")
CODES = (MaterialType, ShelfStatus, Restriction, Audience, Contact, Status)
_CALL = re.compile(r"""(?:gettext|\b_)\((u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))""")


def sentences() -> dict[str, str]:
    """Every sentence with the place where it stands first."""
    found: dict[str, str] = {}
    for where, text in (*_of_code(), *_of_templates(), *_of_wordings(), *_of_codes()):
        if text.strip():
            found.setdefault(text, where)
    return found


def _of_code() -> Iterator[tuple[str, str]]:
    for path in sorted(APP.rglob("*.py")):
        if {"tests", "migrations", "demo"} & set(path.parts):
            continue
        text = path.read_text(encoding="utf-8")
        if "gettext" in text:
            yield from ((path.relative_to(APP).as_posix(), said) for said in in_code(text))


def in_code(text: str) -> Iterator[str]:
    """The sentences of a module: first arguments of calls that translate."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value


def _of_templates() -> Iterator[tuple[str, str]]:
    for path in sorted(APP.rglob("templates/**/*.html")):
        text = path.read_text(encoding="utf-8")
        if "i18n" in text:
            yield from ((path.relative_to(APP).as_posix(), said) for said in in_template(text))


def in_template(text: str) -> Iterator[str]:
    """The sentences of a template, as Django looks them up: a percent sign stands there twice."""
    for match in _CALL.finditer(templatize(text)):
        yield ast.literal_eval(match[1])


def _of_wordings() -> Iterator[tuple[str, str]]:
    for sentence in wording.sentences().values():
        if sentence.where.startswith(WORDED):
            yield sentence.where, sentence.default


def _of_codes() -> Iterator[tuple[str, str]]:
    for names in (NDC_CLASSES, LANGUAGES):
        yield from (("catalog/codes.py", label) for label in names.values())
    # Classes of the first two levels; the third is shown in Japanese.
    yield from (("catalog/ndc.py", name) for number, name in ndc.names().items() if len(number) < ndc.DEEPEST)
    for code in CODES:
        yield from (
            (f"{code.__module__.removeprefix('app.').replace('.', '/')}.py", str(label)) for label in code.labels
        )
