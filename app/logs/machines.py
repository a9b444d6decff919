"""A machine's day: its use by the minute, read back from the records that monitoring/history/record.py writes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString

from app.logs.records import Record
from app.operations import charts
from app.operations.rules import reading

TITLES = {
    "cpu": ("CPU", "percent"),
    "memory": ("メモリ", "percent"),
    "disk": ("ディスク", "percent"),
    "net": ("ネットワーク", "bytes_per_second"),
}
GROUPS = {"received": "net", "sent": "net"}
NAMES = {"cpu": "CPU", "memory": "メモリ", "received": "受信", "sent": "送信"}
_PART = re.compile(r"([a-z]+)(?::(\S+?))?=(-?[0-9.]+)(%|B/s)")
GAP_SECONDS = 120


@dataclass(frozen=True)
class Column:
    """One measurement of a machine."""

    key: str
    title: str
    unit: str
    group: str


@dataclass(frozen=True)
class Row:
    """One minute."""

    at: datetime
    values: list[str]


@dataclass(frozen=True)
class Chart:
    """One drawing, with its axes and what its lines are."""

    title: str
    drawn: SafeString
    values: list[str]
    times: list[str]
    keys: list[tuple[int, str]]


@dataclass(frozen=True)
class Machine:
    """A machine's day: columns, minutes from the newest, and charts."""

    columns: list[Column]
    rows: list[Row]
    charts: list[Chart]


def measured(text: str) -> dict[str, tuple[float, str]]:
    """The measurements of a record's text: `cpu=1.5% disk:/srv=40.2%`."""
    return {
        f"{name}:{where}" if where else name: (float(value), "percent" if unit == "%" else "bytes_per_second")
        for name, where, value, unit in _PART.findall(text)
    }


def machine(records: Iterable[Record], start: datetime, end: datetime, zone: ZoneInfo) -> Machine:
    """The day between two instants, of the records of one machine. A minute told twice counts once."""
    minutes = {record.at: measured(record.text) for record in records}
    found = {key: unit for values in minutes.values() for key, (_, unit) in values.items()}
    columns = [Column(key, _title(key), found[key], _group(key)) for key in sorted(found, key=_order)]
    rows = [
        Row(at.astimezone(zone), [reading(minutes[at].get(c.key, (None, ""))[0], c.unit) for c in columns])
        for at in sorted(minutes, reverse=True)
    ]
    drawings = [_chart(group, columns, minutes, start, end, zone) for group in TITLES]
    return Machine(columns, rows, [one for one in drawings if one])


def _chart(
    group: str,
    columns: list[Column],
    minutes: dict[datetime, dict[str, tuple[float, str]]],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
) -> Chart | None:
    title, unit = TITLES[group]
    lines = [
        charts.Line(
            column.title,
            [(at.timestamp(), minutes[at][column.key][0]) for at in sorted(minutes) if column.key in minutes[at]],
        )
        for column in columns
        if column.group == group
    ]
    if not lines:
        return None
    on = charts.scale(lines, start.timestamp(), end.timestamp(), unit)
    keys = [(number % charts.COLOURS, line.name) for number, line in enumerate(lines)]
    drawn = charts.draw(title, lines, on, GAP_SECONDS)
    return Chart(title, drawn, charts.value_axis(on, unit), charts.time_axis(on, zone), keys)


def _group(key: str) -> str:
    name = key.partition(":")[0]
    return GROUPS.get(name, name)


def _title(key: str) -> str:
    name, _, where = key.partition(":")
    return f"ディスク {where}" if name == "disk" else NAMES.get(name, key)


def _order(key: str) -> tuple[int, str]:
    order = list(TITLES)
    return (order.index(_group(key)) if _group(key) in order else len(order)), key
