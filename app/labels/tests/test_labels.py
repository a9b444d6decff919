"""Labels as they come out of the printer: bars that a reader reads, places exact to the millimetre."""

import re
import shutil
import subprocess
from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from PIL import Image

from app.catalog.models import Item, NumberRange
from app.labels import actions, queries, rules, sheets
from app.labels.models import Layout, NumberRun, Tier
from app.labels.tests import nw7
from app.patrons.rules import number_is_sound
from app.tests import make
from app.web.context import organisation

pytestmark = pytest.mark.django_db
TOLERANCE = 0.05  # mm


def spine() -> Layout:
    return Layout.objects.get(kind="spine")


def codes() -> Layout:
    return Layout.objects.get(kind="barcode")


def new_numbers(browser, count, **more):
    page = browser.get(reverse("labels:barcodes"))
    form = page.context["new"]
    sent = {
        "number_range": NumberRange.objects.get().pk,
        "count": count,
        "layout": codes().pk,
        "start": 1,
        "token": str(form["token"].value()),
        **more,
    }
    return sent, browser.post(reverse("labels:draw"), sent)


@pytest.mark.req("F-CAT-017")
def test_a_hundred_labels_in_a_row_are_all_read_from_the_printed_sheets(settings):
    browser = make.client("librarian")
    _, drawn = new_numbers(browser, 100)
    run = NumberRun.objects.get()
    pdf = browser.get(drawn["Location"]).content
    pages = nw7.page_streams(pdf)
    assert [round(size, 1) for size in pages[0][:2]] == [210.0, 297.0]
    assert len(pages) == 3  # 44 on a sheet
    found = [code for _, height, drawing in pages for code in nw7.lines(nw7.boxes(drawing, height))]
    read = [nw7.decode(code) for code in found]
    first = int(run.first[1:-1])
    assert sorted(read) == sorted(f"A{number}A" for number in numbers_from(first, 100))
    assert len(read) == 100
    narrow = min(bar.width for code in found for bar in code)
    assert rules.SMALLEST - 0.01 <= narrow <= rules.LARGEST + 0.01
    label = sheets.context(codes(), [sheets.words_of_number(run.first)], 1)["pages"][0][0]
    assert organisation(settings.INVENTORY)["name"] in [tier.text for tier in label.tiers]


def numbers_from(first: int, count: int) -> list[str]:
    from app.catalog import rules as catalogue

    return [catalogue.item_barcode(first + step) for step in range(count)]


@pytest.mark.req("F-CAT-017")
@pytest.mark.printed
@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="no poppler here: the drawing itself is read above")
def test_a_picture_of_the_sheet_as_a_printer_makes_it_is_read(tmp_path):
    browser = make.client("librarian")
    _, drawn = new_numbers(browser, 5)
    (tmp_path / "sheet.pdf").write_bytes(browser.get(drawn["Location"]).content)
    command = ["pdftoppm", "-r", "600", "-gray", "-singlefile", "sheet.pdf", "sheet"]
    subprocess.run(command, cwd=tmp_path, check=True)
    picture = Image.open(tmp_path / "sheet.pgm")
    dots = 600 / 25.4
    layout, tier = codes(), Tier.objects.get(layout=codes(), content="bars")
    read = []
    for place in range(5):
        left, top = sheets.sheet_of(layout).corner(place)
        y = int((top + float(tier.y) + float(tier.height) / 2) * dots)
        span = range(int(left * dots), int((left + float(layout.label_width)) * dots))
        dark = "".join("1" if picture.getpixel((x, y)) < 128 else "0" for x in span)
        runs = [(r.start() / dots, len(r.group()) / dots) for r in re.finditer("1+", dark)]
        read.append(nw7.decode([nw7.Box(start, 0, width, 1) for start, width in runs]))
    run = NumberRun.objects.get()
    assert read == [f"A{number}A" for number in numbers_from(int(run.first[1:-1]), 5)]


