"""Pure decisions of the public pages: which months a ranking covers, which text is shown, what stands on a shelf."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta

SPANS = {"month": 1, "quarter": 3, "year": 12}
"""The periods of the rankings, in whole months that are over."""


def month_before(first: date, months: int) -> date:
    """The first day of the month so many months before the month of a day."""
    total = first.year * 12 + first.month - 1 - months
    return date(total // 12, total % 12 + 1, 1)


def span(period: str, today: date) -> tuple[date, date]:
    """The first and last day of a ranking's period: months that are over, so that no day's change can be read off."""
    first = month_before(today, SPANS[period])
    return first, today.replace(day=1) - timedelta(days=1)


def ranks(counts: Iterable[int]) -> list[int]:
    """The ranks of counts that are given largest first; equal counts share a rank (1, 2, 2, 4)."""
    given: list[int] = []
    last, rank = None, 0
    for place, count in enumerate(counts, 1):
        if count != last:
            last, rank = count, place
        given.append(rank)
    return given


class Unreadable(ValueError):
    """What was typed is not understood; the message is for staff."""


@dataclass(frozen=True)
class Range:
    """Call numbers from one to another; both empty for all."""

    call_from: str
    call_to: str


_BETWEEN = re.compile(r"\s*[~〜～]\s*|\s+-\s+")


def read_ranges(text: str) -> list[Range]:
    """One range a line: 「913.6/ア～913.6/コ」, or one beginning of a call number, 「913」. Unreadable otherwise."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        parts = _BETWEEN.split(line)
        if len(parts) > 2 or not all(parts):
            raise Unreadable(f"「{line}」は、請求記号1つ、または「900～913.6/コ」の形で入力してください。")
        if max(map(len, parts)) > 60:
            raise Unreadable(f"「{line[:20]}…」は長すぎます。請求記号は60字までです。")
        found.append(Range(parts[0], parts[-1]))
    return found


def ranges_text(ranges: Iterable[Range]) -> str:
    """Ranges as `read_ranges` reads them."""
    return "\n".join(
        one.call_from if one.call_from == one.call_to else f"{one.call_from}～{one.call_to}"
        for one in ranges
        if one.call_from
    )


def shelf_key(call_key: str) -> str:
    """The catalogue's key of a call number (別置 分類 図書 巻冊, a blank after each) as shelves are compared by it.

    A call number that is kept as a whole has its 別置記号 read as a class: what does not begin with a digit is moved to
    its own place, so that 「E/ア」 is one place however it was entered. Blanks at the end say nothing.
    """
    parts = [*call_key.split(" "), "", "", "", ""][:4]
    shelf, number, book, volume = parts
    if not shelf and number and not number[0].isdigit():
        if book[:1].isdigit():
            shelf, number, book, volume = number, book, volume, ""
        else:
            shelf, number = number, ""
    return " ".join((shelf, number, book, volume)).rstrip(" ") if any(parts) else ""


@dataclass(frozen=True)
class Standing:
    """What a shelf holds: a location ("" for any) and the keys of its first and last call number ("" for all)."""

    location: str
    key_from: str
    key_to: str


def holds(shelf: Standing, location: str, key: str) -> bool:
    """Whether an item of this location and call-number key stands on the shelf. The end includes all that begin with
    it: 「～913」 holds 913.6 too."""
    if shelf.location and shelf.location != location:
        return False
    if not shelf.key_from:
        return bool(shelf.location)
    return bool(key) and shelf.key_from <= key and key[: len(shelf.key_to)] <= shelf.key_to


def closeness(shelf: Standing) -> tuple[bool, int]:
    """How exactly a shelf is described; of several that hold an item the greatest is shown."""
    common = 0
    for low, high in zip(shelf.key_from, shelf.key_to, strict=False):
        if low != high:
            break
        common += 1
    return bool(shelf.location), common + len(shelf.key_from)


@dataclass(frozen=True)
class Stop:
    """A stop of the mobile library as it is typed."""

    name: str
    address: str
    arrives: time
    leaves: time


_STOP = re.compile(r"^(\d{1,2}):(\d{2})\s*[-~〜～]\s*(\d{1,2}):(\d{2})\s+(\S[^(]*?)\s*(?:\((.+)\))?$")


def read_stops(text: str) -> list[Stop]:
    """One stop a line: 「10:00-10:40 若槻団地 集会所前（若槻団地1-1）」. Unreadable on a bad line."""
    found = []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        match = _STOP.match(unicodedata.normalize("NFKC", line))
        try:
            if match is None:
                raise ValueError(line)
            arrives, leaves = time(int(match[1]), int(match[2])), time(int(match[3]), int(match[4]))
        except ValueError:
            raise Unreadable(f"「{line}」は「10:00-10:40 場所（所在地）」の形で入力してください。") from None
        if leaves <= arrives:
            raise Unreadable(f"「{line}」は、終わりの時刻を始まりより後にしてください。")
        name, address = match[5], match[6] or ""
        if len(name) > 60 or len(address) > 100:
            raise Unreadable(f"「{line[:20]}…」は長すぎます。場所は60字、所在地は100字までです。")
        if (name, arrives) in {(stop.name, stop.arrives) for stop in found}:
            raise Unreadable(f"「{line}」が2回あります。")
        found.append(Stop(name, address, arrives, leaves))
    return found


def every(first: date, last: date, weeks: int) -> list[date]:
    """The days from the first to the last, so many weeks apart."""
    return [first + timedelta(weeks=weeks * count) for count in range((last - first).days // (7 * weeks) + 1)]
