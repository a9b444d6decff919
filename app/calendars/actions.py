"""Closing branches, moving many dates at once, and taking it back.

A change is begun in one transaction (closed days, hold shelf, its record) and then carried through the loans in
batches, each its own transaction: the counter never waits for the whole, and a change cut short goes on where it was,
by the next press or by the job.
"""

import time
from collections.abc import Sequence
from datetime import date, timedelta
from datetime import time as clock

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches import actions as branches
from app.branches.models import Branch, ClosedDay
from app.branches.queries import pattern_of
from app.branches.rules import Pattern, days_of
from app.calendars import queries
from app.calendars.models import RedatedHold, RedatedLoan, Redating
from app.calendars.queries import Plan
from app.circulation.actions import redating as dates
from app.circulation.actions.redating import Moved

CLOSE = declare("calendars.close", "臨時休館を登録し、期限を一括で変える", roles=())
BATCH = 5000
# As far ahead as any due date lies.
HORIZON = timedelta(days=800)
LONGEST = 400
SAME_PRESS = timedelta(minutes=5)
STANDING = (Redating.State.RUNNING, Redating.State.DONE)
# One change at a time: two would wait for each other's rows.
LOCK = 0x4B757261


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def _check(plan: Plan, today: date) -> None:
    if not plan.branches:
        raise ValidationError({"branches": "館を選んでください。"})
    if plan.last < plan.first:
        raise ValidationError({"last": "最終日は初日以後にしてください。"})
    if (plan.last - plan.first).days >= LONGEST:
        raise ValidationError({"last": f"一度に指定できるのは{LONGEST}日までです。"})
    if plan.last < today:
        raise ValidationError({"last": "過ぎた期間です。"})
    if plan.due_to is not None and plan.due_to <= plan.last:
        raise ValidationError({"due_to": "新しい返却期限は期間の最終日より後にしてください。"})
    if plan.kind == Redating.Kind.EXTENSION and plan.due_to is None:
        raise ValidationError({"due_to": "新しい返却期限を入力してください。"})


def _same(actor: Actor, plan: Plan) -> Redating | None:
    """The change that this very plan made a moment ago: a button pressed twice must not lengthen the shelf twice."""
    recent = Redating.objects.filter(
        kind=plan.kind,
        first=plan.first,
        last=plan.last,
        reason=plan.reason,
        due_to=plan.due_to,
        hold_days=plan.hold_days,
        made_by=actor.number,
        made_at__gt=timezone.now() - SAME_PRESS,
        state__in=STANDING,
    )
    wanted = {branch.pk for branch in plan.branches}
    return next((one for one in recent if {branch.pk for branch in one.branches.all()} == wanted), None)


def _check_overlap(plan: Plan) -> None:
    """A day is closed by one closure: two would lengthen the shelf twice, and undoing one would open what the other
    closed."""
    if plan.kind != Redating.Kind.CLOSURE:
        return
    standing = Redating.objects.filter(
        kind=Redating.Kind.CLOSURE, state__in=STANDING, first__lte=plan.last, last__gte=plan.first
    )
    there = standing.filter(branches__in=plan.branches).first()
    if there is not None:
        span = f"{there.first:%Y/%m/%d}～{there.last:%Y/%m/%d}"
        raise ValidationError(
            f"この期間に重なる臨時休館（{span} {there.reason}）があります。取り消すか、重ならない期間にしてください。"
        )


