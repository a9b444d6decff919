"""Pure decisions about notices: which stage a loan has reached, when one may be sent, what comes next, what it says."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.branches.rules import Closing, next_open

FIELD = re.compile(r"\{([^{}\n]{1,20})\}")


@dataclass(frozen=True)
class StageRule:
    """A stage of reminding: from `days` after the due date (`held_days` when somebody waits), by `means` (a code)."""

    number: int
    days: int
    means: str
    held_days: int | None = None

    def begins(self, held: bool) -> int:
        """Days late from which the stage applies."""
        return self.held_days if held and self.held_days is not None else self.days


def stage_reached(stages: Iterable[StageRule], days_late: int, held: bool, done: int) -> StageRule | None:
    """The highest stage whose time has come, unless it or a later one is done. Stages that were missed are skipped:
    a loan that is 70 days late on the first run gets the 60-day reminder, not all before it."""
    reached = [stage for stage in stages if days_late >= stage.begins(held)]
    best = max(reached, key=lambda stage: stage.number, default=None)
    return best if best and best.number > done else None


def send_moment(now: datetime, send_from: time, send_until: time, closing: Closing, on_closed_days: bool) -> datetime:
    """The first moment at or after `now` (local time) within the hours, and on an open day unless closed days count.

    21:30 with hours 9:00–21:00 is 9:00 of the next (open) day. The end itself is outside the hours.
    """
    day = now.date()
    if now.time() >= send_until:
        day += timedelta(days=1)
    if not on_closed_days:
        day = next_open(day, closing)
    start = datetime.combine(day, send_from, now.tzinfo)
    return max(start, now) if day == now.date() else start


def stopped(periods: Iterable[tuple[date, date]], today: date) -> bool:
    """Whether today lies in any of the periods; both ends count."""
    return any(start <= today <= end for start, end in periods)


def call_again(result: str, today: date, promised_on: date | None, closing: Closing) -> date | None:
    """The day on which the patron stands on the phone list again, or None when the matter is told.

    Absent: the next open day. A promise: the day after it. A wrong number goes to another means.
    """
    if result == "promised" and promised_on:
        return next_open(promised_on + timedelta(days=1), closing)
    if result in ("absent", "machine"):
        return next_open(today + timedelta(days=1), closing)
    return None


def choose_means(wanted: str, possible: Sequence[str]) -> str | None:
    """The wanted means if it can reach the patron, else the first of `possible` (in the table's order), else None."""
    if wanted in possible:
        return wanted
    return possible[0] if possible else None


def fields_in(text: str) -> set[str]:
    """Names of the fields that a text asks for."""
    return set(FIELD.findall(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with {fields} replaced, once: what is put in is never read as a field again. KeyError is impossible
    for a text that `unknown_fields` passed; an unknown one stays as it is."""
    return FIELD.sub(lambda match: values.get(match.group(1), match.group(0)), text)


def unknown_fields(text: str, known: Iterable[str]) -> list[str]:
    """Fields of the text that do not exist, sorted."""
    return sorted(fields_in(text) - set(known))


def postcode_digits(text: str) -> str:
    """Seven digits of a postal code for the boxes and the sorting; empty when it is none."""
    digits = re.sub(r"\D", "", text)
    return digits if len(digits) == 7 else ""


def japanese_date(day: date) -> str:
    """2026年11月3日(火)"""
    return f"{day.year}年{day.month}月{day.day}日({'月火水木金土日'[day.weekday()]})"


def shortened(text: str, longest: int) -> str:
    """The text, cut with an ellipsis when it is longer."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def rows_of(text: str, letters: int) -> int:
    """How many rows a text takes when `letters` fit into one; an empty line is half of one, rounded down in all."""
    return int(sum(-(-len(line) // letters) if line else 0.5 for line in text.split("\n")))
