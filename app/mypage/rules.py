"""Pure decisions of My Page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

CONFIRM_WITHIN = timedelta(minutes=15)
LONGEST_AHEAD = timedelta(days=7)


def fits(words: str, text: str) -> bool:
    """Whether every word (folded, separated by spaces) stands somewhere in the folded text."""
    return bool(words) and all(word in text for word in words.split())


@dataclass(frozen=True)
class Booking:
    """An hour of a seat as the rules see it."""

    starts_at: datetime
    confirmed: bool


def counts(booking: Booking, now: datetime) -> bool:
    """Whether a booking still keeps its seat: confirmed, or its first fifteen minutes are not over."""
    return booking.confirmed or now < booking.starts_at + CONFIRM_WITHIN


def may_confirm(booking: Booking, now: datetime) -> bool:
    """Whether somebody who has come may confirm now: from a quarter of an hour before until it is given up."""
    return not booking.confirmed and booking.starts_at - CONFIRM_WITHIN <= now < booking.starts_at + CONFIRM_WITHIN


def hour_problem(starts_at: datetime, now: datetime, first: int, last: int) -> str:
    """What is wrong with an hour (local time), by name; empty when it can be booked. `first` and `last` are the hours
    at which the library opens and closes."""
    if starts_at.minute or starts_at.second or starts_at.microsecond:
        return "whole"
    if starts_at + CONFIRM_WITHIN <= now:
        return "past"
    if starts_at.date() - now.date() > LONGEST_AHEAD:
        return "far"
    return "" if first <= starts_at.hour < last else "closed"


def by_class(key: str) -> tuple[bool, str]:
    """How a class mark sorts: those without one last."""
    return (not key, key)


def joined(*parts: str | Iterable[str]) -> str:
    """Texts and lists of texts, one after another, with a break that no word crosses."""
    return "\n".join(part if isinstance(part, str) else "\n".join(part) for part in parts)


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """The names of the values that differ."""
    return [name for name, value in after.items() if before.get(name) != value]