@pytest.mark.req("F-CAT-017")
def test_numbers_that_were_drawn_are_never_drawn_again_and_a_second_press_draws_none():
    browser = make.client("librarian")
    sent, _ = new_numbers(browser, 44)
    browser.post(reverse("labels:draw"), sent)
    assert NumberRun.objects.count() == 1
    _, _ = new_numbers(browser, 3)
    first, second = NumberRun.objects.order_by("first")
    assert int(second.first[:-1]) == int(first.last[:-1]) + 1
    assert number_is_sound(second.first)
    record = make.item("本").record
    made = browser.post(reverse("catalog:add_item", args=[record.pk]), {"branch": make.branch().pk})
    assert made.status_code == 302
    assert int(Item.objects.latest("pk").barcode[:-1]) == int(second.last[:-1]) + 1


@pytest.mark.req("F-CAT-016")
def test_twenty_labels_start_in_the_middle_of_a_sheet():
    browser = make.client("librarian")
    things = [make.item(f"本{n}", call_number=f"913.6/ム/{n}") for n in range(20)]
    layout = spine()
    sheet = sheets.sheet_of(layout)
    sent = {"barcodes": "\r\n".join(i.barcode for i in things), "layout": layout.pk, "start": 38, "copies": 1}
    answer = browser.post(reverse("labels:spines"), sent)
    assert answer["Content-Type"] == "application/pdf"
    pages = nw7.page_streams(answer.content)
    assert len(pages) == 2
    placed = [[(place, x, y) for place, x, y in page] for page in rules.pages(sheet, 20, 38)]
    assert [len(page) for page in placed] == [13, 7]
    assert placed[0][0][1:] == sheet.corner(37)
    assert placed[1][0][1:] == sheet.corner(0)
    # The frame of each label, in the colour of its class, lies on the label's edge.
    for (_, height, drawing), page in zip(pages, placed, strict=True):
        frames = [box for box in nw7.boxes(drawing, height) if box.fill and max(box.fill) > 0.05]
        for _, x, y in page:
            edges = [box for box in frames if x - 0.1 <= box.left <= x + sheet.label_width + 0.1]
            assert any(abs(box.left - x) < TOLERANCE and abs(box.top - y) < TOLERANCE for box in edges), (x, y)


@pytest.mark.req("F-CAT-016")
def test_one_label_is_printed_at_one_place():
    thing = make.item("本", call_number="K913/ア")
    sent = {"barcodes": thing.barcode, "layout": spine().pk, "start": 50, "copies": 1}
    answer = make.client("librarian").post(reverse("labels:spines"), sent)
    assert len(nw7.page_streams(answer.content)) == 1
    words = sheets.words_of(Item.objects.select_related("record", "branch").get(pk=thing.pk))
    page = sheets.context(spine(), [words], 50)
    (label,) = page["pages"][0]
    assert [tier.text for tier in label.tiers if tier.text] == ["K913", "ア"]
    x, y = sheets.sheet_of(spine()).corner(49)
    assert dict(page["styles"])[label.place].startswith(f"left:{x:g}mm;top:{y:g}mm;")


@pytest.mark.req("F-CAT-016")
def test_a_library_defines_tiers_colours_and_places_of_its_own():
    browser = make.client("librarian")
    page = browser.get(reverse("labels:layout", args=[spine().pk]))
    sent = {f.html_name: f.value() for f in page.context["form"] if f.value() is not None}
    sent |= {"name": "背ラベル 2段", "columns": 3, "rows": 8, "left": "7.5", "top": "11", "label_width": "65",
             "label_height": "34", "gap_x": "0", "gap_y": "0", "colour_by": "shelf_mark", "band": "top",
             "band_size": "3", "colours": "K #ff8800\nR #0055aa"}  # fmt: skip
    tiers = [("shelf_mark", "0", "4", "65", "8"), ("call_number", "2.5", "14", "60", "10")]
    sent |= {"tier-TOTAL_FORMS": 3, "tier-INITIAL_FORMS": 0, "tier-2-content": "", "tier-2-align": "center"}
    for place, (content, x, y, width, height) in enumerate(tiers):
        values = {"content": content, "x": x, "y": y, "width": width, "height": height, "size": 20, "align": "left"}
        sent |= {f"tier-{place}-{name}": value for name, value in values.items()}
    assert browser.post(reverse("labels:new_layout"), sent).status_code == 302
    layout = Layout.objects.get(name="背ラベル 2段")
    thing = make.item("本", shelf_mark="K", classification="913", book_mark="ア", call_number="K/913/ア")
    print_one = {"barcodes": thing.barcode, "layout": layout.pk, "start": 5, "copies": 1}
    ((_, height, drawing),) = nw7.page_streams(browser.post(reverse("labels:spines"), print_one).content)
    bands = [box for box in nw7.boxes(drawing, height) if box.fill == pytest.approx((1.0, 0.533, 0.0), abs=0.01)]
    (band,) = bands
    # The fifth of three in a row: second row, second column.
    assert (band.left, band.top) == pytest.approx((7.5 + 65, 11 + 34), abs=TOLERANCE)
    assert (band.width, band.height) == pytest.approx((65, 3), abs=TOLERANCE)
    wrong = browser.post(reverse("labels:new_layout"), sent | {"name": "広すぎる", "columns": 4})
    assert wrong.status_code == 422
    assert "用紙の幅に入りません" in wrong.content.decode()
    out = browser.post(reverse("labels:new_layout"), sent | {"name": "段が外", "tier-1-y": "30"})
    assert "はみ出します" in out.content.decode()


