"""Planning: who is to be told what. Each event becomes one line once, whoever plans it and however often.

A patron's row is locked while the patron's notices are planned, so two runs cannot make two of one; the constraints of
Line have the last word. Every patron is a transaction of its own: what a killed run leaves out the next one makes, and
a counter never waits for more than one patron's rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.branches.queries import closing_of
from app.circulation.models import Loan
from app.holds.models import Hold
from app.holds.models import Status as HoldStatus
from app.notices import queries, rules
from app.notices.actions.operations import EXCLUDE, EXTRACT, PLAN
from app.notices.codes import AUTOMATIC, MAIL, BatchState, Kind, State
from app.notices.models import Batch, Line, Means, Notice, Policy
from app.notices.terms import LONGEST_DUE_SOON_DAYS, Reminding
from app.patrons.models import Patron

NO_ADDRESS = "連絡先がない"


@dataclass(frozen=True)
class Plan:
    """What a run needs over and over: the policy, the means, the moment for each branch."""

    policy: Policy
    means: dict[str, Means]
    now: datetime

    @property
    def today(self) -> date:
        """The library's day."""
        return timezone.localdate(self.now)

    def moment(self, branch: Branch) -> datetime:
        """When a notice of this policy may go out of a branch. One SQL statement."""
        local = timezone.localtime(self.now)
        policy = self.policy
        closing = closing_of(branch, local.date())
        return rules.send_moment(local, policy.send_from, policy.send_until, closing, policy.on_closed_days)


def plan(actor: Actor, kind: str, now: datetime) -> Plan | None:
    """The run's fixed part, or None when the library does not send this kind. Two SQL statements."""
    access.require(actor, PLAN)
    policy = queries.policies()[kind]
    return Plan(policy, queries.means_table(), now) if policy.enabled else None


def lock(patron_id: int) -> Patron:
    """The patron's row, locked against another run of the same."""
    patrons = Patron.objects.select_for_update(of=("self",), no_key=True)
    return patrons.select_related("branch").get(pk=patron_id)


def plan_ready(actor: Actor, now: datetime) -> int:
    """A notice for holds that came onto the shelf, one for each patron and pickup library; returns their number."""
    run = plan(actor, Kind.READY, now)
    if run is None:
        return 0
    made = 0
    for (patron_id, _), holds in groupby(queries.ready_holds(), key=lambda hold: (hold.patron_id, hold.pickup_id)):
        made += _plan_ready(run, patron_id, list(holds))
    return made


@transaction.atomic
def _plan_ready(run: Plan, patron_id: int, seen: Sequence[Hold]) -> int:
    patron = lock(patron_id)
    told = set(Line.objects.filter(kind=Kind.READY, hold__in=seen).values_list("hold_id", "due_on"))
    still = Hold.objects.filter(pk__in=[hold.pk for hold in seen], status=HoldStatus.READY).select_related("pickup")
    holds = [hold for hold in still if (hold.pk, _shelf_day(hold)) not in told]
    if not holds:
        return 0
    wanted = MAIL if holds[0].contact == "mail" else holds[0].contact
    notice = _waiting(patron, Kind.READY, holds[0].pickup) or make(
        run, patron, holds[0].pickup, Kind.READY, wanted=wanted
    )
    Line.objects.bulk_create(
        Line(notice=notice, kind=Kind.READY, stage=1, hold=hold, due_on=_shelf_day(hold)) for hold in holds
    )
    return 1


def _shelf_day(hold: Hold) -> date | None:
    return timezone.localdate(hold.ready_at) if hold.ready_at else None


def _waiting(patron: Patron, kind: str, branch: Branch) -> Notice | None:
    """A notice of the same kind that has not gone yet: one mail says both. Locked, or passed over when being sent."""
    rows = Notice.objects.select_for_update(skip_locked=True).filter(patron=patron, kind=kind, branch=branch)
    return rows.filter(state=State.READY, attempts=0, means__adapter__in=AUTOMATIC).first()


