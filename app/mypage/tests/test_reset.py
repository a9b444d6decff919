"""A forgotten password: the mail's link, its half hour, its single use; and that asking tells nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from app.circulation.tests.test_privacy import rows
from app.mypage import actions, jobs, links
from app.mypage.actions import LinkOver
from app.mypage.models import PasswordReset, ResetAsk
from app.notices.models import Notice
from app.patrons.actions import set_password, stop
from app.tests import make

from .conftest import PASSWORD, links_in, next_minute, signed_in, text_of

NEW = "a-new-word-of-mine-3"


def ask(number, address, **more):
    return Client(**more).post("/my/reset/", {"number": number, "address": address}, follow=True)


@pytest.mark.req("F-MYP-002")
def test_the_registered_mail_leads_to_a_new_password_once_and_ends_every_session(reader, mailserver):
    elsewhere = signed_in(reader)
    assert "数分のうちにメールが届きます" in text_of(ask(reader.card_number, "HANAKO@mail.example"))
    next_minute()
    assert [to for _, to, _ in mailserver.mails] == [["hanako@mail.example"]]
    (path,) = links_in(mailserver)
    browser = Client()
    assert "新しいパスワード" in text_of(browser.get(path))
    assert browser.post(path, {"new": "short", "again": "short"}).status_code == 422
    done = browser.post(path, {"new": NEW, "again": NEW})
    assert done["Location"] == "/my/"
    assert browser.get("/my/").status_code == 200
    assert elsewhere.get("/my/").status_code == 302
    assert signed_in_with(reader, NEW)
    assert not signed_in_with(reader, PASSWORD)
    assert browser.get(path).status_code == 410
    assert browser.post(path, {"new": "another-word-of-4", "again": "another-word-of-4"}).status_code == 410
    assert signed_in_with(reader, NEW)


def signed_in_with(patron, password) -> bool:
    answer = Client().post("/my/sign-in/", {"card_number": patron.card_number, "password": password})
    return answer.status_code == 302


@pytest.mark.req("F-MYP-002")
def test_the_link_is_good_for_thirty_minutes_from_the_asking_and_not_longer(reader, mailserver):
    start = timezone.now()
    actions.ask_reset(make.actor(), reader.card_number, reader.email, start)
    jobs.answer(start + timedelta(minutes=1))
    token = links_in(mailserver)[0].strip("/").rpartition("/")[2]
    made = PasswordReset.objects.get()
    assert made.expires_at - start == timedelta(minutes=30)
    with pytest.raises(LinkOver):
        actions.use_reset(make.actor(), token, NEW, start + timedelta(minutes=30))
    actions.use_reset(make.actor(), token, NEW, start + timedelta(minutes=30, seconds=-1))
    PasswordReset.objects.update(used_at=None, expires_at=timezone.now())
    assert Client().get(f"/my/reset/{token}/").status_code == 410


def test_who_asks_learns_nothing_from_the_answer_nor_from_the_work_it_takes(reader, mailserver):
    cases = [
        (reader.card_number, reader.email),
        (reader.card_number, "somebody@else.example"),
        (make.with_check_digit("199999999"), reader.email),
        ("なにか", "x@y.example"),
    ]
    pages, work = set(), set()
    for number, address in cases:
        with CaptureQueriesContext(connection) as queries:
            answer = ask(number, address)
        pages.add((answer.status_code, text_of(answer), tuple(answer.redirect_chain)))
        work.add(tuple(query["sql"].split(" ")[0] for query in queries.captured_queries))
    assert len(pages) == 1
    assert len(work) == 1
    next_minute()
    assert len(mailserver.mails) == 1
    assert not any(ask.number or ask.address for ask in ResetAsk.objects.all())


def test_no_table_holds_what_opens_the_page(reader, mailserver):
    ask(reader.card_number, reader.email)
    next_minute()
    token = links_in(mailserver)[0].strip("/").rpartition("/")[2]
    assert PasswordReset.objects.get().mark == links.mark_of(token)
    assert not any(token in text for found in rows().values() for text, _ in found)


def test_a_wish_of_another_means_or_a_bad_address_never_sends_the_link_elsewhere(reader, mailserver):
    mailserver.unknown.add(reader.email)
    ask(reader.card_number, reader.email)
    next_minute()
    notice = Notice.objects.get(kind="reset")
    assert notice.state == "bounced"
    assert not Notice.objects.exclude(pk=notice.pk).exists()  # nobody reads it out on the telephone


def test_those_who_may_not_use_the_web_get_no_link_and_nobody_is_flooded(reader, mailserver):
    stopped = make.patron(email="stopped@mail.example")
    stop(make.actor("librarian"), stopped, ["web"], "本人の申出", None)
    withdrawn = make.patron(email="gone@mail.example", withdrawn_on=timezone.localdate())
    for one in (stopped, withdrawn):
        ask(one.card_number, one.email)
    for _ in range(5):
        ask(reader.card_number, reader.email)
    next_minute()
    assert [to for _, to, _ in mailserver.mails] == [[reader.email]] * 3
    for _ in range(13):
        assert ask("1", "a@b.example").status_code == 200
    assert ask("1", "a@b.example").status_code == 429


def test_a_new_password_opens_a_sign_in_that_misses_had_shut(reader, mailserver):
    set_password(reader, PASSWORD, temporary=False)
    for _ in range(10):
        Client().post("/my/sign-in/", {"card_number": reader.card_number, "password": "wrong"})
    ask(reader.card_number, reader.email)
    next_minute()
    Client().post(links_in(mailserver)[0], {"new": NEW, "again": NEW})
    assert signed_in_with(reader, NEW)


def test_the_night_forgets_links_and_questions(reader, mailserver):
    ask(reader.card_number, reader.email)
    next_minute()
    jobs.forget(timezone.now() + timedelta(days=2))
    assert not PasswordReset.objects.exists()
    assert not ResetAsk.objects.exists()
