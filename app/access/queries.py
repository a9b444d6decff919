"""Reads about staff and permissions."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from django.db.models import F, Q, QuerySet, Value
from django.db.models.fields import BigIntegerField
from django.utils import timezone

from app.access import rules
from app.access.areas import place_of_area
from app.access.models import Appointment, FailedSignIn, GrantSpan, Role, RoleGrant, SignInPolicy, StaffSpan, StaffUser
from app.access.operations import KINDS, Operation, declared
from app.access.planning import Known
from app.access.rules import LOCK_OUT, Grant, Powers, locked_out
from app.branches.models import Branch

STAFF_REALMS = ("staff", "second", "switch")


def powers_of(user: StaffUser, today: date | None = None) -> Powers:
    """What somebody may do today, by their roles and the appointments that run. One SQL statement."""
    today = today or timezone.localdate()
    home = Value(user.branch_id, output_field=BigIntegerField(null=True))
    own = StaffUser.roles.through.objects.filter(staffuser=user).values_list(
        "role__grants__operation", "role__grants__scope", "role__grants__branches", home
    )
    for_a_time = Appointment.objects.filter(staff=user, since__lte=today, until__gte=today, withdrawn_at=None)
    lent = for_a_time.order_by().values_list(
        "role__grants__operation", "role__grants__scope", "role__grants__branches", F("branch_id")
    )
    rows = own.union(lent, all=True)
    return rules.powers(
        Grant(operation, scope, tuple(branches), at if at is not None else user.branch_id)
        for operation, scope, branches, at in rows
        if operation
    )


def operations_of(user: StaffUser) -> frozenset[str]:
    """The codes of all operations that somebody has somewhere. One SQL statement."""
    return powers_of(user).operations


def policy() -> SignInPolicy:
    """The policy in force; the product's own values before any was set. One SQL statement."""
    return SignInPolicy.objects.filter(pk=1).first() or SignInPolicy(pk=1)


def needs_second_factor(user: StaffUser) -> bool:
    """Whether one of somebody's roles, or running appointments, asks for a second factor. One SQL statement."""
    today = timezone.localdate()
    running = Q(
        appointments__staff=user,
        appointments__since__lte=today,
        appointments__until__gte=today,
        appointments__withdrawn_at=None,
    )
    return Role.objects.filter(Q(staffuser=user) | running, second_factor=True).exists()


def is_locked_out(realm: str, subject: str, address: str | None) -> bool:
    """Whether sign-in of this identifier, or from this address, is refused now. Two SQL statements, three for staff
    (their policy)."""
    now = timezone.now()
    most, lock = rules.MAX_FAILURES, LOCK_OUT
    if realm == "patron":
        most, lock = rules.PATRON_MAX_FAILURES, rules.PATRON_LOCK_OUT
    if realm in STAFF_REALMS:
        settled = policy()
        most, lock = settled.max_failures, timedelta(minutes=settled.lock_minutes)
    recent = FailedSignIn.objects.filter(at__gt=now - lock)
    misses = recent.filter(realm=realm, subject=subject).values_list("at", flat=True)
    from_address = recent.filter(address=address).count() if address else 0
    return locked_out(misses, from_address, now, most, lock)


def by_card_or_number(text: str) -> StaffUser | None:
    """The member of staff with that card, else with that number. One SQL statement."""
    found = StaffUser.objects.select_related("branch").filter(Q(card=text) | Q(number=text))
    return min(found, key=lambda user: user.card != text, default=None)


def known_for_tables() -> Known:
    """What tables of staff and postings are checked against. Three SQL statements."""
    branches: dict[str, int] = {}
    for branch in Branch.objects.all():
        branches |= {branch.code: branch.pk, branch.name: branch.pk, branch.short: branch.pk}
    roles: dict[str, str] = {}
    for code, name in Role.objects.values_list("code", "name"):
        roles |= {code: code, name: code}
    staff = list(StaffUser.objects.values_list("number", "name", "pk", "card"))
    return Known(
        branches,
        roles,
        {number: name for number, name, _, _ in staff},
        {number: pk for number, _, pk, _ in staff},
        {card: number for number, _, _, card in staff if card},
    )


@dataclass(frozen=True)
class Power:
    """One operation that one person had on a day: by which role, and where ("" is everywhere)."""

    number: str
    name: str
    branch: str
    role: str
    operation: str
    where: str


