"""How closing days and opening hours are written for people, and read from them. Pure."""

import re
import unicodedata
from collections.abc import Mapping

from app.branches.rules import HOLIDAY_HOURS, WEEKDAYS

_NTH = re.compile(rf"第?(?P<n>[1-5])(?P<weekday>[{WEEKDAYS}])曜?日?")
_HOURS = re.compile(
    rf"^(?P<days>[{WEEKDAYS}祝・、曜日]+)\s*(?P<from>\d{{1,2}}:\d{{2}})\s*[-~〜～―]\s*(?P<to>\d{{1,2}}:\d{{2}})$"
)
_MONTH_DAY = re.compile(r"^(\d{1,2})[/月.-](\d{1,2})日?$")
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Unreadable(ValueError):
    """Text that is no such thing; the message says what was expected."""


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def read_nth(text: str) -> tuple[tuple[int, int], ...]:
    """(n, weekday) pairs of 「第4木曜」「第2・第4木曜」「4木 2月」, sorted. Unreadable for what is left over."""
    plain = _plain(text)
    # 「第2・第4木曜」: a number without weekday takes the one that follows.
    plain = re.sub(rf"第?([1-5])\s*[・、,]\s*(?=第?[1-5]\s*([{WEEKDAYS}]))", r"第\1\2 ", plain)
    found = {(int(match["n"]), WEEKDAYS.index(match["weekday"])) for match in _NTH.finditer(plain)}
    rest = re.sub(r"[\s、・,]", "", _NTH.sub("", plain))
    if rest:
        raise Unreadable(f"「{rest}」は読み取れません。「第4木曜」のように書いてください。")
    return tuple(sorted(found))


def nth_text(pairs: tuple[tuple[int, int], ...]) -> str:
    """第4木曜 第2月曜."""
    return " ".join(f"第{n}{WEEKDAYS[weekday]}曜" for n, weekday in pairs)


def read_hours(text: str) -> dict[int, tuple[str, str]]:
    """Hours by weekday (7: national holidays) of lines like 「月水木金 9:45-19:00」. Unreadable names the line."""
    hours: dict[int, tuple[str, str]] = {}
    for line in _plain(text).splitlines():
        if not line.strip():
            continue
        match = _HOURS.match(line.strip())
        if match is None:
            raise Unreadable(f"「{line.strip()}」は読み取れません。「月水木金 9:45-19:00」のように書いてください。")
        pair = (_time(match["from"]), _time(match["to"]))
        if pair[1] <= pair[0]:
            raise Unreadable(f"「{line.strip()}」の閉館時刻が開館時刻より前です。")
        for sign in re.sub(r"曜日?", "", match["days"]):
            if sign in WEEKDAYS:
                hours[WEEKDAYS.index(sign)] = pair
            elif sign == "祝":
                hours[HOLIDAY_HOURS] = pair
    return hours


def _time(text: str) -> str:
    hour, minute = (int(part) for part in text.split(":"))
    if hour > 23 or minute > 59:
        raise Unreadable(f"「{text}」という時刻はありません。")
    return f"{hour:02}:{minute:02}"


def hours_text(hours: Mapping[int, tuple[str, str]]) -> str:
    """Lines that `read_hours` reads, weekdays with the same hours together."""
    groups: dict[tuple[str, str], str] = {}
    for day in sorted(hours):
        sign = "祝" if day == HOLIDAY_HOURS else WEEKDAYS[day]
        groups[hours[day]] = groups.get(hours[day], "") + sign
    return "\n".join(f"{days} {first}-{last}" for (first, last), days in groups.items())


def read_month_day(text: str) -> tuple[int, int]:
    """(month, day) of 「12/29」「1月3日」. Unreadable when there is no such day."""
    match = _MONTH_DAY.match(_plain(text))
    month, day = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 1 <= month <= 12 or not 1 <= day <= _DAYS_IN_MONTH[month - 1]:
        raise Unreadable("「12/29」のように月と日を書いてください。")
    return month, day
