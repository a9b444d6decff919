"""What rows of a register mean: values, what is worked out, what is late or wrong, what the whole lacks. Pure."""

from __future__ import annotations

import calendar
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from app.registers.schema import Check, Definition, FieldDef, Level

LEVELS: dict[Level, str] = {"refuse": "登録できません", "late": "期限超過", "bad": "不備", "warn": "注意"}
RANK: tuple[Level, ...] = ("refuse", "late", "bad", "warn")
STAGES = ("none", "applied", "approved", "rejected")


@dataclass(frozen=True)
class Row:
    """A row as the rules see it: typed values, how far its approval is, and how many papers were handed out."""

    register: str
    number: str
    values: Mapping[str, Any]
    stage: str = "none"
    approval_number: str = ""
    issued: int = 0


@dataclass(frozen=True)
class Finding:
    """Something that somebody must look at; `field` where it can be put right."""

    level: Level
    text: str
    field: str = ""

    @property
    def word(self) -> str:
        """The level as the screen says it."""
        return LEVELS[self.level]


@dataclass
class Book:
    """All that a judgement may ask: the rows of every register, facts of the inventory, and the day."""

    today: date
    rows: Callable[[str], Sequence[Row]]
    facts: Mapping[str, Any] = field(default_factory=dict)


def typed(definition: FieldDef, value: Any) -> Any:
    """A stored value as the rules see it: dates are dates; nothing, "" and [] are None."""
    if value is None or value == "" or value == []:
        return None
    if definition.kind == "date":
        return date.fromisoformat(value)
    if definition.kind == "moment":
        return datetime.fromisoformat(value)
    if definition.kind == "flag":
        return bool(value)
    return value


def stored(value: Any) -> Any:
    """A value as JSON keeps it."""
    if isinstance(value, date | datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple | set) else value


def shown(definition: FieldDef, value: Any) -> str:
    """A typed value as people read it; nothing is empty."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if definition.kind == "flag":
        return "はい" if value else "いいえ"
    if isinstance(value, list):
        return "、".join(map(str, value))
    if isinstance(value, int | float):
        figure = f"{value:,.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else f"{value:,}"
        return figure + {"money": " 円", "percent": " %"}.get(definition.kind, "")
    return str(value)


def months_later(day: date | None, count: int) -> date | None:
    """The same day some months later; the month's last day where there is no such day."""
    if day is None:
        return None
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def opening_day(first: date | None, count: int, weekdays: Iterable[int], closed: Iterable[date]) -> date | None:
    """The `count`-th opening day from `first` on, which counts when it is one itself."""
    open_on, shut = set(weekdays), set(closed)
    if first is None or count < 1 or not open_on:
        return None
    day = first
    while True:
        if day.weekday() in open_on and day not in shut:
            count -= 1
            if count == 0:
                return day
        day += timedelta(days=1)


def functions(row: Row, book: Book) -> dict[str, Callable[..., Any]]:
    """The functions of the definitions' language, seen from one row."""

    def others(register: str) -> list[Row]:
        return [other for other in book.rows(register) if other.number != row.number or not row.number]

    def total(key: str, by: str = "") -> float:
        same = [o for o in others(row.register) if not by or o.values.get(by) == row.values.get(by)]
        return sum(other.values.get(key) or 0 for other in same) + (row.values.get(key) or 0)

    def count(register: str, key: str, value: Any) -> int:
        return sum(_has(other.values.get(key), value) for other in book.rows(register))

    def latest(register: str, match: str, value: Any, key: str) -> Any:
        found = [o.values.get(key) for o in book.rows(register) if _has(o.values.get(match), value)]
        return max((value for value in found if value is not None), default=None)

    def value_of(register: str, match: str, value: Any, key: str) -> Any:
        return next((o.values.get(key) for o in book.rows(register) if _has(o.values.get(match), value)), None)

    def count_pair(register: str, key: str, value: Any, other_key: str, other_value: Any) -> int:
        return sum(
            _has(other.values.get(key), value) and _has(other.values.get(other_key), other_value)
            for other in book.rows(register)
        )

    def named(register: str, numbers: Any) -> list[Row]:
        wanted = _each(numbers)
        return [other for other in book.rows(register) if other.number in wanted]

    def max_of(register: str, numbers: Any, key: str) -> Any:
        found = [other.values.get(key) for other in named(register, numbers)]
        return max((value for value in found if value is not None), default=None)

    def unsettled(register: str, numbers: Any, key: str) -> bool:
        return any(other.values.get(key) is None for other in named(register, numbers))

    def stage_of(register: str, number: str | None) -> str | None:
        return next((other.stage for other in book.rows(register) if other.number == number), None)

    def fact(name: str, key: Any = None) -> Any:
        found = book.facts.get(name)
        return found if key is None else (found or {}).get(key)

    def opening_days(first: date | None, wanted: int) -> date | None:
        return opening_day(first, wanted, book.facts.get("opening_weekdays", ()), book.facts.get("closures", ()))

    return {
        "years": lambda day, n: months_later(day, 12 * n),
        "months": months_later,
        "days": lambda day, n: None if day is None else day + timedelta(days=n),
        "opening_days": opening_days,
        "filled": lambda *values: all(value is not None for value in values),
        "count_pair": count_pair,
        "max_of": max_of,
        "unsettled": unsettled,
        "length": lambda value: 0 if value is None else len(value),
        "total": total,
        "count": count,
        "latest": latest,
        "value_of": value_of,
        "stage_of": stage_of,
        "fact": fact,
    }


