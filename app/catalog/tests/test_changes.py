"""Change sets: what they note, the history they make, and how they are undone."""

from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from app.access.actions import NotPermitted
from app.catalog import actions
from app.catalog.actions import changes, undoing
from app.catalog.models import BibliographicRecord, Change, ChangeSet, Item
from app.tests import make

from .factories import CATALOGUER, item, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def librarian():
    return make.actor("librarian")


def last() -> ChangeSet:
    return ChangeSet.objects.first()


def test_an_edit_is_noted_with_both_values_and_who_did_it(librarian):
    book = record("こころ", publisher="岩波書店")
    actions.update_record(librarian, book.pk, {"publisher": "新潮社", "title": "こころ"})
    row = last()
    change = row.changes.get()
    assert (row.kind, row.by_number, row.by_name, row.size) == ("edit", librarian.number, librarian.name, 1)
    assert (change.subject, change.subject_number, change.label) == ("record", book.pk, "こころ")
    assert change.before == {"publisher": "岩波書店", "kept_fields": []}
    assert change.after == {"publisher": "新潮社", "kept_fields": ["publisher"]}


def test_a_set_in_which_nothing_happened_leaves_no_trace():
    book = record("こころ")
    before = ChangeSet.objects.count()
    with changes.open(CATALOGUER, changes.Kind.EDIT, "何もしない") as change_set:
        change_set.note(book, {"title": "こころ"}, {"title": "こころ"})
    assert actions.update_record(CATALOGUER, book.pk, {"title": "こころ"}) == []
    assert ChangeSet.objects.count() == before


def test_work_in_pieces_is_one_set():
    book, other = record("一"), record("二")
    with changes.open(CATALOGUER, changes.Kind.IMPORT, "取込み") as change_set:
        change_set.note(book, {"title": "一"}, {"title": "壱"})
    with changes.open(CATALOGUER, changes.Kind.IMPORT, "続き", into=change_set.pk) as more:
        more.note(other, {"title": "二"}, {"title": "弐"})
    assert ChangeSet.objects.get(pk=change_set.pk).size == 2
    assert Change.objects.filter(change_set=change_set.pk).count() == 2


def test_undoing_an_edit_gives_every_value_back_and_asks_the_index_anew():
    from app.catalog.search import Query, search

    book = record("坊っちゃん", year=1906)
    actions.update_record(CATALOGUER, book.pk, {"title": "三四郎", "issued": "1908", "creators": ["夏目漱石"]})
    edited = last()
    undone = undoing.undo(CATALOGUER, edited.pk)
    book.refresh_from_db()
    assert (book.title, book.issued, book.year, book.creators, book.kept_fields) == ("坊っちゃん", "", 1906, [], [])
    edited.refresh_from_db()
    assert (edited.state, edited.undone_by, undone.kind) == ("undone", undone, "undo")
    assert [hit.record_id for hit in search(Query(text="坊っちゃん")).hits] == [book.pk]
    assert undoing.undo(CATALOGUER, edited.pk) == undone  # twice is once


def test_what_was_corrected_otherwise_stays_corrected():
    book = record("甲")
    actions.update_record(CATALOGUER, book.pk, {"title": "乙"})
    first = last()
    actions.update_record(CATALOGUER, book.pk, {"publisher": "丙社"})
    undoing.undo(CATALOGUER, first.pk)
    book.refresh_from_db()
    assert (book.title, book.publisher, book.kept_fields) == ("甲", "丙社", ["publisher"])


def test_a_later_change_of_the_same_field_is_named_and_nothing_is_undone(librarian):
    book = record("甲")
    actions.update_record(librarian, book.pk, {"title": "乙"})
    first = last()
    actions.update_record(librarian, book.pk, {"title": "丙"})
    second = last()
    with pytest.raises(undoing.UndoRefused) as refused:
        undoing.undo(librarian, first.pk)
    assert [obstacle.later for obstacle in refused.value.obstacles] == [second.pk]
    book.refresh_from_db()
    assert book.title == "丙"
    undoing.undo(librarian, second.pk)
    undoing.undo(librarian, first.pk)
    book.refresh_from_db()
    assert book.title == "甲"


def test_what_the_counter_changed_meanwhile_is_said_in_words():
    thing = item(record("甲"))
    actions.update_item(CATALOGUER, thing.pk, {"status": "repair"})
    edited = last()
    Item.objects.filter(pk=thing.pk).update(status="missing")
    with pytest.raises(undoing.UndoRefused) as refused:
        undoing.undo(CATALOGUER, edited.pk)
    assert refused.value.obstacles[0].later is None
    assert "状態" in refused.value.obstacles[0].why


def test_a_new_record_goes_again_unless_an_item_hangs_on_it():
    book = record("新刊")
    made = last()
    thing = item(book)
    added = last()
    with pytest.raises(undoing.UndoRefused) as refused:
        undoing.undo(CATALOGUER, made.pk)
    assert refused.value.obstacles[0].later == added.pk
    undoing.undo(CATALOGUER, added.pk)
    undoing.undo(CATALOGUER, made.pk)
    assert not Item.objects.filter(pk=thing.pk).exists()
    assert not BibliographicRecord.objects.filter(pk=book.pk).exists()


def test_a_new_item_that_is_lent_stays():
    from app.circulation.models import Loan

    thing = item(record("新刊"))
    made = last()
    Loan.objects.create(item=thing, patron=make.patron(), branch=make.branch(), due_on=date(2999, 1, 1))
    with pytest.raises(undoing.UndoRefused) as refused:
        undoing.undo(CATALOGUER, made.pk)
    assert "貸出で使われています" in refused.value.obstacles[0].why
    assert Item.objects.filter(pk=thing.pk).exists()


def test_an_undoing_cannot_be_undone_and_a_stranger_undoes_nothing():
    book = record("甲")
    actions.update_record(CATALOGUER, book.pk, {"title": "乙"})
    edited = last()
    with pytest.raises(NotPermitted):
        undoing.undo(make.actor("counter"), edited.pk)
    undone = undoing.undo(CATALOGUER, edited.pk)
    with pytest.raises(actions.CatalogError, match="もう一度"):
        undoing.undo(CATALOGUER, undone.pk)


def test_a_deleted_row_comes_back_with_its_number_and_its_bytes():
    book = record("甲", marc=b"\x1e\xff", issued="1999")
    with changes.open(CATALOGUER, changes.Kind.EDIT, "削除") as change_set:
        change_set.gone(book)
        number = book.pk
        BibliographicRecord.objects.filter(pk=number).delete()
    undoing.undo(CATALOGUER, change_set.pk)
    back = BibliographicRecord.objects.get(pk=number)
    assert (back.title, bytes(back.marc), back.year) == ("甲", b"\x1e\xff", 1999)


def test_a_very_large_set_is_undone_by_a_command(monkeypatch):
    from app.catalog import views_changes

    monkeypatch.setattr(views_changes, "MOST_ON_SCREEN", 0)
    book = record("甲")
    actions.update_record(CATALOGUER, book.pk, {"title": "乙"})
    edited = last()
    answer = make.client("librarian").post(f"/catalog/changes/{edited.pk}/undo/")
    assert answer.status_code == 409
    assert f"undo_changes {edited.pk}" in answer.content.decode()
    call_command("undo_changes", edited.pk, stdout=StringIO())
    book.refresh_from_db()
    assert book.title == "甲"
    with pytest.raises(CommandError, match="見つかりません"):
        call_command("undo_changes", 10**9)
