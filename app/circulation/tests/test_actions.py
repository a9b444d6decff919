"""Lending and giving back against the real database."""

import json
import re
import threading
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from app.access.actions import NotPermitted
from app.access.actor import Actor
from app.audit.models import AuditEvent
from app.branches.models import ClosedDay
from app.circulation import actions, queries
from app.circulation.models import HandledToday, ItemTally, Loan, LoanStatistic
from app.tests import make

LATER = timedelta(minutes=5)


@pytest.fixture
def here(db):
    return make.branch()


@pytest.fixture
def clerk(db):
    return make.actor()


def test_five_scans_after_the_card_are_five_loans(clerk, here):
    who, things = make.patron(), [make.item() for _ in range(5)]
    outcomes = [actions.lend(clerk, who.pk, thing.barcode, here) for thing in things]
    assert [outcome.code for outcome in outcomes] == ["lend"] * 5
    assert {loan.item_id for loan in queries.loans_of(who.pk)} == {thing.pk for thing in things}


def test_the_due_date_skips_the_branchs_closed_days(clerk):
    closed = make.branch("tuesday", closed_weekdays="1")
    now = datetime(2026, 11, 17, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    ClosedDay.objects.create(branch=None, date=date(2026, 12, 2), reason="整理日")
    outcome = actions.lend(clerk, make.patron().pk, make.item().barcode, closed, now=now)
    assert outcome.due_on == date(2026, 12, 3)


def test_the_same_scan_again_answers_alike_and_makes_no_second_loan(clerk, here):
    who, thing = make.patron(), make.item()
    first = actions.lend(clerk, who.pk, thing.barcode, here)
    again = actions.lend(clerk, who.pk, thing.barcode, here)
    assert again.code == "same_scan"
    assert again.due_on == first.due_on
    assert Loan.objects.count() == LoanStatistic.objects.count() == 1


@pytest.mark.req("F-CIR-030")
def test_an_item_that_comes_back_twice_is_counted_once(clerk, here):
    who, thing = make.patron(), make.item()
    actions.lend(clerk, who.pk, thing.barcode, here)
    assert actions.give_back(clerk, thing.barcode, here).code == "give_back"
    assert actions.give_back(clerk, thing.barcode, here).code == "same_scan"
    later = actions.give_back(clerk, thing.barcode, here, now=timezone.now() + LATER)
    assert later.code == "not_out"
    assert later.tone == "warn"
    assert LoanStatistic.objects.filter(act="return").count() == 1


@pytest.mark.req("F-CIR-024")
def test_ten_items_come_back_without_a_card(clerk, here):
    who, things = make.patron(), [make.item() for _ in range(10)]
    for thing in things:
        actions.lend(clerk, who.pk, thing.barcode, here)
    assert {actions.give_back(clerk, thing.barcode, here).code for thing in things} == {"give_back"}
    assert not Loan.objects.exists()


def test_the_patrons_own_item_scanned_later_is_extended_once(clerk, here):
    who, thing = make.patron(), make.item()
    now = timezone.now()
    first = actions.lend(clerk, who.pk, thing.barcode, here, now=now)
    extended = actions.lend(clerk, who.pk, thing.barcode, here, now=now + timedelta(days=7))
    assert extended.code == "renew"
    assert extended.due_on == first.due_on + timedelta(days=7)
    refused = actions.renew(clerk, who.pk, thing.barcode, here, now=now + timedelta(days=9))
    assert refused.code == "renewals"
    assert Loan.objects.get().due_on == extended.due_on


def test_what_somebody_else_has_is_refused_without_naming_them(clerk, here):
    owner, other, thing = make.patron(name="秘密 太郎"), make.patron(), make.item()
    actions.lend(clerk, owner.pk, thing.barcode, here)
    outcome = actions.lend(clerk, other.pk, thing.barcode, here)
    assert outcome.code == "on_loan"
    assert "秘密" not in repr(outcome.message)
    assert Loan.objects.get().patron_id == owner.pk


def test_the_limit_of_the_table_stops_the_eleventh(clerk, here):
    who = make.patron()
    codes = [actions.lend(clerk, who.pk, make.item().barcode, here).code for _ in range(11)]
    assert codes == ["lend"] * 10 + ["limit"]


def test_a_row_for_one_category_changes_its_period_only(clerk, here):
    who = make.patron()
    make.rule(category=who.category, period_days=30)
    outcome = actions.lend(clerk, who.pk, make.item().barcode, here)
    assert outcome.due_on == timezone.localdate() + timedelta(days=30)
    assert outcome.why == "「一般」の規則"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"reference_only": True}, "reference_only"),
        ({"status": "repair"}, "not_lendable"),
        ({"status": "missing"}, "not_lendable"),
        ({"status": "processing"}, "not_lendable"),
    ],
)
def test_what_is_not_for_lending_stays(clerk, here, fields, code):
    outcome = actions.lend(clerk, make.patron().pk, make.item(**fields).barcode, here)
    assert (outcome.code, outcome.tone) == (code, "bad")
    assert outcome.message
    assert not Loan.objects.exists()


