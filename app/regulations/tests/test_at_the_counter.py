"""What the table says is what the counter does."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.circulation import actions as circulation
from app.circulation.models import Loan
from app.holds import actions as holds
from app.holds.models import Hold
from app.regulations import actions
from app.regulations.models import Regulation
from app.tests import make

pytestmark = pytest.mark.django_db


def waiting(record, count):
    now = timezone.now()
    for _ in range(count):
        Hold.objects.create(
            patron=make.patron(), record=record, received_at=now, queue_at=now, route="counter",
            pickup=make.branch(), contact="none",
        )  # fmt: skip


@pytest.mark.req("F-RSV-025")
@pytest.mark.parametrize(("holds_waiting", "renewed"), [(9, True), (10, False)])
def test_renewal_ends_when_ten_holds_wait(holds_waiting, renewed):
    make.rule(total_limit=10, period_days=14, renewals=1, renew_when_waiting=True, busy_from=10, busy_renewals=0)
    who, item, clerk = make.patron(), make.item(), make.actor()
    at = timezone.now() - timedelta(days=5)
    circulation.lend(clerk, who.pk, item.barcode, make.branch(), now=at)
    waiting(item.record, holds_waiting)
    outcome = circulation.renew(clerk, who.pk, item.barcode, make.branch())
    assert (outcome.code == "renew") is renewed
    if not renewed:
        assert "延長は0回まで" in outcome.message
        assert "予約10件以上" in outcome.why


@pytest.mark.req("F-SYS-003")
def test_a_rule_for_tomorrow_holds_tomorrow_without_anybody_doing_anything():
    today = timezone.localdate()
    change = Regulation(effective_from=today + timedelta(days=1), note="改正")
    actions.put(make.actor("admin"), change, {"total_limit": 10, "period_days": 21})
    who, clerk, now = make.patron(), make.actor(), timezone.now()
    for at, days in ((now, 14), (now + timedelta(days=1), 21)):
        outcome = circulation.lend(clerk, who.pk, make.item().barcode, make.branch(), now=at)
        assert outcome.due_on == timezone.localdate(at) + timedelta(days=days)


@pytest.mark.req("F-RSV-031")
def test_holds_are_refused_where_a_rule_for_the_location_says_so():
    make.rule(location="展示", holds_refused=True)
    item = make.item(location="展示")
    wanted = holds.Wanted(item.record_id, make.branch(), contact="none")
    with pytest.raises(holds.HoldRefused) as refused:
        holds.place(make.actor(), make.patron().pk, wanted)
    assert "「展示」の規則" in refused.value.why
    other = make.item(location="一般")
    assert holds.place(make.actor(), make.patron().pk, holds.Wanted(other.record_id, make.branch(), contact="none"))


@pytest.mark.req("F-SYS-003")
def test_five_cds_and_ten_in_all_as_before():
    who, clerk = make.patron(), make.actor()
    outcomes = [
        circulation.lend(clerk, who.pk, make.item(material_type="cd").barcode, make.branch()).code for _ in range(6)
    ]
    assert outcomes[:5] == ["lend"] * 5
    assert outcomes[5] != "lend"
    assert Loan.objects.filter(patron=who).count() == 5
