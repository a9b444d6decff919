"""No page of the staff shows a patron without a line in the log: every address is opened and looked at."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db.models import Max
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from app.audit.models import AuditEvent
from app.circulation.models import Loan
from app.holds import actions as holds
from app.tests import make

# What shows nobody by its nature, or ends the session.
SKIPPED = re.compile(r"sign-out|^my/|^health|\.js$|^$")


def routes(patterns=None, before="") -> Iterator[tuple[str, dict[str, object]]]:
    """Every address pattern of the staff's site with the names and converters of its parts."""
    for pattern in patterns if patterns is not None else get_resolver().url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route, dict(pattern.pattern.converters)


@pytest.fixture
def somebody(db):
    """A patron with everything that lists show: a loan that is late, a hold that waits, notes."""
    here = make.branch()
    who = make.patron(name="検出 される子", kana="ケンシュツ サレルコ", phone="026-999-8877", address="検出町1-1")
    late = make.item("返らない本")
    lent = timezone.now() - timedelta(days=40)
    Loan.objects.create(item=late, patron=who, branch=here, lent_at=lent, due_on=timezone.localdate(lent))
    wanted = make.item("待たれる本")
    clerk = make.actor("librarian")
    hold = holds.place(clerk, who.pk, holds.Wanted(wanted.record_id, here, "phone"), timezone.now())
    holds.receive(clerk, wanted.barcode, here, timezone.now())
    return who, {"patron_id": who.pk, "hold_id": hold.pk, "item_id": late.pk, "record_id": late.record_id}


@pytest.mark.req("F-AUD-002")
def test_every_page_that_shows_a_patron_writes_who_saw_whom(somebody):
    who, known = somebody
    shown = re.compile(r"検出 される子|ケンシュツ サレルコ|026-999-8877|検出町")
    browser = make.client("admin")
    opened, showing, silent = 0, [], []
    for route, parts in routes():
        if SKIPPED.search(route) or not set(parts) <= set(known):
            continue
        address = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda part: str(known[part[1]]), route)
        before = AuditEvent.objects.aggregate(last=Max("id"))["last"] or 0
        answer = browser.get(address)
        text = b"".join(answer.streaming_content) if answer.streaming else answer.content
        opened += 1
        if answer.status_code == 200 and shown.search(text.decode("utf-8", "replace")):
            showing.append(address)
            logged = AuditEvent.objects.filter(id__gt=before, subject_type="patron", subject_id=str(who.pk))
            if not logged.filter(outcome="viewed").exists():
                silent.append(address)
    assert opened > 40
    assert len(showing) >= 3, showing
    assert silent == []