def test_an_unknown_number_is_said_back(clerk, here):
    assert "299999999" in actions.lend(clerk, make.patron().pk, "299999999", here).message
    assert actions.give_back(clerk, "299999999", here).code == "unknown_item"


def test_an_item_of_another_branch_says_where_to_send_it(clerk, here):
    south = make.branch("nanbu", name="南部図書館", short="南部")
    thing = make.item(branch=south)
    actions.lend(clerk, make.patron().pk, thing.barcode, here)
    outcome = actions.give_back(clerk, thing.barcode, here)
    assert outcome.code == "give_back"
    assert "南部図書館" in outcome.message


def test_an_overdue_item_comes_back_with_its_days(clerk, here):
    thing = make.item()
    lent = timezone.now() - timedelta(days=20)
    actions.lend(clerk, make.patron().pk, thing.barcode, here, now=lent)
    outcome = actions.give_back(clerk, thing.barcode, here)
    assert (outcome.tone, outcome.days_late) == ("warn", 6)


def test_somebody_without_the_operation_changes_nothing(here):
    nobody = Actor("staff", "x")
    with pytest.raises(NotPermitted):
        actions.lend(nobody, make.patron().pk, make.item().barcode, here)
    with pytest.raises(NotPermitted):
        actions.give_back(nobody, make.item().barcode, here)
    assert not Loan.objects.exists()
    assert not LoanStatistic.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_counters_that_scan_one_item_at_once_make_one_loan():
    here, thing = make.branch(), make.item()
    pairs = [(make.actor(), make.patron()) for _ in range(4)]
    start = threading.Barrier(len(pairs))
    codes: list[str] = []

    def scan(clerk, who):
        try:
            start.wait(timeout=60)
            codes.append(actions.lend(clerk, who.pk, thing.barcode, here).code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=scan, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    assert sorted(codes) == ["lend", "on_loan", "on_loan", "on_loan"]
    assert Loan.objects.count() == LoanStatistic.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_patron_at_two_counters_gets_no_more_than_the_limit():
    here, who = make.branch(), make.patron()
    make.rule(total_limit=1)
    pairs = [(make.actor(), make.item()) for _ in range(3)]
    start = threading.Barrier(len(pairs))
    codes: list[str] = []

    def scan(clerk, thing):
        try:
            start.wait(timeout=60)
            codes.append(actions.lend(clerk, who.pk, thing.barcode, here).code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=scan, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    assert sorted(codes) == ["lend", "limit", "limit"]


def test_the_database_itself_refuses_a_second_loan_of_an_item(clerk, here):
    thing = make.item()
    actions.lend(clerk, make.patron().pk, thing.barcode, here)
    with pytest.raises(IntegrityError), transaction.atomic():
        Loan.objects.create(item=thing, patron=make.patron(), branch=here, due_on=timezone.localdate())


def _everything_kept() -> dict[str, list[str]]:
    """Every row of every table of the database, as text: what an attacker with full read access sees."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [row[0] for row in cursor.fetchall()]
        rows = {}
        for name in names:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{name}" t')
            rows[name] = [row[0] for row in cursor.fetchall()]
    return rows


@pytest.mark.req("F-AUD-005")
def test_after_the_return_no_row_of_any_table_holds_the_patron_beside_the_item(clerk, here):
    # Identifiers that no other column can hold by chance.
    who = make.patron(pk=771_000_001)
    thing = make.item(pk=662_000_002)
    actions.lend(clerk, who.pk, thing.barcode, here)
    actions.give_back(clerk, thing.barcode, here)
    person = re.compile(rf"{who.pk}|{who.card_number}")
    goods = re.compile(rf"{thing.pk}|{thing.barcode}")
    both = [row for rows in _everything_kept().values() for row in rows if person.search(row) and goods.search(row)]
    assert both == []
    with_person = {name for name, rows in _everything_kept().items() for row in rows if person.search(row)}
    assert with_person == {"patrons_patron", "patrons_patroncard"}


def test_what_stays_of_a_loan_cannot_be_laid_beside_a_view_of_the_patron(clerk, here):
    """No column that stays orders or times a loan together with its item: by these, views of a patron's page a
    second before could be matched with what was lent."""
    who, thing = make.patron(), make.item()
    actions.lend(clerk, who.pk, thing.barcode, here)
    actions.give_back(clerk, thing.barcode, here)
    statistic = LoanStatistic.objects.filter(act="lend").get()
    assert statistic.id.version == 4
    assert not {"item", "patron", "lent_at"} & {field.name for field in LoanStatistic._meta.fields}
    assert {field.name for field in ItemTally._meta.fields} == {"id", "item", "month", "loans"}
    assert {field.name for field in HandledToday._meta.fields} == {"id", "item", "what", "lent_month", "at"}
    acts = AuditEvent.objects.filter(operation__in=["circulation.lend", "circulation.give_back"])
    assert acts.count() == 2
    for event in acts:
        assert (event.subject_type, event.subject_id) == ("branch", here.code)
        assert event.actor == clerk.number
        assert json.dumps(event.detail) == "{}"


def test_the_transaction_that_lends_writes_nothing_that_stays_about_the_item(clerk, here):
    """PostgreSQL keeps each row's transaction number (xmin): rows of one transaction can be laid side by side."""
    actions.lend(clerk, make.patron().pk, make.item().barcode, here)
    assert not ItemTally.objects.exists()
    assert not HandledToday.objects.exists()


def test_the_day_after_the_returns_are_counts_by_month_in_the_items_order_and_their_times_are_gone(clerk, here):
    who, things = make.patron(), [make.item() for _ in range(4)]
    evening = datetime(2026, 11, 30, 18, tzinfo=ZoneInfo("Asia/Tokyo"))
    for thing in things[::-1]:
        actions.lend(clerk, who.pk, thing.barcode, here, now=evening - timedelta(days=3))
        actions.give_back(clerk, thing.barcode, here, now=evening)
    assert actions.settle_returns(evening.date()) == 0
    assert actions.settle_returns(date(2026, 12, 1)) == 4
    assert not HandledToday.objects.exists()
    tallies = list(ItemTally.objects.order_by("id").values_list("item_id", "month", "loans"))
    assert tallies == [(thing.pk, date(2026, 11, 1), 1) for thing in things]
    actions.lend(clerk, who.pk, things[0].barcode, here, now=evening)
    actions.give_back(clerk, things[0].barcode, here, now=evening + timedelta(minutes=1))
    assert actions.settle_returns(date(2026, 12, 1)) == 1
    assert ItemTally.objects.get(item=things[0]).loans == 2


@pytest.mark.django_db(transaction=True)
def test_the_day_after_no_transaction_number_joins_an_item_to_the_event_that_lent_or_returned_it():
    """What `SELECT xmin, xmax` shows an attacker: which rows one transaction wrote or locked."""
    here, clerk, who, things = make.branch(), make.actor(), make.patron(), [make.item() for _ in range(3)]
    for day in (10, 11):  # the second time the month's tally is there already
        now = datetime(2026, 11, day, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
        for thing in things:
            actions.lend(clerk, who.pk, thing.barcode, here, now=now)
            actions.give_back(clerk, thing.barcode, here, now=now)
        actions.settle_returns(date(2026, 11, day + 1))

    def numbers(columns: str, table: str) -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {table}")
            return {str(value) for row in cursor.fetchall() for value in row} - {"0"}

    events = numbers("xmin::text, xmax::text", "audit_auditevent")
    assert len(events) == 4 * len(things)
    items = set()
    for table in ("catalog_item", "catalog_bibliographicrecord", "circulation_itemtally", "circulation_handledtoday"):
        items |= numbers("xmin::text, xmax::text", table)
    assert items
    assert not events & items


def test_the_first_return_of_a_day_settles_the_days_before(clerk, here):
    first, second = make.item(), make.item()
    for thing, now in ((first, timezone.now() - timedelta(days=2)), (second, timezone.now())):
        actions.lend(clerk, make.patron().pk, thing.barcode, here, now=now - timedelta(hours=1))
        actions.give_back(clerk, thing.barcode, here, now=now)
    assert list(HandledToday.objects.values_list("item_id", flat=True)) == [second.pk]
    assert ItemTally.objects.get().item_id == first.pk


def test_a_refused_scan_leaves_no_figure_and_no_event(clerk, here):
    actions.lend(clerk, make.patron().pk, make.item(reference_only=True).barcode, here)
    assert not LoanStatistic.objects.exists()
    assert not AuditEvent.objects.filter(operation="circulation.lend").exists()


def test_a_loan_takes_seven_statements_however_much_the_patron_has_and_a_return_nine(
    clerk, here, settings, django_assert_max_num_queries
):
    settings.REVISION_SECONDS = 60  # rules and calendars are in memory, as they are all day
    who, now = make.patron(), timezone.now()
    make.rule(total_limit=300)
    for _ in range(40):
        actions.lend(clerk, who.pk, make.item().barcode, here)
    first, thing = make.item(), make.item()
    actions.lend(clerk, who.pk, first.barcode, here, now=now)
    actions.give_back(clerk, first.barcode, here, now=now)  # settles the days before, makes the key of these minutes
    # The test's own transaction adds two savepoint statements to each.
    with django_assert_max_num_queries(7 + 2):
        assert actions.lend(clerk, who.pk, thing.barcode, here, now=now).code == "lend"
    with django_assert_max_num_queries(9 + 2):
        assert actions.give_back(clerk, thing.barcode, here, now=now).code == "give_back"
