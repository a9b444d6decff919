"""When a transfer counts as missed. Pure."""

from datetime import date

from app.branches.rules import LONGEST_CLOSURE_DAYS, ONE_DAY, Closing


def open_days_since(sent: date, today: date, closing: Closing) -> int:
    """How many open days of the destination have passed since the day of sending, today with them."""
    days = min((today - sent).days, LONGEST_CLOSURE_DAYS)
    return sum(1 for n in range(1, days + 1) if not closing.is_closed(sent + n * ONE_DAY))


def is_missed(sent: date, today: date, closing: Closing, limit: int) -> bool:
    """Whether the item should have arrived: more than `limit` open days have passed (F-TRF-005)."""
    return open_days_since(sent, today, closing) > limit