def _has(value: Any, wanted: Any) -> bool:
    return wanted is not None and (wanted in value if isinstance(value, list) else value == wanted)


def complete(definition: Definition, row: Row, book: Book) -> Row:
    """The row with what is worked out put in, in the order of the fields."""
    values = dict(row.values)
    for each in definition.fields:
        values.setdefault(each.key, None)
    for each in definition.fields:
        if each.computed is not None:
            now = replace(row, values=values)
            values[each.key] = each.computed.value(_names(now, book), functions(now, book))
    return replace(row, values=values)


def _names(row: Row, book: Book) -> dict[str, Any]:
    own = {"today": book.today, "approved": row.stage == "approved", "rejected": row.stage == "rejected"}
    return {**row.values, **own, "number": row.number, "issued": row.issued}


def judged(definition: Definition, row: Row, book: Book) -> list[Finding]:
    """What is wrong with a completed row, the worst first."""
    names, known = _names(row, book), functions(row, book)
    found = [Finding(j.level, j.text, j.field) for j in definition.rows if j.when.value(names, known)]
    return sorted(found, key=lambda finding: RANK.index(finding.level))


def is_settled(definition: Definition, row: Row, book: Book) -> bool:
    """Whether nothing more is to be done with the row; where a definition does not say, every row is."""
    if definition.settled is None:
        return True
    return bool(definition.settled.value(_names(row, book), functions(row, book)))


def lacks(definition: Definition, rows: Sequence[Row], book: Book) -> list[tuple[Check, list[str]]]:
    """Each check of the whole register with what it finds wanting; an empty list is a check that holds."""
    found = []
    for check in definition.whole:
        own = definition.field(check.field).choices if check.of == "choices" else ()
        found.append((check, _wanting(check, own, [row for row in rows if _counts(check, row, book)], book)))
    return found


def _counts(check: Check, row: Row, book: Book) -> bool:
    return check.when is None or bool(check.when.value(_names(row, book), functions(row, book)))


def _wanting(check: Check, own: Sequence[str], rows: Sequence[Row], book: Book) -> list[str]:
    there = [value for row in rows for value in _each(row.values.get(check.field))]
    if check.kind == "monthly":
        return _months_without(there, book)
    if check.kind == "at_least":
        wanted_count = book.facts.get(check.of.removeprefix("fact:")) or 0
        short = wanted_count - len(set(there))
        return [f"あと{short}人（{len(set(there))}／{wanted_count}）"] if short > 0 else []
    if check.kind == "yearly":
        since = months_later(book.today, -12)
        recent = [row for row in rows if (row.values.get(check.on_day) or date.min) > (since or date.min)]
        there = [value for row in recent for value in _each(row.values.get(check.field))]
    if check.kind == "tally":
        return _differences(Counter(there), _numbers(check.of, book))
    wanted = list(dict.fromkeys(own or _known(check.of, book)))
    if check.kind in ("covers", "yearly"):
        present = set(there)
        return [str(value) for value in wanted if value not in present]
    allowed = set(wanted)
    return [f"{row.number} {v}" for row in rows for v in _each(row.values.get(check.field)) if v not in allowed]


def _each(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, list) else [value]


def _known(of: str, book: Book) -> list[Any]:
    kind, _, rest = of.partition(":")
    if kind == "fact":
        return list(book.facts.get(rest) or ())
    register, _, key = rest.partition(".")
    return [value for row in book.rows(register) for value in _each(row.values.get(key))]


def _numbers(of: str, book: Book) -> dict[Any, float]:
    kind, _, rest = of.partition(":")
    if kind == "fact":
        return dict(book.facts.get(rest) or {})
    register, by, number = rest.split(".")
    latest: dict[Any, float] = {}
    for row in book.rows(register):  # in the order of their numbers: the last count is the one that holds
        if row.values.get(by) is not None and row.values.get(number) is not None:
            latest[row.values[by]] = row.values[number]
    return latest


def _differences(have: Mapping[Any, float], there: Mapping[Any, float]) -> list[str]:
    names = [*there, *(name for name in have if name not in there)]
    return [
        f"{name}：台帳 {have.get(name, 0)}、現物 {there.get(name, '未確認')}"
        for name in names
        if name not in there or have.get(name, 0) != there[name]
    ]


def _months_without(days: Iterable[date], book: Book) -> list[str]:
    """Months from the first of service to the last one that has ended, without a row."""
    start = book.facts.get("service_from")
    there = {(day.year, day.month) for day in days}
    month, found = start, []
    while month is not None and (month.year, month.month) < (book.today.year, book.today.month):
        if (month.year, month.month) not in there:
            found.append(f"{month:%Y-%m}")
        month = months_later(month.replace(day=1), 1)
    return found
