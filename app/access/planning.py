"""Tables of staff and of postings, checked line by line before anything is written. Pure: what is known comes in."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

STAFF_COLUMNS = ("職員番号", "氏名", "所属館", "役割", "有効開始日", "有効終了日", "職員証番号")
POSTING_COLUMNS = ("職員番号", "氏名", "新所属館", "新役割", "有効終了日")
LONGEST_TABLE = 2000
Row = Mapping[str, str]


@dataclass(frozen=True)
class StaffLine:
    """What the register says of one person. Roles by code."""

    number: str
    name: str
    branch_id: int | None
    roles: tuple[str, ...]
    valid_from: date | None = None
    valid_until: date | None = None
    card: str = ""


@dataclass(frozen=True)
class PostingLine:
    """One person's new library and roles."""

    staff_id: int
    number: str
    branch_id: int
    roles: tuple[str, ...]
    valid_until: date | None = None


@dataclass(frozen=True)
class Fault:
    """What is wrong in one row of the table (1 is the row below the headings) or, with row 0, in the table."""

    row: int
    text: str


@dataclass(frozen=True)
class Known:
    """What the table is checked against: libraries and roles by code and by name, staff by number."""

    branches: Mapping[str, int]
    roles: Mapping[str, str]
    names: Mapping[str, str]
    ids: Mapping[str, int] = field(default_factory=dict)
    cards: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Checked:
    """The lines of a table and what is wrong with it; it may be used only when nothing is."""

    lines: tuple[StaffLine, ...] = ()
    postings: tuple[PostingLine, ...] = ()
    faults: tuple[Fault, ...] = ()


def tidy(text: str) -> str:
    """A cell as it is compared: half-width digits and letters, no spaces around."""
    return unicodedata.normalize("NFKC", text).strip()


def a_date(text: str) -> date | None:
    """A date as people and spreadsheets write it (2026-04-01, 2026/4/1); None for an empty cell; ValueError else."""
    if not text:
        return None
    parts = text.split()[0].replace("/", "-").replace(".", "-").split("-")
    if len(parts) != 3:
        raise ValueError(text)
    return date(*(int(part) for part in parts))


def _missing(rows: Sequence[Row], columns: Sequence[str], needed: int) -> Fault | None:
    if not rows:
        return Fault(0, "表に行がありません。1行目に見出し、2行目から1人1行で入れてください。")
    if len(rows) > LONGEST_TABLE:
        return Fault(0, f"一度に取り込めるのは{LONGEST_TABLE}行までです。")
    absent = [name for name in columns[:needed] if name not in rows[0]]
    return Fault(0, f"見出し「{'」「'.join(absent)}」がありません。") if absent else None


class _Row:
    """One row while it is checked: reads cells and collects what is wrong."""

    def __init__(self, number: int, cells: Row, known: Known) -> None:
        self.number, self.known, self.faults = number, known, []
        self.cells = {key: tidy(value) for key, value in cells.items()}

    def wrong(self, text: str) -> None:
        self.faults.append(Fault(self.number, text))

    def text(self, column: str, longest: int) -> str:
        value = self.cells.get(column, "")
        if not value:
            self.wrong(f"{column}がありません。")
        elif len(value) > longest:
            self.wrong(f"{column}は{longest}文字までです。")
        return value

    def branch(self, column: str) -> int | None:
        value = self.text(column, 60)
        if value and value not in self.known.branches:
            self.wrong(f"{column}「{value}」という館はありません。")
        return self.known.branches.get(value)

    def roles(self, column: str) -> tuple[str, ...]:
        value = self.text(column, 200)
        names = [part.strip() for part in value.replace("、", ",").replace(";", ",").split(",") if part.strip()]
        for name in names:
            if name not in self.known.roles:
                self.wrong(f"{column}「{name}」という役割はありません。")
        return tuple(sorted({self.known.roles[name] for name in names if name in self.known.roles}))

    def day(self, column: str) -> date | None:
        try:
            return a_date(self.cells.get(column, ""))
        except ValueError:
            self.wrong(f"{column}「{self.cells[column]}」は日付ではありません。2026/4/1 のように入れてください。")
            return None


def check_staff(rows: Sequence[Row], known: Known) -> Checked:
    """Every line of a table of staff, and every fault by row. A number that is somebody else's is a fault: numbers are
    one person's for ever."""
    absent = _missing(rows, STAFF_COLUMNS, 4)
    if absent:
        return Checked(faults=(absent,))
    lines, faults = [], []
    seen: dict[str, int] = {}
    cards: dict[str, int] = {}
    for number, cells in enumerate(rows, 1):
        row = _Row(number, cells, known)
        line = StaffLine(
            row.text("職員番号", 30),
            row.text("氏名", 60),
            row.branch("所属館"),
            row.roles("役割"),
            row.day("有効開始日"),
            row.day("有効終了日"),
            row.cells.get("職員証番号", ""),
        )
        _check_person(row, line, seen, cards)
        lines.append(line)
        faults += row.faults
    return Checked(lines=tuple(lines), faults=tuple(faults))


def _check_person(row: _Row, line: StaffLine, seen: dict[str, int], cards: dict[str, int]) -> None:
    if line.number and seen.setdefault(line.number, row.number) != row.number:
        row.wrong(f"職員番号「{line.number}」が{seen[line.number]}行目にもあります。番号は1人に1つです。")
    owner = row.known.names.get(line.number)
    if owner is not None and line.name and owner != line.name:
        row.wrong(f"職員番号「{line.number}」は、すでに{owner}さんのものです。一度使った番号は別の人に使えません。")
    if line.card and cards.setdefault(line.card, row.number) != row.number:
        row.wrong(f"職員証番号「{line.card}」が{cards[line.card]}行目にもあります。")
    holder = row.known.cards.get(line.card) if line.card else None
    if holder not in (None, line.number):
        row.wrong(f"職員証番号「{line.card}」は、職員番号{holder}の職員証です。")
    if line.card and (len(line.card) > 20 or not line.card.isalnum()):
        row.wrong("職員証番号は20文字までの英数字です。")
    if line.valid_from and line.valid_until and line.valid_until < line.valid_from:
        row.wrong("有効終了日が有効開始日より前です。")


def check_postings(rows: Sequence[Row], known: Known, effective_on: date) -> Checked:
    """Every line of a table of postings, and every fault by row. The name is there so that a slip of a digit shows."""
    absent = _missing(rows, POSTING_COLUMNS, 4)
    if absent:
        return Checked(faults=(absent,))
    postings, faults = [], []
    seen: dict[str, int] = {}
    for number, cells in enumerate(rows, 1):
        row = _Row(number, cells, known)
        who, name = row.text("職員番号", 30), row.text("氏名", 60)
        branch_id, roles, until = row.branch("新所属館"), row.roles("新役割"), row.day("有効終了日")
        if who and who not in known.names:
            row.wrong(f"職員番号「{who}」の職員はいません。")
        elif name and known.names.get(who, name) != name:
            row.wrong(f"職員番号「{who}」は{known.names[who]}さんです。氏名が違います。")
        if who and seen.setdefault(who, number) != number:
            row.wrong(f"職員番号「{who}」が{seen[who]}行目にもあります。")
        if until and until < effective_on:
            row.wrong("有効終了日が発令日より前です。")
        if who in known.ids and branch_id is not None:
            postings.append(PostingLine(known.ids[who], who, branch_id, roles, until))
        faults += row.faults
    return Checked(postings=tuple(postings), faults=tuple(faults))
