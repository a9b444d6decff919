"""An item in hand finds its hold, and holds find their items on the shelves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from app.catalog.models import Item
from app.holds import actions, queries
from app.holds.actions import nightly
from app.holds.models import Hold, HoldSetting, Missed, Neighbour, Status, ToClear
from app.tests import make
from app.transfers.models import Transfer

from .conftest import fresh, lend, record


@pytest.mark.req("F-RSV-001")
def test_of_three_copies_the_first_that_comes_back_serves_the_hold(desk):
    book = record()
    copies = [make.item(record=book) for _ in range(3)]
    for copy in copies:
        lend(copy)
    wish = desk.hold(book)
    assert wish.status == Status.WAITING
    answer = desk.scan(copies[1])
    wish = fresh(wish)
    assert answer.kind == actions.HOLD_SHELF
    assert (wish.status, wish.item_id, wish.shelf_number) == (Status.READY, copies[1].pk, 1)
    assert desk.scan(copies[0]).kind == actions.SHELF


@pytest.mark.req("F-RSV-002")
def test_a_hold_on_one_issue_is_not_served_by_another(desk):
    magazine = record("暮しの手帖", material_type="magazine")
    june, july = (make.item(record=magazine, material_type="magazine") for _ in range(2))
    lend(june), lend(july)
    wish = desk.hold(magazine, item_id=july.pk)
    assert desk.scan(june).kind == actions.SHELF
    assert fresh(wish).status == Status.WAITING
    assert desk.scan(july).kind == actions.HOLD_SHELF
    assert fresh(wish).item_id == july.pk


@pytest.mark.req("F-RSV-007")
def test_a_new_copy_that_is_received_serves_the_first_of_three(desk):
    book = record()
    lend(make.item(record=book))
    now = timezone.now()
    wishes = [desk.hold(book, now=now + timedelta(minutes=n)) for n in range(3)]
    new = make.item(record=book, status="processing")
    assert nightly.allocate(now) == 0  # in processing: not for readers yet
    answer = desk.scan(new)
    assert answer.hold_number == wishes[0].pk
    assert [fresh(wish).status for wish in wishes] == [Status.READY, Status.WAITING, Status.WAITING]
    assert Item.objects.get(pk=new.pk).status == "in_stock"


@pytest.mark.req("F-RSV-008")
def test_two_copies_back_one_after_the_other_serve_the_first_and_the_second(desk):
    book = record()
    copies = [make.item(record=book) for _ in range(2)]
    for copy in copies:
        lend(copy)
    now = timezone.now()
    first, second = (desk.hold(book, now=now + timedelta(minutes=n)) for n in range(2))
    for copy in copies:
        desk.scan(copy)
    assert [fresh(first).item_id, fresh(second).item_id] == [copies[0].pk, copies[1].pk]
    assert [fresh(first).status, fresh(second).status] == [Status.READY, Status.READY]
    assert fresh(first).shelf_number != fresh(second).shelf_number


@pytest.mark.req("F-RSV-009")
def test_of_three_copies_with_one_hold_two_may_go_to_others(desk):
    book = record()
    copies = [make.item(record=book) for _ in range(3)]
    wish = desk.hold(book)
    today, stranger = timezone.localdate(), make.patron()
    for copy in copies[:2]:
        assert queries.free_to_lend(book.pk, copy.pk, stranger.pk, today)
        lend(copy)
        actions.handed_over(desk.actor, copy, stranger, timezone.now())
    wish = fresh(wish)
    assert (wish.status, wish.item_id) == (Status.PULL, copies[2].pk)  # it moved on to the copy that was left
    assert not queries.free_to_lend(book.pk, copies[2].pk, stranger.pk, today)
    assert queries.free_to_lend(book.pk, copies[2].pk, wish.patron_id, today)


@pytest.mark.req("F-RSV-010")
def test_a_copy_at_the_place_of_collection_is_looked_for_before_others(desk, here, south):
    room = make.branch("room", name="分室", short="分室", number=903)
    book = record()
    far = make.item(record=book, branch=south)
    near = make.item(record=book, branch=room)
    on_the_spot = make.item(record=book, branch=here)
    Neighbour.objects.create(pickup=here, branch=room)
    chosen = []
    for _ in range(3):
        chosen.append(desk.hold(book).item_id)
    assert chosen == [on_the_spot.pk, near.pk, far.pk]


def test_the_order_of_candidates_is_a_setting(desk, here, south):
    HoldSetting.objects.create(pk=1, order="any")
    first = make.branch("first", name="一館", short="一", number=1)
    book = record()
    make.item(record=book, branch=here)
    chosen = make.item(record=book, branch=first)
    assert desk.hold(book).item_id == chosen.pk


@pytest.mark.req("F-TRF-001")
@pytest.mark.req("F-TRF-003")
def test_a_copy_given_back_elsewhere_goes_to_the_place_of_collection(desk, here, south):
    book = record("城の崎にて")
    copy = make.item(record=book)
    lend(copy)
    wish = desk.hold(book, pickup=south)
    answer = desk.scan(copy, here)
    assert (answer.kind, answer.to_branch, answer.reason) == (actions.TRANSFER, south, "hold")
    assert answer.slip.destination == "南部"
    assert dict(answer.slip.facts)["理由"] == "予約"
    assert dict(answer.slip.facts)["便"] in ("午前便", "午後便")
    assert fresh(wish).status == Status.TRANSIT
    assert Transfer.objects.get().to_branch == south


@pytest.mark.req("F-TRF-002")
def test_one_scan_on_arrival_makes_it_ready_and_one_to_be_told(desk, here, south):
    copy = make.item(record=record())
    lend(copy)
    wish = desk.hold(copy.record, pickup=south, contact="mail")
    desk.scan(copy, here)
    answer = desk.scan(copy, south)
    assert (answer.kind, answer.shelf_number) == (actions.HOLD_SHELF, 1)
    assert fresh(wish).status == Status.READY
    assert [one.pk for one in queries.to_tell(south.pk)] == [wish.pk]
    assert not Transfer.objects.exists()
    again = desk.scan(copy, south)
    assert (again.kind, again.fresh, again.shelf_number) == (actions.HOLD_SHELF, False, 1)


@pytest.mark.req("F-TRF-007")
def test_another_librarys_item_goes_home_and_is_on_its_shelf_again(desk, here, south):
    copy = make.item(branch=south, location="一般", call_number="913.6/ナ")
    lend(copy)
    answer = desk.scan(copy, here)
    assert (answer.kind, answer.to_branch, answer.reason) == (actions.TRANSFER, south, "home")
    home = desk.scan(copy, south)
    assert home.kind == actions.SHELF
    assert "一般 913.6/ナ" in home.message
    assert not Transfer.objects.exists()


def test_whatever_is_looked_for_on_a_shelf_gives_way_to_a_copy_in_hand(desk, here, south):
    """The copy in hand is as near as the one looked for: it serves, and the shelf's copy is for the next."""
    book = record()
    on_shelf, out = make.item(record=book), make.item(record=book)
    lend(out)
    now = timezone.now()
    first, second = (desk.hold(book, now=now + timedelta(minutes=n)) for n in range(2))
    assert (first.status, second.status) == (Status.PULL, Status.WAITING)
    desk.scan(out)
    assert (fresh(first).status, fresh(first).item_id) == (Status.READY, out.pk)
    assert (fresh(second).status, fresh(second).item_id) == (Status.PULL, on_shelf.pk)


