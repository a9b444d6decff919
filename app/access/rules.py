"""Pure decisions about permission and sign-in."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

MAX_FAILURES = 5
MAX_FAILURES_PER_ADDRESS = 30
LOCK_OUT = timedelta(minutes=15)


def may(role_operations: Iterable[str], operation: str) -> bool:
    """Whether the operations granted by somebody's roles include this one. There are no wildcards."""
    return operation in role_operations


def in_service(active: bool, valid_from: date | None, valid_until: date | None, today: date) -> bool:
    """Whether a member of staff may work today; both dates are inclusive."""
    return active and (valid_from is None or valid_from <= today) and (valid_until is None or today <= valid_until)


def locked_out(failures: Iterable[datetime], address_failures: int, now: datetime) -> bool:
    """Whether sign-in is refused without looking at the password: five misses in fifteen minutes, or an address
    that misses thirty times."""
    recent = sum(1 for at in failures if now - at < LOCK_OUT)
    return recent >= MAX_FAILURES or address_failures >= MAX_FAILURES_PER_ADDRESS
