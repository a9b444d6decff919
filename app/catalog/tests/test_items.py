"""Items on the screen: each with all its fields, one changed without the others."""

from datetime import date

import pytest
from django.urls import reverse

from app.branches import codes
from app.branches.models import CodeEntry
from app.catalog.models import Item
from app.catalog.tests import factories
from app.circulation.models import ItemTally
from app.regulations.actions import seen_of
from app.tests import make

pytestmark = pytest.mark.django_db


def typed(browser, item, **changed):
    """What the browser sends back from an item's page, with these fields typed anew."""
    page = browser.get(reverse("catalog:item", args=[item.pk]))
    sent = {"seen": page.context["seen"]}
    for field in page.context["form"]:
        value = field.value()
        if value not in (None, False, ""):
            sent[field.html_name] = f"{value:%Y/%m/%d}" if isinstance(value, date) else value
    return sent | changed


@pytest.mark.req("F-CAT-018")
def test_a_new_item_is_made_with_everything_that_is_said_of_it():
    browser = make.client("librarian")
    record = factories.record("雪国", "ユキグニ", "川端康成", "カワバタ ヤスナリ", ndc="913.6")
    url = reverse("catalog:record", args=[record.pk])
    offered = browser.get(url).context["item_form"]
    said = {
        "barcode": offered["barcode"].value(), "branch": make.branch().pk, "location": "一般", "copies": 3,
        "material_type": "pocket", "shelf_mark": "B", "classification": "913.6", "book_mark": "カ", "volume_mark": "1",
        "reference_only": "on", "restriction": "in_library", "visibility": "inside", "acquisition": "gift",
        "acquired_on": "R8.4.1", "acquired_from": "小林氏", "price": 1200, "attachments": "地図 1枚",
        "attachment_count": 1, "note": "献辞あり",
    }  # fmt: skip
    assert browser.post(reverse("catalog:add_item", args=[record.pk]), said).status_code == 302
    first, *others = Item.objects.order_by("barcode")
    assert len(others) == 2
    assert (first.call_number, first.material_type, first.location) == ("B/913.6/カ/1", "pocket", "一般")
    assert (first.reference_only, first.restriction, first.visibility) == (True, "in_library", "inside")
    assert (first.acquired_on, first.acquisition, first.acquired_from) == (date(2026, 4, 1), "gift", "小林氏")
    assert (first.price, first.attachments, first.attachment_count, first.note) == (1200, "地図 1枚", 1, "献辞あり")
    page = browser.get(url).content.decode()
    for text in ("B/913.6/カ/1", "寄贈", "禁帯出", "館内のみ", "2026/04/01"):
        assert text in page


@pytest.mark.req("F-CAT-018")
def test_one_copy_goes_to_the_stack_and_the_others_stay():
    browser = make.client("librarian")
    record = factories.record("複本のある本", ndc="913.6")
    one, other, third = (factories.item(record, location="一般") for _ in range(3))
    before = Item.objects.filter(pk__in=[other.pk, third.pk]).order_by("pk").values()
    before = list(before)
    sent = typed(browser, one, location="書庫", status="closed_stack", price="980")
    assert browser.post(reverse("catalog:item", args=[one.pk]), sent).status_code == 302
    one.refresh_from_db()
    assert (one.location, one.status, one.price) == ("書庫", "closed_stack", 980)
    assert list(Item.objects.filter(pk__in=[other.pk, third.pk]).order_by("pk").values()) == before


@pytest.mark.req("F-CAT-018")
def test_how_often_an_item_was_lent_is_its_own_with_what_an_earlier_system_counted():
    record = factories.record("よく借りられる本")
    one, other = factories.item(record, loans_before=40), factories.item(record)
    ItemTally.objects.create(item=one, month=date(2026, 9, 1), loans=2)
    ItemTally.objects.create(item=one, month=date(2026, 10, 1), loans=1)
    browser = make.client("counter")
    rows = browser.get(reverse("catalog:record", args=[record.pk])).context["items"]
    assert {row.item.pk: row.loans for row in rows} == {one.pk: 43, other.pk: 0}
    page = browser.get(reverse("catalog:item", args=[one.pk])).content.decode()
    assert "43回" in page
    assert "最後は2026年10月" in page
    assert "保存する" not in page