@pytest.mark.req("F-RSV-012")
def test_a_copy_that_is_not_there_is_replaced_by_another_librarys(desk, here, south):
    book = record()
    mine, theirs = make.item(record=book, branch=here), make.item(record=book, branch=south)
    wish = desk.hold(book)
    assert wish.item_id == mine.pk
    moved = actions.not_found(desk.actor, wish.pk, "not_there")
    assert (moved.status, moved.item_id) == (Status.PULL, theirs.pk)
    last = actions.not_found(desk.actor, wish.pk, "out")
    assert (last.status, last.item_id) == (Status.WAITING, None)
    assert Missed.objects.count() == 2
    assert desk.scan(mine).kind == actions.HOLD_SHELF  # seen again: it serves at once
    assert not Missed.objects.filter(item=mine).exists()


def test_looking_in_vain_ends_after_the_librarys_days_or_the_day(desk):
    copy = make.item()
    wish = desk.hold(copy.record)
    now = timezone.now()
    actions.not_found(desk.actor, wish.pk, "out", now)
    nightly.forget(now)
    assert nightly.allocate(now) == 0
    tomorrow = now + timedelta(days=1)
    nightly.forget(tomorrow)
    assert nightly.allocate(tomorrow) == 1
    actions.not_found(desk.actor, wish.pk, "not_there", now)
    nightly.forget(now + timedelta(days=14))
    assert nightly.allocate(now) == 0
    nightly.forget(now + timedelta(days=15))
    assert nightly.allocate(now) == 1
    with pytest.raises(actions.HoldRefused):
        actions.not_found(desk.actor, wish.pk, "nowhere")


