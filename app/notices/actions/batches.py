"""Bulk sending: somebody sees counts, targets and samples, and then gives the order."""

from datetime import datetime

from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.notices.actions.operations import APPROVE, EXCLUDE
from app.notices.codes import BatchState, State
from app.notices.models import Batch, Notice


class NotYet(Exception):
    """The batch cannot be approved; the text says what is missing."""


def seen(actor: Actor, batch: Batch) -> None:
    """The actor has the samples on the screen."""
    Batch.objects.filter(pk=batch.pk, state=BatchState.DRAFT).update(seen_by=actor.number)


@transaction.atomic
def approve(actor: Actor, batch_id: int, now: datetime) -> int:
    """Let a batch go; returns its notices. The name of whoever approves stays with it.

    NotYet when the samples were not looked at by the same person since the extraction. A second press changes nothing.
    """
    access.require(actor, APPROVE)
    batch = Batch.objects.select_for_update().get(pk=batch_id)
    if batch.state != BatchState.DRAFT:
        return 0
    if batch.seen_by != actor.number:
        raise NotYet("見本を見てから承認してください。抽出し直したときは、もう一度見てください。")
    number = Notice.objects.filter(batch=batch, state=State.PLANNED).update(state=State.READY)
    batch.state, batch.approved_by, batch.approved_name = BatchState.APPROVED, actor.number, actor.name
    batch.approved_at = now
    batch.save(update_fields=["state", "approved_by", "approved_name", "approved_at"])
    audit.record(actor, APPROVE, subject_type="notice_batch", subject_id=batch.pk, detail={"notices": number})
    return number


@transaction.atomic
def cancel(actor: Actor, batch_id: int) -> bool:
    """Give a draft up: its notices go, and the next extraction finds the same people again."""
    access.require(actor, EXCLUDE)
    batch = Batch.objects.select_for_update().get(pk=batch_id)
    if batch.state != BatchState.DRAFT:
        return False
    Notice.objects.filter(batch=batch, state__in=[State.PLANNED, State.FAILED]).delete()
    batch.state = BatchState.CANCELLED
    batch.save(update_fields=["state"])
    audit.record(actor, EXCLUDE, subject_type="notice_batch", subject_id=batch.pk)
    return True
