"""What an attacker finds who reads every table: nobody beside a title once a hold is over."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from app.access.actor import Actor
from app.circulation.models import Loan
from app.holds import actions
from app.holds.actions import Wanted, nightly
from app.holds.models import Hold, HoldEntry, HoldStatistic, Touched
from app.tests import make

from .conftest import record


def rows_of_everything() -> dict[str, list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        names = [row[0] for row in cursor.fetchall()]
        found = {}
        for name in names:
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{name}" t')
            found[name] = [row[0] for row in cursor.fetchall()]
    return found


def together(person: str, goods: str) -> list[str]:
    who, what = re.compile(person), re.compile(goods)
    return [
        f"{name}: {row}"
        for name, rows in rows_of_everything().items()
        for row in rows
        if who.search(row) and what.search(row)
    ]


@pytest.fixture
def story(db):
    """A patron, a title and a copy whose numbers stand nowhere by chance."""
    reader = make.patron(pk=771_000_003)
    book = record("ある本", pk=662_000_004)
    copy = make.item(record=book, pk=553_000_005)
    return reader, book, copy, f"{reader.pk}|{reader.card_number}", f"{book.pk}|{copy.pk}|{copy.barcode}"


def test_after_the_hand_over_and_the_return_nothing_says_who_waited_for_what(story):
    reader, book, copy, person, goods = story
    clerk, here = make.actor("librarian"), make.branch()
    now = timezone.now()
    actions.place(Actor("patron", str(reader.pk)), reader.pk, Wanted(book.pk, here, "phone", "web"), now)
    assert together(person, goods)  # the detector sees the hold while it lasts
    actions.receive(clerk, copy.barcode, here, now)
    actions.note_contact(clerk, Hold.objects.get().pk, "phone", "told", "伝言", now)
    loan = Loan.objects.create(item=copy, patron=reader, branch=here, due_on=timezone.localdate())
    actions.handed_over(clerk, copy, reader, now)
    loan.delete()
    actions.receive(clerk, copy.barcode, here, now)
    assert not Hold.objects.exists()
    assert not HoldEntry.objects.exists()
    assert together(person, goods) == []
    assert {field.name for field in HoldStatistic._meta.fields} == {
        "id",
        "act",
        "on_date",
        "branch",
        "route",
        "category",
    }
    assert all(figure.id.version == 4 for figure in HoldStatistic.objects.all())


def test_a_loan_that_lasts_keeps_its_hold_half_an_hour_and_no_longer(story):
    reader, book, copy, _, _ = story
    clerk, here, now = make.actor("librarian"), make.branch(), timezone.now()
    actions.place(clerk, reader.pk, Wanted(book.pk, here), now)
    actions.receive(clerk, copy.barcode, here, now)
    Loan.objects.create(item=copy, patron=reader, branch=here, due_on=timezone.localdate())
    actions.handed_over(clerk, copy, reader, now)
    nightly.forget(now + timedelta(minutes=29))
    assert Hold.objects.count() == 1
    nightly.forget(now + timedelta(minutes=31))
    assert Hold.objects.count() == 0


def test_a_cancelled_hold_is_shown_to_its_patron_for_the_librarys_days_and_is_gone_then(story):
    reader, book, _, person, goods = story
    herself, here, now = Actor("patron", str(reader.pk)), make.branch(), timezone.now()
    wish = actions.place(herself, reader.pk, Wanted(book.pk, here, "mail", "web"), now)
    actions.cancel(herself, wish.pk, now)
    nightly.forget(now + timedelta(days=13))
    assert Hold.objects.count() == 1
    nightly.forget(now + timedelta(days=15))
    assert Hold.objects.count() == 0
    assert together(person, goods) == []


def numbers(columns: str, table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table}")
        return {str(value) for row in cursor.fetchall() for value in row} - {"0"}


@pytest.mark.django_db(transaction=True)
def test_the_day_after_no_transaction_number_joins_a_title_to_the_event_of_its_hold():
    """`SELECT xmin, xmax` shows which rows one transaction wrote or locked: the foreign keys of a hold lock its title
    and its copy, and the log says which patron asked."""
    here, clerk, now = make.branch(), make.actor("librarian"), timezone.now()
    make_rows = [(make.patron(), make.item()) for _ in range(3)]
    for reader, copy in make_rows:
        herself = Actor("patron", str(reader.pk))
        wish = actions.place(herself, reader.pk, Wanted(copy.record_id, here, "mail", "web"), now)
        actions.suspend(herself, wish.pk, now.date(), now.date(), now)
        actions.suspend(herself, wish.pk, None, None, now)
        actions.cancel(herself, wish.pk, now)
    again = actions.place(
        Actor("patron", str(make_rows[0][0].pk)), make_rows[0][0].pk, Wanted(make_rows[0][1].record_id, here), now
    )
    actions.receive(clerk, make_rows[0][1].barcode, here, now)
    actions.cancel(Actor("patron", str(again.patron_id)), again.pk, now)  # from the hold shelf
    assert Touched.objects.exists()
    events = numbers("xmin::text, xmax::text", "audit_auditevent")
    before = numbers("xmin::text, xmax::text", "catalog_item") | numbers("xmax::text", "catalog_bibliographicrecord")
    assert events & before  # without the night the numbers would tell
    nightly.settle(now)
    assert not Touched.objects.exists()
    left = set()
    for table in ("catalog_item", "catalog_bibliographicrecord"):
        left |= numbers("xmin::text, xmax::text", table)
    assert left
    assert not events & left


def test_no_event_about_holds_names_a_title_a_copy_or_by_staff_a_patron(story):
    from app.audit.models import AuditEvent

    reader, book, copy, person, goods = story
    clerk, here, now = make.actor("librarian"), make.branch(), timezone.now()
    wish = actions.place(clerk, reader.pk, Wanted(book.pk, here, "phone"), now)
    actions.receive(clerk, copy.barcode, here, now)
    actions.note_contact(clerk, wish.pk, "phone", "absent", "", now)
    actions.extend(clerk, wish.pk, 3, now)
    actions.change(clerk, wish.pk, contact="mail", now=now)
    actions.cancel(clerk, wish.pk, now, here=here)
    events = AuditEvent.objects.filter(operation__startswith="holds.")
    assert events.count() == 5
    for event in events:
        text = f"{event.subject_id} {event.detail}"
        assert not re.search(goods, text)
        assert not re.search(person, text)
