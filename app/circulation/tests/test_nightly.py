"""The night's work of the library."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from app.access.models import FailedSignIn
from app.circulation.models import HandledToday, ItemTally
from app.jobs import registry
from app.tests import make


def miss(subject, age):
    """A miss at sign-in so long ago."""
    return FailedSignIn.objects.create(realm="patron", subject=subject, at=timezone.now() - age)


@pytest.mark.django_db
def test_the_night_counts_returns_ends_sessions_and_forgets_misses_of_past_days():
    now, thing = timezone.now(), make.item()
    month = timezone.localdate().replace(day=1)
    HandledToday.objects.create(item=thing, lent_month=month, at=now - timedelta(days=1))
    HandledToday.objects.create(item=thing, lent_month=month, at=now)
    for key, left in (("ended", -timedelta(hours=1)), ("going-on", timedelta(hours=1))):
        Session.objects.create(session_key=key, session_data="", expire_date=now + left)
    miss("yesterday", timedelta(hours=25))
    miss("today", timedelta(hours=23))
    said = []
    for _ in range(2):  # a second run finds nothing to do
        for code in ("circulation.settle_returns", "access.sessions", "access.failures"):
            said.append(registry.find(code).run(now))
        assert ItemTally.objects.get().loans == 1
        assert HandledToday.objects.count() == 1
        assert list(Session.objects.values_list("session_key", flat=True)) == ["going-on"]
        assert list(FailedSignIn.objects.values_list("subject", flat=True)) == ["today"]
    assert "1件の月別回数" in said[0]
