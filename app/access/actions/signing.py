"""Signing in and out, and misses."""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from app.access import queries, rules
from app.access.actor import Actor
from app.access.models import FailedSignIn, StaffUser
from app.access.operations import Operation
from app.audit import actions as audit

KEEP_FAILURES = timedelta(days=1)
LOGGED_SUBJECT = 60  # characters of AuditEvent.subject_id
REFUSED = "番号またはパスワードが違います。続けて誤ると、しばらくの間サインインできません。"


class SignInRefused(Exception):
    """Sign-in failed. The text is the same for a wrong number, a wrong password and a lock-out."""

    def __init__(self, text: str = REFUSED) -> None:
        super().__init__(text)


def working(user: StaffUser) -> bool:
    """Whether this person may work today."""
    return rules.in_service(user.is_active, user.valid_from, user.valid_until, timezone.localdate())


def check_staff_password(number: str, password: str, actor: Actor) -> StaffUser:
    """The member of staff with that number and password, or SignInRefused. A miss is counted and logged; that
    somebody is in is logged by `enter_staff`, when nothing more is asked of them."""
    subject = number.strip()[:64]
    locked = queries.is_locked_out("staff", subject, actor.terminal)
    user = StaffUser.objects.select_related("branch").filter(number=subject).first()
    if user is None:
        make_password(password)  # the same work as a comparison, so that time does not tell who exists
        good = False
    else:
        good = user.check_password(password) and working(user)
    if locked or not good or user is None:
        note_failure("staff", subject, actor, locked=locked)
        raise SignInRefused
    FailedSignIn.objects.filter(realm="staff", subject=subject).delete()
    return user


def enter_staff(user: StaffUser, actor: Actor, operation: str = "access.sign_in", **detail: str) -> None:
    """Log that somebody is in now."""
    audit.record(
        Actor("staff", user.number, terminal=actor.terminal, request_id=actor.request_id),
        operation,
        subject_type="staff",
        subject_id=user.number,
        detail=detail,
    )


def sign_in_staff(number: str, password: str, actor: Actor) -> StaffUser:
    """Both in one, for edges that ask for nothing but a password. SignInRefused."""
    user = check_staff_password(number, password, actor)
    enter_staff(user, actor)
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


def lock_screen(actor: Actor) -> None:
    """Log that a screen was hidden, by hand or after its time without work."""
    audit.record(actor, "access.lock", subject_type="staff", subject_id=actor.number)


def refuse(actor: Actor, operation: Operation) -> None:
    """Log that somebody tried what they may not."""
    audit.record(actor, operation, outcome="refused")
