"""Passwords and PINs of staff, by the policy; and the policy."""

from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access import queries, rules
from app.access.actions.permission import require
from app.access.actor import Actor
from app.access.models import PastPassword, SignInPolicy, StaffUser
from app.access.operations import declare
from app.audit import actions as audit

SET_POLICY = declare("access.set_policy", "認証の方針を変える", roles=(), kind="change")


def put_password(user: StaffUser, password: str, *, temporary: bool, now: datetime | None = None) -> None:
    """Give somebody a password; ValidationError says which rule of the policy it breaks. Saves the user.

    `temporary`: made by somebody else, so it must be changed at the next sign-in.
    """
    policy = queries.policy()
    if len(password) < policy.min_length:
        raise ValidationError(f"パスワードは{policy.min_length}文字以上にしてください。")
    validate_password(password, user)
    past = PastPassword.objects.filter(staff=user).values_list("password", flat=True) if user.pk else []
    used = [*([user.password] if user.pk and user.has_usable_password() else []), *past][: policy.remember]
    if any(check_password(password, old) for old in used):
        raise ValidationError(f"最近使った{policy.remember}個までのパスワードは使えません。")
    if user.pk and user.has_usable_password():
        PastPassword.objects.create(staff=user, password=user.password)
        keep = PastPassword.objects.filter(staff=user).values_list("pk", flat=True)[: policy.remember]
        PastPassword.objects.filter(staff=user).exclude(pk__in=list(keep)).delete()
    user.set_password(password)
    user.must_change, user.password_set_at = temporary, now or timezone.now()
    user.save()


@transaction.atomic
def change_own_password(user: StaffUser, password: str, actor: Actor) -> None:
    """Somebody's own new password. ValidationError."""
    put_password(StaffUser.objects.select_for_update().get(pk=user.pk), password, temporary=False)
    audit.record(actor, "access.change_password", subject_type="staff", subject_id=user.number)


@transaction.atomic
def set_own_pin(user: StaffUser, pin: str, actor: Actor) -> None:
    """Somebody's own PIN for changing operators; an empty one takes it away. ValidationError for a weak one."""
    if pin:
        why = rules.weak_pin(pin, queries.policy().pin_length, user.number, user.card or "")
        if why:
            raise ValidationError(why)
    StaffUser.objects.filter(pk=user.pk).update(pin=make_password(pin) if pin else "")
    audit.record(actor, "access.set_pin", subject_type="staff", subject_id=user.number)


@transaction.atomic
def set_policy(actor: Actor, fields: dict[str, Any]) -> SignInPolicy:
    """Change the policy. NotPermitted; ValidationError when it would be weaker than the product allows."""
    require(actor, SET_POLICY)
    policy = SignInPolicy.objects.select_for_update().filter(pk=1).first() or SignInPolicy(pk=1)
    before = {name: getattr(policy, name) for name in fields}
    for name, value in fields.items():
        setattr(policy, name, value)
    try:
        with transaction.atomic():
            policy.save()
    except IntegrityError as weak:
        raise ValidationError("この方針は弱すぎます。") from weak
    audit.record(actor, SET_POLICY, detail={"before": before, "after": fields})
    return policy