@transaction.atomic
def begin(actor: Actor, plan: Plan, today: date | None = None) -> Redating:
    """Close the days, move the hold shelf, and note what is to be done with the loans; `go_on` does it.

    The same plan sent twice by the same person is one change.
    ValidationError for a span or date that makes no sense, or when the branch would not open again within 400 days.
    """
    access.require(actor, CLOSE)
    today = today or timezone.localdate()
    _check(plan, today)
    _one_at_a_time()
    there = _same(actor, plan)
    if there is not None:
        return there
    _check_overlap(plan)
    try:
        seen = queries.preview(plan, today)
    except ValueError as error:
        raise ValidationError({"last": "この後に開館する日がありません。開館日を確かめてください。"}) from error
    change = Redating.objects.create(
        kind=plan.kind,
        first=plan.first,
        last=plan.last,
        reason=plan.reason,
        due_to=plan.due_to,
        hold_days=plan.hold_days,
        made_by=actor.number,
        made_at=timezone.now(),
        loans_total=seen.loan_count,
    )
    change.branches.set(plan.branches)
    closed = 0
    if plan.kind == Redating.Kind.CLOSURE:
        closed = sum(
            branches.close_days(branch, queries.span(plan), plan.reason, change.source) for branch in plan.branches
        )
    text = f"{plan.reason}のため期限を変更"
    holds = dates.move_shelf_dates(queries.moves_of(seen.holds), actor.number, text)
    RedatedHold.objects.bulk_create(
        RedatedHold(redating=change, hold_id=row.id, before=row.before, after=row.after) for row in holds
    )
    change.holds_moved = len(holds)
    change.save(update_fields=["holds_moved"])
    audit.record(
        actor,
        CLOSE,
        subject_type="redating",
        subject_id=change.pk,
        purpose=plan.reason,
        detail={
            "kind": change.get_kind_display(),
            "branches": [branch.code for branch in plan.branches],
            "first": plan.first.isoformat(),
            "last": plan.last.isoformat(),
            "due_to": plan.due_to.isoformat() if plan.due_to else None,
            "closed_days": closed,
            "loans": seen.loan_count,
            "holds": len(holds),
        },
    )
    return change


def go_on(actor: Actor, redating_id: int, seconds: float = 5.0) -> Redating:
    """Carry a begun change (or its undoing) on for about so many seconds; returns it as it stands then."""
    access.require(actor, CLOSE)
    until = time.monotonic() + seconds
    while True:
        change = _batch(redating_id)
        if change.state not in (Redating.State.RUNNING, Redating.State.UNDOING) or time.monotonic() >= until:
            return change


def carry_out(actor: Actor, plan: Plan, today: date | None = None) -> Redating:
    """Begin a change and carry it to its end, however long it takes."""
    change = begin(actor, plan, today)
    return go_on(actor, change.pk, seconds=float("inf"))


@transaction.atomic
def _batch(redating_id: int) -> Redating:
    _one_at_a_time()
    change = Redating.objects.get(pk=redating_id)
    if change.state == Redating.State.RUNNING:
        _forth(change)
    elif change.state == Redating.State.UNDOING:
        _back(change)
    return change


def _forth(change: Redating) -> None:
    moves = queries.moves_of(queries.loan_effects(queries.plan_of(change)))
    moved = dates.move_due_dates(moves, BATCH) if moves else []
    _note(change, moved)
    change.loans_moved += len(moved)
    change.loans_total = max(change.loans_total, change.loans_moved)
    if not moved:
        change.state, change.finished_at = Redating.State.DONE, timezone.now()
    change.save(update_fields=["loans_moved", "loans_total", "state", "finished_at"])


def _note(change: Redating, moved: Sequence[Moved]) -> None:
    RedatedLoan.objects.bulk_create(
        (RedatedLoan(redating=change, loan_id=row.id, before=row.before, after=row.after) for row in moved),
        batch_size=BATCH,
    )


@transaction.atomic
def undo(actor: Actor, redating_id: int) -> Redating:
    """Begin to take a change back: its closed days open again, and each date that it moved and that still stands goes
    back, or to the next open day where its old one is closed for another reason; `go_on` does it. A date that staff
    changed since is left alone. ValidationError while the change is running, when it was undone already, or when all
    the days that a change of the calendar closed are still closed: they open on the page of the year."""
    access.require(actor, CLOSE)
    _one_at_a_time()
    change = Redating.objects.get(pk=redating_id)
    if change.state != Redating.State.DONE:
        raise ValidationError(f"取り消せるのは済んだ変更だけです（現在は{change.get_state_display()}）。")
    if change.kind == Redating.Kind.CALENDAR and not any(queries.ways_back(change.loans.all(), change.holds.all())):
        raise ValidationError("期限の元の日は今も休館日です。先に年間の開館日の画面でその日を開けてください。")
    opened = branches.reopen_days(change.source)
    change.state, change.undone_by, change.undone_at = Redating.State.UNDOING, actor.number, timezone.now()
    change.save(update_fields=["state", "undone_by", "undone_at"])
    audit.record(
        actor,
        CLOSE,
        subject_type="redating",
        subject_id=change.pk,
        purpose=f"取消: {change.reason}",
        detail={"opened_days": opened},
    )
    return change