@pytest.mark.req("F-RSV-020")
def test_a_later_volume_waits_until_the_earlier_one_is_handed_over(desk):
    first_book, second_book = record("細雪 上"), record("細雪 下")
    first, second = make.item(record=first_book), make.item(record=second_book)
    lend(first), lend(second)
    reader = make.patron()
    one, two = desk.hold(first_book, reader), desk.hold(second_book, reader)
    actions.join(desk.actor, [one.pk, two.pk], "series")
    assert desk.scan(second).kind == actions.SHELF
    assert fresh(two).status == Status.WAITING
    assert desk.scan(first).kind == actions.HOLD_SHELF
    assert fresh(two).status == Status.WAITING
    lend(first, reader)
    assert actions.handed_over(desk.actor, first, reader, timezone.now())
    assert (fresh(two).status, fresh(two).item_id) == (Status.PULL, second.pk)


@pytest.mark.req("F-RSV-021")
def test_three_to_be_fetched_together_are_told_of_once_when_the_third_is_there(desk):
    copies = [make.item() for _ in range(3)]
    for copy in copies:
        lend(copy)
    reader = make.patron()
    wishes = [desk.hold(copy.record, reader, contact="phone") for copy in copies]
    actions.join(desk.actor, [wish.pk for wish in wishes], "together")
    for copy in copies[:2]:
        assert desk.scan(copy).kind == actions.HOLD_SHELF
    assert queries.to_tell(copies[0].branch_id) == []
    with pytest.raises(actions.HoldRefused, match="全部そろって"):
        actions.note_contact(desk.actor, wishes[0].pk, "phone", "told")
    desk.scan(copies[2])
    told = queries.to_tell(copies[0].branch_id)
    assert {one.pk for one in told} == {wish.pk for wish in wishes}
    assert [(len(call.holds), call.patron_id) for call in queries.phone_list(copies[0].branch_id)] == [(3, reader.pk)]
    actions.note_contact(desk.actor, wishes[0].pk, "phone", "told")
    assert queries.to_tell(copies[0].branch_id) == []
    assert {fresh(wish).keep_until for wish in wishes} == {fresh(wishes[0]).keep_until}
    assert all(fresh(wish).keep_until for wish in wishes)


@pytest.mark.req("F-RSV-022")
def test_the_first_of_any_ends_the_other_two(desk):
    copies = [make.item() for _ in range(3)]
    for copy in copies:
        lend(copy)
    reader = make.patron()
    wishes = [desk.hold(copy.record, reader) for copy in copies]
    actions.join(desk.actor, [wish.pk for wish in wishes], "any")
    desk.scan(copies[1])
    assert [fresh(wish).status for wish in wishes] == [Status.CANCELLED, Status.READY, Status.CANCELLED]
    assert desk.scan(copies[0]).kind == actions.SHELF


@pytest.mark.req("F-RSV-023")
def test_a_suspended_hold_is_passed_over_and_keeps_its_place(desk):
    book = record()
    copies = [make.item(record=book) for _ in range(2)]
    for copy in copies:
        lend(copy)
    now = timezone.now()
    today = timezone.localdate(now)
    first, second = (desk.hold(book, now=now + timedelta(minutes=n)) for n in range(2))
    actions.suspend(desk.actor, first.pk, today, today + timedelta(days=7))
    desk.scan(copies[0])
    assert (fresh(first).status, fresh(second).status) == (Status.WAITING, Status.READY)
    third = desk.hold(book, now=now + timedelta(minutes=9))
    later = now + timedelta(days=8)
    desk.scan(copies[1], now=later)
    assert (fresh(first).status, fresh(third).status) == (Status.READY, Status.WAITING)


