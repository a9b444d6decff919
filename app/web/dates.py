"""Dates as Japanese offices write them: by the Western year or by the era, in and out. Pure.

Eras are known from 明治 on. An era's first and last year are taken generously: 平成31年 and 令和元年 are both 2019.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Era:
    """One era: how it is written, its letter, and its first day."""

    name: str
    letter: str
    first: date


ERAS = (
    Era("明治", "M", date(1868, 1, 25)),
    Era("大正", "T", date(1912, 7, 30)),
    Era("昭和", "S", date(1926, 12, 25)),
    Era("平成", "H", date(1989, 1, 8)),
    Era("令和", "R", date(2019, 5, 1)),
)
_BY_SIGN = {sign: era for era in ERAS for sign in (era.name, era.name[0], era.letter)}
_SIGNS = "|".join(sorted(_BY_SIGN, key=len, reverse=True))
_YEAR = rf"(?:(?P<era>{_SIGNS})\.?(?P<era_year>元|\d{{1,2}})|(?P<year>\d{{4}}))"
_YEAR_ALONE = re.compile(rf"^{_YEAR}年?度?$", re.IGNORECASE)
_DATE = re.compile(rf"^{_YEAR}(?:年|[-/.])(?P<month>\d{{1,2}})(?:月|[-/.])(?P<day>\d{{1,2}})日?$", re.IGNORECASE)
_DIGITS = re.compile(r"^(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})$")


def _plain(text: str) -> str:
    return re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).replace("〜", "~")


def _year_of(match: re.Match[str]) -> int | None:
    found = match.groupdict()
    if found.get("year"):
        return int(found["year"])
    sign = found["era"]
    era = _BY_SIGN.get(sign) or _BY_SIGN[sign.upper()]
    count = 1 if found["era_year"] == "元" else int(found["era_year"])
    if count < 1:
        return None
    year = era.first.year + count - 1
    place = ERAS.index(era)
    if place + 1 < len(ERAS) and year > ERAS[place + 1].first.year:
        return None
    return year


def parse_year(text: str) -> int | None:
    """The Western year of 「2023」「R5」「令和5」「令和元年」「平31」; None when it is no year, e.g. 「昭和70」."""
    match = _YEAR_ALONE.match(_plain(text))
    return _year_of(match) if match else None


def parse_date(text: str) -> date | None:
    """The day of 「2023-04-01」「2023/4/1」「20230401」「R5.4.1」「令和5年4月1日」; None when there is no such day.

    A day of an era must lie in it: 「平成31年5月1日」 is 令和 and not accepted.
    """
    plain = _plain(text)
    match = _DATE.match(plain) or _DIGITS.match(plain)
    if not match:
        return None
    year = _year_of(match)
    try:
        day = date(year or 0, int(match["month"]), int(match["day"]))
    except ValueError:
        return None
    sign = match.groupdict().get("era")
    if sign and era_of(day) is not (_BY_SIGN.get(sign) or _BY_SIGN[sign.upper()]):
        return None
    return day


def era_of(day: date) -> Era | None:
    """The era that a day belongs to; None before 明治."""
    return next((era for era in reversed(ERAS) if era.first <= day), None)


def japanese_year(year: int) -> str:
    """The era year of a Western year as it ends: 2023 is 令和5年, 2019 is 令和元年; empty before 明治."""
    era = era_of(date(year, 12, 31))
    if era is None:
        return ""
    count = year - era.first.year + 1
    return f"{era.name}{'元' if count == 1 else count}年"


def japanese_date(day: date) -> str:
    """令和5年4月1日; before 明治 the Western date."""
    era = era_of(day)
    if era is None:
        return f"{day.year}年{day.month}月{day.day}日"
    count = day.year - era.first.year + 1
    return f"{era.name}{'元' if count == 1 else count}年{day.month}月{day.day}日"
