"""Articles of local newspapers and magazines as lines of a spreadsheet: what each column says. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog import rules
from app.catalog.codes import Level, MarcFormat, MaterialType, Origin

HEADLINE, PAPER = "見出し", "掲載紙誌"
REQUIRED = (HEADLINE, PAPER)
OPTIONAL = ("見出しヨミ", "執筆者", "掲載日", "面", "キーワード", "地名", "人名", "要約", "アドレス")
_LONGEST = 2000


@dataclass(frozen=True)
class Article:
    """One line: the fields of its record, the paper that it stood in, and an address where it can be read."""

    line: int
    fields: dict[str, Any]
    paper: str
    url: str = ""


def problem(row: Mapping[str, str]) -> str:
    """Why a line is no article, in words; "" when it is one."""
    for name in REQUIRED:
        if not row.get(name, "").strip():
            return f"「{name}」がありません"
    if long := next((name for name, text in row.items() if len(text) > _LONGEST), ""):
        return f"「{long}」が長すぎます({_LONGEST}字まで)"
    url = row.get("アドレス", "").strip()
    if url and not url.startswith(("https://", "http://")):
        return "「アドレス」は https:// から書いてください"
    return ""


def article(line: int, row: Mapping[str, str]) -> Article:
    """The article of a line without problems. The same article again has the same number."""
    given = {name: row.get(name, "").strip() for name in (*REQUIRED, *OPTIONAL)}
    same = "\x1f".join((given[PAPER], given["掲載日"], given["面"], given[HEADLINE]))
    number = hashlib.sha256(same.encode()).hexdigest()[:24]
    fields = {
        "origin": Origin.STAFF,
        "level": Level.ARTICLE,
        "material_type": MaterialType.MAGAZINE,
        "control_number": f"(ARTICLE){number}",
        "national_number": None,
        "title": given[HEADLINE],
        "title_reading": given["見出しヨミ"],
        "creators": parts(given["執筆者"]),
        "series": [given[PAPER]],
        "issued": given["掲載日"],
        "year": rules.year_of(given["掲載日"]),
        "extent": given["面"],
        "subjects": parts(given["キーワード"]),
        "local_places": parts(given["地名"]),
        "local_people": parts(given["人名"]),
        "summary": given["要約"],
        "marc": json.dumps(dict(row), ensure_ascii=False, sort_keys=True).encode(),
        "marc_format": MarcFormat.SHEET,
    }
    return Article(line, fields, given[PAPER], given["アドレス"])


def parts(text: str) -> list[str]:
    """The words of a cell, between 、 ; or line breaks."""
    for mark in ("；", ";", "\n", "，"):
        text = text.replace(mark, "、")
    return [word.strip() for word in text.split("、") if word.strip()]
