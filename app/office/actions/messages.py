"""Messages to staff and who has read them."""

from collections.abc import Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.access.models import StaffUser
from app.audit import actions as audit
from app.office.actions import READ_MESSAGES, WRITE_MESSAGES
from app.office.models import MessageRead, StaffMessage


@transaction.atomic
def send(
    actor: Actor, title: str, body: str, since: date, until: date, branches: Sequence[int], roles: Sequence[int]
) -> StaffMessage:
    """Put up a message for the libraries and roles given (none means all). ValidationError; NotPermitted."""
    access.require(actor, WRITE_MESSAGES)
    if until < since:
        raise ValidationError("掲載終了日は開始日以後にしてください。")
    by = StaffUser.objects.get(number=actor.number)
    message = StaffMessage.objects.create(title=title, body=body, since=since, until=until, by=by)
    message.branches.set(branches)
    message.roles.set(roles)
    audit.record(actor, WRITE_MESSAGES, subject_type="message", subject_id=message.pk)
    return message


@transaction.atomic
def mark_read(actor: Actor, message: StaffMessage, staff: StaffUser) -> None:
    """Note that somebody has read it; the second time changes nothing."""
    access.require(actor, READ_MESSAGES)
    MessageRead.objects.get_or_create(message=message, staff=staff)


@transaction.atomic
def withdraw(actor: Actor, message_id: int, now: datetime) -> None:
    """Take a message down."""
    access.require(actor, WRITE_MESSAGES)
    StaffMessage.objects.filter(pk=message_id, withdrawn_at=None).update(withdrawn_at=now)
    audit.record(actor, "office.withdraw_message", subject_type="message", subject_id=message_id)
