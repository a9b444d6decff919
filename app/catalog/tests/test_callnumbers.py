"""Call numbers: parts, shelf order by the database, made by rules."""

import random

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from app.access.actor import Actor
from app.authorities import actions as authorities
from app.catalog import actions, callnumbers, naming
from app.catalog.callnumbers import CallNumber, Described, Rule
from app.catalog.models import CallNumberRule, Item
from app.catalog.tests import factories
from app.holds import actions as holding
from app.holds import queries as holds
from app.holds.actions import Wanted
from app.tests import make

SHELF = [
    "210/ア",
    "289/カ",
    "913/ム",
    "913.36/ア",
    "913.6/ア",
    "913.6/ム/1",
    "913.6/ム/2",
    "913.6/ム/2-1",
    "913.6/ム/10",
    "913.6/ム/上",
    "913.6/ム/中",
    "913.6/ム/下",
    "K/913.6/ア/2",
    "K/913.6/ア/10",
    "R/031/ニ",
]


def on_shelf(numbers):
    """Items with these call numbers in their parts, made in disorder."""
    mixed = list(numbers)
    random.Random(7).shuffle(mixed)
    return [make.item(number, **callnumbers.parse(number).fields) for number in mixed]


@pytest.mark.req("F-CAT-014")
def test_parts_are_kept_apart_and_every_list_stands_in_shelf_order(db):
    # 上 中 下 stand where no numbers are: they are put before them.
    expected = [*SHELF[:5], *SHELF[9:12], *SHELF[5:9], *SHELF[12:]]
    on_shelf(SHELF)
    found = Item.objects.order_by("call_key")
    assert [item.call_number for item in found] == expected
    item = Item.objects.get(call_number="K/913.6/ア/10")
    assert (item.shelf_mark, item.classification, item.book_mark, item.volume_mark) == ("K", "913.6", "ア", "10")
    listed = make.client("librarian").get(reverse("catalog:holdings"), {"branch": "nagano"})
    assert [cells[2] for _, cells in listed.context["rows"]] == expected


@pytest.mark.req("F-CAT-014")
def test_one_two_ten_come_in_this_order_on_the_list_and_in_the_file(db):
    on_shelf(["913.6/ム/10", "913.6/ム/1", "913.6/ム/2"])
    browser = make.client("librarian")
    page = browser.get(reverse("catalog:holdings")).content.decode()
    assert page.index("913.6/ム/1<") < page.index("913.6/ム/2<") < page.index("913.6/ム/10<")
    text = b"".join(browser.get(reverse("catalog:holdings"), {"as": "csv"}).streaming_content).decode("utf-8-sig")
    assert text.index("913.6/ム/2,") < text.index("913.6/ム/10,")


@pytest.mark.req("F-CAT-014")
def test_the_pull_list_and_a_whole_number_without_parts_follow_the_same_rule(db):
    here, night = make.branch(), timezone.now()
    for number in ("913.6/ム/10", "913.6/ム/2", "９１３．６/む/1"):
        copy, reader = make.item("本", call_number=number), make.patron()
        own = Actor("patron", str(reader.pk))
        holding.place(own, reader.pk, Wanted(copy.record_id, here, "mail", "web"), night)
    listed = [hold.item.call_number for hold in holds.pull_list(here.pk) if hold.item]
    assert listed == ["９１３．６/む/1", "913.6/ム/2", "913.6/ム/10"]


def test_the_database_keeps_the_whole_and_its_parts_one(db):
    item = make.item("本", **CallNumber("K", "913.6", "ア", "2").fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Item.objects.filter(pk=item.pk).update(book_mark="カ")


def test_changing_a_part_changes_the_whole_and_the_other_way_round(db):
    record = factories.record("雪国", "ユキグニ", "川端康成", "カワバタ ヤスナリ", ndc="913.6")
    item = factories.item(record)
    actions.update_item(factories.CATALOGUER, item.pk, {"volume_mark": "2", "shelf_mark": "B"})
    item.refresh_from_db()
    assert (item.call_number, item.call_key) == ("B/913.6/カ/2", "B 913.6 カ 0000000002")
    actions.update_item(factories.CATALOGUER, item.pk, {"call_number": "K913.6/ヤ"})
    item.refresh_from_db()
    assert (item.shelf_mark, item.classification, item.book_mark, item.volume_mark) == ("K", "913.6", "ヤ", "")
    actions.relocate(factories.CATALOGUER, [item.barcode], shelf_mark="Y")
    item.refresh_from_db()
    assert item.call_number == "Y/913.6/ヤ"


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("913.6/ム/2", ("", "913.6", "ム", "2")),
        ("K913/ア", ("K", "913", "ア", "")),
        ("R/031/セ/10", ("R", "031", "セ", "10")),
        ("E/ア", ("E", "", "ア", "")),
        ("023", ("", "023", "", "")),
        ("６月号", ("", "", "", "6月号")),
        ("Ｋ９１３／ア", ("K", "913", "ア", "")),
        ("", ("", "", "", "")),
    ],
)
def test_a_number_written_as_one_is_read_in_its_parts(written, parts):
    read = callnumbers.parse(written)
    assert (read.shelf_mark, read.classification, read.book_mark, read.volume_mark) == parts


