"""Batches: chosen by condition, by numbers or by file; planned, carried out, undone."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from app.access.actions import NotPermitted
from app.catalog import actions, selecting
from app.catalog.actions import batching, undoing
from app.catalog.models import ChangeSet, Item
from app.catalog.search import Query
from app.circulation.models import Loan
from app.tests import make

from .factories import CATALOGUER, branch, item, record

pytestmark = pytest.mark.django_db


@pytest.fixture
def thousand():
    """A thousand items at two places, on one record."""
    book = record("千点の資料")
    rows = [
        Item(record=book, branch=branch(), barcode=f"29{number:08}", location="1階" if number % 2 else "2階")
        for number in range(1000)
    ]
    return Item.objects.bulk_create(rows)


def places():
    return dict(Item.objects.values_list("barcode", "location"))


@pytest.mark.req("F-CAT-021", "F-CAT-022")
def test_a_thousand_items_move_at_once_with_both_values_kept_and_all_come_back(thousand):
    before = places()
    chosen = selecting.items_numbered(selecting.numbers_typed("\n".join(before)))
    plan = batching.plan_items(CATALOGUER, chosen.ids, {"location": "地下書庫"})
    assert (plan.state, plan.size, places()) == ("planned", 1000, before)
    done = batching.carry_out(CATALOGUER, plan.pk)
    assert set(places().values()) == {"地下書庫"}
    kept = {change.label: (change.before, change.after) for change in done.changes.all()}
    assert len(kept) == 1000
    assert kept["2900000001"] == ({"location": "1階"}, {"location": "地下書庫"})
    assert batching.carry_out(CATALOGUER, plan.pk).pk == done.pk  # a second click does nothing
    undoing.undo(CATALOGUER, done.pk)
    assert places() == before


@pytest.mark.req("F-CAT-021")
def test_items_are_chosen_by_condition_by_reading_numbers_and_by_file():
    poems, other = record("詩集 春と修羅"), record("旅行案内")
    south = branch("nanbu", 2, "南部図書館")
    first = item(poems, location="1階", acquired_on=date(2020, 4, 1))
    second = item(poems, south, location="1階")
    third = item(other, location="1階", call_number="291/リ")
    by_text = selecting.items_where(selecting.ItemCondition(text="春と修羅"))
    by_both = selecting.items_where(selecting.ItemCondition(text="春と修羅", branch_id=south.pk))
    assert (set(by_text.ids), by_both.ids) == ({first.pk, second.pk}, [second.pk])
    assert selecting.items_where(selecting.ItemCondition(call_number="291")).ids == [third.pk]
    assert selecting.items_where(selecting.ItemCondition(acquired_to=date(2020, 12, 31))).ids == [first.pk]
    read = selecting.items_numbered(selecting.numbers_typed(f"{third.barcode}\n{first.barcode} 99\n{first.barcode}"))
    assert (read.ids, read.unknown) == ([third.pk, first.pk], ["99"])
    csv = f"資料番号,書名\r\n{second.barcode},詩集\r\n{third.barcode},旅\r\n".encode("cp932")
    assert selecting.items_numbered(selecting.numbers_in_file(csv)).ids == [second.pk, third.pk]
    assert selecting.numbers_in_file(b"\xef\xbb\xbf12345\n67890\n") == ["12345", "67890"]


def test_records_are_chosen_by_search_by_item_by_isbn_and_by_number():
    poems = record("春と修羅", isbn13="9784003101018")
    thing = item(record("旅行案内"))
    assert selecting.records_where(Query(text="春と修羅")).ids == [poems.pk]
    found = selecting.records_numbered(["4-00-310101-4", thing.barcode, str(poems.pk), "なし"])
    assert (found.ids, found.unknown) == ([poems.pk, thing.record_id], ["なし"])


@pytest.mark.req("F-CAT-021")
def test_records_change_together_and_a_subject_is_exchanged_for_another():
    one = record("一", subjects=["コンピュータ", "通信"])
    two = record("二", subjects=["通信"])
    plan = batching.plan_records(
        CATALOGUER, [one.pk, two.pk], {"audience": "adult"}, batching.Exchange("subjects", "通信", "情報通信")
    )
    batching.carry_out(CATALOGUER, plan.pk)
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.subjects, two.subjects, one.audience) == (["コンピュータ", "情報通信"], ["情報通信"], "adult")
    assert "subjects" in one.kept_fields
    undoing.undo(CATALOGUER, plan.pk)
    one.refresh_from_db()
    assert (one.subjects, one.audience, one.kept_fields) == (["コンピュータ", "通信"], "", [])


def test_items_on_loan_keep_their_state_and_the_plan_says_how_many():
    here, out = item(record("一")), item(record("二"))
    Loan.objects.create(item=out, patron=make.patron(), branch=branch(), due_on=timezone.localdate() + timedelta(7))
    plan = batching.plan_items(CATALOGUER, [here.pk, out.pk], {"status": "repair"}, unknown=["404"])
    assert (plan.size, plan.remarks) == (1, {"same": 0, "on_loan": 1, "unknown": ["404"]})
    batching.carry_out(CATALOGUER, plan.pk)
    out.refresh_from_db()
    assert out.status == "in_stock"


def test_what_changed_after_the_plan_stops_it_and_is_named():
    thing = item(record("一"), location="1階")
    plan = batching.plan_items(CATALOGUER, [thing.pk], {"location": "2階"})
    actions.update_item(CATALOGUER, thing.pk, {"location": "3階"})
    with pytest.raises(batching.PlanOutdated) as outdated:
        batching.carry_out(CATALOGUER, plan.pk)
    assert outdated.value.obstacles[0].label == thing.barcode
    thing.refresh_from_db()
    assert thing.location == "3階"
    lent = item(record("二"))
    plan = batching.plan_items(CATALOGUER, [lent.pk], {"status": "repair"})
    Loan.objects.create(item=lent, patron=make.patron(), branch=branch(), due_on=timezone.localdate() + timedelta(7))
    with pytest.raises(batching.PlanOutdated):
        batching.carry_out(CATALOGUER, plan.pk)


def test_plans_are_refused_in_words():
    thing = item(record("一"), location="1階")
    for given, sentence in (
        (([], {"location": "2階"}), "対象がありません"),
        (([thing.pk], {}), "項目を選んで"),
        (([thing.pk], {"barcode": "1"}), "項目を選んで"),
        (([thing.pk], {"location": "1階"}), "変わるものがありません"),
        (([thing.pk], {"status": "nonsense"}), "正しくありません"),
        ((list(range(selecting.MOST + 1)), {"location": "2階"}), "までです"),
    ):
        with pytest.raises(actions.CatalogError, match=sentence):
            batching.plan_items(CATALOGUER, *given)
    with pytest.raises(NotPermitted):
        batching.plan_items(make.actor("counter"), [thing.pk], {"location": "2階"})


def test_plans_that_nobody_carries_out_go_at_night_and_are_no_history():
    thing = item(record("一"), location="1階")
    plan = batching.plan_items(CATALOGUER, [thing.pk], {"location": "2階"})
    assert batching.drop_old_plans(timezone.now() - timedelta(days=1)) == 0
    assert batching.drop_old_plans(timezone.now() + timedelta(days=1)) == 1
    assert not ChangeSet.objects.filter(pk=plan.pk).exists()
    again = batching.plan_items(CATALOGUER, [thing.pk], {"location": "2階"})
    batching.drop_plan(CATALOGUER, again.pk)
    assert not ChangeSet.objects.filter(pk=again.pk).exists()
