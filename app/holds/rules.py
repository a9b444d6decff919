"""Which copy goes to which hold, and whether a reader without a hold may take one. Pure.

The queue decides first: an earlier hold that may have a copy gets one before a later hold does. Among the copies a
hold may have, the nearest to its place of collection is taken (F-RSV-010).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta


@dataclass(frozen=True)
class Wish:
    """One open hold without an item in anybody's hands, as the rule sees it."""

    id: int
    queue_at: datetime
    pickup_id: int
    copy_id: int | None = None
    """The one copy it is for; None: any copy of the record."""
    looked_for: "Copy | None" = None
    """The copy on a shelf that is being looked for now (書架で準備中)."""
    asleep: bool = False
    """Suspended today, or an earlier volume of the series is not handed over yet."""

    @property
    def turn(self) -> tuple[datetime, int]:
        """Its place in the queue."""
        return (self.queue_at, self.id)


@dataclass(frozen=True)
class Copy:
    """One copy: on a shelf of `branch_id`, or in somebody's hands there."""

    id: int
    branch_id: int
    in_stack: bool = False
    order: int = 0
    """The branch's number: the last tie is broken by it."""


@dataclass(frozen=True)
class Nearness:
    """The order of candidates: `order` as in the setting, `near` the places that count as one with a pickup place."""

    order: str = "pickup,near,other"
    near: frozenset[tuple[int, int]] = frozenset()
    """Pairs (pickup place, other place)."""

    def of(self, pickup_id: int, branch_id: int) -> int:
        """How far a place is from a pickup place: 0 is best."""
        if self.order == "any":
            return 0
        if branch_id == pickup_id:
            tier = "pickup"
        elif (pickup_id, branch_id) in self.near:
            tier = "near"
        else:
            tier = "other"
        return self.order.split(",").index(tier)


def may_have(wish: Wish, copy: Copy) -> bool:
    """Whether this hold may be given this copy now."""
    return not wish.asleep and wish.copy_id in (None, copy.id)


def queue(wishes: Iterable[Wish]) -> list[Wish]:
    """In the order of the queue."""
    return sorted(wishes, key=lambda wish: wish.turn)


def who_gets(copy: Copy, wishes: Iterable[Wish], nearness: Nearness) -> Wish | None:
    """The hold that gets the copy that somebody has in hand: the first of the queue that may have it.

    A hold whose own copy is being looked for at a nearer place is passed over: it has what is better for it.
    """
    for wish in queue(wishes):
        if not may_have(wish, copy):
            continue
        other = wish.looked_for
        if other is not None and other.id != copy.id:
            there = nearness.of(wish.pickup_id, other.branch_id)
            if there < nearness.of(wish.pickup_id, copy.branch_id):
                continue
        return wish
    return None


def allot(wishes: Iterable[Wish], copies: Iterable[Copy], nearness: Nearness) -> dict[int, int]:
    """Which copies on the shelves to look for: hold id → copy id. A hold that is served keeps its copy while it can.

    Copies that a hold on that very copy waits for are given to title holds last.
    """
    waiting = queue(wishes)
    free = {copy.id: copy for copy in copies}
    wanted = {wish.copy_id for wish in waiting if wish.copy_id is not None and not wish.asleep}
    found: dict[int, int] = {}
    for wish in waiting:
        fitting = [copy for copy in free.values() if may_have(wish, copy)]
        if not fitting:
            continue
        best = min(fitting, key=lambda copy: _distance(wish, copy, wanted, nearness))
        found[wish.id] = best.id
        del free[best.id]
    return found


def _distance(wish: Wish, copy: Copy, wanted: set[int | None], nearness: Nearness) -> tuple[object, ...]:
    mine = wish.looked_for is not None and wish.looked_for.id == copy.id
    return (
        copy.id in wanted and wish.copy_id is None,
        not mine,
        nearness.of(wish.pickup_id, copy.branch_id),
        copy.in_stack,
        copy.order,
        copy.id,
    )


def spare(copy_id: int, wishes: Iterable[Wish], copies: Iterable[Copy], nearness: Nearness) -> bool:
    """Whether a reader without a hold may take this copy: without it the holds are served as well (F-RSV-009)."""
    waiting = [replace(wish, looked_for=None) for wish in wishes]
    there = list(copies)
    without = [copy for copy in there if copy.id != copy_id]
    return set(allot(waiting, without, nearness)) == set(allot(waiting, there, nearness))


def lowest_free(taken: Iterable[int]) -> int:
    """The lowest place on the hold shelf that is free, from 1."""
    used = set(taken)
    number = 1
    while number in used:
        number += 1
    return number


def is_asleep(suspended_from: date | None, suspended_until: date | None, today: date) -> bool:
    """Whether a hold is suspended today; both dates inclusive, an empty end means until it is resumed."""
    if suspended_from is None and suspended_until is None:
        return False
    return (suspended_from is None or suspended_from <= today) and (suspended_until is None or today <= suspended_until)


def reordered(keys: Sequence[int], of: int, to: int) -> list[int]:
    """The sequence with the element at `of` moved to `to` (both from 0; beyond the end is the end)."""
    order = list(keys)
    moved = order.pop(of)
    order.insert(max(0, min(to, len(order))), moved)
    return order


def queue_times(times: Iterable[datetime]) -> list[datetime]:
    """The same moments in order, each later than the one before by at least a microsecond."""
    made: list[datetime] = []
    for moment in sorted(times):
        if made and moment <= made[-1]:
            moment = made[-1] + timedelta(microseconds=1)
        made.append(moment)
    return made


def over_limit(count: int, limit: int | None) -> bool:
    """Whether one more hold is one too many; None means no limit."""
    return limit is not None and count >= limit