def make(
    run: Plan,
    patron: Patron,
    branch: Branch,
    kind: str,
    *,
    wanted: str = MAIL,
    stage: int = 0,
    batch: Batch | None = None,
    only: Iterable[str] | None = None,
    replaces: Notice | None = None,
) -> Notice:
    """A notice by the wanted means or the next that reaches the patron (of the adapters `only`), not yet sent.

    With nothing that reaches, the notice says so and is FAILED: staff see whom they cannot reach. Five SQL statements.
    """
    table = {code: means for code, means in run.means.items() if only is None or means.adapter in only}
    if wanted == MAIL:
        wanted = queries.wished_means(patron.pk, kind)
    code = rules.choose_means(wanted, queries.reachable(patron, table))
    planned = State.PLANNED if batch is not None and batch.state == BatchState.DRAFT else State.READY
    return Notice.objects.create(
        patron=patron,
        branch=branch,
        kind=kind,
        stage=stage,
        means=run.means[code or MAIL],
        state=planned if code else State.FAILED,
        result="" if code else NO_ADDRESS,
        on_date=run.today,
        batch=batch,
        not_before=run.moment(branch),
        replaces=replaces,
    )


def plan_due(actor: Actor, now: datetime) -> int:
    """One notice before the due date for each patron who wished it; returns their number."""
    run = plan(actor, Kind.DUE, now)
    if run is None:
        return 0
    reminding = Reminding(run.today)
    rows = [
        row
        for row in queries.due_soon(run.today, LONGEST_DUE_SOON_DAYS)
        if (row.due_on - run.today).days <= reminding.due_soon_days(row.branch_id, row.category_id, row.material_type)
    ]
    found = groupby(rows, lambda row: row.patron_id)
    return sum(_plan_due(run, patron, [row.loan_id for row in loans]) for patron, loans in found)


@transaction.atomic
def _plan_due(run: Plan, patron_id: int, loan_ids: list[int]) -> int:
    patron = lock(patron_id)
    automatic = {code: means for code, means in run.means.items() if means.adapter in AUTOMATIC}
    if not queries.reachable(patron, automatic):
        return 0
    told = set(Line.objects.filter(kind=Kind.DUE, loan__in=loan_ids).values_list("loan_id", "due_on"))
    loans = [loan for loan in Loan.objects.filter(pk__in=loan_ids) if (loan.pk, loan.due_on) not in told]
    if not loans:
        return 0
    notice = make(run, patron, patron.branch, Kind.DUE, only=AUTOMATIC)
    Line.objects.bulk_create(
        Line(notice=notice, kind=Kind.DUE, stage=1, loan=loan, due_on=loan.due_on) for loan in loans
    )
    return 1


def plan_cards(actor: Actor, now: datetime) -> int:
    """One notice for each card that ends soon; returns their number."""
    run = plan(actor, Kind.CARD, now)
    if run is None:
        return 0
    patrons = {
        f"card:{patron.pk}:{patron.valid_until}": patron.pk
        for patron in queries.expiring_cards(run.today, queries.patron_policy().expiry_notice_days)
    }
    told = queries.told_keys(patrons)
    return sum(plan_key(run, Kind.CARD, patron, key) for key, patron in patrons.items() if key not in told)


@transaction.atomic
def plan_key(run: Plan, kind: str, patron_id: int, key: str) -> int:
    """A notice of an event that `key` names, once: 1, or 0 when it is there or nothing automatic reaches the patron."""
    patron = lock(patron_id)
    automatic = {code: means for code, means in run.means.items() if means.adapter in AUTOMATIC}
    if not queries.reachable(patron, automatic) or Line.objects.filter(key=key).exists():
        return 0
    notice = make(run, patron, patron.branch, kind, only=AUTOMATIC)
    Line.objects.create(notice=notice, kind=kind, stage=1, key=key)
    return 1


@transaction.atomic
def plan_mail(run: Plan, kind: str, patron_id: int, key: str) -> int:
    """A mail, and nothing but a mail, whatever the patron wished and came back before: it proves an address. Once for a
    key; 1 when it was made."""
    patron = lock(patron_id)
    if Line.objects.filter(key=key).exists():
        return 0
    notice = Notice.objects.create(
        patron=patron,
        branch=patron.branch,
        kind=kind,
        means=run.means[MAIL],
        state=State.READY,
        on_date=run.today,
        not_before=run.moment(patron.branch),
    )
    Line.objects.create(notice=notice, kind=kind, stage=1, key=key)
    return 1


