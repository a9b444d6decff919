"""What one is told, by kind and by which way."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.access.actions import NotPermitted
from app.circulation.models import Loan
from app.notices.actions import planning, sending, setting
from app.notices.jobs import ACTOR
from app.notices.models import KindWish, Means, Notice, Wish
from app.notices.tests.conftest import at
from app.tests import make

from .conftest import actor, signed_in, text_of

ALL = {"contact_by": "mail", "due": "on", "card": "on", "request": "on", "arrival": "on"}


def due_tomorrow(patron):
    today = timezone.localdate()
    item = make.item()
    lent = at(today - timedelta(days=13))
    return Loan.objects.create(
        item=item, patron=patron, branch=item.branch, lent_at=lent, due_on=today + timedelta(days=1)
    )


def day():
    """The morning's planning and sending; the kinds that went out."""
    now = at(timezone.localdate())
    planning.plan_due(ACTOR, now)
    planning.plan_cards(ACTOR, now)
    sending.send_due(ACTOR, now)
    return set(Notice.objects.filter(state="handed").values_list("kind", flat=True))


@pytest.mark.req("F-MYP-013", "F-NTC-002")
def test_the_notice_before_the_due_date_alone_can_be_stopped(mailserver, db):
    soon = timezone.localdate() + timedelta(days=10)
    patron = make.patron(email="reader@mail.example", valid_until=soon)
    browser = signed_in(patron)
    browser.post("/my/settings/notices/", ALL)
    due_tomorrow(patron)
    assert day() == {"due", "card"}
    Notice.objects.all().delete()
    page = text_of(
        browser.post("/my/settings/notices/", {key: v for key, v in ALL.items() if key != "due"}, follow=True)
    )
    assert 'name="due" aria-labelledby="kind-due">' in page
    assert 'name="card" aria-labelledby="kind-card" checked>' in page
    assert day() == {"card"}


@pytest.mark.req("F-MYP-013")
def test_each_kind_can_come_by_its_own_way(mailserver, db, settings):
    line = Means.objects.create(
        code="line", name="LINE", adapter="file", address_field="phone", target="line", order=15
    )
    patron = make.patron(
        email="reader@mail.example", phone="0262123456", valid_until=timezone.localdate() + timedelta(days=9)
    )
    browser = signed_in(patron)
    browser.post("/my/settings/notices/", {**ALL, "card_means": str(line.pk)})
    assert f'value="{line.pk}" selected>LINE</option>' in text_of(browser.get("/my/settings/"))
    due_tomorrow(patron)
    day()
    assert dict(Notice.objects.values_list("kind", "means__code")) == {"due": "mail", "card": "line"}


def test_how_ready_holds_are_told_is_the_registers_own_field_and_must_be_able_to_reach(db):
    patron = make.patron(email="", phone="0262123456", contact_by="phone")
    browser = signed_in(patron)
    assert "登録されていません" in text_of(
        browser.post("/my/settings/notices/", {**ALL, "contact_by": "mail"}, follow=True)
    )
    patron.refresh_from_db()
    assert patron.contact_by == "phone"
    assert not KindWish.objects.exists()  # nothing of it was stored
    browser.post("/my/settings/notices/", {**ALL, "contact_by": "none"})
    patron.refresh_from_db()
    assert patron.contact_by == "none"


def test_nobody_chooses_for_somebody_else_and_reminders_cannot_be_refused(reader):
    other = make.patron()
    with pytest.raises(NotPermitted):
        setting.wish_kind(actor(other), reader.pk, "card", wanted=False)
    with pytest.raises(NotPermitted):
        setting.wish_due_soon(actor(other), reader.pk, True)
    with pytest.raises(Exception, match="選べません"):
        setting.wish_kind(actor(reader), reader.pk, "overdue", wanted=False)
    with pytest.raises(Exception, match="手段"):
        setting.wish_kind(actor(reader), reader.pk, "card", wanted=True, means_id=Means.objects.get(code="phone").pk)
    assert not Wish.objects.exists()
