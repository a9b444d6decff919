"""An address counts when its owner said so; until then nothing goes there but the question."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from app.holds import actions as holds
from app.mypage import actions
from app.mypage.models import MailChange
from app.notices.actions import planning, sending
from app.notices.jobs import ACTOR
from app.patrons.models import PatronChange
from app.tests import make

from .conftest import actor, links_in, next_minute, signed_in, text_of


def somebody_waits(patron, now):
    """A hold of the patron comes onto the shelf and is told."""
    clerk, here, thing = make.actor("librarian"), make.branch(), make.item()
    holds.place(clerk, patron.pk, holds.Wanted(thing.record_id, here, contact="mail"), now)
    holds.receive(clerk, thing.barcode, here, now)
    planning.plan_ready(ACTOR, now)
    sending.send_due(ACTOR, now + timedelta(days=1))


@pytest.mark.req("F-MYP-007")
def test_before_it_is_confirmed_a_new_address_gets_nothing_but_the_question(reader, browser, mailserver):
    now = timezone.now()
    page = browser.post("/my/settings/mail/", {"address": "new@mail.example"}, follow=True)
    assert "new@mail.example の確認を待っています" in text_of(page)
    next_minute()
    assert [(to, mail["Subject"]) for _, to, mail in mailserver.mails] == [
        (["new@mail.example"], "メールアドレスの確認")
    ]
    somebody_waits(reader, now)
    assert [to for _, to, _ in mailserver.mails][1:] == [["hanako@mail.example"]]
    (path, *_) = links_in(mailserver)
    stranger = Client()
    assert "確認して登録する" in text_of(stranger.get(path))  # a mail program that looks at links confirms nothing
    reader.refresh_from_db()
    assert reader.email == "hanako@mail.example"
    assert stranger.post(path).status_code == 200
    reader.refresh_from_db()
    assert reader.email == "new@mail.example"
    somebody_waits(reader, now)
    assert [to for _, to, _ in mailserver.mails][2:] == [["new@mail.example"]]
    assert stranger.post(path).status_code == 410
    assert PatronChange.objects.get(patron=reader).by == "本人"


@pytest.mark.req("F-MYP-007")
def test_a_reader_without_an_address_registers_the_first_one(mailserver, db):
    nobody_yet = make.patron(email="", contacts=[{"kind": "phone", "label": "自宅", "value": "0262123456"}])
    signed_in(nobody_yet).post("/my/settings/mail/", {"address": "first@mail.example"})
    next_minute()
    Client().post(links_in(mailserver)[0])
    nobody_yet.refresh_from_db()
    assert nobody_yet.email == "first@mail.example"
    assert {"kind": "mail", "label": "", "value": "first@mail.example"} in nobody_yet.contacts
    assert nobody_yet.contacts[0]["value"] == "0262123456"


def test_thinking_better_of_it_asking_again_and_a_day_later_leave_the_old_link_dead(reader, browser, mailserver):
    browser.post("/my/settings/mail/", {"address": "one@mail.example"})
    next_minute()
    first = links_in(mailserver)[0]
    browser.post("/my/settings/mail/give-up/")
    assert Client().post(first).status_code == 410
    later = timezone.now() + timedelta(minutes=2)
    actions.ask_mail(actor(reader), reader.pk, "two@mail.example", later)
    next_minute(later)
    assert MailChange.objects.get().expires_at - later == timedelta(hours=24)
    MailChange.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert Client().post(links_in(mailserver)[1]).status_code == 410
    reader.refresh_from_db()
    assert reader.email == "hanako@mail.example"


@pytest.mark.parametrize("bad", ["", "no-address", "a@b", "hanako@mail.example", "x@y.example\r\nBcc: z@y.example"])
def test_what_is_no_new_address_is_refused_with_a_sentence(browser, bad):
    answer = browser.post("/my/settings/mail/", {"address": bad})
    assert answer.status_code == 422
    assert not MailChange.objects.exists()


def test_mails_are_not_sent_in_a_row(browser):
    assert browser.post("/my/settings/mail/", {"address": "one@mail.example"}).status_code == 302
    answer = browser.post("/my/settings/mail/", {"address": "two@mail.example"})
    assert answer.status_code == 422
    assert "1分ほど" in text_of(answer)