@dataclass(frozen=True)
class PowersOn:
    """Somebody's powers on a day."""

    number: str
    name: str
    branch: str
    roles: tuple[str, ...]
    powers: tuple[Power, ...]

    @property
    def areas(self) -> dict[str, str]:
        """Area → the kinds of operation, one character each in the order of the matrix."""
        known = {operation.code: operation for operation in declared()}
        found: dict[str, set[str]] = {}
        for power in self.powers:
            operation = known.get(power.operation)
            if operation:
                found.setdefault(operation.area, set()).add(operation.kind)
        return {area: "".join(KINDS[kind][0] for kind in KINDS if kind in kinds) for area, kinds in found.items()}


def powers_on(day: date) -> list[PowersOn]:
    """Who could do what at some time of a day, from the history tables; people out of service left out.

    A grant or a role that was there for a part of the day counts. Five SQL statements.
    """
    start = datetime.combine(day, time.min, timezone.get_current_timezone())
    end = start + timedelta(days=1)
    during = Q(since__lt=end) & (Q(until=None) | Q(until__gt=start))
    grants: dict[str, list[GrantSpan]] = {}
    for span in GrantSpan.objects.filter(during).order_by("operation", "-since"):
        grants.setdefault(span.role, []).append(span)
    names = dict(Role.objects.values_list("code", "name"))
    places = dict(Branch.objects.values_list("pk", "short"))
    lent: dict[int, list[tuple[str, int | None]]] = {}
    running = Appointment.objects.filter(since__lte=day, until__gte=day, made_at__lt=end)
    for made in running.filter(Q(withdrawn_at=None) | Q(withdrawn_at__gt=start)).select_related("role"):
        lent.setdefault(made.staff_id, []).append((made.role.code, made.branch_id))
    spans = StaffSpan.objects.filter(during).select_related("staff").order_by("staff__number", "-since")
    found = []
    for _, group in groupby(spans, key=lambda span: span.staff_id):
        parts = [span for span in group if rules.in_service(span.is_active, span.valid_from, span.valid_until, day)]
        if parts:
            found.append(_person(parts, lent.get(parts[0].staff_id, []), grants, names, places))
    return found


def _person(
    parts: list[StaffSpan],
    lent: list[tuple[str, int | None]],
    grants: dict[str, list[GrantSpan]],
    names: dict[str, str],
    places: dict[int, str],
) -> PowersOn:
    who = parts[0]
    held = [(code, part.branch_id) for part in parts for code in part.roles]
    held += [(code, at if at is not None else who.branch_id) for code, at in lent]
    powers: dict[Power, None] = {}
    for code, home in held:
        for span in grants.get(code, []):
            at = {rules.ALL: [], rules.OWN: [home], rules.CHOSEN: span.branches}[span.scope]
            where = "・".join(places.get(pk, "") for pk in at if pk is not None)
            if span.scope == rules.ALL or where:
                here, role = places.get(who.branch_id, ""), names.get(code, code)
                powers.setdefault(Power(who.staff.number, who.name, here, role, span.operation, where))
    roles = tuple(dict.fromkeys(names.get(code, code) for code, _ in held))
    return PowersOn(who.staff.number, who.name, places.get(who.branch_id, ""), roles, tuple(powers))


@dataclass(frozen=True)
class MatrixRow:
    """One operation and its mark for each role."""

    operation: Operation
    kind: str
    marks: tuple[str, ...]


MARKS = {"all": "●", "own": "◐", "chosen": "◇"}


def matrix(roles: list[Role]) -> dict[str, list[MatrixRow]]:
    """Area → its operations in the order of kinds, each with a mark per role. One SQL statement."""
    granted = {(grant.role_id, grant.operation): grant.scope for grant in RoleGrant.objects.all()}
    order = list(KINDS)
    found: dict[str, list[MatrixRow]] = {}
    for operation in sorted(declared(), key=lambda one: (place_of_area(one.area), order.index(one.kind), one.code)):
        marks = tuple(MARKS.get(granted.get((role.pk, operation.code), ""), "") for role in roles)
        found.setdefault(operation.area, []).append(MatrixRow(operation, KINDS[operation.kind], marks))
    return found


def staff_list(text: str = "") -> QuerySet[StaffUser]:
    """Staff by number; `text` is the beginning of a number or a part of a name. Two SQL statements."""
    found = StaffUser.objects.select_related("branch").prefetch_related("roles")
    return found.filter(Q(number__startswith=text) | Q(name__contains=text)) if text else found
