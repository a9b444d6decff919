"""Words registered today are told of what was received, the day after."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.catalog.models import BibliographicRecord
from app.circulation.tests.test_privacy import rows
from app.mypage import actions, jobs
from app.mypage.models import Watch
from app.notices.actions import sending, setting
from app.notices.jobs import ACTOR
from app.notices.models import Notice
from app.notices.tests.conftest import at
from app.tests import make

from .conftest import actor, text_of

pytestmark = pytest.mark.django_db


def receive(day, title="てぶくろを買いに", **fields):
    record = fields.pop("record", None) or BibliographicRecord.objects.create(
        title=title, title_reading="テブクロ オ カイニ", creators=["新美, 南吉, 1913-1943"],
        creator_readings=["ニイミ, ナンキチ"], subjects=["童話"], **fields,
    )  # fmt: skip
    return make.item(record=record, acquired_on=day)


def morning(day):
    """The job of a morning, and the mails that go out after nine."""
    jobs.arrivals(at(day, 7, 30))
    sending.send_due(ACTOR, at(day, 10))


@pytest.mark.req("F-MYP-010")
@pytest.mark.parametrize(
    ("field", "text"),
    [("author", "新美南吉"), ("author", "ナンキチ"), ("subject", "童話"), ("any", "手袋 てぶくろ"), ("any", "カイニ")],
)
def test_what_fits_the_words_is_told_the_day_after_it_was_received(reader, mailserver, field, text):
    day = timezone.localdate() + timedelta(days=1)
    made = actions.watch(actor(reader), reader.pk, field, text)
    receive(day, "手袋を買いに（てぶくろ）")
    morning(day)
    assert mailserver.mails == []  # not on the day itself
    morning(day + timedelta(days=1))
    morning(day + timedelta(days=1))
    morning(day + timedelta(days=2))
    ((_, to, mail),) = mailserver.mails
    assert to == [reader.email]
    assert mail["Subject"] == "登録語に当たる新着資料のお知らせ"
    body = mail.get_content()
    assert "手袋を買いに（てぶくろ）" in body
    assert f"登録語 {text}" in body
    assert made.content["text"] == text


def test_what_does_not_fit_or_was_there_before_or_is_hidden_is_not_told(reader, mailserver):
    day = timezone.localdate() + timedelta(days=1)
    actions.watch(actor(reader), reader.pk, "author", "新美南吉")
    another_copy = receive(day - timedelta(days=300), "前からある本")
    receive(day, record=another_copy.record)
    receive(day, "業務用", visibility="staff")
    make.item(record=BibliographicRecord.objects.create(title="新美南吉の生涯", creators=["別の人"]), acquired_on=day)
    morning(day + timedelta(days=1))
    assert not Notice.objects.exists()


def test_words_of_today_do_not_reach_back_and_words_taken_back_say_nothing(reader, mailserver):
    today = timezone.localdate()
    receive(today - timedelta(days=2))
    made = actions.watch(actor(reader), reader.pk, "author", "新美南吉", today)
    jobs.arrivals(at(today, 7, 30))
    assert not Notice.objects.exists()
    receive(today)
    jobs.arrivals(at(today + timedelta(days=1), 7, 30))
    actions.unwatch(actor(reader), reader.pk, made.pk)
    sending.send_due(ACTOR, at(today + timedelta(days=1), 10))
    assert mailserver.mails == []
    assert Notice.objects.get().state == "dropped"


def test_no_row_joins_the_reader_and_the_title_that_was_told(reader, mailserver):
    day = timezone.localdate()
    actions.watch(actor(reader), reader.pk, "author", "新美南吉")
    item = receive(day)
    morning(day + timedelta(days=1))
    assert len(mailserver.mails) == 1
    table = {name: [text for text, _ in found] for name, found in rows().items()}
    assert not any("てぶくろ" in text for name in table if name.startswith("notices") for text in table[name])
    assert not any(f'"{item.pk}"' in text for text in table["notices_line"])
    assert "新美" not in str(table["mypage_watch"])


def test_a_reader_who_does_not_want_the_mail_gets_none(reader, mailserver):
    day = timezone.localdate()
    actions.watch(actor(reader), reader.pk, "author", "新美南吉")
    setting.wish_kind(actor(reader), reader.pk, "arrival", wanted=False)
    receive(day)
    morning(day + timedelta(days=1))
    assert not Notice.objects.exists()


def test_words_are_registered_shown_and_forgotten_on_the_page(reader, browser):
    assert browser.post("/my/arrivals/", {"field": "author", "text": " 新美　 南吉 "}).status_code == 302
    browser.post("/my/arrivals/", {"field": "author", "text": "新美 南吉"})
    (made,) = Watch.objects.all()
    assert "新美 南吉" in text_of(browser.get("/my/arrivals/"))
    for bad in ({"field": "author", "text": "　"}, {"field": "x", "text": "a"}, {"field": "any", "text": "、。"}):
        assert browser.post("/my/arrivals/", bad).status_code == 422
    other = make.patron()
    theirs = actions.watch(actor(other), other.pk, "any", "ひみつ")
    browser.post(f"/my/arrivals/{theirs.pk}/forget/")
    assert Watch.objects.filter(pk=theirs.pk).exists()
    browser.post(f"/my/arrivals/{made.pk}/forget/")
    assert not Watch.objects.filter(pk=made.pk).exists()
