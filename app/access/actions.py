"""Signing in and out, staff and roles."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone

from app.access import queries, rules
from app.access.actor import Actor
from app.access.models import FailedSignIn, KnownOperation, Role, RoleGrant, StaffUser
from app.access.operations import COUNTER, LIBRARIAN, Operation, declare, declared
from app.audit import actions as audit
from app.branches.models import Branch

HOME = declare("access.home", "業務メニューを開く")
MANAGE_STAFF = declare("access.manage_staff", "職員を登録・変更する", roles=())

ROLES = (("admin", "管理者", 1), (LIBRARIAN, "司書", 2), (COUNTER, "窓口", 3))
KEEP_FAILURES = timedelta(days=1)
LOGGED_SUBJECT = 60  # characters of AuditEvent.subject_id
REFUSED = "番号またはパスワードが違います。続けて誤ると、しばらくの間サインインできません。"


class NotPermitted(Exception):
    """The actor's roles do not include the operation."""

    def __init__(self, operation: Operation) -> None:
        super().__init__(f"{operation.title}権限がありません")
        self.operation = operation


class SignInRefused(Exception):
    """Sign-in failed. The text is the same for a wrong number, a wrong password and a lock-out."""

    def __init__(self) -> None:
        super().__init__(REFUSED)


def require(actor: Actor, operation: Operation) -> None:
    """Return when the actor may perform the operation; otherwise raise NotPermitted.

    The refusal itself is logged by whoever catches it at the edge, outside the transaction that rolls back.
    """
    if not actor.is_system and not rules.may(actor.operations, operation.code):
        raise NotPermitted(operation)


def sign_in_staff(number: str, password: str, actor: Actor) -> StaffUser:
    """The member of staff with that number and password, or SignInRefused. Both outcomes are logged."""
    subject = number.strip()[:64]
    locked = queries.is_locked_out("staff", subject, actor.terminal)
    user = StaffUser.objects.select_related("branch").filter(number=subject).first()
    if user is None:
        make_password(password)  # the same work as a comparison, so that time does not tell who exists
        good = False
    else:
        good = user.check_password(password) and rules.in_service(
            user.is_active, user.valid_from, user.valid_until, timezone.localdate()
        )
    if locked or not good or user is None:
        note_failure("staff", subject, actor, locked=locked)
        raise SignInRefused
    with transaction.atomic():
        FailedSignIn.objects.filter(realm="staff", subject=subject).delete()
        audit.record(
            Actor("staff", user.number, terminal=actor.terminal, request_id=actor.request_id),
            "access.sign_in",
            subject_type="staff",
            subject_id=user.number,
        )
    return user


def note_failure(realm: str, subject: str, actor: Actor, *, locked: bool = False) -> None:
    """Count one miss and log it (the identifier that was tried, never the password).

    A try while sign-in is locked anyhow is logged and not counted: else whoever goes on trying keeps the card or the
    number locked for ever, and its owner out. The log holds the first 60 characters of an identifier.
    """
    with transaction.atomic():
        if not locked:
            FailedSignIn.objects.create(realm=realm, subject=subject, address=actor.terminal)
        audit.record(
            actor, "access.sign_in", outcome="refused", subject_type=realm, subject_id=subject[:LOGGED_SUBJECT]
        )


def clear_failures(realm: str, subject: str) -> None:
    """Forget the misses of an identifier that has signed in."""
    FailedSignIn.objects.filter(realm=realm, subject=subject).delete()


def forget_old_failures(now: datetime) -> int:
    """Delete the misses that are older than a day, of cards and numbers that nobody signed in with since; returns
    how many. They lock nobody any more, and the log keeps them."""
    return FailedSignIn.objects.filter(at__lt=now - KEEP_FAILURES).delete()[0]


def sign_out_staff(actor: Actor) -> None:
    """Log that somebody signed out."""
    audit.record(actor, "access.sign_out", subject_type="staff", subject_id=actor.number)


def refuse(actor: Actor, operation: Operation) -> None:
    """Log that somebody tried what they may not."""
    audit.record(actor, operation, outcome="refused")


@transaction.atomic
def put_staff(
    actor: Actor,
    number: str,
    *,
    name: str,
    roles: tuple[str, ...],
    branch: str | None = None,
    password: str | None = None,
) -> StaffUser:
    """Create or change a member of staff. ValidationError for a password against the policy; Role.DoesNotExist
    and Branch.DoesNotExist for unknown codes."""
    require(actor, MANAGE_STAFF)
    user = StaffUser.objects.filter(number=number).first() or StaffUser(number=number)
    user.name = name
    user.branch = Branch.objects.get(code=branch) if branch else user.branch
    if password is not None:
        validate_password(password, user)
        user.set_password(password)
    elif user.pk is None:
        user.set_unusable_password()
    user.save()
    user.roles.set([Role.objects.get(code=code) for code in roles])
    audit.record(actor, MANAGE_STAFF, subject_type="staff", subject_id=number, detail={"roles": list(roles)})
    return user


@transaction.atomic
def seed_roles() -> None:
    """The three roles, and the first grants of operations never seen before. Idempotent."""
    for code, name, order in ROLES:
        Role.objects.get_or_create(code=code, defaults={"name": name, "order": order})
    roles = {role.code: role for role in Role.objects.all()}
    known = set(KnownOperation.objects.values_list("code", flat=True))
    fresh = [operation for operation in declared() if operation.code not in known]
    grants = [RoleGrant(role=roles[code], operation=operation.code) for operation in fresh for code in operation.roles]
    RoleGrant.objects.bulk_create(grants, ignore_conflicts=True)
    KnownOperation.objects.bulk_create([KnownOperation(code=operation.code) for operation in fresh])


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: a new release's operations reach their roles without anybody remembering it."""
    if using == "default":
        seed_roles()
