"""Pure decisions about permission and sign-in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise

MAX_FAILURES = 5
MAX_FAILURES_PER_ADDRESS = 30
LOCK_OUT = timedelta(minutes=15)
# Readers miss more often than staff, and have less to lose by it (F-MYP-001).
PATRON_MAX_FAILURES = 10
PATRON_LOCK_OUT = timedelta(minutes=30)
ALL, OWN, CHOSEN = "all", "own", "chosen"


@dataclass(frozen=True)
class Grant:
    """One granted operation as it reaches one person: `home` is the library of the role's holder."""

    operation: str
    scope: str
    branches: tuple[int, ...]
    home: int | None


@dataclass(frozen=True)
class Powers:
    """What somebody may do: `operations`, of which those in `limits` at some libraries only."""

    operations: frozenset[str] = frozenset()
    limits: Mapping[str, frozenset[int]] = field(default_factory=dict)


def powers(grants: Iterable[Grant]) -> Powers:
    """All grants that reach a person together: the widest counts; several limited ones add up."""
    wide: set[str] = set()
    limits: dict[str, set[int]] = {}
    for grant in grants:
        if grant.scope == ALL:
            wide.add(grant.operation)
            continue
        where = grant.branches if grant.scope == CHOSEN else (() if grant.home is None else (grant.home,))
        limits.setdefault(grant.operation, set()).update(where)
    kept = {code: frozenset(where) for code, where in limits.items() if where and code not in wide}
    return Powers(frozenset(wide) | kept.keys(), kept)


def may(role_operations: Iterable[str], operation: str) -> bool:
    """Whether the operations granted by somebody's roles include this one. There are no wildcards."""
    return operation in role_operations


def may_at(limits: Mapping[str, frozenset[int]], operation: str, branch_id: int | None) -> bool:
    """Whether an operation that somebody has also holds at this library; without a library there is nothing to say."""
    return branch_id is None or operation not in limits or branch_id in limits[operation]


def in_service(active: bool, valid_from: date | None, valid_until: date | None, today: date) -> bool:
    """Whether a member of staff may work today; both dates are inclusive."""
    return active and (valid_from is None or valid_from <= today) and (valid_until is None or today <= valid_until)


def locked_out(
    failures: Iterable[datetime],
    address_failures: int,
    now: datetime,
    max_failures: int = MAX_FAILURES,
    lock_out: timedelta = LOCK_OUT,
) -> bool:
    """Whether sign-in is refused without looking at the password: so many misses in so long a time, or an address
    that misses thirty times."""
    recent = sum(1 for at in failures if now - at < lock_out)
    return recent >= max_failures or address_failures >= MAX_FAILURES_PER_ADDRESS


def next_step(*, second_needed: bool, enrolled: bool, second_passed: bool, change_needed: bool) -> str:
    """What still stands between a right password and the menu: `second`, `enrol`, `password` or `done`.

    Whoever has an authenticator uses it, asked for by a role or not.
    """
    if not second_passed:
        if enrolled:
            return "second"
        if second_needed:
            return "enrol"
    return "password" if change_needed else "done"


def password_is_old(set_at: datetime | None, now: datetime, max_age_days: int) -> bool:
    """Whether the policy's age is over; 0 days is never."""
    return max_age_days > 0 and (set_at is None or now - set_at > timedelta(days=max_age_days))


def weak_pin(pin: str, least: int, *numbers: str) -> str:
    """Why a PIN is not taken, as a sentence; empty when it is. `numbers` are those printed on cards."""
    if not pin.isascii() or not pin.isdigit() or not least <= len(pin) <= 8:
        return f"暗証番号は{least}桁から8桁の数字にしてください。"
    steps = {(int(right) - int(left)) % 10 for left, right in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        return "同じ数字や順に並んだ数字は暗証番号に使えません。"
    if any(pin in number for number in numbers if number):
        return "職員番号や職員証番号に含まれる数字は暗証番号に使えません。"
    return ""


def may_switch(full_at: float | None, now: float, hours: int) -> bool:
    """Whether the terminal's last full sign-in (seconds since the epoch) lets operators change by PIN."""
    return full_at is not None and 0 <= now - full_at <= hours * 3600
