"""The shelf, floor plans, and every library's days."""

from datetime import date, time, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from app.branches import queries as branches
from app.branches.models import Branch, DayHours
from app.calendars import actions as calendars
from app.features.actions import mobile
from app.features.models import FloorPlan
from app.features.queries import opening, plans
from app.features.rules import Standing, Unreadable, every, holds, read_ranges, read_stops, shelf_key
from app.tests import make


def page(path):
    answer = Client().get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def plan_form(lines, **fields):
    data = {"name": "1階", "width": "40", "height": "30", "order": "0", "note": "", **fields}
    data |= {"part-TOTAL_FORMS": str(len(lines)), "part-INITIAL_FORMS": "0"}
    for place, line in enumerate(lines):
        shape = dict(zip(("kind", "name", "x", "y", "width", "height", "location", "ranges"), line, strict=True))
        data |= {f"part-{place}-{name}": str(value) for name, value in shape.items()}
    return data


SHELVES = [
    ("desk", "カウンター", 1, 1, 6, 2, "", ""),
    ("shelf", "A-1", 1, 10, 8, 1, "一般", "000～399"),
    ("shelf", "A-2", 1, 12, 8, 1, "一般", "913.6/ア～913.6/コ"),
    ("shelf", "A-3", 1, 14, 8, 1, "一般", "913.6/サ～913.6/ン\n914"),
    ("shelf", "えほん", 20, 10, 8, 1, "", "E"),
    ("shelf", "郷土", 20, 20, 8, 2, "郷土", ""),
]


@pytest.fixture
def drawn(db):
    browser = make.client("librarian")
    make.branch()
    answer = browser.post("/features/plans/nagano/new/", plan_form(SHELVES))
    assert answer.status_code == 302
    return FloorPlan.objects.get()


def marked(item):
    text = page(f"/map/nagano/?item={item.pk}")
    return [one.part.name for floor in plans.plans_of(item.branch_id, item) for one in floor.found], text


@pytest.mark.req("F-OPA-018")
@pytest.mark.parametrize(
    ("fields", "shelf"),
    [
        ({"call_number": "210.1/ナ", "location": "一般"}, "A-1"),
        ({"call_number": "913.6/カ/2", "location": "一般"}, "A-2"),
        ({"call_number": "913.6/コバ", "location": "一般"}, "A-2"),
        ({"call_number": "913.6/ナ", "location": "一般"}, "A-3"),
        ({"call_number": "914.6/ナ", "location": "一般"}, "A-3"),
        ({"call_number": "399.9/ワ", "location": "一般"}, "A-1"),
        ({"call_number": "E/ア"}, "えほん"),
        ({"call_number": "E/ア", "shelf_mark": "E", "book_mark": "ア"}, "えほん"),
        ({"call_number": "L/291/ナ", "location": "郷土"}, "郷土"),
    ],
)
def test_the_shelf_of_a_call_number_is_marked_on_the_plan_and_said_in_words(drawn, fields, shelf):
    item = make.item(**fields)
    found, text = marked(item)
    assert found == [shelf]
    assert text.count('class="shelf found"') == 1
    assert f"の棚 {shelf}</strong>" in text


@pytest.mark.req("F-OPA-018")
def test_what_no_shelf_holds_is_said_and_another_librarys_item_has_no_place_here(drawn):
    found, text = marked(make.item(call_number="800/ア", location="一般"))
    assert found == []
    assert "館内図に登録されていません" in text
    found, _ = marked(make.item(call_number="913.6/カ", location="書庫"))
    assert found == []
    away = make.item(call_number="913.6/カ", branch=make.branch("nanbu", name="南部図書館"))
    assert Client().get(f"/map/nagano/?item={away.pk}").status_code == 404
    hidden = make.item(call_number="913.6/カ", visibility="staff")
    assert Client().get(f"/map/nagano/?item={hidden.pk}").status_code == 404