def plan_requests(actor: Actor, now: datetime) -> int:
    """One notice for each decided purchase request; returns their number."""
    run = plan(actor, Kind.REQUEST, now)
    if run is None:
        return 0
    made = 0
    for request in queries.decided_requests():
        with transaction.atomic():
            patron = lock(request.patron_id)
            if not Line.objects.filter(kind=Kind.REQUEST, request=request).exists():
                notice = make(run, patron, patron.branch, Kind.REQUEST)
                Line.objects.create(notice=notice, kind=Kind.REQUEST, stage=1, request=request)
                made += 1
    return made


def plan_overdue(actor: Actor, now: datetime) -> Batch | None:
    """Extract whom to remind today: one notice for each patron, by the means of the highest stage reached.

    An extraction that nobody approved is replaced, so nobody stands in two. Returns the draft to be approved, or None
    when there is nobody to remind.
    """
    access.require(actor, EXTRACT)
    policy = queries.policies()[Kind.OVERDUE]
    run = Plan(policy, queries.means_table(), now)
    batch = _fresh_batch(actor, run)
    reminding = Reminding(run.today)
    due = queries.group_by_patron(queries.overdue(run.today))
    made = sum(_plan_overdue(run, batch, patron, rows, reminding) for patron, rows in due.items())
    if not made:
        Batch.objects.filter(pk=batch.pk).delete()
        return None
    with transaction.atomic():
        audit.record(actor, EXTRACT, subject_type="notice_batch", subject_id=batch.pk, detail={"notices": made})
        if not policy.needs_approval:
            Batch.objects.filter(pk=batch.pk).update(
                state=BatchState.APPROVED, approved_by=actor.number, approved_name="自動", approved_at=now
            )
            Notice.objects.filter(batch=batch, state=State.PLANNED).update(state=State.READY)
    batch.refresh_from_db()
    return batch


@transaction.atomic
def _fresh_batch(actor: Actor, run: Plan) -> Batch:
    """An empty draft of today; what an earlier, unapproved one held is taken back."""
    batch = Batch.objects.select_for_update().filter(kind=Kind.OVERDUE, state=BatchState.DRAFT).first()
    if batch is None:
        return Batch.objects.create(kind=Kind.OVERDUE, on_date=run.today, made_by=actor.name or actor.number)
    Notice.objects.filter(batch=batch, state__in=[State.PLANNED, State.FAILED]).delete()
    Batch.objects.filter(pk=batch.pk).update(on_date=run.today, made_by=actor.name or actor.number, seen_by="")
    return batch


@transaction.atomic
def _plan_overdue(
    run: Plan,
    batch: Batch,
    patron_id: int,
    rows: list[queries.Overdue],
    reminding: Reminding,
) -> int:
    reached = {row.loan_id: reminding.reached(row) for row in rows}
    if not any(reached.values()):
        return 0
    patron = lock(patron_id)
    # Once more under the lock: somebody may have returned, extended or been reminded meanwhile.
    there = dict(Loan.objects.filter(pk__in=list(reached)).values_list("id", "due_on"))
    told = set(
        Line.objects.filter(kind=Kind.OVERDUE, stage__gt=0, loan__in=list(there)).values_list(
            "loan_id", "stage", "due_on"
        )
    )
    lines = [row for row in rows if there.get(row.loan_id) == row.due_on]
    new = {
        row.loan_id: stage
        for row in lines
        if (stage := reached[row.loan_id]) and (row.loan_id, stage.number, row.due_on) not in told
    }
    if not new:
        return 0
    highest = max(new.values(), key=lambda stage: stage.number)
    notice = make(run, patron, patron.branch, Kind.OVERDUE, wanted=highest.means, stage=highest.number, batch=batch)
    Line.objects.bulk_create(_overdue_line(notice, row, new.get(row.loan_id)) for row in lines)
    return 1


def _overdue_line(notice: Notice, row: queries.Overdue, stage: rules.StageRule | None) -> Line:
    return Line(
        notice=notice, kind=Kind.OVERDUE, stage=stage.number if stage else 0, loan_id=row.loan_id, due_on=row.due_on
    )


@transaction.atomic
def exclude(actor: Actor, batch: Batch, notice_id: int) -> bool:
    """Take one patron out of a bulk sending that nobody approved yet; the next extraction finds them again."""
    access.require(actor, EXCLUDE)
    gone, _ = Notice.objects.filter(pk=notice_id, batch=batch, state=State.PLANNED).delete()
    if gone:
        audit.record(actor, EXCLUDE, subject_type="notice_batch", subject_id=batch.pk)
    return bool(gone)
