"""Two desks at once, on the real database: one copy has one hold, whatever comes first."""

import threading
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connections, transaction
from django.utils import timezone

from app.branches.models import Branch
from app.catalog.models import Item
from app.circulation.models import Loan
from app.holds import actions
from app.holds.actions import HoldRefused, Wanted, nightly
from app.holds.models import HAS_ITEM, Hold, HoldSet, Status
from app.tests import make

from .conftest import record

TODAY = timezone.localdate()
pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], object]) -> list[object]:
    """Run these at the same moment, each on its own connection; returns what each came to, errors too."""
    start = threading.Barrier(len(acts))
    results: list[object] = [None] * len(acts)

    def run(n: int, act: Callable[[], object]) -> None:
        try:
            start.wait(timeout=60)
            results[n] = act()
        except Exception as error:
            results[n] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    return results


def out(book, count: int) -> list[Item]:
    copies = [make.item(record=book) for _ in range(count)]
    for copy in copies:
        Loan.objects.create(item=copy, patron=make.patron(), branch=copy.branch, due_on=timezone.localdate())
    return copies


def back(clerk, item: Item, here: Branch) -> Callable[[], object]:
    def act() -> object:
        with transaction.atomic():
            Item.objects.select_for_update(no_key=True).get(pk=item.pk)
            Loan.objects.filter(item=item).delete()
            return actions.receive(clerk, item.barcode, here)[1]

    return act


def bound() -> list[tuple[int, int]]:
    return list(Hold.objects.filter(status__in=HAS_ITEM).order_by("pk").values_list("pk", "item_id"))


@pytest.fixture
def clerk(db):
    return make.actor("librarian")


@pytest.mark.req("F-RSV-008")
def test_copies_back_at_many_counters_at_once_serve_as_many_holds_once_each(clerk):
    here = make.branch()
    for _ in range(3):
        book = record()
        copies = out(book, 4)
        wishes = [actions.place(clerk, make.patron().pk, Wanted(book.pk, here)) for _ in range(3)]
        answers = at_once(*(back(clerk, copy, here) for copy in copies))
        assert all(isinstance(answer, actions.Next) for answer in answers), answers
        rows = Hold.objects.filter(record=book)
        assert sorted(rows.values_list("pk", flat=True)) == sorted(wish.pk for wish in wishes)
        assert {row.status for row in rows} == {Status.READY}
        assert len({row.item_id for row in rows}) == 3
        assert sorted(answer.kind for answer in answers) == [*[actions.HOLD_SHELF] * 3, actions.SHELF]
    numbers = Hold.objects.filter(shelf_number__isnull=False).values_list("shelf_number", flat=True)
    assert sorted(numbers) == list(range(1, 10))


def test_one_copy_scanned_at_two_desks_at_once_is_one_holds(clerk):
    here, book = make.branch(), record()
    (copy,) = out(book, 1)
    for _ in range(2):
        actions.place(clerk, make.patron().pk, Wanted(book.pk, here))
    answers = at_once(*[back(clerk, copy, here)] * 3)
    assert {answer.hold_number for answer in answers} == {bound()[0][0]}
    assert [answer.fresh for answer in answers].count(True) == 1
    assert len(bound()) == 1


def test_a_return_and_a_cancel_at_the_same_time_leave_the_copy_to_the_next(clerk):
    here = make.branch()
    for _ in range(5):
        book = record()
        (copy,) = out(book, 1)
        first = actions.place(clerk, make.patron().pk, Wanted(book.pk, here))
        second = actions.place(clerk, make.patron().pk, Wanted(book.pk, here))
        answers = at_once(back(clerk, copy, here), lambda first=first: actions.cancel(clerk, first.pk, here=here))
        for answer in answers:
            # "moved": the cancel saw that a desk had just given it the item; staff open it again.
            assert answer is None or isinstance(answer, actions.Next | HoldRefused), answer
        if isinstance(answers[1], HoldRefused):
            actions.cancel(clerk, first.pk, here=here)
        assert Hold.objects.get(pk=first.pk).status == Status.CANCELLED
        actions.receive(clerk, copy.barcode, here)
        assert Hold.objects.get(pk=second.pk).item_id == copy.pk


def test_a_pull_and_a_loan_at_the_same_time_never_give_one_copy_twice(clerk):
    here = make.branch()
    for _ in range(5):
        book = record()
        copy = make.item(record=book)
        wish = actions.place(clerk, make.patron().pk, Wanted(book.pk, here))
        stranger = make.patron()

        def lend(copy=copy, stranger=stranger) -> str:
            """As the counter does it: the item locked, the holds asked, the loan made."""
            with transaction.atomic():
                Item.objects.select_for_update(no_key=True).get(pk=copy.pk)
                if Hold.objects.filter(item=copy, status__in=[Status.READY, Status.TRANSIT]).exists():
                    return "kept"
                Loan.objects.create(item=copy, patron=stranger, branch=copy.branch, due_on=timezone.localdate())
                actions.handed_over(clerk, copy, stranger, timezone.now())
                return "lent"

        pulled, lent = at_once(lambda copy=copy: actions.receive(clerk, copy.barcode, here), lend)
        wish.refresh_from_db()
        if lent == "lent":
            assert pulled[1] is None
            assert (wish.status, wish.item_id) == (Status.WAITING, None)
        else:
            assert lent == "kept"
            assert (wish.status, wish.item_id) == (Status.READY, copy.pk)
            assert not Loan.objects.filter(item=copy).exists()