def test_whoever_saves_second_is_told_and_loses_nothing():
    browser = make.client("librarian")
    item = factories.item(factories.record("本"), location="一般")
    late = typed(browser, item, note="わたしの注記")
    browser.post(reverse("catalog:item", args=[item.pk]), typed(browser, item, price="500"))
    answer = browser.post(reverse("catalog:item", args=[item.pk]), late)
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "わたしの注記" in page
    assert "500" in page
    item.refresh_from_db()
    assert item.note == ""


def test_wrong_values_come_back_with_a_sentence():
    browser = make.client("librarian")
    item = factories.item(factories.record("本"))
    url = reverse("catalog:item", args=[item.pk])
    for changed, sentence in (
        ({"attachments": "CD"}, "内容と点数の両方"),
        ({"acquired_on": "昨日"}, "日付として読み取れません"),
        ({"status": "gone"}, "正しく選択"),
        ({"price": "-1"}, "0"),
    ):
        answer = browser.post(url, typed(browser, item) | changed)
        assert answer.status_code == 422, changed
        assert sentence in answer.content.decode(), changed
    assert browser.get(reverse("catalog:item", args=[10**9])).status_code == 404
    assert make.client("counter").post(url, {}).status_code == 200
    item.refresh_from_db()
    assert item.attachments == ""


@pytest.mark.req("F-CAT-020")
def test_marks_places_and_ways_of_acquiring_of_the_librarys_own_are_offered_until_they_are_stopped():
    admin, browser = make.client("admin"), make.client("librarian")
    record = factories.record("本", ndc="913.6")
    added = {"shelf_mark": ("T", "特集"), "location": ("展示", "展示"), "acquisition": ("loan", "寄託")}
    for table, (code, label) in added.items():
        save_codes(admin, table, [(code, label, True)])
    form = browser.get(reverse("catalog:record", args=[record.pk])).context["item_form"]
    said = {"branch": make.branch().pk}
    for table, (code, label) in added.items():
        assert any(label in text for value, text in form.fields[table].choices if value == code), table
        said[table] = code
    assert browser.post(reverse("catalog:add_item", args=[record.pk]), said).status_code == 302
    item = Item.objects.get()
    assert (item.shelf_mark, item.location, item.get_acquisition_display()) == ("T", "展示", "寄託")
    assert item.call_number.startswith("T/913.6")
    for table, (code, label) in added.items():
        save_codes(admin, table, [(code, label, False)])
    form = browser.get(reverse("catalog:record", args=[record.pk])).context["item_form"]
    assert not [table for table, (code, _) in added.items() if code in dict(form.fields[table].choices)]
    kept = typed(browser, item, price="300")
    assert (kept["shelf_mark"], kept["location"], kept["acquisition"]) == ("T", "展示", "loan")
    assert browser.post(reverse("catalog:item", args=[item.pk]), kept).status_code == 302


def save_codes(admin, table, lines):
    """The editor's form of a code table with these lines besides those that are there."""
    own = [
        (row.code, row.label, row.in_use) for row in codes.entries(table) if row.code not in {c for c, _, _ in lines}
    ]
    seen = seen_of(CodeEntry.objects.filter(table=table))
    sent = {"line-TOTAL_FORMS": len(own) + len(lines), "line-INITIAL_FORMS": 0, "default": "", "seen": seen}
    for place, (code, label, in_use) in enumerate([*own, *lines]):
        sent |= {f"line-{place}-code": code, f"line-{place}-label": label, f"line-{place}-order": place}
        sent |= {f"line-{place}-in_use": "on"} if in_use else {}
    assert admin.post(reverse("regulations:code_table", args=[table]), sent).status_code == 302


def test_a_copy_is_found_by_its_place_and_the_beginning_of_its_mark():
    browser = make.client("librarian")
    record = factories.record("本", ndc="913.6")
    stack = factories.item(record, location="書庫", call_number="913.6/ア/2")
    factories.item(record, location="一般", call_number="913.6/ア/1")
    page = browser.get(reverse("catalog:holdings"), {"branch": "nagano", "location": "書庫", "q": "913.6/ア"})
    assert [item.pk for item, _ in page.context["rows"]] == [stack.pk]
