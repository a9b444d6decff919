"""A library that anything may happen to: hypothesis tries to make the database say something that cannot be.

Two libraries, three patrons, five items of four titles, a clock. Loans, returns (also through the book drop, also
undone), extensions, due dates by hand, holds (suspended, fetched elsewhere), transfers and the van, closures and their
undoing, days opened and closed by hand, and nights follow one another in any order; after every step the real
PostgreSQL must agree with a plain dictionary and with itself.
"""

import contextlib
import os
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.access.actor import system
from app.branches.queries import closing_of
from app.calendars import actions as calendars
from app.calendars.models import Redating
from app.calendars.queries import Plan
from app.catalog.models import BibliographicRecord
from app.circulation import actions, enquiry, jobs, rules
from app.circulation.models import HandledToday, Loan, LoanStatistic
from app.holds import actions as holds
from app.holds.actions import nightly
from app.holds.models import Hold, Status
from app.patrons.models import Patron
from app.tests import make
from app.transfers import actions as transfers
from app.transfers.models import Transfer

START = datetime(2026, 11, 25, 10, tzinfo=ZoneInfo("Asia/Tokyo"))
BOUND = (Status.PULL, Status.TRANSIT, Status.READY)
people, goods, places = st.integers(0, 2), st.integers(0, 4), st.integers(0, 1)