def test_the_round_over_the_shelves_and_a_loan_at_the_same_time(clerk):
    here = make.branch()
    for _ in range(5):
        book = record()
        (copy,) = out(book, 1)
        wish = actions.place(clerk, make.patron().pk, Wanted(book.pk, here))
        Loan.objects.filter(item=copy).delete()
        stranger = make.patron()

        def lend(copy=copy, stranger=stranger) -> None:
            with transaction.atomic():
                Item.objects.select_for_update(no_key=True).get(pk=copy.pk)
                Loan.objects.create(item=copy, patron=stranger, branch=copy.branch, due_on=timezone.localdate())
                actions.handed_over(clerk, copy, stranger, timezone.now())

        results = at_once(lambda: nightly.allocate(timezone.now()), lend)
        assert not [result for result in results if isinstance(result, Exception)]
        wish.refresh_from_db()
        assert (wish.status, wish.item_id) == (Status.WAITING, None)


def test_two_of_any_in_hand_at_two_desks_are_one(clerk):
    here = make.branch()
    for _ in range(3):
        books = [record(), record()]
        copies = [out(book, 1)[0] for book in books]
        reader = make.patron()
        wishes = [actions.place(clerk, reader.pk, Wanted(book.pk, here)) for book in books]
        actions.join(clerk, [wish.pk for wish in wishes], HoldSet.Kind.ANY)
        answers = at_once(*(back(clerk, copy, here) for copy in copies))
        assert sorted(answer.kind for answer in answers) == [actions.HOLD_SHELF, actions.SHELF]
        found = sorted(Hold.objects.filter(pk__in=[w.pk for w in wishes]).values_list("status", flat=True))
        assert found == [Status.CANCELLED, Status.READY]


def test_the_same_wish_sent_twice_at_once_is_one_hold(clerk):
    here, book, reader = make.branch(), record(), make.patron()
    results = at_once(*[lambda: actions.place(clerk, reader.pk, Wanted(book.pk, here))] * 3)
    assert sum(isinstance(result, Hold) for result in results) == 1
    assert sum(isinstance(result, HoldRefused) for result in results) == 2
    assert Hold.objects.count() == 1


def test_the_database_itself_refuses_a_second_hold_on_an_item_and_a_number_twice(clerk):
    here, book = make.branch(), record()
    copy = make.item(record=book)
    first = actions.place(clerk, make.patron().pk, Wanted(book.pk, here))
    second = actions.place(clerk, make.patron().pk, Wanted(book.pk, here))
    assert first.item_id == copy.pk
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(pk=second.pk).update(item=copy, status=Status.PULL)
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(pk=second.pk).update(item=copy)
    actions.receive(clerk, copy.barcode, here)
    other = make.item()
    third = actions.place(clerk, make.patron().pk, Wanted(other.record_id, here))
    with pytest.raises(IntegrityError), transaction.atomic():
        Hold.objects.filter(pk=third.pk).update(status=Status.READY, ready_at=timezone.now(), shelf_number=1)


def test_everything_at_once_around_one_title_and_its_sets_ends_without_waiting_for_each_other(clerk):
    """Whatever locks several holds takes them all at once in one order; else PostgreSQL would break a deadlock."""
    here = make.branch()
    for _ in range(4):
        books = [record("上"), record("下")]
        copies = [copy for book in books for copy in out(book, 2)]
        readers = [make.patron() for _ in range(4)]
        wishes = []
        for reader in reversed(readers):
            pair = [actions.place(clerk, reader.pk, Wanted(book.pk, here)) for book in reversed(books)]
            actions.join(clerk, [wish.pk for wish in reversed(pair)], HoldSet.Kind.SERIES)
            wishes += pair
        first, last = wishes[0], wishes[-1]
        results = at_once(
            *(back(clerk, copy, here) for copy in copies),
            lambda last=last: actions.suspend(clerk, last.pk, TODAY, TODAY),
            lambda first=first: actions.suspend(clerk, first.pk, TODAY, TODAY),
            lambda wishes=wishes: actions.cancel(clerk, wishes[3].pk),
            lambda wishes=wishes: actions.reorder(clerk, wishes[4].pk, 1, "理由"),
            lambda: nightly.allocate(timezone.now()),
            lambda wishes=wishes: actions.change(clerk, wishes[5].pk, contact="mail"),
        )
        broken = [r for r in results if isinstance(r, Exception) and not isinstance(r, HoldRefused)]
        assert broken == []
        items = [item for _, item in bound()]
        assert len(items) == len(set(items))
