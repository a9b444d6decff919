"""What an attacker with full read access finds after a reader was told, reminded, called and written to."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from app.catalog.models import BibliographicRecord
from app.circulation import actions as circulation
from app.circulation.actions import Answers
from app.circulation.models import Loan
from app.circulation.tests.test_privacy import night, rows
from app.holds import actions as holds
from app.notices import queries
from app.notices.actions import byhand, planning, returned, sending, setting, settling
from app.notices.codes import CallResult
from app.notices.models import Line, Notice
from app.notices.tests.conftest import ACTOR, at
from app.notices.tests.mailserver import bounce, put_bounce
from app.notices.tests.test_overdue import approved
from app.tests import make

PATRON, ITEM, RECORD = 771_000_011, 662_000_012, 553_000_013
TITLE = "人に知られたくない本"


def lived(mailserver, tmp_path):
    """Told by mail, lent, reminded by mail (which came back), call and card, stopped; then the return."""
    today = timezone.localdate()
    begin = at(today - timedelta(days=120))
    desk, here = make.actor("librarian"), make.branch()
    who = make.patron(
        pk=PATRON, email="reader@mail.example", phone="0262123456", address="長野市鶴賀1", contact_by="mail"
    )
    record = BibliographicRecord.objects.create(pk=RECORD, title=TITLE)
    thing = make.item(pk=ITEM, record=record)
    holds.place(desk, who.pk, holds.Wanted(record.pk, here, contact="mail"), begin)
    circulation.give_back(desk, thing.barcode, here, now=begin)
    planning.plan_ready(ACTOR, begin)
    sending.send_due(ACTOR, begin)
    circulation.lend(desk, who.pk, thing.barcode, here, now=begin + timedelta(hours=2), answers=Answers.of())
    due = Loan.objects.get(item=thing).due_on
    for days in (7, 21, 60):
        then = at(due + timedelta(days=days))
        approved(planning.plan_overdue(ACTOR, then), then)
        sending.send_due(ACTOR, then)
        if days == 7:
            token = Notice.objects.get(kind="overdue", state="handed").token.hex
            put_bounce(tmp_path, bounce(token, who.email))
            returned.read(ACTOR, then)
        for notice in queries.phone_list(then.date()):
            byhand.record_call(desk, notice.pk, CallResult.ABSENT, then, note=f"{TITLE}の件")
        byhand.posted(desk, [notice.pk for notice in queries.paper("postcard")], then)
    setting.stop(
        desk, patron_id=who.pk, from_on=today, until_on=today + timedelta(days=9), reason=f"{TITLE}を返したという"
    )
    setting.stop(desk, item_id=thing.pk, from_on=today, until_on=today + timedelta(days=9), reason="書架を探す")
    assert Line.objects.filter(loan__item=thing).count() >= 3
    assert len(mailserver.mails) == 2
    circulation.give_back(desk, thing.barcode, here, now=at(today))
    assert not Line.objects.exists()
    night(at(today))
    settling.settle(ACTOR, today + timedelta(days=1))


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F-AUD-005", "F-NTC-007")
def test_the_morning_after_no_row_and_no_transaction_says_what_the_reader_was_reminded_of(mailserver, tmp_path):
    setting.seed()
    lived(mailserver, tmp_path)
    person = re.compile(rf"\b{PATRON}\b|{make.Patron.objects.get(pk=PATRON).card_number}")
    thing = make.Item.objects.get(pk=ITEM)
    goods = re.compile(rf"\b({ITEM}|{RECORD}|{thing.barcode})\b|{TITLE}")
    of_person, of_goods, both = set(), set(), []
    for name, found in rows().items():
        for text, numbers in found:
            is_person, is_goods = bool(person.search(text)), bool(goods.search(text))
            both += [(name, text)] if is_person and is_goods else []
            of_person |= numbers if is_person else set()
            of_goods |= numbers if is_goods else set()
    assert both == []
    assert not of_person & of_goods
    # What stays is what the acceptance asks for: stage, day, means, result; no hour, no place.
    told = Notice.objects.filter(patron=PATRON).order_by("on_date", "id")
    assert [(one.kind, one.stage, one.means.code) for one in told if one.kind == "overdue"] == [
        ("overdue", 1, "mail"),
        ("overdue", 1, "phone"),
        ("overdue", 2, "phone"),
        ("overdue", 3, "postcard"),
    ]
    assert not told.exclude(handed_at=None, not_before=None, branch=None).exists()
    assert not any(call.note for notice in told for call in notice.calls.all())