def _back(change: Redating) -> None:
    loans = list(change.loans.order_by("loan_id")[:BATCH])
    holds = [] if loans else list(change.holds.all())
    loan_ways, hold_ways = queries.ways_back(loans, holds)
    change.loans_back += dates.put_back_due_dates(loan_ways)
    change.holds_back += dates.put_back_shelf_dates(hold_ways)
    RedatedLoan.objects.filter(pk__in=[row.pk for row in loans]).delete()
    RedatedHold.objects.filter(pk__in=[row.pk for row in holds]).delete()
    if not loans:
        change.state = Redating.State.UNDONE
    change.save(update_fields=["loans_back", "holds_back", "state"])


def follow_calendar(actor: Actor, places: Sequence[Branch], reason: str, today: date | None = None) -> Redating | None:
    """Move dates that now lie on closed days to the next open day; None when there are none."""
    today = today or timezone.localdate()
    plan = Plan(Redating.Kind.CALENDAR, tuple(places), today, today + HORIZON, reason)
    seen = queries.preview(plan, today)
    if not seen.loan_count and not seen.hold_count:
        return None
    change = begin(actor, Plan(**{**plan.__dict__, "last": _last_needed(seen, today)}), today)
    return go_on(actor, change.pk)


def _last_needed(seen: queries.Preview, today: date) -> date:
    return max([effect.before for effect in (*seen.loans, *seen.holds)], default=today)


@transaction.atomic
def lay_out(actor: Actor, branch: Branch, year: int, pattern: Pattern) -> int:
    """Lay out a fiscal year of a branch; the days of closures that stand remain closed. Returns the closed days."""
    count = branches.lay_out_year(actor, branch, year, pattern)
    days = days_of(year)
    standing = Redating.objects.filter(
        kind=Redating.Kind.CLOSURE,
        state__in=STANDING,
        branches=branch,
        first__lte=days[-1],
        last__gte=days[0],
    )
    for change in standing:
        wanted = [day for day in queries.span(queries.plan_of(change)) if day in days]
        branches.close_days(branch, wanted, change.reason, change.source)
    return count


def finish(actor: Actor) -> int:
    """Carry on every change that was cut short; returns how many. For the job."""
    waiting = Redating.objects.filter(state__in=(Redating.State.RUNNING, Redating.State.UNDOING))
    keys = list(waiting.values_list("pk", flat=True))
    for key in keys:
        go_on(actor, key, seconds=float("inf"))
    return len(keys)


def off_closed_days(actor: Actor, today: date) -> int:
    """Move what a loan in flight left on a closed day while a closure was registered; returns how many loans."""
    places = list(Branch.objects.filter(is_active=True))
    change = follow_calendar(actor, places, "休館日に当たる期限の点検", today)
    return change.loans_moved if change else 0


@transaction.atomic
def set_day(
    actor: Actor,
    branch: Branch,
    day: date,
    *,
    closed: bool,
    hours: tuple[clock, clock] | None = None,
    reason: str = "",
) -> None:
    """Open or close one day by hand, with its own hours or the usual ones. ValidationError as in `app.branches`."""
    branches.set_day(actor, branch, day, closed=closed, reason=reason)
    branches.set_hours(actor, branch, day, None if closed else hours, reason)


@transaction.atomic
def copy_year(
    actor: Actor, source: Branch, year: int, targets: Sequence[Branch], target_year: int, *, with_days: bool
) -> int:
    """Lay out a fiscal year of each target by the rules of the source's year; within the same year the days that were
    closed by hand come along if asked. Returns how many branches. ValidationError when the source is not laid out."""
    access.require(actor, branches.CALENDAR)
    pattern = pattern_of(source, year)
    if pattern is None:
        raise ValidationError("写す元の年度の開館日が、まだ作成されていません。")
    places = [branch for branch in targets if (branch.pk, target_year) != (source.pk, year)]
    if not places:
        raise ValidationError("写す先が元と同じです。")
    days = days_of(year)
    by_hand = ClosedDay.objects.filter(branch=source, source=branches.HAND, date__range=(days[0], days[-1]))
    own = list(by_hand) if with_days and target_year == year else []
    for branch in places:
        lay_out(actor, branch, target_year, pattern)
        for row in own:
            branches.set_day(actor, branch, row.date, closed=True, reason=row.reason)
    return len(places)