def test_staff_may_resume_a_suspended_hold_before_its_day(desk):
    copy = make.item()
    wish = desk.hold(copy.record)
    today = timezone.localdate()
    assert actions.suspend(desk.actor, wish.pk, today, today + timedelta(days=7)).pk
    assert fresh(wish).status == Status.WAITING
    actions.suspend(desk.actor, wish.pk, None, None)
    assert fresh(wish).status == Status.PULL
    with pytest.raises(actions.HoldRefused):
        actions.suspend(desk.actor, wish.pk, today, today - timedelta(days=1))


@pytest.mark.req("F-RSV-027")
def test_a_record_on_order_is_held_and_served_when_its_copy_is_ready(desk):
    ordered = record("刊行予定の本")
    wish = desk.hold(ordered)
    assert wish.status == Status.WAITING
    new = make.item(record=ordered, status="processing")
    assert desk.scan(new).kind == actions.HOLD_SHELF
    assert fresh(wish).item_id == new.pk


def test_items_out_of_use_and_for_use_inside_serve_nobody(desk):
    book = record()
    lend(make.item(record=book))
    wish = desk.hold(book)
    broken = make.item(record=book, status="repair")
    inside = make.item(record=book, reference_only=True)
    nightly.allocate(timezone.now())
    assert desk.scan(broken).kind == actions.SHELF
    assert desk.scan(inside).kind == actions.SHELF
    assert fresh(wish).status == Status.WAITING


def test_lending_a_looked_for_copy_to_somebody_else_sets_the_search_on_another(desk, south):
    book = record()
    copy, other = make.item(record=book), make.item(record=book, branch=south)
    wish = desk.hold(book)
    assert wish.item_id == copy.pk
    stranger = make.patron()
    lend(copy, stranger)
    assert not actions.handed_over(desk.actor, copy, stranger, timezone.now())
    assert (fresh(wish).status, fresh(wish).item_id) == (Status.PULL, other.pk)


def test_a_loan_made_past_the_counter_is_seen_by_the_next_round(desk):
    book = record()
    copy, other = make.item(record=book), make.item(record=book)
    wish = desk.hold(book)
    looked_for = copy if wish.item_id == copy.pk else other
    lend(looked_for)
    assert nightly.allocate(timezone.now()) >= 1
    assert fresh(wish).item_id in {copy.pk, other.pk} - {looked_for.pk}


def test_a_plain_item_at_home_costs_two_statements(desk, here, django_assert_num_queries):
    copy = make.item()
    item = Item.objects.select_related("record", "branch").get(pk=copy.pk)
    with django_assert_num_queries(2):
        assert actions.in_hand(desk.actor, item, here, timezone.now()).kind == actions.SHELF


def test_a_hold_that_is_served_costs_nine_statements_and_one_that_is_collected_eight(
    desk, here, django_assert_max_num_queries
):
    copy, reader = make.item(), make.patron()
    lend(copy)
    desk.hold(copy.record, reader)
    for _ in range(5):
        desk.hold(copy.record)
    copy.loans.all().delete()
    item = Item.objects.select_related("record", "branch").get(pk=copy.pk)
    now = timezone.now()
    with django_assert_max_num_queries(9):
        assert actions.in_hand(desk.actor, item, here, now).kind == actions.HOLD_SHELF
    lend(copy, reader)
    with django_assert_max_num_queries(8):
        assert actions.handed_over(desk.actor, item, reader, now)


def test_taking_an_item_off_the_hold_shelf_frees_its_number(desk):
    copy = make.item()
    wish = desk.hold(copy.record)
    desk.scan(copy)
    actions.cancel(desk.actor, wish.pk)
    assert ToClear.objects.get().shelf_number == 1
    other = make.item()
    desk.hold(other.record)
    assert desk.scan(other).shelf_number == 2  # number 1 is still in the way
    desk.scan(copy)
    assert not ToClear.objects.exists()
    third = make.item()
    desk.hold(third.record)
    assert desk.scan(third).shelf_number == 1


def test_undoing_a_return_puts_the_hold_back_in_its_place(desk, here):
    book = record()
    copy = make.item(record=book)
    lend(copy)
    wish = desk.hold(book)
    desk.scan(copy)
    assert fresh(wish).status == Status.READY
    assert actions.undo_in_hand(desk.actor, copy, timezone.now())
    assert (fresh(wish).status, fresh(wish).item_id, fresh(wish).shelf_number) == (Status.WAITING, None, None)
    assert not Transfer.objects.exists()
    assert Hold.objects.count() == 1
