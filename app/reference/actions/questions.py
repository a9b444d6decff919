"""A question: asked by a reader, taken up, answered, read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.patrons.models import Patron
from app.reference import rules
from app.reference.actions.operations import ANSWER, ASK, VIEW
from app.reference.actions.receipts import next_receipt
from app.reference.models import Question
from app.web import versions

State = Question.State
OPEN = (State.RECEIVED, State.WORKING)
MOST_OPEN = 10
EDITABLE = ("answer", "sources", "note")


def values_of(question: Question) -> dict[str, Any]:
    """What the staff's page is made from."""
    return {name: getattr(question, name) for name in (*EDITABLE, "state", "taken_by")}


@transaction.atomic
def ask(
    actor: Actor, patron: Patron, branch: Branch, *, title: str, body: str, known: str, form: UUID, now: datetime
) -> Question:
    """Put a question to a library; sent twice, it is one. ValidationError above ten that are not answered yet."""
    # The same form pressed twice waits here for itself.
    Patron.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=patron.pk)
    there = Question.objects.filter(form=form, patron=patron).first()
    if there is not None:
        return there
    if Question.objects.filter(patron=patron, state__in=OPEN).count() >= MOST_OPEN:
        raise ValidationError(f"回答を待っている質問が{MOST_OPEN}件あります。回答が届いてから、お申し込みください。")
    made = Question.objects.create(
        receipt=next_receipt(rules.QUESTION, timezone.localdate(now).year),
        patron=patron,
        branch=branch,
        title=title,
        body=body,
        known=known,
        form=form,
        asked_at=now,
    )
    audit.record(actor, ASK, subject_type="question", subject_id=made.receipt)
    return made


@transaction.atomic
def withdraw(actor: Actor, patron: Patron, question_id: int) -> bool:
    """A reader takes a question back that is not answered yet; what was written is forgotten. Whether it was."""
    question = Question.objects.select_for_update().filter(pk=question_id, patron=patron, state__in=OPEN).first()
    if question is None:
        return False
    question.state = State.WITHDRAWN
    for name in ("title", "body", "known", *EDITABLE):
        setattr(question, name, "")
    question.save()
    audit.record(actor, ASK, subject_type="question", subject_id=question.receipt, detail={"withdrawn": True})
    return True


@transaction.atomic
def work_on(
    actor: Actor, question_id: int, values: Mapping[str, str], seen: str, now: datetime, *, send: bool
) -> Question:
    """Work on a question: keep what was written so far, or send the answer. An answer that was sent can be mended, and
    the reader sees the mended one as new. ValidationError without an answer to send and for a question that was taken
    back; versions.Conflict."""
    access.require(actor, ANSWER)
    question = Question.objects.select_for_update().get(pk=question_id)
    if question.state == State.WITHDRAWN:
        raise ValidationError("利用者が取り下げた質問です。")
    versions.check(seen, values_of(question))
    send = send or question.state == State.ANSWERED
    if send and not values["answer"].strip():
        raise ValidationError({"answer": "回答を入力してください。"})
    for name in EDITABLE:
        setattr(question, name, values[name])
    if send:
        question.state, question.answered_by, question.answered_at = State.ANSWERED, actor.number, now
        question.seen_at = None
    elif question.state == State.RECEIVED:
        question.state = State.WORKING
    question.taken_by = question.taken_by or actor.number
    question.save()
    audit.record(actor, ANSWER, subject_type="question", subject_id=question.receipt, detail={"state": question.state})
    return question


@transaction.atomic
def take(actor: Actor, question_id: int) -> Question:
    """Take a question up: the reader sees that somebody works on it. ValidationError when it is not open."""
    access.require(actor, ANSWER)
    question = Question.objects.select_for_update().get(pk=question_id)
    if question.state not in OPEN:
        raise ValidationError(f"この質問は「{question.get_state_display()}」です。")
    question.state, question.taken_by = State.WORKING, actor.number
    question.save(update_fields=["state", "taken_by"])
    audit.record(actor, ANSWER, subject_type="question", subject_id=question.receipt, detail={"state": question.state})
    return question


def viewed(actor: Actor, question: Question) -> None:
    """Staff saw whose question it is: a line in the log."""
    audit.record_views(actor, VIEW, "patron", [question.patron_id], f"調べもの相談 {question.receipt}")


def read(patron: Patron, question_id: int, now: datetime) -> None:
    """The reader has seen the answer."""
    Question.objects.filter(pk=question_id, patron=patron, state=State.ANSWERED, seen_at=None).update(seen_at=now)
