"""Columns that stood in the clear in the release before: taken over without a loss, from both sides."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from app.circulation.models import Loan
from app.holds.models import Hold, HoldEntry, PurchaseRequest
from app.interlibrary.models import Borrowing, Partner
from app.tests import make

BEFORE = [("circulation", "0006_moved"), ("holds", "0003_moved"), ("interlibrary", "0001_first")]
WORDS = {
    "circulation_loan": {"due_reason": "入院のため延長"},
    "holds_hold": {"note": "大活字本を希望"},
    "holds_holdentry": {"text": "長男に伝言"},
    "holds_purchaserequest": {"wish": "闘病の参考に", "reason": "本人の病状から", "answer": "お大事に"},
    "interlibrary_borrowing": {"note": "本人が急いでいる"},
}


def migrate(targets):
    """To these migrations; the leaves of their areas when they are the newest."""
    MigrationExecutor(connection).migrate(targets)


@pytest.fixture
def newest(transactional_db):
    """The way back to this release, whatever a test does."""
    leaves = [leaf for leaf in MigrationExecutor(connection).loader.graph.leaf_nodes() if leaf[0] in dict(BEFORE)]
    yield leaves
    migrate(leaves)


def stored():
    """What stands in the columns."""
    found = {}
    with connection.cursor() as cursor:
        for table, columns in WORDS.items():
            cursor.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY id")
            found[table] = cursor.fetchall()
    return found


def files():
    """The tables' own files, as they lie on the disk."""
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute(
            "SELECT pg_read_binary_file(pg_relation_filepath(t::regclass)) FROM unnest(%s::text[]) t", [[*WORDS]]
        )
        return b"".join(bytes(row[0]) for row in cursor.fetchall())


def everything_once_with_words_and_once_without():
    now, here, who = timezone.now(), make.branch(), make.patron()
    for number, said in enumerate([True, False]):
        words = {table: columns if said else {} for table, columns in WORDS.items()}
        item = make.item(branch=here)
        Loan.objects.create(
            item=item, patron=who, branch=here, due_on=timezone.localdate() + timedelta(9), **words["circulation_loan"]
        )
        common = {"patron": who, "pickup": here, "received_at": now, "route": "counter", "contact": "none"}
        hold = Hold.objects.create(record=item.record, queue_at=now, **common, **words["holds_hold"])
        HoldEntry.objects.create(hold=hold, at=now, kind="change", **words["holds_holdentry"])
        PurchaseRequest.objects.create(title=f"題名{number}", **common, **words["holds_purchaserequest"])
        partner = Partner.objects.create(name=f"相手{number}")
        borrowed = {"title": "題名", "asked_on": timezone.localdate(), "asked_by": "x1"}
        Borrowing.objects.create(partner=partner, branch=here, **borrowed, **words["interlibrary_borrowing"])


@pytest.mark.req("F-AUD-012")
def test_the_words_of_the_release_before_are_sealed_and_none_stays_plain_in_a_tables_file(newest):
    everything_once_with_words_and_once_without()
    migrate(BEFORE)
    plain = {table: [tuple(columns.values()), ("",) * len(columns)] for table, columns in WORDS.items()}
    assert stored() == plain
    assert "入院のため延長".encode() in files()
    migrate(newest)
    content = files()
    for table, columns in WORDS.items():
        for word in columns.values():
            assert word.encode() not in content, (table, word)
    for rows in stored().values():
        assert all(value[:1] == b"\x01" for value in rows[0])
        assert all(value == b"" for value in rows[1])
    assert list(Loan.objects.order_by("pk").values_list("due_reason", flat=True)) == ["入院のため延長", ""]
    assert list(Hold.objects.order_by("pk").values_list("note", flat=True)) == ["大活字本を希望", ""]
    assert list(HoldEntry.objects.order_by("pk").values_list("text", flat=True)) == ["長男に伝言", ""]
    assert list(Borrowing.objects.order_by("pk").values_list("note", flat=True)) == ["本人が急いでいる", ""]
    wishes = PurchaseRequest.objects.order_by("pk").values_list("wish", "reason", "answer")
    assert list(wishes) == [("闘病の参考に", "本人の病状から", "お大事に"), ("", "", "")]


@pytest.mark.req("F-AUD-012")
def test_the_release_before_may_still_write_an_empty_text_and_no_other(db):
    who, item = make.patron(), make.item()
    loan = Loan.objects.create(item=item, patron=who, branch=item.branch, due_on=timezone.localdate() + timedelta(9))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE circulation_loan SET due_reason = ''")
        for words in ("入院のため", "x"):
            with pytest.raises(DatabaseError, match="circulation_loan_due_reason_sealed"), transaction.atomic():
                cursor.execute("UPDATE circulation_loan SET due_reason = %s", [words])
    loan.refresh_from_db()
    assert loan.due_reason == ""
