"""Postings: planned by table, applied at 00:00 of their day."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from app.access.actions.permission import require
from app.access.actions.spans import note_staff
from app.access.actor import Actor
from app.access.models import Posting, PostingSheet, Role, StaffUser
from app.access.operations import declare
from app.access.planning import PostingLine
from app.audit import actions as audit

POST_STAFF = declare("access.post_staff", "人事異動を登録する", roles=(), kind="add")

State = PostingSheet.State


@transaction.atomic
def plan(actor: Actor, title: str, effective_on: date, lines: tuple[PostingLine, ...], today: date) -> PostingSheet:
    """Keep a checked table until its day. ValidationError for a day that is over and for an empty table."""
    require(actor, POST_STAFF)
    if effective_on < today:
        raise ValidationError("発令日は今日以後にしてください。")
    if not lines:
        raise ValidationError("表に行がありません。")
    sheet = PostingSheet.objects.create(title=title, effective_on=effective_on, made_by=actor.number)
    Posting.objects.bulk_create(
        Posting(
            sheet=sheet,
            staff_id=line.staff_id,
            branch_id=line.branch_id,
            roles=list(line.roles),
            valid_until=line.valid_until,
        )
        for line in lines
    )
    detail = {"sheet": sheet.pk, "on": effective_on.isoformat(), "people": len(lines)}
    audit.record(actor, POST_STAFF, subject_type="posting", subject_id=sheet.pk, detail=detail)
    return sheet


@transaction.atomic
def withdraw(actor: Actor, sheet_id: int) -> PostingSheet:
    """Take back what has not been applied. ValidationError when it has."""
    require(actor, POST_STAFF)
    sheet = PostingSheet.objects.select_for_update().get(pk=sheet_id)
    if sheet.state == State.APPLIED:
        raise ValidationError("すでに発令された異動は取り消せません。元に戻す異動を登録してください。")
    sheet.state = State.WITHDRAWN
    sheet.save(update_fields=["state"])
    audit.record(actor, "access.withdraw_posting", subject_type="posting", subject_id=sheet.pk)
    return sheet


def apply_due(actor: Actor, now: datetime) -> list[PostingSheet]:
    """Apply every sheet whose day has come, oldest first, each wholly or not at all; returns those tried now.

    Idempotent: a sheet is applied once, whoever calls how often.
    """
    require(actor, POST_STAFF)
    due = PostingSheet.objects.filter(state=State.PLANNED, effective_on__lte=timezone.localdate(now))
    keys = list(due.order_by("effective_on", "pk").values_list("pk", flat=True))
    return [sheet for key in keys if (sheet := _apply(actor, key, now))]


@transaction.atomic
def _apply(actor: Actor, sheet_id: int, now: datetime) -> PostingSheet | None:
    sheet = PostingSheet.objects.select_for_update().get(pk=sheet_id)
    if sheet.state != State.PLANNED:
        return None
    lines = list(sheet.lines.order_by("staff_id"))
    people = {user.pk: user for user in StaffUser.objects.select_for_update().order_by("pk").filter(
        pk__in=[line.staff_id for line in lines]
    )}  # fmt: skip
    roles = {role.code: role for role in Role.objects.all()}
    lost = sorted({code for line in lines for code in line.roles if code not in roles})
    if lost:  # a role that was taken away since: half a table would be worse than none
        sheet.state, sheet.fault = State.FAILED, f"役割「{'」「'.join(lost)}」がなくなっています。"
        sheet.save(update_fields=["state", "fault"])
        return sheet
    for line in lines:
        user = people[line.staff_id]
        user.branch_id = line.branch_id
        user.valid_until = line.valid_until or user.valid_until
        user.save(update_fields=["branch", "valid_until"])
        user.roles.set([roles[code] for code in line.roles])
        note_staff(user, sheet.made_by, now)
        detail = {"sheet": sheet.pk, "roles": line.roles}
        audit.record(actor, "access.posting", subject_type="staff", subject_id=user.number, detail=detail)
    sheet.state, sheet.applied_at = State.APPLIED, now
    sheet.save(update_fields=["state", "applied_at"])
    return sheet
