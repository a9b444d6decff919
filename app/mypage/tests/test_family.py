"""A family sees what its members let it see, as long as they do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.audit.models import AuditEvent
from app.circulation.models import Loan
from app.holds.actions import Wanted, place
from app.patrons.actions import join_family, leave_family
from app.tests import make

from .conftest import actor, signed_in, text_of


@pytest.fixture
def family(db):
    """A mother and a child; the child has a book and waits for another."""
    mother, child = make.patron(name="小林 母"), make.patron(name="小林 子")
    join_family(make.actor(), mother, child, consent=True)
    for one in (mother, child):
        one.refresh_from_db()
    item = make.item("子の借りた本")
    due = timezone.localdate() + timedelta(days=3)
    Loan.objects.create(item=item, patron=child, branch=item.branch, due_on=due)
    place(
        actor(child), child.pk, Wanted(make.item("子の待つ本", status="repair").record_id, make.branch(), "mail", "web")
    )
    return mother, child


@pytest.mark.req("F-MYP-012")
def test_the_family_sees_loans_and_holds_by_consent_and_nothing_from_the_moment_it_is_withdrawn(family):
    mother, child = family
    of_mother, of_child = signed_in(mother), signed_in(child)
    assert "子の借りた本" not in text_of(of_mother.get("/my/family/"))
    of_child.post("/my/family/share/", {"share": "yes"})
    page = text_of(of_mother.get("/my/family/"))
    assert "小林 子" in page
    assert "子の借りた本" in page
    assert "子の待つ本" in page
    seen = AuditEvent.objects.get(operation="mypage.see_family")
    assert (seen.subject_id, seen.outcome) == (str(child.pk), "viewed")
    of_child.post("/my/family/share/", {"share": "no"})
    page = text_of(of_mother.get("/my/family/"))
    assert "子の借りた本" not in page
    assert "小林 子" not in page


def test_who_left_the_family_or_never_was_in_it_is_not_seen(family):
    mother, child = family
    signed_in(child).post("/my/family/share/", {"share": "yes"})
    assert "子の借りた本" not in text_of(signed_in(make.patron()).get("/my/family/"))
    leave_family(make.actor(), child)
    assert "子の借りた本" not in text_of(signed_in(mother).get("/my/family/"))
