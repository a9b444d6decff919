"""Registrations typed at home, waiting for the counter."""

import secrets
from datetime import date, datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons import queries, rules
from app.patrons.actions.registering import Registration, register
from app.patrons.models import Application, Patron
from app.web.sealed import blind

MOST_PER_HOUR = 10
MOST_OF_ALL_PER_HOUR = 200
TRIES = 20


class TooMany(Exception):
    """More applications than people make, from one address or in all."""


def apply(actor: Actor, content: dict[str, Any], now: datetime | None = None) -> Application:
    """Keep what somebody typed and give it a number of eight digits. TooMany from the eleventh in an hour on.

    The content is sealed; the address it came from is kept as a keyed hash only. Four SQL statements.
    """
    now = now or timezone.now()
    origin = blind(actor.terminal or "", "patrons.application")
    recent = Application.objects.filter(made_at__gt=now - timedelta(hours=1))
    if recent.filter(origin=origin).count() >= MOST_PER_HOUR or recent.count() >= MOST_OF_ALL_PER_HOUR:
        raise TooMany
    expires = timezone.localdate(now) + timedelta(days=queries.policy().applications_days)
    for _ in range(TRIES):
        number = rules.with_check_digit(f"{secrets.randbelow(10**7):07d}")
        try:
            with transaction.atomic():
                made = Application.objects.create(
                    number=number, content=content, made_at=now, expires_on=expires, origin=origin
                )
                audit.record(actor, "patrons.apply", subject_type="application", subject_id=made.pk)
                return made
        except IntegrityError:
            continue
    raise TooMany


@transaction.atomic
def accept_application(actor: Actor, number: str, what: Registration, today: date | None = None) -> Patron:
    """Register the person behind an application, whose data the counter has checked; the application goes.

    ValidationError when it is gone (used at another counter meanwhile) and as `register` does.
    """
    application = Application.objects.select_for_update().filter(number=number).first()
    if application is None:
        raise ValidationError("この仮登録は、すでに登録されたか期限が切れています。")
    patron = register(actor, what, today)
    application.delete()
    return patron


def forget_applications(today: date) -> int:
    """Erase the applications that nobody came for; returns how many."""
    return Application.objects.filter(expires_on__lt=today).delete()[0]