def test_a_plan_is_drawn_anew_and_bad_lines_are_said(drawn):
    browser = make.client("librarian")
    address = f"/features/plans/nagano/{drawn.pk}/"
    outside = browser.post(address, plan_form([("shelf", "遠い", 39, 1, 8, 1, "", "9")]))
    assert outside.status_code == 422
    assert "はみ出しています" in outside.content.decode()
    backwards = browser.post(
        address,
        plan_form([("shelf", "逆", 1, 1, 8, 1, "", "914～913")]) | {"seen": browser.get(address).context["seen"]},
    )
    assert "前後が逆" in backwards.content.decode()
    unseen = browser.post(address, plan_form([("shelf", "A-9", 1, 1, 8, 1, "", "9")]))
    assert unseen.status_code == 409
    seen = browser.get(address).context["seen"]
    done = browser.post(address, plan_form([("shelf", "A-9", 1, 1, 8, 1, "", "9")]) | {"seen": seen})
    assert done.status_code == 302
    assert list(drawn.parts.values_list("name", flat=True)) == ["A-9"]
    assert make.client("counter").get(address).status_code == 403


@pytest.mark.django_db
def test_a_range_is_keyed_as_the_items_are():
    texts = ["913.6/ア", "９１３．６/あ", "E/ア/2", "L/291/ナ"]
    keys = plans.keys_of(texts)
    assert keys["913.6/ア"] == keys["９１３．６/あ"]
    for text in texts:
        assert keys[text] == shelf_key(make.item(call_number=text).call_key)


def test_ranges_are_read_and_refused():
    assert [one.call_to for one in read_ranges("913\n914 - 915")] == ["913", "915"]
    with pytest.raises(Unreadable):
        read_ranges("1～2～3")
    assert not holds(Standing("", "", ""), "一般", " 913")


@pytest.mark.django_db
def test_neighbours_stand_left_and_right_in_the_order_of_call_numbers():
    for number in ("913.6/ア", "913/ア", "9/ア", "914/ア", "913.6/イ", "913.6/ア/10", "913.6/ア/2"):
        make.item(number, call_number=number, location="一般")
    make.item("913.6/ア/1", call_number="913.6/ア/1", location="書庫")
    make.item("913.6/ア/3", call_number="913.6/ア/3", location="一般", visibility="staff")
    at = make.item("913.6/ア/4", call_number="913.6/ア/4", location="一般")
    make.item(record=at.record, call_number="913.6/ア/4", location="一般")
    found = plans.shelf(plans.item_at(at.pk), each_side=3)
    titles = [place.record.title for place in found.row]
    assert titles == ["913/ア", "913.6/ア", "913.6/ア/2", "913.6/ア/4", "913.6/ア/10", "913.6/イ", "914/ア"]
    text = page(f"/shelf/?at={at.pk}")
    assert text.index(">913.6/ア/2<") < text.index(">この本<") < text.index(">913.6/ア/10<")
    assert Client().get(f"/shelf/?record={at.record_id}").headers["Location"].startswith("/shelf/?at=")
    for query in ("", "?at=0", "?at=x", "?record=999999", "?at=99999999999999999999"):
        assert Client().get(f"/shelf/{query}").status_code == 404


@pytest.mark.django_db
def test_the_shelf_is_read_by_its_index():
    at = make.item(call_number="913.6/ア")
    with connection.cursor() as cursor:
        # Of a handful of rows any plan is good; whether this index can serve the order is the question.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(
            "EXPLAIN SELECT id FROM catalog_item WHERE branch_id = %s AND call_key > %s ORDER BY call_key LIMIT 8",
            [at.branch_id, at.call_key],
        )
        told = " ".join(row[0] for row in cursor.fetchall())
    assert "item_shelf_order" in told


