"""What one has out, and extending it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from app.audit.models import AuditEvent
from app.circulation import actions as circulation
from app.circulation.models import Loan
from app.holds import actions as holds
from app.mypage import queries
from app.tests import make

from .conftest import actor, signed_in, text_of


def lend(patron, title, due_in, **fields):
    """A loan that is due in so many days (late when negative), lent two weeks before."""
    item = make.item(title)
    today = timezone.localdate()
    lent = timezone.now() - timedelta(days=14 - min(due_in, 13))
    return Loan.objects.create(
        item=item, patron=patron, branch=item.branch, lent_at=lent, due_on=today + timedelta(days=due_in), **fields
    )


@pytest.mark.req("F-MYP-003")
def test_five_loans_stand_in_the_order_of_their_due_dates_and_what_is_late_is_emphasised(reader, browser):
    due = {"三番目": 5, "最後": 12, "一番遅れ": -3, "二番目": 0, "四番目": 8}
    for title, days in due.items():
        lend(reader, title, days)
    lend(make.patron(), "別の人の本", 1)
    page = text_of(browser.get("/my/"))
    places = [page.index(f">{title}</a>") for title in sorted(due, key=due.get)]
    assert places == sorted(places)
    assert "貸出中の資料 (5)" in page
    row = page[page.index('<tr class="late">') : page.index("</tr>", page.index('<tr class="late">'))]
    assert "一番遅れ" in row
    assert '<strong class="tag bad">3日延滞</strong>' in row
    assert page.count('<tr class="late">') == 1
    assert "返却期限を過ぎた資料が1点あります" in page
    assert "今日まで" in page
    assert "別の人の本" not in page
    for days in due.values():
        day = timezone.localdate() + timedelta(days=days)
        assert f"{day.year}年{day.month}月{day.day}日" in page


@pytest.mark.req("F-MYP-003", "F-MYP-004")
def test_there_is_a_button_where_it_may_be_extended_and_the_reason_where_not(reader, browser):
    free, wanted, often = (
        lend(reader, "延ばせる本", 5),
        lend(reader, "予約の付いた本", 5),
        lend(reader, "延ばした本", 5, renewed=1),
    )
    holds.place(make.actor("librarian"), make.patron().pk, holds.Wanted(wanted.item.record_id, make.branch(), "phone"))
    page = text_of(browser.get("/my/"))
    assert f'action="/my/loans/{free.pk}/renew/"' in page
    assert f'action="/my/loans/{wanted.pk}/renew/"' not in page
    assert f'action="/my/loans/{often.pk}/renew/"' not in page
    assert "予約が1件あるため延長できません。" in page
    assert "延長は1回までです。" in page
    assert "すべて延長する" not in page  # one alone has its own button
    refused = browser.post(f"/my/loans/{wanted.pk}/renew/", {"due": wanted.due_on.isoformat()}, follow=True)
    assert "予約が1件あるため" in text_of(refused)
    wanted.refresh_from_db()
    assert wanted.renewed == 0


@pytest.mark.req("F-MYP-004")
def test_one_is_extended_once_however_often_the_form_is_sent(reader, browser):
    make.rule(renewals=3, renew_from_due=True, total_limit=10, period_days=14)
    loan = lend(reader, "延ばす本", 2)
    sent = {"due": loan.due_on.isoformat()}
    said = [text_of(browser.post(f"/my/loans/{loan.pk}/renew/", sent, follow=True)) for _ in range(2)]
    assert "まで延長しました" in said[0]
    assert "すでに変わって" in said[1]
    loan.refresh_from_db()
    assert (loan.renewed, loan.due_on) == (1, timezone.localdate() + timedelta(days=16))
    event = AuditEvent.objects.get(operation="circulation.renew")
    assert event.subject_type == "branch"  # neither the log nor the figures name the title


@pytest.mark.req("F-MYP-004")
def test_everything_that_may_be_is_extended_at_once(reader, browser):
    ok = [lend(reader, f"延ばせる本{n}", 3 + n) for n in range(3)]
    late, often = lend(reader, "遅れた本", -2), lend(reader, "延ばした本", 4, renewed=1)
    assert "延長できる3点をすべて延長する" in text_of(browser.get("/my/"))
    assert "3点を延長しました" in text_of(browser.post("/my/loans/renew/", follow=True))
    assert [Loan.objects.get(pk=loan.pk).renewed for loan in (*ok, late, often)] == [1, 1, 1, 0, 1]
    assert "延長できる資料はありません" in text_of(browser.post("/my/loans/renew/", follow=True))


def test_nobody_extends_somebody_elses_loan(reader, browser):
    other = lend(make.patron(), "別の人の本", 3)
    assert browser.post(f"/my/loans/{other.pk}/renew/", {"due": other.due_on.isoformat()}).status_code == 404
    with pytest.raises(Exception, match="権限"):
        circulation.renew(actor(reader), other.patron_id, other.item.barcode, other.branch)
    assert Client().post(f"/my/loans/{other.pk}/renew/")["Location"].startswith("/my/sign-in/")


def test_the_list_costs_the_same_for_two_loans_and_for_ten(reader, django_assert_num_queries):
    for count in (2, 8):
        for number in range(count):
            lend(reader, f"{count}-{number}", number)
        queries.loan_lines(reader, timezone.now())  # the calendar is in memory now
        with django_assert_num_queries(2):
            queries.loan_lines(reader, timezone.now())


def test_who_has_nothing_is_told_so(db):
    assert "借りている資料はありません" in text_of(signed_in(make.patron()).get("/my/"))