def test_what_cannot_be_printed_is_said_and_nothing_typed_is_lost():
    browser = make.client("librarian")
    thing = make.item("本")
    sent = {"barcodes": f"{thing.barcode} 2999999999", "layout": spine().pk, "start": 1, "copies": 1}
    page = browser.post(reverse("labels:spines"), sent)
    assert page.status_code == 422
    assert "2999999999" in page.content.decode()
    far = browser.post(reverse("labels:spines"), sent | {"barcodes": thing.barcode, "start": 51})
    assert "1から50まで" in far.content.decode()
    empty = browser.post(reverse("labels:spines"), sent | {"barcodes": ""})
    assert "読み取るか" in empty.content.decode()


def test_the_items_of_some_days_come_in_shelf_order(django_assert_num_queries):
    day = date(2026, 4, 1)
    for number in ("913.6/ム/10", "913.6/ム/2", "210/ア", "913.6/ム/1"):
        make.item("本", call_number=number, acquired_on=day)
    here = make.branch()
    with django_assert_num_queries(1):
        found = queries.items_acquired(here.pk, day, day, "", 100)
    assert [item.call_number for item in found] == ["210/ア", "913.6/ム/1", "913.6/ム/2", "913.6/ム/10"]


def test_only_librarians_design_and_draw():
    counter = make.client("counter")
    assert counter.get(reverse("labels:layout", args=[spine().pk])).status_code == 403
    assert counter.post(reverse("labels:draw"), {}).status_code == 403
    assert counter.get(reverse("labels:sample", args=[codes().pk]))["Content-Type"] == "application/pdf"


def test_a_long_call_number_is_set_smaller_and_never_wider_than_its_tier():
    assert rules.fitting_size("913.6", 14, 30, 6.4) == 14
    small = rules.fitting_size("R913.68/アイウエオカキ", 14, 30, 6.4)
    assert small < 14
    assert rules.em_width("R913.68/アイウエオカキ") * small * rules.POINT <= 30.1


def test_a_code_without_room_is_refused_in_words():
    with pytest.raises(rules.DoesNotFit, match="mm"):
        rules.bars(sheets.pattern("2000000019"), 20)
    with pytest.raises(ValueError, match="1から"):
        list(rules.pages(sheets.sheet_of(spine()), 1, 51))


def test_the_same_layout_is_not_named_twice():
    actor = make.actor("librarian")
    values = {"name": spine().name, "kind": "spine", "columns": 1, "rows": 1, "left": Decimal(0), "top": Decimal(0),
              "page_width": Decimal(50), "page_height": Decimal(50), "label_width": Decimal(40),
              "label_height": Decimal(40), "gap_x": Decimal(0), "gap_y": Decimal(0)}  # fmt: skip
    tier = {"content": "class", "x": Decimal(0), "y": Decimal(0), "width": Decimal(10), "height": Decimal(5)}
    tier["content"] = "classification"
    with pytest.raises(actions.LabelError, match="すでにあります"):
        actions.put_layout(actor, values, [tier], {})
