"""New arrivals, rankings, the feed; what readers may not see is in none of them."""

from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from app.catalog import search
from app.catalog.models import BibliographicRecord
from app.circulation.models import ItemTally
from app.features import jobs, rules
from app.features.actions import popular
from app.features.models import PopularTitle
from app.holds.models import Hold
from app.tests import make

pytestmark = pytest.mark.django_db


def page(path):
    answer = Client().get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def record(title, **fields):
    return BibliographicRecord.objects.create(title=title, **fields)


@pytest.mark.req("F-OPA-012")
def test_what_was_accessioned_yesterday_is_new_this_morning_by_day_material_and_class():
    today = timezone.localdate()
    yesterday = today - timedelta(days=1)
    make.item(
        "きのう着いた本", acquired_on=yesterday, material_type="book", record=record("きのう着いた本", ndc="913.6")
    )
    make.item(acquired_on=yesterday, material_type="dvd", record=record("きのう着いた映画", ndc="778"))
    make.item("おととい着いた本", acquired_on=today - timedelta(days=2))
    make.item("去年の本", acquired_on=today - timedelta(days=365))
    text = page("/new/")
    assert "きのう着いた本" in text
    assert "おととい着いた本" in text
    assert "去年の本" not in text
    assert text.index("きのう着いた本") < text.index("おととい着いた本")
    of_day = page(f"/new/?day={yesterday.isoformat()}")
    assert "きのう着いた本" in of_day
    assert "おととい着いた本" not in of_day
    dvd = page("/new/?material=dvd")
    assert "きのう着いた映画" in dvd
    assert "きのう着いた本" not in dvd
    novels = page("/new/?ndc=9")
    assert "きのう着いた本" in novels
    assert "きのう着いた映画" not in novels
    feed = ElementTree.fromstring(page("/new/feed.xml"))
    titles = [line.text for line in feed.iter("title")]
    assert "きのう着いた本" in titles
    assert "去年の本" not in titles


def test_two_copies_are_one_line_and_what_is_hidden_or_gone_is_not_new():
    today = timezone.localdate()
    twice = record("二冊ある本")
    make.item(record=twice, acquired_on=today)
    make.item(record=twice, acquired_on=today, branch=make.branch("nanbu", name="南部図書館", short="南部"))
    make.item(record=record("業務用の本", visibility="staff"), acquired_on=today)
    make.item(record=record("隠した一冊"), acquired_on=today, visibility="inside")
    make.item(record=record("除籍した本"), acquired_on=today, status="withdrawn")
    text = page("/new/")
    assert text.count(">二冊ある本") == 1
    assert "長野・南部" in text
    for hidden in ("業務用の本", "隠した一冊", "除籍した本"):
        assert hidden not in text
    south = page("/new/?branch=nanbu")
    assert "二冊ある本" in south


def test_any_question_gets_a_page():
    for query in ("?day=xx", "?ndc=%00", "?material='", "?page=99999999999", "?page=-1", "?branch=%F0%9F%98%80"):
        assert Client().get(f"/new/{query}").status_code == 200
    for query in ("?period=x", "?period=holds"):
        assert Client().get(f"/popular/{query}").status_code == 200


def tally(title, loans, month, **fields):
    item = make.item(record=record(title, **fields))
    ItemTally.objects.create(item=item, month=month, loans=loans)
    return item


@pytest.mark.req("F-OPA-013")
def test_last_months_twenty_are_made_anew_each_night_and_small_numbers_are_in_none():
    today = timezone.localdate()
    last = rules.month_before(today, 1)
    for place in range(25):
        tally(f"よく読まれる本{place:02}", 40 - place, last)
    tally("四回だけの本", 4, last)
    tally("見せない本", 90, last, visibility="staff")
    tally("古い月の本", 80, rules.month_before(today, 4))
    jobs.count(timezone.now())
    text = page("/popular/")
    assert text.count("よく読まれる本") == 20
    assert "よく読まれる本19" in text
    for absent in ("よく読まれる本20", "四回だけの本", "見せない本", "古い月の本"):
        assert absent not in text
    assert "古い月の本" not in page("/popular/?period=quarter")
    assert "古い月の本" in page("/popular/?period=year")
    # The next night: another title came first.
    tally("急に読まれた本", 99, last)
    jobs.count(timezone.now())
    text = page("/popular/")
    assert "急に読まれた本" in text
    assert "よく読まれる本19" not in text


@pytest.mark.req("F-OPA-013")
def test_the_least_number_is_never_under_three_not_even_in_the_database():
    today = timezone.localdate()
    last = rules.month_before(today, 1)
    tally("三回の本", 3, last)
    tally("二回の本", 2, last)
    actor = make.actor("librarian")
    popular.set_policy(actor, new_days=30, popular_least=3, popular_size=20)
    popular.count_popular(today)
    text = page("/popular/")
    assert "三回の本" in text
    assert "二回の本" not in text
    browser = make.client("librarian")
    refused = browser.post("/features/policy/", {"new_days": 30, "popular_least": 2, "popular_size": 20})
    assert refused.status_code == 422
    with pytest.raises(IntegrityError), transaction.atomic():
        PopularTitle.objects.update(count=2)
    # A larger least number takes titles off at once.
    assert (
        browser.post("/features/policy/", {"new_days": 30, "popular_least": 9, "popular_size": 20}).status_code == 302
    )
    assert "三回の本" not in page("/popular/")


@pytest.mark.req("F-OPA-013")
def test_titles_that_many_wait_for_have_a_ranking_and_few_waiting_are_not_told():
    wanted, rare = record("待たれている本"), record("ひとりが待つ本")
    now = timezone.now()
    given = {"pickup": make.branch(), "received_at": now, "queue_at": now, "route": "web", "contact": "none"}
    for place in range(5):
        Hold.objects.create(record=wanted, patron=make.patron(), **given)
        if not place:
            Hold.objects.create(record=rare, patron=make.patron(), **given)
    popular.count_popular(timezone.localdate())
    text = page("/popular/?period=holds")
    assert "待たれている本" in text
    assert "ひとりが待つ本" not in text


def test_the_search_puts_first_what_was_lent_often_in_the_last_three_years():
    today = timezone.localdate()
    once, never = tally("昔よく読まれた本", 100, rules.month_before(today, 50)), make.item("読まれる本")
    recent = tally("よく読まれる本", 3, rules.month_before(today, 30))
    ItemTally.objects.create(item=recent, month=rules.month_before(today, 1), loans=2)
    ids = [never.record_id, once.record_id, recent.record_id]
    search.index(ids)
    assert popular.tell_search(today) == 1
    hits = search.search(search.Query(text="本", sort="popular")).hits
    assert hits[0].record_id == recent.record_id
    assert {hit.record_id for hit in hits} == set(ids)


@pytest.mark.parametrize(
    ("period", "today", "wanted"),
    [
        ("month", date(2027, 1, 15), (date(2026, 12, 1), date(2026, 12, 31))),
        ("quarter", date(2027, 3, 1), (date(2026, 12, 1), date(2027, 2, 28))),
        ("year", date(2026, 11, 30), (date(2025, 11, 1), date(2026, 10, 31))),
    ],
)
def test_a_ranking_covers_whole_months_that_are_over(period, today, wanted):
    assert rules.span(period, today) == wanted


def test_equal_counts_share_a_rank():
    assert rules.ranks([9, 7, 7, 4]) == [1, 2, 2, 4]
