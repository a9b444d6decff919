"""Two records become one and two again; a temporary record gives way to the real one."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from app.catalog import actions, rules
from app.catalog.actions import merging, undoing
from app.catalog.followers import columns_of, followers
from app.catalog.models import BibliographicRecord, ChangeSet, Item, MergedRecord
from app.catalog.search import Query, search
from app.features.models import ListEntry, ThemeList
from app.holds import actions as holds
from app.holds import queries as hold_queries
from app.holds.models import Hold, Status
from app.tests import make

from .factories import CATALOGUER, branch, item, record

pytestmark = pytest.mark.django_db

ISBN = "9784003101018"
NUMBER = rules.item_barcode(99_000_001)
# Models that point at records and need not follow, each for a reason.
NOT_FOLLOWING = {
    "catalog.bibliographicrecord": "volumes below a record are moved by the merge itself",
    "catalog.item": "moved by the merge itself",
    "catalog.contentspart": "moved by the merge itself when the other record has none",
    "catalog.digitallink": "moved by the merge itself when the other record has none",
    "catalog.cover": "each record keeps its own",
    "catalog.searchdocument": "derived",
    "catalog.mergedrecord": "moved by the merge itself",
    "features.populartitle": "counted anew every night",
}


def wait(book, now, **more):
    patron = make.patron()
    wanted = holds.Wanted(book.pk, branch(), "none", "counter", **more)
    return holds.place(CATALOGUER, patron.pk, wanted, now)


def order(book):
    return [hold.pk for hold in hold_queries.queue_of(book.pk)]


@pytest.fixture
def queues():
    """Two records, three holds on one and two on the other, received in turns."""
    goes, stays = record("仮の書誌", subjects=["猫"]), record("正しい書誌")
    start = timezone.now() - timedelta(days=1)
    first = [wait(goes, start + timedelta(hours=n)) for n in (0, 3, 4)]
    second = [wait(stays, start + timedelta(hours=n)) for n in (1, 2)]
    return goes, stays, first, second


@pytest.mark.req("F-CAT-009", "F-RSV-026")
def test_a_merge_keeps_the_queue_in_order_of_receipt_and_its_undoing_gives_two_records_back(queues):
    goes, stays, first, second = queues
    thing = item(goes)
    holds.reorder(CATALOGUER, second[1].pk, 1, "理由")  # the library had its own order here
    before = order(goes), order(stays)
    done = merging.merge(CATALOGUER, goes.pk, stays.pk, {"subjects"})
    assert order(stays) == [first[0].pk, second[0].pk, second[1].pk, first[1].pk, first[2].pk]
    assert order(goes) == []
    thing.refresh_from_db()
    stays.refresh_from_db()
    assert (thing.record_id, stays.subjects, done.items, done.followed["予約"]) == (stays.pk, ["猫"], 1, 3)
    undoing.undo(CATALOGUER, done.change_set)
    thing.refresh_from_db()
    stays.refresh_from_db()
    assert (thing.record_id, stays.subjects) == (goes.pk, [])
    assert (order(goes), order(stays)) == before
    assert not MergedRecord.objects.exists()
    assert {hit.record_id for hit in search(Query(text="書誌")).hits} == {goes.pk, stays.pk}


def test_a_merged_record_is_in_no_search_and_merging_again_changes_nothing():
    goes, stays = record("重複した本"), record("重複した本")
    done = merging.merge(CATALOGUER, goes.pk, stays.pk)
    assert [hit.record_id for hit in search(Query(text="重複した本")).hits] == [stays.pk]
    sets = ChangeSet.objects.count()
    assert merging.merge(CATALOGUER, goes.pk, stays.pk).change_set == done.change_set
    assert ChangeSet.objects.count() == sets
    with pytest.raises(actions.CatalogError, match="すでに"):
        merging.merge(CATALOGUER, goes.pk, record("第三").pk)
    with pytest.raises(actions.CatalogError, match="統合"):
        actions.add_item(CATALOGUER, goes.pk, branch())


def test_a_patron_who_waited_for_both_has_one_hold_and_both_again_when_it_is_undone():
    goes, stays = record("甲"), record("乙")
    patron = make.patron()
    early, late = (
        holds.place(CATALOGUER, patron.pk, holds.Wanted(book.pk, branch(), "none", "counter"), when)
        for book, when in ((stays, timezone.now() - timedelta(hours=2)), (goes, timezone.now() - timedelta(hours=1)))
    )
    done = merging.merge(CATALOGUER, goes.pk, stays.pk)
    assert order(stays) == [early.pk]
    assert Hold.objects.get(pk=late.pk).status == Status.CANCELLED
    undoing.undo(CATALOGUER, done.change_set)
    assert (order(stays), order(goes)) == ([early.pk], [late.pk])


def test_a_hold_that_got_its_copy_goes_where_the_copy_goes():
    goes, stays = record("甲"), record("乙")
    hold = wait(goes, timezone.now())
    done = merging.merge(CATALOGUER, goes.pk, stays.pk)
    copy = item(stays)
    holds.receive(CATALOGUER, copy.barcode, branch())
    assert Hold.objects.get(pk=hold.pk).status == Status.READY
    undoing.undo(CATALOGUER, done.change_set)
    hold.refresh_from_db()
    assert (hold.record_id, hold.status) == (stays.pk, Status.READY)


def test_numbers_move_to_the_record_that_has_none_and_both_isbns_lead_to_it():
    goes = record("甲", national_number="23000001", isbn13="9784003101018")
    stays = record("乙", isbn13="9784101010014")
    assert merging.useful(goes, stays) >= {"national_number"}
    done = merging.merge(CATALOGUER, goes.pk, stays.pk, {"national_number"})
    stays.refresh_from_db()
    assert (stays.national_number, stays.other_isbns) == ("23000001", ["9784003101018"])
    undoing.undo(CATALOGUER, done.change_set)
    goes.refresh_from_db()
    stays.refresh_from_db()
    assert (goes.national_number, stays.national_number, stays.other_isbns) == ("23000001", None, [])


def test_a_chain_of_merges_is_undone_from_its_end():
    first, second, third = record("一"), record("二"), record("三")
    thing = item(first)
    one = merging.merge(CATALOGUER, first.pk, second.pk)
    two = merging.merge(CATALOGUER, second.pk, third.pk)
    assert MergedRecord.objects.get(record=first).into_id == third.pk
    with pytest.raises(undoing.UndoRefused) as refused:
        undoing.undo(CATALOGUER, one.change_set)
    assert {obstacle.later for obstacle in refused.value.obstacles} == {two.change_set}
    undoing.undo(CATALOGUER, two.change_set)
    undoing.undo(CATALOGUER, one.change_set)
    assert Item.objects.get(pk=thing.pk).record_id == first.pk


def test_no_hold_and_no_patron_stands_in_a_change_set(queues):
    goes, stays, *_ = queues
    merging.merge(CATALOGUER, goes.pk, stays.pk)
    subjects = set(ChangeSet.objects.first().changes.values_list("subject", flat=True))
    assert subjects <= {"record", "item", "catalog.mergedrecord"}


@pytest.mark.req("F-CAT-010")
def test_a_temporary_record_gives_way_and_its_item_keeps_number_and_holds():
    thing = actions.register_temporary(CATALOGUER, "郷土の昔話", NUMBER, branch())
    waiting = [wait(thing.record, timezone.now() - timedelta(hours=n)) for n in (2, 1)]
    real = record(
        "郷土の昔話集", creator="昔話の会", creator_reading="ムカシバナシ ノ カイ", ndc="388.1", material_type="local"
    )
    done = merging.replace_temporary(CATALOGUER, thing.record_id, real.pk)
    again = Item.objects.get(barcode=NUMBER)
    assert (again.pk, again.record_id, again.material_type) == (thing.pk, real.pk, "local")
    assert again.call_number
    assert order(real) == [hold.pk for hold in waiting]
    undoing.undo(CATALOGUER, done.change_set)
    assert Item.objects.get(barcode=NUMBER).record_id == thing.record_id
    with pytest.raises(actions.CatalogError, match="仮登録"):
        merging.replace_temporary(CATALOGUER, real.pk, thing.record_id)


def test_everything_that_points_at_a_record_follows_or_is_known_not_to():
    pointing = {model._meta.label_lower for model in apps.get_models() if columns_of(model)}
    following = {follower.model for follower in followers()}
    assert pointing - following - set(NOT_FOLLOWING) == set(), "register a Follower (app/catalog/followers.py)"
    assert following <= pointing


@pytest.mark.req("F-CAT-010")
def test_marc_that_comes_later_replaces_a_temporary_record_with_its_isbn_and_keeps_item_and_two_holds():
    waiting = actions.create_record(CATALOGUER, {"title": "信州の山(予定)", "isbn13": ISBN}, "temp")
    thing = item(waiting)
    Item.objects.filter(pk=thing.pk).update(call_number="")
    holders = [wait(waiting, timezone.now() - timedelta(hours=n)) for n in (2, 1)]
    marc = {"origin": "marc", "national_number": "23900001", "title": "信州の山", "isbn13": ISBN, "marc": b"first"}
    done = actions.import_records(CATALOGUER, [marc | {"ndc": "291.52", "material_type": "local"}])
    assert (done.created, done.updated) == (0, 1)
    waiting.refresh_from_db()
    again = Item.objects.get(barcode=thing.barcode)
    assert (waiting.title, waiting.origin, waiting.national_number) == ("信州の山", "marc", "23900001")
    assert (again.pk, again.record_id, again.material_type, again.call_number[:5]) == (
        thing.pk,
        waiting.pk,
        "local",
        "L/291",
    )
    assert order(waiting) == [hold.pk for hold in holders]
    assert [hit.record_id for hit in search(Query(text="信州の山")).hits] == [waiting.pk]
    undoing.undo(CATALOGUER, done.change_set)
    waiting.refresh_from_db()
    assert (waiting.title, waiting.origin) == ("信州の山(予定)", "temp")


def test_an_isbn_of_two_temporary_records_replaces_neither():
    for title in ("甲", "乙"):
        actions.create_record(CATALOGUER, {"title": title, "isbn13": ISBN}, "temp")
    marc = {"origin": "marc", "national_number": "23900001", "title": "丙", "isbn13": ISBN, "marc": b"first"}
    assert actions.import_records(CATALOGUER, [marc]).created == 1


def test_what_was_hung_on_a_record_while_it_was_merged_follows_at_night():
    goes, stays = record("甲"), record("乙")
    done = merging.merge(CATALOGUER, goes.pk, stays.pk)
    late = Hold.objects.create(
        patron=make.patron(),
        record=goes,
        received_at=timezone.now(),
        queue_at=timezone.now(),
        route="counter",
        pickup=branch(),
        contact="none",
    )
    assert merging.catch_up() == 1
    assert order(stays) == [late.pk]
    assert merging.catch_up() == 0
    undoing.undo(CATALOGUER, done.change_set)


def test_the_address_of_a_merged_record_leads_readers_to_the_other_one_until_it_is_undone():
    goes, stays = record("甲"), record("乙")
    reader = Client(headers={"host": "opac.kura-nagano.example"})
    done = merging.merge(CATALOGUER, goes.pk, stays.pk)
    led = reader.get(f"/records/{goes.pk}/")
    assert (led.status_code, led["Location"]) == (302, f"/records/{stays.pk}/")
    undoing.undo(CATALOGUER, done.change_set)
    assert reader.get(f"/records/{goes.pk}/").status_code == 200


def test_a_list_has_a_merged_title_under_the_other_record_and_back_again():
    goes, stays = record("甲"), record("乙")
    theme = ThemeList.objects.create(title="夏の本", opens_at=timezone.now(), made_by="1")
    entry = ListEntry.objects.create(theme=theme, record=goes, order=1)
    done = merging.merge(CATALOGUER, goes.pk, stays.pk)
    entry.refresh_from_db()
    assert entry.record_id == stays.pk
    undoing.undo(CATALOGUER, done.change_set)
    entry.refresh_from_db()
    assert entry.record_id == goes.pk


def test_a_volume_that_its_own_set_is_merged_into_stands_below_nothing():
    goes = record("全集")
    stays = record("全集")
    BibliographicRecord.objects.filter(pk=stays.pk).update(parent=goes, part_order=1)
    done = merging.merge(CATALOGUER, goes.pk, stays.pk)
    stays.refresh_from_db()
    assert (stays.parent_id, stays.part_order) == (None, None)
    undoing.undo(CATALOGUER, done.change_set)
    stays.refresh_from_db()
    assert (stays.parent_id, stays.part_order) == (goes.pk, 1)