@pytest.mark.parametrize(
    ("volume", "mark"),
    [("第2巻", "2"), ("上", "上"), ("第十二集 下", "12-下"), ("BOOK 1", "1"), ("二〇〇一年", "2001"), ("", "")],
)
def test_what_a_volume_comes_to_on_a_label(volume, mark):
    assert callnumbers.volume_mark(volume) == mark


@pytest.mark.req("F-CAT-015")
def test_a_biography_is_marked_by_the_person_and_a_novel_by_its_author(db):
    authorities.put_authority(
        factories.CATALOGUER, {"kind": "person", "heading": "渋沢栄一", "reading": "シブサワ, エイイチ"}
    )
    life = factories.record(
        "雄気堂々", "ユウキ ドウドウ", "城山三郎", "シロヤマ サブロウ", ndc="289.1", subjects=["渋沢栄一"]
    )
    novel = factories.record("落日燃ゆ", "ラクジツ モユ", "城山三郎", "シロヤマ サブロウ", ndc="913.6")
    assert factories.item(life).call_number == "289.1/シ"
    assert factories.item(novel).call_number == "913.6/シ"
    other = factories.record(
        "人物伝", "ジンブツデン", "城山三郎", "シロヤマ サブロウ", ndc="289", subjects=["坂本竜馬"]
    )
    # Nobody knows how the person is read: the title says more than the author.
    assert factories.item(other).call_number == "289/ジ"


@pytest.mark.req("F-CAT-015")
def test_the_person_of_a_record_from_marc_is_read_there(db):
    from pymarc import Field, Indicators, Leader, Record, Subfield

    marc = Record(leader=Leader("00000nam a2200000 i 4500"))

    def field(tag: str, *parts: tuple[str, str]) -> None:
        marc.add_field(Field(tag, Indicators("1", " "), [Subfield(code, text) for code, text in parts]))

    field("600", ("6", "880-03"), ("a", "福沢, 諭吉,"), ("d", "1835-1901"))
    field("880", ("6", "600-03/(B"), ("a", "Fukuzawa, Yukichi"))
    field("880", ("6", "600-03/$1"), ("a", "フクザワ, ユキチ"))
    record = factories.record("福翁伝", "フクオウデン", "小泉信三", "コイズミ シンゾウ", ndc="289.1")
    type(record).objects.filter(pk=record.pk).update(marc=marc.as_marc())
    assert factories.item(record).call_number == "289.1/フ"


@pytest.mark.req("F-CAT-015")
def test_the_library_writes_its_own_rules_and_a_mark_can_be_corrected(db):
    browser = make.client("admin")
    page = browser.get(reverse("catalog:call_rules"))
    assert page.status_code == 200
    rows = [
        {"source": "creator", "letters": 1, "script": "katakana", "with_volume": "on"},
        {"ndc_prefix": "913.6", "shelf_mark": "F", "class_places": 0, "source": "creator", "letters": 2,
         "script": "hiragana", "with_volume": "on"},
    ]  # fmt: skip
    sent = {"rule-TOTAL_FORMS": 2, "rule-INITIAL_FORMS": 2}
    for place, row in enumerate(rows):
        sent |= {f"rule-{place}-{name}": value for name, value in row.items()}
    assert browser.post(reverse("catalog:call_rules"), sent).status_code == 302
    assert CallNumberRule.objects.count() == 2
    record = factories.record("雪国", "ユキグニ", "川端康成", "カワバタ ヤスナリ", ndc="913.6", volume="下")
    offered = make.client("librarian").get(reverse("catalog:record", args=[record.pk]))
    assert offered.context["item_form"]["book_mark"].value() == "かわ"
    made = factories.item(record)
    assert made.call_number == "F/かわ/下"
    actions.update_item(factories.CATALOGUER, made.pk, {"book_mark": "かわば"})
    made.refresh_from_db()
    assert made.call_number == "F/かわば/下"
    doubled = browser.post(reverse("catalog:call_rules"), {**sent, "rule-1-ndc_prefix": ""})
    assert doubled.status_code == 422


def test_the_most_special_rule_wins():
    table = [Rule(), Rule("9"), Rule("913", shelf_mark="F"), Rule("", "child", shelf_mark="K"), Rule("913", "child")]
    assert callnumbers.rule_for(table, "913.6", "book").shelf_mark == "F"
    assert callnumbers.rule_for(table, "913.6", "child") == table[4]
    assert callnumbers.rule_for(table, "400", "child").shelf_mark == "K"
    assert callnumbers.make([], Described("023", "book")).text == "023"


def test_rules_are_read_from_memory_while_nobody_changes_them(db, django_assert_num_queries):
    naming.call_rules()
    with django_assert_num_queries(0):
        naming.call_rules()
    actions.put_call_rules(factories.CATALOGUER, [Rule(shelf_mark="Z")])
    assert naming.call_rules() == [Rule(shelf_mark="Z")]


def test_the_counter_does_not_change_rules(db):
    assert make.client("counter").get(reverse("catalog:call_rules")).status_code == 403
    assert Client().get(reverse("catalog:numbers")).status_code == 302
