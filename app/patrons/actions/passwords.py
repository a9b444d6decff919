"""The patrons' own sign-in."""

import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from app.access import actions as access
from app.access import queries as access_queries
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons import queries, rules
from app.patrons.actions.operations import ISSUE_PASSWORD
from app.patrons.actions.standing import note_use
from app.patrons.models import Patron

# Letters and digits that nobody misreads on a slip of paper.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


@transaction.atomic
def issue_password(actor: Actor, patron: Patron) -> str:
    """A temporary password, told to the patron once; the first sign-in with it must change it. 12 characters."""
    access.require(actor, ISSUE_PASSWORD)
    password = "".join(secrets.choice(READABLE) for _ in range(12))
    set_password(patron, password, temporary=True)
    audit.record(actor, ISSUE_PASSWORD, subject_type="patron", subject_id=patron.pk)
    return password


def set_password(patron: Patron, password: str, *, temporary: bool) -> None:
    """Store the hash. Whoever calls has checked the right to do it."""
    patron.password = make_password(password)
    patron.must_change_password = temporary
    Patron.objects.filter(pk=patron.pk).update(password=patron.password, must_change_password=temporary)


@transaction.atomic
def change_own_password(actor: Actor, patron: Patron, old: str, new: str) -> None:
    """A patron's own change of password. ValidationError for a wrong old or a weak new one."""
    if not check_password(old, patron.password):
        raise ValidationError({"old": gettext("現在のパスワードが違います。")})
    _check_new(patron, new, old)
    set_password(patron, new, temporary=False)
    audit.record(actor, "patrons.change_own_password", subject_type="patron", subject_id=patron.pk)


def _check_new(patron: Patron, new: str, old: str = "") -> None:
    try:
        validate_password(new)
    except ValidationError as error:
        raise ValidationError({"new": error.messages}) from error
    if new in (patron.card_number, old):
        raise ValidationError({"new": gettext("利用券番号や現在と同じパスワードは使えません。")})


@transaction.atomic
def choose_password(actor: Actor, patron: Patron, new: str) -> None:
    """A new password for a patron who proved by a link in their own mail who they are; the caller checked the link.

    ValidationError for a weak one. Every session of the old password ends, and a shut sign-in opens.
    """
    _check_new(patron, new)
    set_password(patron, new, temporary=False)
    _open_sign_in(patron)
    audit.record(actor, "patrons.reset_own_password", subject_type="patron", subject_id=patron.pk)


@transaction.atomic
def release_sign_in(actor: Actor, patron: Patron) -> None:
    """Open a sign-in that too many misses shut, at the counter, for somebody who showed who they are."""
    access.require(actor, ISSUE_PASSWORD)
    _open_sign_in(patron)
    audit.record(actor, ISSUE_PASSWORD, subject_type="patron", subject_id=patron.pk, detail={"released": True})


def _open_sign_in(patron: Patron) -> None:
    for number in patron.cards.values_list("number", flat=True):
        access.clear_failures("patron", number)


def sign_in(card_number: str, password: str, actor: Actor) -> Patron:
    """The patron with that card and password, or access.SignInRefused with one text for every cause (also for a lost
    card, a stop of the web and a withdrawal).

    `actor` is the anonymous one (terminal, request id). Ten misses in thirty minutes lock the number out, whether it is
    anybody's or not; and a number that is nobody's costs the same statements and the same hash.
    """
    today = timezone.localdate()
    number = rules.plain_number(card_number) or card_number.strip()[:64]
    locked = access_queries.is_locked_out("patron", number, actor.terminal)
    patron = queries.by_card(number)
    if patron is None or not patron.password:
        make_password(password)
        good = False
    else:
        good = check_password(password, patron.password) and not rules.refusal(queries.standing(patron), "web", today)
    if locked or not good or patron is None:
        access.note_failure("patron", number[:64], actor, locked=locked)
        raise access.SignInRefused
    with transaction.atomic():
        access.clear_failures("patron", number)
        note_use(patron, today)
        audit.record(
            Actor("patron", str(patron.pk), terminal=actor.terminal, request_id=actor.request_id),
            "patrons.sign_in",
            subject_type="patron",
            subject_id=patron.pk,
        )
    return patron


def sign_out(actor: Actor) -> None:
    """Log that a patron signed out."""
    audit.record(actor, "patrons.sign_out", subject_type="patron", subject_id=actor.number)
