"""The contract's sixty-two places: each is registered, and each has its line in the figures."""

from collections import Counter
from uuid import uuid4

import pytest
from django.utils import timezone

from app.access.actor import system
from app.branches.actions import sync
from app.branches.models import Branch
from app.circulation.models import LoanStatistic
from app.tests import make
from inventory import load

pytestmark = pytest.mark.django_db


@pytest.mark.req("S-CAP-001")
def test_two_libraries_a_van_the_rooms_and_the_collections_are_registered_and_counted_apart():
    today = timezone.localdate()
    sync(system("test"), load("nagano"), today)
    places = list(Branch.objects.filter(is_active=True).order_by("number"))
    assert Counter(place.kind for place in places) == {"main": 2, "mobile": 1, "room": 28, "community": 31}
    # One loan at the first place, two at the second, and so on: no place's figure can stand in for another's.
    LoanStatistic.objects.bulk_create(
        LoanStatistic(id=uuid4(), act="lend", on_date=today, branch=place, category="general", material_type="book")
        for place in places
        for _ in range(place.number)
    )
    page = make.client("librarian", branch=places[0]).get("/counter/day/", {"as": "csv"})
    lines = b"".join(page.streaming_content).decode("utf-8-sig").splitlines()[1:]
    told = {line.split(",")[0]: int(line.split(",")[2]) for line in lines}
    assert told == {place.name: place.number for place in places}
