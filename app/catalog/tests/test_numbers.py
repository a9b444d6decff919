"""Item numbers: ranges, check digits, the next number, also when two draw at once."""

import threading

import pytest
from django.db import connection
from django.urls import reverse

from app.catalog import actions, numbers, rules
from app.catalog.actions import numbering
from app.catalog.models import Item, NumberRange
from app.catalog.numbers import Range
from app.catalog.tests import factories
from app.tests import make

BOOKS = Range(1, "図書", "2", 10, "m10w21", 1, 99_999_999)


@pytest.mark.req("F-CAT-019")
@pytest.mark.parametrize("scheme", ["m10w21", "m10w31", "7dr", "7dsr", "none"])
def test_every_scheme_makes_numbers_of_the_right_length_that_fit_their_range(scheme):
    span = Range(1, "帯", "31", 9, scheme, 1, 99_999)
    for serial in (1, 7, 12_345, 99_999):
        number = span.number(serial)
        assert len(number) == 9
        assert span.serial(number) == serial
        assert numbers.range_of([span], number) == span


@pytest.mark.req("F-CAT-019")
def test_known_check_digits_of_the_trade():
    assert numbers.CHECKS["7dr"]("1234567") == str(1234567 % 7)
    assert numbers.CHECKS["7dsr"]("1234567") == str((7 - 1234567 % 7) % 7)
    assert numbers.CHECKS["m10w31"]("490123456789") == "4"  # an EAN
    assert numbers.CHECKS["m11"]("12345") == "5"


def test_a_check_digit_finds_every_wrong_digit():
    number = BOOKS.number(12345)
    for place in range(1, 10):
        for digit in set("0123456789") - {number[place]}:
            assert numbers.problem([BOOKS], number[:place] + digit + number[place + 1 :])


@pytest.mark.req("F-CAT-019")
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ("", "数字だけ"),
        ("abc", "数字だけ"),
        ("２０００００００１８", "数字だけ"),
        ("12345", "10桁です(5桁"),
        ("1000000009", "2で始まります"),
        ("2000000012", "検査数字が合いません"),
        (Range(1, "", "2", 10, "m10w21", 0, 10**8 - 1).number(60_000), "番号帯の外"),
    ],
)
def test_a_wrong_number_is_explained(wrong, sentence):
    assert sentence in numbers.problem([Range(1, "図書", "2", 10, "m10w21", 1, 50_000)], wrong)


@pytest.mark.req("F-CAT-019")
def test_a_range_for_one_material_gives_its_numbers_and_the_next_comes_by_itself(db):
    admin = make.client("admin")
    sent = {"name": "雑誌", "prefix": "31", "length": 9, "check_digit": "7dr", "first": 1, "last": 99_999,
            "in_use": "on", "material_type": "magazine"}  # fmt: skip
    assert admin.post(reverse("catalog:new_range"), sent).status_code == 302
    issue, book = factories.record("月刊", material_type="magazine"), factories.record("本")
    first, second = (actions.add_item(factories.CATALOGUER, issue.pk, factories.branch()) for _ in range(2))
    span = numbering.range_of_row(NumberRange.objects.get(name="雑誌"))
    assert [first.barcode, second.barcode] == [span.number(1), span.number(2)]
    assert actions.add_item(factories.CATALOGUER, book.pk, factories.branch()).barcode.startswith("2")
    by_hand = actions.add_item(factories.CATALOGUER, issue.pk, factories.branch(), span.number(700))
    assert by_hand.barcode == span.number(700)
    assert actions.next_barcode(factories.branch().pk, "magazine") == span.number(701)


@pytest.mark.req("F-CAT-019")
@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"prefix": "2", "length": 10, "first": 500, "last": 600}, "重なっています"),
        ({"prefix": "20", "length": 10, "first": 1, "last": 600}, "重なっています"),
        ({"prefix": "1", "length": 10}, "利用券の番号"),
        ({"first": 10, "last": 9}, "初め以上"),
        ({"length": 6, "last": 99_999}, "桁数に入りません"),
    ],
)
def test_a_range_that_cannot_be_is_refused_in_words(db, changed, sentence):
    sent = {"name": "帯", "prefix": "31", "length": 9, "check_digit": "m10w21", "first": 1, "last": 999, "in_use": "on"}
    answer = make.client("admin").post(reverse("catalog:new_range"), sent | changed)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert NumberRange.objects.count() == 1


def test_a_range_that_is_used_up_says_so(db):
    NumberRange.objects.update(first=1, last=1, next_serial=1)
    record = factories.record("本")
    actions.add_item(factories.CATALOGUER, record.pk, factories.branch())
    with pytest.raises(actions.CatalogError, match="使い切りました"):
        actions.add_item(factories.CATALOGUER, record.pk, factories.branch())
    assert actions.next_barcode() == ""


@pytest.mark.req("F-CAT-019")
def test_whoever_kept_the_offered_number_gets_the_next_when_another_was_faster(db):
    record = factories.record("本")
    one, other = make.client("librarian"), make.client("librarian")
    url = reverse("catalog:add_item", args=[record.pk])
    offered = one.get(reverse("catalog:record", args=[record.pk])).context["offered"]
    sent = {"barcode": offered, "offered": offered, "branch": make.branch().pk}
    assert one.post(url, sent).status_code == 302
    assert other.post(url, sent).status_code == 302
    assert sorted(Item.objects.values_list("barcode", flat=True)) == [
        offered,
        rules.item_barcode(int(offered[1:-1]) + 1),
    ]


@pytest.mark.req("F-CAT-019")
@pytest.mark.django_db(transaction=True)
def test_two_who_draw_at_once_never_get_the_same_number():
    """Both stand at the range before either has taken a number."""
    records, here = [factories.record("一"), factories.record("二")], factories.branch()
    ready = threading.Barrier(2)
    made: list[str] = []

    def register(record_id):
        try:
            ready.wait(timeout=30)
            made.extend(i.barcode for i in actions.add_copies(factories.CATALOGUER, record_id, here, copies=5))
        finally:
            connection.close()

    threads = [threading.Thread(target=register, args=(record.pk,)) for record in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(made) == len(set(made)) == 10
