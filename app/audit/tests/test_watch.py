"""Whoever looks at a hundred people in ten minutes is noticed."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access.actions import NotPermitted
from app.access.actor import Actor
from app.audit import actions, jobs
from app.audit.actions import watching
from app.audit.models import AuditAlert, AuditEvent
from app.tests import make
from app.web.business import Business

pytestmark = pytest.mark.django_db


def views(number, people, start=0):
    """Somebody sees that many patrons."""
    who = Actor("staff", number)
    actions.record_views(who, "patrons.view", "patron", range(start, start + people), "利用者照会")


@pytest.mark.req("F-AUD-010")
def test_a_hundred_people_in_ten_minutes_reach_the_administrators():
    views("s1", 99)
    views("s1", 99)  # the same people again are no more people
    assert jobs.watch(timezone.now()) == "新しい知らせ 0件"
    assert "大量" not in make.client("admin").get("/staff/").content.decode().replace("大量閲覧の知らせ", "")
    views("s1", 1, start=99)
    assert jobs.watch(timezone.now()) == "新しい知らせ 1件"
    alert = AuditAlert.objects.get()
    assert (alert.actor, alert.people) == ("s1", 100)
    assert "短い時間に多くの利用者を閲覧した職員がいます（1件）" in make.client("admin").get("/staff/").content.decode()
    assert "短い時間に" not in make.client("counter").get("/staff/").content.decode()
    assert "s1" in make.client("admin").get("/audit/alerts/").content.decode()
    assert AuditEvent.objects.get(operation="audit.mass_view").subject_id == "s1"
    assert _metric() == 1


def _metric():
    return next(m.samples[0].value for m in Business().collect() if m.name == "kura_audit_mass_views_open")


@pytest.mark.req("F-AUD-010")
def test_views_of_two_people_or_of_an_earlier_time_are_not_added_up():
    views("s1", 60)
    views("s2", 60, start=60)
    later = timezone.now() + timedelta(minutes=11)
    assert watching.look(timezone.now()) == 0
    views("s1", 60, start=60)
    assert watching.look(later) == 0
    assert watching.look(timezone.now()) == 1


@pytest.mark.req("F-AUD-010")
def test_writing_out_many_people_is_noticed_like_looking_at_them():
    actions.record_views(Actor("staff", "s3"), "notices.export", "patron", range(150), "督促", detail={"export": 1})
    assert watching.look(timezone.now()) == 1


def test_an_open_notice_grows_and_a_closed_one_is_followed_by_a_new_one():
    views("s1", 100)
    now = timezone.now()
    assert watching.look(now) == 1
    views("s1", 50, start=100)
    assert watching.look(timezone.now()) == 0
    assert AuditAlert.objects.get().people == 150
    chief = make.actor("admin")
    with pytest.raises(watching.AlertRefused, match="入力"):
        watching.acknowledge(chief, AuditAlert.objects.get().pk, " ", now)
    with pytest.raises(NotPermitted):
        watching.acknowledge(make.actor("librarian"), AuditAlert.objects.get().pk, "督促", now)
    watching.acknowledge(chief, AuditAlert.objects.get().pk, "督促の電話", now)
    with pytest.raises(watching.AlertRefused, match="確認済み"):
        watching.acknowledge(chief, AuditAlert.objects.get().pk, "督促の電話", now)
    assert _metric() == 0
    assert watching.look(timezone.now()) == 1


def test_nobody_closes_a_notice_about_themselves_and_one_person_has_one_open_notice():
    chief = make.actor("admin")
    views(chief.number, 100)
    watching.look(timezone.now())
    with pytest.raises(watching.AlertRefused, match="ほかの管理者"):
        watching.acknowledge(chief, AuditAlert.objects.get().pk, "x", timezone.now())
    now = timezone.now()
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditAlert.objects.create(actor=chief.number, since=now, until=now, people=1, noticed_at=now)


def test_the_notice_is_closed_on_the_page_with_words():
    views("s1", 100)
    watching.look(timezone.now())
    browser = make.client("admin")
    alert = AuditAlert.objects.get()
    assert "入力してください" in browser.post(f"/audit/alerts/{alert.pk}/", {}, follow=True).content.decode()
    page = browser.post(f"/audit/alerts/{alert.pk}/", {"finding": "督促の電話のため"}, follow=True)
    assert "督促の電話のため" in page.content.decode()


def test_the_limits_are_settings(settings):
    settings.AUDIT_WATCH = {"people": 5, "minutes": 1}
    views("s1", 5)
    assert watching.look(timezone.now()) == 1
