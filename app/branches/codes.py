"""Code tables: what a code is called, in which order it stands in choices, which one is offered first.

The catalogue keeps its codes as text, so that a code without a line is still shown: under its own name, at the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from app.branches.models import CodeEntry
from app.branches.revisions import kept

MATERIAL_TYPE, LOCATION, SHELF_STATUS = "material_type", "location", "shelf_status"
SHELF_MARK, ACQUISITION = "shelf_mark", "acquisition"
TABLES = {
    MATERIAL_TYPE: "資料種別",
    LOCATION: "所在",
    SHELF_STATUS: "資料の状態",
    SHELF_MARK: "別置記号",
    ACQUISITION: "受入区分",
}
"""The tables that staff edit here, with their titles."""
Choice = tuple[str, str]


@dataclass(frozen=True)
class Code:
    """One line as it is shown."""

    code: str
    label: str
    in_use: bool
    is_default: bool


def entries(table: str) -> tuple[Code, ...]:
    """Every line of a table in its order. At most two SQL statements; none while unchanged and just read."""

    def load() -> tuple[Code, ...]:
        rows = CodeEntry.objects.filter(table=table).order_by("order", "code")
        return tuple(Code(*row) for row in rows.values_list("code", "label", "in_use", "is_default"))

    return kept("codes", table, load)


def choices(table: str, known: Iterable[Choice] = (), *, all_lines: bool = False) -> list[Choice]:
    """(code, label) pairs for a field, in the order of the table; lines out of use only with `all_lines`.

    `known` are codes that the program itself knows: one without a line stands at the end under the name given here.
    """
    lines = entries(table)
    there = {line.code for line in lines}
    shown = [(line.code, line.label) for line in lines if line.in_use or all_lines]
    return shown + [(code, name) for code, name in known if code not in there]


def label(table: str, code: str) -> str:
    """What a code is called; the code itself when the table does not know it."""
    return next((line.label for line in entries(table) if line.code == code), code)


def default_of(table: str) -> str:
    """The code that forms offer first; empty when none is marked."""
    return next((line.code for line in entries(table) if line.is_default), "")
