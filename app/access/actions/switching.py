"""Changing operators at a terminal, and coming back to a hidden screen: by staff card and PIN, or by password."""

from django.contrib.auth.hashers import check_password, make_password

from app.access import queries, rules
from app.access.actions.signing import SignInRefused, enter_staff, note_failure, working
from app.access.actor import Actor
from app.access.models import FailedSignIn, StaffUser

REFUSED = "職員証・番号または暗証番号が違います。"
FULL = "この職員は、いったんサインアウトして番号とパスワードでサインインしてください。"


def switch_operator(
    actor: Actor, identifier: str, secret: str, *, full_at: float | None, now: float, same: str = ""
) -> StaffUser:
    """The member of staff whose card or number and PIN (or password) these are; SignInRefused otherwise.

    A PIN is good only where somebody signed in fully within the policy's hours (`full_at`, `now`: seconds since the
    epoch). Whoever needs a second factor signs in fully, except to uncover the own screen (`same`: the number of who
    hid it). Six SQL statements and one password hash: well under a second.
    """
    subject = identifier.strip()[:64]
    policy = queries.policy()
    locked = queries.is_locked_out("switch", subject, actor.terminal)
    user = queries.by_card_or_number(subject)
    by_pin = secret.isascii() and secret.isdigit() and len(secret) < policy.min_length
    if user is None:
        make_password(secret)  # as long as a comparison takes
        good = False
    elif by_pin:
        recent = rules.may_switch(full_at, now, policy.pin_hours)
        good = bool(user.pin) and check_password(secret, user.pin) and recent
    else:
        good = user.check_password(secret)
    if locked or user is None or not good or not working(user):
        note_failure("switch", subject, actor, locked=locked)
        raise SignInRefused(REFUSED)
    if user.number != same and (queries.needs_second_factor(user) or user.must_change):
        raise SignInRefused(FULL)
    FailedSignIn.objects.filter(realm="switch", subject=subject).delete()
    enter_staff(user, actor, "access.unlock" if user.number == same else "access.switch", before=actor.number)
    return user
