"""The record of reading as its reader sees it: by consent, from then on, each line erasable."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from app.circulation.models import Loan
from app.mypage import actions, jobs
from app.mypage.models import Reading, ReadingYear
from app.tests import make

from .conftest import actor, text_of


def lend(patron, title, days_ago=0, **fields):
    item = fields.pop("item", None) or make.item(title)
    lent = timezone.now() - timedelta(days=days_ago)
    due = timezone.localdate() + timedelta(days=14 - days_ago)
    return Loan.objects.create(item=item, patron=patron, branch=item.branch, lent_at=lent, due_on=due, **fields)


@pytest.mark.req("F-MYP-008")
def test_only_what_is_borrowed_after_the_consent_is_kept_and_survives_the_return(reader, browser):
    lend(reader, "同意の前の本").delete()
    lend(reader, "同意の時に借りている本")
    refused = browser.post("/my/reading/begin/", {}, follow=True)
    assert "印を付けて" in text_of(refused)
    assert not Reading.objects.exists()
    browser.post("/my/reading/begin/", {"consent": "yes"})
    browser.post("/my/reading/begin/", {"consent": "yes"})
    loan = lend(reader, "同意の後の本")
    jobs.copy(timezone.now())
    jobs.copy(timezone.now())
    loan.delete()
    page = text_of(browser.get("/my/reading/"))
    assert page.count(">同意の後の本</a>") == 1
    assert "同意の前の本" not in page
    assert "同意の時に借りている本" not in page


def test_others_are_not_copied_and_a_quiet_run_writes_nothing(reader, django_assert_num_queries):
    actions.begin_reading(actor(reader), reader.pk)
    lend(make.patron(), "別の人の本")
    with django_assert_num_queries(2):
        assert actions.copy_loans(jobs.ACTOR, timezone.now()) == 0
    assert not ReadingYear.objects.exists()


def test_one_line_can_be_erased_and_nobody_elses(reader, browser):
    actions.begin_reading(actor(reader), reader.pk)
    one, two = lend(reader, "消す本"), lend(reader, "残す本")
    jobs.copy(timezone.now())
    day = timezone.localdate().isoformat()
    with pytest.raises(PermissionDenied):
        actions.forget_title(actor(make.patron()), reader.pk, timezone.localdate().year, one.item.record_id, day)
    browser.post("/my/reading/forget/", {"record": one.item.record_id, "day": day})
    browser.post("/my/reading/forget/", {"record": one.item.record_id, "day": day})
    assert [entry["record"] for entry in ReadingYear.objects.get().entries] == [two.item.record_id]
    for bad in ({}, {"record": "x", "day": day}, {"record": "9" * 30, "day": day}, {"record": "1", "day": "２０２６"}):
        assert browser.post("/my/reading/forget/", bad).status_code == 302


def test_the_database_cannot_read_a_line(reader):
    actions.begin_reading(actor(reader), reader.pk)
    lend(reader, "封をした本")
    jobs.copy(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SELECT entries FROM mypage_readingyear")
        (stored,) = cursor.fetchone()
    assert "封をした本".encode() not in bytes(stored)
    assert ReadingYear.objects.get().entries[0]["title"] == "封をした本"
