"""The second factor of staff: an authenticator app (TOTP), and codes on paper for who lost it."""

import base64
import secrets
from datetime import datetime

from django.db import transaction
from django_otp.oath import TOTP

from app.access import queries
from app.access.actions.permission import require
from app.access.actions.signing import SignInRefused, clear_failures, note_failure
from app.access.actions.staff import MANAGE_STAFF
from app.access.actor import Actor
from app.access.models import RecoveryCode, SecondFactor, StaffUser
from app.audit import actions as audit
from app.web.sealed import blind

STEP = 30  # seconds a code is shown (RFC 6238)
TOLERANCE = 1  # a code of the step before or after: clocks differ, people type slowly
CODES = 10
CONTEXT = "access.recovery"
REFUSED = "確認コードが違います。続けて誤ると、しばらくの間サインインできません。"


@transaction.atomic
def begin_enrolment(user: StaffUser) -> str:
    """The secret for the authenticator, in base32; the same until it is confirmed."""
    device, _ = SecondFactor.objects.select_for_update().get_or_create(
        staff=user, defaults={"key": secrets.token_hex(20)}
    )
    if device.confirmed_at is not None:
        raise SignInRefused("認証アプリはすでに登録されています。")
    return base64.b32encode(bytes.fromhex(device.key)).decode()


def confirm_enrolment(user: StaffUser, code: str, actor: Actor, now: datetime) -> list[str]:
    """The first right code puts the authenticator in force; returns the codes on paper, shown this once.
    SignInRefused for a wrong one (counted as a miss)."""
    _check(user, code, actor, now, confirmed=False)
    with transaction.atomic():
        SecondFactor.objects.filter(staff=user).update(confirmed_at=now)
        codes = _fresh_codes(user)
        audit.record(actor, "access.enrol_second_factor", subject_type="staff", subject_id=user.number)
    return codes


def check_second_factor(user: StaffUser, code: str, actor: Actor, now: datetime) -> None:
    """Return when the code is the authenticator's or an unused one on paper; else SignInRefused, counted as a miss."""
    _check(user, code, actor, now, confirmed=True)


def _check(user: StaffUser, code: str, actor: Actor, now: datetime, *, confirmed: bool) -> None:
    locked = queries.is_locked_out("second", user.number, actor.terminal)
    typed = "".join(code.split()).lower()
    if locked or not (_take_code(user, typed, now, confirmed) or (confirmed and _take_recovery(user, typed, now))):
        note_failure("second", user.number, actor, locked=locked)
        raise SignInRefused(REFUSED)
    clear_failures("second", user.number)


@transaction.atomic
def _take_code(user: StaffUser, typed: str, now: datetime, confirmed: bool) -> bool:
    """Whether the authenticator shows this code now. The row is locked and the step kept: no code is good twice."""
    devices = SecondFactor.objects.select_for_update().filter(staff=user, confirmed_at__isnull=not confirmed)
    device = devices.first()
    if device is None or not (typed.isascii() and typed.isdigit() and len(typed) == 6):
        return False
    totp = TOTP(bytes.fromhex(device.key), step=STEP, drift=device.drift)
    totp.time = now.timestamp()
    if not totp.verify(int(typed), tolerance=TOLERANCE, min_t=device.last_t + 1):
        return False
    device.last_t, device.drift = totp.t(), totp.drift
    device.save(update_fields=["last_t", "drift"])
    return True


def _take_recovery(user: StaffUser, typed: str, now: datetime) -> bool:
    codes = RecoveryCode.objects.filter(staff=user, digest=blind(typed.replace("-", ""), CONTEXT), used_at=None)
    return bool(codes.update(used_at=now))


def _fresh_codes(user: StaffUser) -> list[str]:
    RecoveryCode.objects.filter(staff=user).delete()
    codes = [secrets.token_hex(8) for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(staff=user, digest=blind(code, CONTEXT)) for code in codes)
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


@transaction.atomic
def reset_second_factor(actor: Actor, user_id: int) -> None:
    """Take away a lost authenticator: its owner enrols a new one at the next sign-in. NotPermitted."""
    require(actor, MANAGE_STAFF)
    user = StaffUser.objects.get(pk=user_id)
    SecondFactor.objects.filter(staff=user).delete()
    RecoveryCode.objects.filter(staff=user).delete()
    audit.record(actor, "access.reset_second_factor", subject_type="staff", subject_id=user.number)