class Library(RuleBasedStateMachine):
    """`out` says who has what and since when; `lent` and `returned` count what figures must say; `times` loans of
    each item."""

    def __init__(self):
        super().__init__()
        self.all = transaction.atomic()
        self.all.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.all.__exit__(None, None, None)

    @initialize()
    def open(self):
        self.here = [
            make.branch("nagano", closed_weekdays="1"),
            make.branch("nanbu", name="南部図書館", short="南部", closed_weekdays="1"),
        ]
        self.actor = system("machine")
        self.people = [make.patron(valid_until=None, branch=self.here[n % 2]) for n in range(3)]
        titles = [BibliographicRecord.objects.create(title=f"題名{n}") for n in range(4)]
        self.items = [make.item(record=titles[n % 4], branch=self.here[n % 2]) for n in range(5)]
        make.rule(total_limit=4, renewals=2)
        self.now = START
        self.out: dict[int, int] = {}
        self.lent = self.returned = 0
        self.times = dict.fromkeys((item.pk for item in self.items), 0)
        self.tokens: list[tuple[str, int, int]] = []

    @property
    def today(self):
        return timezone.localdate(self.now)

    def thing(self, what):
        """Mostly something that is out, if anything is."""
        if self.out and what < 3:
            wanted = sorted(self.out)[what % len(self.out)]
            return next(item for item in self.items if item.pk == wanted)
        return self.items[what]

    def person(self, who, item):
        """Mostly whoever has it."""
        return next((one for one in self.people if who and one.pk == self.out.get(item.pk)), self.people[who])

    def closed(self, place) -> bool:
        return closing_of(self.here[place]).is_closed(self.today)

    @rule(who=people, what=goods, place=places)
    def lend(self, who, what, place):
        if self.closed(place):
            return
        item, patron = self.items[what], self.people[who]
        kept = Hold.objects.filter(item=item, status__in=[Status.TRANSIT, Status.READY]).first()
        outcome = actions.lend(self.actor, patron.pk, item.barcode, self.here[place], now=self.now)
        if outcome.code == "lend":
            assert item.pk not in self.out
            assert kept is None or kept.patron_id == patron.pk
            assert not closing_of(self.here[place]).is_closed(outcome.due_on)
            self.out[item.pk] = patron.pk
            self.lent += 1
            self.times[item.pk] += 1
        elif outcome.code in ("renew", "same_scan"):
            assert self.out[item.pk] == patron.pk
        elif self.out.get(item.pk) not in (None, patron.pk):
            assert outcome.code == "on_loan"

    @rule(who=people, what=goods, place=places)
    def lend_another(self, who, what, place):
        """Lending is what a library does most."""
        self.lend(who, what, place)

    @rule(what=goods, place=places)
    def return_what_may_not_be_out(self, what, place):
        if not self.closed(place):
            self.give(what, place)

    def give(self, what, place, **more):
        item = self.thing(what)
        had = self.out.get(item.pk)
        # No two returns of an item fall into one microsecond; the token of the first would undo the second.
        self.now += timedelta(seconds=1)
        outcome = actions.give_back(self.actor, item.barcode, self.here[place], now=self.now, **more)
        assert (outcome.code == "give_back") == (had is not None)
        if had is not None:
            del self.out[item.pk]
            self.returned += 1
            self.tokens.append((outcome.undo, item.pk, had))
            assert str(had) not in outcome.message
        return outcome

    @precondition(lambda self: self.out)
    @rule(what=goods, place=places)
    def give_back(self, what, place):
        if not self.closed(place):
            self.give(what, place)

    @precondition(lambda self: self.out)
    @rule(what=goods, place=places)
    def empty_the_book_drop(self, what, place):
        closing = closing_of(self.here[place])
        day = rules.book_drop_day(self.today, closing)
        if rules.return_day_problem(day, self.today, closing):
            return
        loan = Loan.objects.filter(item=self.thing(what)).first()
        before = LoanStatistic.objects.filter(act="return", on_date=day).count()
        outcome = self.give(what, place, on_date=day)
        if outcome.code == "give_back" and timezone.localdate(loan.lent_at) <= day:
            assert LoanStatistic.objects.filter(act="return", on_date=day).count() == before + 1
            assert not closing.is_closed(day)

    @precondition(lambda self: self.out)
    @rule(who=people, what=goods, place=places)
    def renew(self, who, what, place):
        item = self.thing(what)
        patron = self.person(who, item)
        before = Loan.objects.filter(item=item).first()
        outcome = actions.renew(self.actor, patron.pk, item.barcode, self.here[place], self.now)
        if outcome.code == "renew":
            assert self.out[item.pk] == patron.pk
            assert outcome.due_on > before.due_on
            assert not Hold.objects.filter(record=item.record, status=Status.WAITING).exists()

    @precondition(lambda self: self.out)
    @rule(what=goods, days=st.integers(0, 20))
    def change_due(self, what, days):
        item = self.thing(what)
        day = self.today + timedelta(days=days)
        loan = Loan.objects.select_related("branch").filter(item=item).first()
        branch = loan.branch if loan else self.here[0]
        outcome = actions.change_due(self.actor, item.barcode, day, "依頼", branch, self.now)
        assert outcome.code != "change_due" or item.pk in self.out

    @precondition(lambda self: self.out)
    @rule(what=goods, place=places)
    def undo_loan(self, what, place):
        item = self.thing(what)
        outcome = actions.undo_loan(self.actor, item.barcode, self.here[place], self.now)
        if outcome.code == "undo_loan":
            del self.out[item.pk]
            self.lent -= 1
            self.times[item.pk] -= 1

    @precondition(lambda self: self.tokens)
    @rule(data=st.data())
    def undo_return(self, data):
        token, item_id, patron_id = data.draw(st.sampled_from(self.tokens[-3:]))
        outcome = actions.undo_return(self.actor, token, self.now)
        if outcome.code == "undo_return":
            assert item_id not in self.out
            self.out[item_id] = patron_id
            self.returned -= 1

    @rule(who=people, what=goods, place=places)
    def hold(self, who, what, place):
        wanted = holds.Wanted(self.items[what].record_id, self.here[place], contact="none")
        with contextlib.suppress(holds.HoldRefused):
            holds.place(self.actor, self.people[who].pk, wanted, self.now)

    @rule(data=st.data())
    def cancel(self, data):
        ids = list(Hold.objects.filter(status__in=["waiting", *BOUND]).order_by("pk").values_list("pk", flat=True))
        if ids:
            holds.cancel(self.actor, data.draw(st.sampled_from(ids)), self.now)

    @rule(what=goods, place=places)
    def arrive(self, what, place):
        item, answer = holds.receive(self.actor, self.items[what].barcode, self.here[place], self.now)
        assert (answer is None) == (item.pk in self.out)

    @rule(what=goods, place=places)
    def use_in_the_house(self, what, place):
        actions.in_library_use(self.actor, self.items[what].barcode, self.here[place], now=self.now)

    @rule(place=places, after=st.integers(0, 20), days=st.integers(1, 4))
    def close(self, place, after, days):
        first = self.today + timedelta(days=after)
        plan = Plan("closure", (self.here[place],), first, first + timedelta(days=days - 1), "臨時休館")
        with contextlib.suppress(ValidationError):  # a closure that overlaps another is refused
            calendars.carry_out(self.actor, plan, self.today)

    @rule(data=st.data())
    def undo_a_change_of_dates(self, data):
        """In any order; one of days that were closed by hand is refused while they are."""
        done = list(Redating.objects.filter(state="done").order_by("pk").values_list("pk", flat=True))
        if done:
            chosen = data.draw(st.sampled_from(done))
            with contextlib.suppress(ValidationError):
                calendars.undo(self.actor, chosen)
                calendars.go_on(self.actor, chosen)

    @rule(place=places, after=st.integers(0, 20), closed=st.booleans())
    def set_one_day(self, place, after, closed):
        """By hand, as the page of the year does it."""
        day = self.today + timedelta(days=after)
        with contextlib.suppress(ValidationError):  # a weekly closing day of a year that is not laid out
            calendars.set_day(self.actor, self.here[place], day, closed=closed, reason="手で変更")
        calendars.follow_calendar(self.actor, [self.here[place]], "開館日の変更", self.today)

    @rule(data=st.data(), days=st.none() | st.integers(0, 9))
    def suspend_or_resume(self, data, days):
        ids = list(Hold.objects.filter(status__in=["waiting", *BOUND]).order_by("pk").values_list("pk", flat=True))
        if ids:
            span = (None, None) if days is None else (self.today, self.today + timedelta(days=days))
            with contextlib.suppress(holds.HoldRefused):
                holds.suspend(self.actor, data.draw(st.sampled_from(ids)), *span, self.now)

    @rule(data=st.data(), place=places)
    def fetch_elsewhere(self, data, place):
        ids = list(Hold.objects.filter(status__in=["waiting", *BOUND]).order_by("pk").values_list("pk", flat=True))
        if ids:
            with contextlib.suppress(holds.HoldRefused):
                holds.change(self.actor, data.draw(st.sampled_from(ids)), pickup=self.here[place], now=self.now)

    @rule(place=places)
    def the_van_leaves(self, place):
        transfers.send_all(self.actor, self.here[place], None, None, self.now)
        assert not Transfer.objects.filter(from_branch=self.here[place], run=None, sent_at=None).exists()

    @rule(minutes=st.sampled_from([1, 3, 12]))
    def wait(self, minutes):
        self.until(self.now + timedelta(minutes=minutes))

    @rule(days=st.sampled_from([1, 2, 8, 16]))
    def days_pass(self, days):
        self.until(self.now + timedelta(days=days))

    def until(self, then):
        night = timezone.localdate(then) != self.today
        self.now = then
        if night:
            jobs.settle(self.now)
            jobs.forget_keys(self.now)
            nightly.expire_old(self.actor, self.now)
            nightly.allocate(self.now)
            nightly.forget(self.now)
            nightly.settle(self.now)

    @invariant()
    def the_database_says_who_has_what_and_nothing_else_does(self):
        if not hasattr(self, "out"):
            return
        assert dict(Loan.objects.values_list("item_id", "patron_id")) == self.out
        handed = Hold.objects.filter(status=Status.HANDED).values_list("item_id", "patron_id")
        assert all(self.out.get(item) == patron for item, patron in handed)

    @invariant()
    def what_is_kept_for_somebody_is_out_to_nobody_and_what_travels_neither(self):
        bound = Hold.objects.filter(status__in=BOUND).values_list("item_id", flat=True)
        assert not Loan.objects.filter(item_id__in=bound).exists()
        assert not Loan.objects.filter(item__in=Transfer.objects.values("item_id")).exists()

    @invariant()
    def the_database_would_take_it(self):
        """What it judges when a transaction ends, it judges now: the machine's own never does."""
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    @invariant()
    def figures_and_counts_reconcile(self):
        if not hasattr(self, "out"):
            return
        figures = LoanStatistic.objects.values_list("act", flat=True)
        acts = {act: sum(1 for one in figures if one == act) for act in ("lend", "return")}
        assert acts == {"lend": self.lent, "return": self.returned}
        assert len(self.out) == self.lent - self.returned
        for item_id, times in self.times.items():
            assert enquiry.times_lent(item_id, out=item_id in self.out) == times

    @invariant()
    def nothing_falls_on_a_closed_day(self):
        for loan in Loan.objects.select_related("branch"):
            assert not closing_of(loan.branch).is_closed(loan.due_on), (loan.branch, loan.due_on)
        for hold in Hold.objects.exclude(keep_until=None).select_related("pickup"):
            assert not closing_of(hold.pickup).is_closed(hold.keep_until), (hold.pickup, hold.keep_until)

    @invariant()
    def what_the_counter_remembers_of_today_names_nobody(self):
        names = {field.name for field in HandledToday._meta.fields}
        assert names == {"id", "item", "what", "lent_month", "at"}
        assert Patron.objects.filter(pk__in=[pk for _, _, pk in getattr(self, "tokens", [])]).count() <= 3


@pytest.mark.django_db
@pytest.mark.req("F-CIR-008")
@pytest.mark.req("F-CIR-030")
def test_whatever_happens_an_item_is_out_once_and_the_counts_reconcile():
    examples = int(os.environ.get("KURA_MACHINE_EXAMPLES") or "0")
    run_state_machine_as_test(
        Library,
        settings=settings(
            max_examples=examples or 15,
            stateful_step_count=30,
            derandomize=not examples,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
