"""Changes of the catalogue: permission, protection from imports, the audit log."""

import threading
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from app.access.actions import NotPermitted
from app.access.actor import Actor
from app.audit.models import AuditEvent
from app.catalog import actions, rules
from app.catalog.models import BibliographicRecord, Item
from app.catalog.tests import factories as make

pytestmark = pytest.mark.django_db
COUNTER = Actor("staff", "counter", operations=frozenset({"catalog.view"}))


def test_the_counter_may_look_but_not_edit() -> None:
    record = make.record("山の本")
    with pytest.raises(NotPermitted):
        actions.update_record(COUNTER, record.pk, {"title": "海の本"})
    with pytest.raises(NotPermitted):
        actions.add_item(COUNTER, record.pk, make.branch(), rules.item_barcode(1))
    record.refresh_from_db()
    assert record.title == "山の本"


def test_an_edit_leaves_what_was_and_what_is_in_the_log() -> None:
    record = make.record("山の本")
    assert actions.update_record(make.CATALOGUER, record.pk, {"title": "海の本", "ndc": "452"}) == ["title", "ndc"]
    event = AuditEvent.objects.filter(operation="catalog.edit_record").latest("pk")
    assert event.detail == {"before": {"title": "山の本", "ndc": ""}, "after": {"title": "海の本", "ndc": "452"}}
    assert actions.update_record(make.CATALOGUER, record.pk, {"title": "海の本"}) == []


@pytest.mark.req("F-CAT-018")
def test_moving_one_item_leaves_the_other_copies_where_they_are() -> None:
    record = make.record("複本のある本", ndc="913.6")
    one, other = make.item(record), make.item(record)
    actions.update_item(make.CATALOGUER, one.pk, {"location": "書庫"})
    one.refresh_from_db()
    other.refresh_from_db()
    assert (one.location, other.location) == ("書庫", "")


def test_a_used_number_is_refused_and_the_next_one_is_offered() -> None:
    record = make.record("番号の本")
    first = actions.add_item(make.CATALOGUER, record.pk, make.branch(), rules.item_barcode(99_000_000))
    with pytest.raises(actions.CatalogError, match="すでに使われています"):
        actions.add_item(make.CATALOGUER, record.pk, make.branch(), first.barcode)
    assert actions.next_barcode() == rules.item_barcode(99_000_001)
    with pytest.raises(actions.CatalogError, match="検査数字"):
        actions.add_item(make.CATALOGUER, record.pk, make.branch(), "2990000029")


def test_the_database_itself_refuses_a_second_item_with_a_number() -> None:
    item = make.item(make.record("本"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.create(record=item.record, branch=item.branch, barcode=item.barcode)


@pytest.mark.django_db(transaction=True)
def test_two_counters_with_the_same_next_number_make_one_item_and_one_sentence() -> None:
    """Both get past the look-up before either has saved: the barrier stands between the two."""
    records, here, number = (
        [make.record("一冊め"), make.record("二冊め")],
        make.branch(),
        rules.item_barcode(98_000_000),
    )
    looked_up = threading.Barrier(2)
    outcomes: list[str] = []

    def register(record: BibliographicRecord) -> None:
        def wait(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith('INSERT INTO "catalog_item"'):
                looked_up.wait(timeout=60)
            return execute(sql, params, many, context)

        try:
            with connection.execute_wrapper(wait):
                outcomes.append(actions.add_item(make.CATALOGUER, record.pk, here, number).barcode)
        except actions.CatalogError as error:
            outcomes.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=register, args=(record,)) for record in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=90)
    assert sorted(outcomes) == [number, f"資料番号 {number} はすでに使われています。"]
    assert Item.objects.filter(barcode=number).count() == 1
    assert AuditEvent.objects.filter(operation="catalog.edit_item").count() == 1


def test_a_new_item_takes_its_call_number_from_class_and_author() -> None:
    record = make.record("雪国", "ユキグニ", "川端康成", "カワバタ ヤスナリ", ndc="913.6")
    assert make.item(record).call_number == "913.6/カ"


def test_bad_values_are_refused_in_words() -> None:
    with pytest.raises(actions.CatalogError, match="ISBN"):
        actions.create_record(make.CATALOGUER, {"title": "本", "isbn13": "12345678901234"})
    with pytest.raises(actions.CatalogError):
        actions.create_record(make.CATALOGUER, {"title": ""})
    with pytest.raises(actions.CatalogError, match="見つかりません"):
        actions.update_record(make.CATALOGUER, 10**9, {"title": "x"})
