"""How values of the rule table are written for people, and read from them. Pure."""

import re
import unicodedata
from datetime import date
from typing import Any

from app.regulations.rules import (
    COUNT,
    DATE,
    DAYS,
    EFFECTS,
    FLAG,
    METHODS,
    REMINDERS,
    STAGES,
    Column,
    Reminder,
    Stage,
)

_LINE = re.compile(r"^(?P<days>\d{1,3})日(?:\s*(?P<items>\d{1,3})点)?\s*(?P<what>\S+)$")


class Unreadable(ValueError):
    """A line that is no stage; the text says which line and what was expected."""


def _lines(text: str) -> list[re.Match[str]]:
    found = []
    for line in unicodedata.normalize("NFKC", text).splitlines():
        if not line.strip():
            continue
        match = _LINE.match(line.strip())
        if match is None:
            raise Unreadable(f"「{line.strip()}」は読み取れません。「15日 貸出停止」のように書いてください。")
        found.append(match)
    return found


def _code(names: dict[str, str], what: str) -> str:
    for code, name in names.items():
        if name == what:
            return code
    raise Unreadable(f"「{what}」は選べません。{'・'.join(names.values())}のどれかにしてください。")


def read_stages(text: str) -> tuple[Stage, ...]:
    """The overdue stages of lines like 「15日 貸出停止」「7日 3点 注意」, by days. Unreadable names the line."""
    stages = [
        Stage(int(match["days"]), _code(EFFECTS, match["what"]), int(match["items"] or 1)) for match in _lines(text)
    ]
    if any(stage.days < 1 or stage.items < 1 for stage in stages):
        raise Unreadable("日数と点数は1以上にしてください。")
    return tuple(sorted(stages, key=lambda stage: (stage.days, stage.items)))


def read_reminders(text: str) -> tuple[Reminder, ...]:
    """The reminder stages of lines like 「7日 メール」, by days. Unreadable names the line."""
    stages = [Reminder(int(match["days"]), _code(METHODS, match["what"])) for match in _lines(text)]
    if len({stage.days for stage in stages}) != len(stages):
        raise Unreadable("同じ日数の段階が2つあります。")
    return tuple(sorted(stages, key=lambda stage: stage.days))


def lines_of(column: Column, value: Any) -> str:
    """Stages as the lines that `read_…` reads."""
    if column.kind == STAGES:
        return "\n".join(
            f"{stage.days}日 {f'{stage.items}点 ' if stage.items > 1 else ''}{EFFECTS[stage.effect]}" for stage in value
        )
    return "\n".join(f"{stage.days}日 {METHODS[stage.method]}" for stage in value)


def stored(column: Column, value: Any) -> Any:
    """A value as the database keeps it: stages become lists."""
    if value is None:
        return None
    if column.kind == STAGES:
        return [[stage.days, stage.effect, stage.items] for stage in value]
    if column.kind == REMINDERS:
        return [[stage.days, stage.method] for stage in value]
    return value


def shown(column: Column, value: Any) -> str:
    """A value for the screen, e.g. 「14日」「はい」「15日 貸出停止、30日 予約停止」."""
    if value is None:
        return column.unset
    if column.kind == FLAG:
        return "はい" if value else "いいえ"
    if column.kind == DAYS:
        return f"{value}{'開館日' if column.name == 'hold_shelf_days' else '日'}"
    if column.kind == COUNT:
        return f"{value}{_unit(column.name)}"
    if column.kind == DATE:
        return f"{value:%Y/%m/%d}" if isinstance(value, date) else str(value)
    return lines_of(column, value).replace("\n", "、") or "なし"


def _unit(name: str) -> str:
    if "renewals" in name:
        return "回"
    return "件" if name in ("hold_limit", "total_hold_limit", "request_limit", "busy_from") else "点"