@pytest.mark.req("F-OPA-025")
@pytest.mark.django_db
def test_an_emergency_closure_is_on_the_public_calendar_at_once_and_no_cache_holds_it_back_a_minute():
    here = make.branch()
    make.branch("room1", number=901, kind="room", name="第一分室", short="第一")
    today = timezone.localdate()
    before = Client().get("/calendar/")
    assert "第一分室" in before.content.decode()
    assert "停電のため" not in before.content.decode()
    assert Client().get("/calendar/nagano/").status_code == 200
    calendars.set_day(make.actor("librarian"), here, today, closed=True, reason="停電のため")
    for path in ("/calendar/", "/calendar/nagano/"):
        answer = Client().get(path)
        assert "停電のため" in answer.content.decode()
        # What a browser or a proxy may keep, and what a process keeps, is together less than a minute.
        seconds = int(answer.headers["Cache-Control"].rpartition("max-age=")[2])
        from app.settings import areas

        assert seconds + areas.REVISION_SECONDS < 60
        assert answer.headers["Cache-Control"].startswith("public")


@pytest.mark.req("F-OPA-025")
@pytest.mark.django_db
def test_hours_of_a_day_the_month_and_the_next_open_day_are_shown():
    here = make.branch()
    today = timezone.localdate()
    DayHours.objects.create(branch=here, date=today, opens=time(13), closes=time(16, 30), reason="蔵書点検")
    text = page("/calendar/")
    assert "13:00～16:30" in text
    assert "蔵書点検" in text
    assert f"{today + timedelta(days=1):%-m/%-d}" in text
    month = page(f"/calendar/nagano/?month={today:%Y-%m}")
    assert month.count('<table class="month">') == 3
    for odd in ("?month=9999-99", "?month=x", "?month=1900-01", "?month=2999-01"):
        assert Client().get(f"/calendar/nagano/{odd}").status_code == 200
    assert Client().get("/calendar/nowhere/").status_code == 404


@pytest.mark.req("F-OPA-025")
@pytest.mark.django_db
def test_the_mobile_librarys_stops_are_shown_by_day_and_a_closed_day_says_that_it_does_not_come():
    van = make.branch("bm", number=903, kind="mobile", name="移動図書館", short="BM")
    browser = make.client("librarian")
    stops = "10:00-10:40 若槻団地 集会所前（若槻団地1-1）\n13:00～13:30 浅川公民館"
    assert browser.post("/features/mobile/bm/new/", {"name": "1コース", "stops": stops}).status_code == 302
    course = van.courses.get()
    today = timezone.localdate()
    days = {"do": "add", "first": f"{today:%Y/%m/%d}", "last": f"{today + timedelta(weeks=4):%Y/%m/%d}", "weeks": "2"}
    for _ in range(2):  # pressed twice
        assert browser.post(f"/features/mobile/bm/{course.pk}/days/", days).status_code == 302
    assert course.days.count() == 3
    assert "若槻団地 集会所前" in page("/calendar/")
    text = page("/calendar/bm/")
    assert text.count("浅川公民館") == 3
    assert "10:00～10:40" in text
    assert "運休" not in text
    assert mobile.cancel_day(make.actor("librarian"), course.pk, today, "大雪")
    assert "大雪" in page("/calendar/")
    later = today + timedelta(weeks=2)
    calendars.set_day(make.actor("librarian"), van, later, closed=True, reason="車検")
    visits = opening.visits_between(today, later, Branch.objects.get(code="bm"))[van.pk]
    assert [visit.cancelled for visit in visits] == ["大雪", "大雪", "車検", "車検"]


def test_stops_are_read_and_refused():
    stops = read_stops("9:30-10:00 市営住宅\n")
    assert (stops[0].name, stops[0].arrives) == ("市営住宅", time(9, 30))
    for bad in ("9:30 市営住宅", "10:00-9:00 逆", "25:00-26:00 夜", "9:00-10:00 同じ\n9:00-9:30 同じ"):
        with pytest.raises(Unreadable):
            read_stops(bad)
    assert every(date(2026, 4, 1), date(2026, 5, 1), 2) == [date(2026, 4, 1), date(2026, 4, 15), date(2026, 4, 29)]


@pytest.mark.django_db
def test_the_overview_asks_the_database_little(django_assert_max_num_queries):
    for place in range(12):
        make.branch(f"room{place}", number=800 + place, kind="room", name=f"第{place}分室")
    Client().get("/calendar/")
    with django_assert_max_num_queries(6):
        Client().get("/calendar/")
    assert branches.closings() is not None
