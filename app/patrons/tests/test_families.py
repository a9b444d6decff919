"""Families by consent, and what they are for."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from app.audit.models import AuditEvent
from app.holds.actions.allocation import receive
from app.holds.actions.placing import Wanted, place
from app.holds.models import Hold
from app.patrons import actions, queries
from app.patrons.models import Family, Patron
from app.tests import make

pytestmark = pytest.mark.django_db


def family(*names: str) -> list[Patron]:
    clerk = make.actor()
    members = [make.patron(name=name) for name in names]
    for other in members[1:]:
        actions.join_family(clerk, members[0], other, consent=True)
    return [Patron.objects.get(pk=one.pk) for one in members]


@pytest.mark.req("F-PAT-013")
def test_the_ready_holds_of_three_people_stand_on_one_screen():
    members = family("小林 一郎", "小林 花子", "小林 次郎")
    clerk, here = make.actor("librarian"), make.branch()
    for number, one in enumerate(members):
        thing = make.item(f"用意した本{number}")
        hold = place(clerk, one.pk, Wanted(thing.record_id, pickup=here))
        receive(clerk, thing.barcode, here)
        hold.refresh_from_db()
        assert hold.status == "ready"
    page = make.client().get(f"/patrons/{members[0].pk}/family/")
    text = page.content.decode()
    assert page.context["ready"] == 3
    for number, one in enumerate(members):
        assert f"用意した本{number}" in text
        assert one.name in text
    seen = AuditEvent.objects.filter(operation="patrons.view", purpose="家族の照会").values_list(
        "subject_id", flat=True
    )
    assert sorted(seen) == sorted(str(one.pk) for one in members)


@pytest.mark.req("F-PAT-013")
def test_without_consent_nobody_is_tied_and_the_database_says_so_too():
    one, other = make.patron(), make.patron()
    reply = make.client().post(f"/patrons/{one.pk}/family/join/", {"number": other.card_number})
    assert reply.status_code == 400
    assert "同意" in reply.content.decode()
    assert not Family.objects.exists()
    tied = Family.objects.create(made_on="2026-01-01")
    with pytest.raises(IntegrityError, match="patrons_family_by_consent"), transaction.atomic():
        Patron.objects.filter(pk=one.pk).update(family=tied)


def test_the_form_ties_and_a_family_of_one_is_none():
    one, other = make.patron(), make.patron()
    browser = make.client()
    typed = {"number": other.card_number, "consent": "on"}
    assert browser.post(f"/patrons/{one.pk}/family/join/", typed).status_code == 302
    assert len(queries.family_of(Patron.objects.get(pk=one.pk))) == 2
    browser.post(f"/patrons/{other.pk}/family/leave/")
    one.refresh_from_db()
    assert (one.family, one.family_consent_on) == (None, None)
    assert not Family.objects.exists()


def test_two_families_become_one_and_nobody_is_tied_to_herself():
    first, second = family("一", "二"), family("三", "四")
    actions.join_family(make.actor(), first[0], second[0], consent=True)
    assert len(queries.family_of(Patron.objects.get(pk=first[0].pk))) == 4
    assert Family.objects.count() == 1
    with pytest.raises(ValidationError, match="同じ利用者"):
        actions.join_family(make.actor(), first[0], first[0], consent=True)


def test_somebody_alone_has_a_page_too():
    patron = make.patron()
    assert make.client().get(f"/patrons/{patron.pk}/family/").context["ready"] == 0
    assert not Hold.objects.exists()
