"""No column beside a person holds what somebody may write about them, but sealed; what stands plain says why."""

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from app.patrons.models import Patron
from app.web.sealed import SealedTextField

TEXTS = (models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FileField, ArrayField)
STAFF = "who of the staff did it"
CODE = "a word of the program, never typed"
KEYED = "a keyed hash"
TITLE = "what a book is called; with whom it belongs is the row itself, and the catalogue has it plain"
RECEIPT = "a number that is drawn"
# Plain for a reason. The log is kept apart: what is typed there about a person is sealed before it is written
# (app/audit/tests/test_words.py).
PLAIN = {
    "audit.auditevent.actor_kind": CODE,
    "audit.auditevent.actor": STAFF,
    "audit.auditevent.operation": CODE,
    "audit.auditevent.outcome": CODE,
    "audit.auditevent.subject_type": CODE,
    "audit.auditevent.subject_id": "a number: the log is searched by it",
    "audit.auditevent.purpose": "what is typed about a person is sealed when it is recorded",
    "audit.auditevent.request_id": RECEIPT,
    "audit.auditevent.detail": "of personal fields their names alone (audit.changes)",
    "circulation.loan.due_changed_by": STAFF,
    "holds.hold.ended_why": CODE,
    "holds.holdentry.by": STAFF,
    "holds.purchaserequest.title": TITLE,
    "holds.purchaserequest.creator": TITLE,
    "holds.purchaserequest.publisher": TITLE,
    "holds.purchaserequest.isbn13": TITLE,
    "holds.purchaserequest.decided_by": STAFF,
    "interlibrary.borrowing.title": TITLE,
    "interlibrary.borrowing.creator": TITLE,
    "interlibrary.borrowing.publisher": TITLE,
    "interlibrary.borrowing.isbn13": TITLE,
    "interlibrary.borrowing.asked_by": STAFF,
    "mypage.favourite.mark": KEYED,
    "mypage.mailchange.mark": KEYED,
    "mypage.passwordreset.mark": KEYED,
    "mypage.watch.mark": KEYED,
    "notices.badaddress.field": CODE,
    "notices.badaddress.mark": KEYED,
    "notices.badaddress.code": "what a mail server answered, a number",
    "notices.call.by": STAFF,
    "notices.line.key": "which event this is, by its numbers",
    "notices.notice.result": CODE,
    "notices.notice.by": STAFF,
    "notices.stop.by": STAFF,
    "patrons.erasure.by": STAFF,
    "patrons.patron.card_number": "the number on the card: the counter looks it up",
    "patrons.patron.district": "a code of the figures",
    "patrons.patron.keys": KEYED,
    "patrons.patron.password": "a slow hash",
    "patrons.patroncard.number": "the number on the card: the counter looks it up",
    "patrons.patronchange.by": STAFF,
    "patrons.patronnote.by": STAFF,
    "patrons.patronstop.by": STAFF,
    "reference.application.receipt": RECEIPT,
    "reference.question.receipt": RECEIPT,
    "reference.question.taken_by": STAFF,
    "reference.question.answered_by": STAFF,
}


def of_persons() -> set[type[models.Model]]:
    """Every table from which foreign keys lead to a patron, and those that have a patron's number without one."""
    found = {Patron, apps.get_model("audit.AuditEvent")}
    everything = [model for model in apps.get_models() if model._meta.managed]
    found |= {model for model in everything if any("patron" in field.name for field in model._meta.concrete_fields)}
    while more := {
        model
        for model in everything
        if model not in found and any(field.related_model in found for field in model._meta.concrete_fields)
    }:
        found |= more
    return found


def texts() -> set[str]:
    """Columns of persons that could hold words: no choice, not sealed."""
    return {
        f"{model._meta.label_lower}.{field.name}"
        for model in of_persons()
        for field in model._meta.concrete_fields
        if isinstance(field, TEXTS) and not isinstance(field, SealedTextField) and not field.choices
    }


@pytest.mark.req("F-AUD-012")
def test_a_column_beside_a_person_is_sealed_or_says_why_it_is_plain():
    assert sorted(texts() - set(PLAIN)) == []
    assert sorted(set(PLAIN) - texts()) == []


def test_the_look_finds_persons_however_far_away_and_numbers_without_a_key():
    found = {model._meta.label for model in of_persons()}
    assert {
        "circulation.Loan",
        "holds.HoldEntry",
        "notices.Call",
        "patrons.Erasure",
        "circulation.LastBorrower",
    } <= found
    assert "catalog.Item" not in found
