"""Subject headings and names as a table (CSV): one heading a line, several values of a cell divided by 「;」. Pure."""

import csv
import re
from collections.abc import Iterable
from typing import Any

from app.authorities.models import Kind, Scheme

COLUMNS = {
    "一覧": "scheme", "種類": "kind", "番号": "number", "統一形": "heading", "ヨミ": "reading", "を見よ": "forms",
    "上位": "broader", "下位": "narrower", "関連": "related", "NDC": "ndc", "注記": "note",
}  # fmt: skip
MANY = ("forms", "broader", "narrower", "related")
MOST_LINES = 20_000


class BadTable(Exception):
    """The table cannot be read; the text says where and why."""


def read(lines: Iterable[str]) -> list[dict[str, Any]]:
    """The rows of a table, checked. BadTable names the first line that cannot be."""
    reader = csv.DictReader(lines)
    unknown = [name for name in reader.fieldnames or [] if name.strip() not in COLUMNS]
    if unknown or "統一形" not in [name.strip() for name in reader.fieldnames or []]:
        raise BadTable(f"1行目に列の名を書いてください({'、'.join(COLUMNS)})。")
    schemes = {label: value for value, label in Scheme.choices} | {value: value for value in Scheme.values}
    kinds = {label: value for value, label in Kind.choices} | {value: value for value in Kind.values}
    found = []
    for line in reader:
        if None in line:
            raise BadTable(f"{reader.line_num}行目: 列が多すぎます。")
        row: dict[str, Any] = dict.fromkeys(COLUMNS.values(), "")
        row |= {COLUMNS[name.strip()]: (value or "").strip() for name, value in line.items()}
        if not row["heading"]:
            continue
        if any(len(value) > 300 for name, value in row.items() if name not in (*MANY, "note")):
            raise BadTable(f"{reader.line_num}行目: 300字を超える値があります。")
        row["scheme"] = schemes.get(row["scheme"] or "own", "")
        row["kind"] = kinds.get(row["kind"] or "topic", "")
        if not row["scheme"] or not row["kind"]:
            raise BadTable(f"{reader.line_num}行目: 一覧か種類の値が正しくありません。")
        for name in MANY:
            row[name] = [text.strip() for text in re.split("[;；]", row[name]) if text.strip()]
        found.append(row | {"line": reader.line_num})
        if len(found) > MOST_LINES:
            raise BadTable(f"一度に取り込めるのは{MOST_LINES}行までです。")
    return found
