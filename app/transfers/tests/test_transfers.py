"""Runs, missed transfers, the stack, relocations, floating."""

import re
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.contrib.staticfiles import finders
from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access.actions import NotPermitted
from app.access.actor import Actor
from app.branches import revisions
from app.branches.models import ClosedDay, DeliveryDay
from app.branches.rules import Closing
from app.catalog.models import Item
from app.circulation.models import Loan
from app.holds import actions as holds
from app.holds import reports
from app.holds.actions import Wanted
from app.tests import make
from app.transfers import actions, queries, rules
from app.transfers.actions import TransferRefused
from app.transfers.models import Reason, Relocation, Run, StackRequest, Transfer, TransferStatistic

TOKYO = ZoneInfo("Asia/Tokyo")
MORNING = datetime(2026, 11, 18, 9, tzinfo=TOKYO)  # a Wednesday


@pytest.fixture
def here(db):
    return make.branch()


@pytest.fixture
def south(db):
    return make.branch("nanbu", name="南部図書館", short="南部", number=902)


@pytest.fixture
def clerk(db):
    return make.actor("librarian")


@pytest.fixture(autouse=True)
def _look_again():
    revisions.forget()
    yield
    revisions.forget()


@pytest.mark.req("F-TRF-004")
def test_thirty_items_of_the_morning_run_to_the_south_are_on_its_list(clerk, here, south):
    room = make.branch("room", name="分室", short="分室", number=903)
    for _ in range(30):
        actions.plan(make.item(), here, south, Reason.HOLD, MORNING)
    actions.plan(make.item(), here, room, Reason.HOME, MORNING)
    actions.plan(make.item(), here, south, Reason.HOME, MORNING + timedelta(hours=3))
    ways = queries.waiting_at(here.pk)
    counted = {}
    for way in ways:
        counted[(way.run.name, way.to_branch.short)] = counted.get((way.run.name, way.to_branch.short), 0) + 1
    assert counted == {("午前便", "南部"): 30, ("午前便", "分室"): 1, ("午後便", "南部"): 1}
    page = make.client("librarian").get("/transfers/").content.decode()
    assert "午前便　南部図書館 <small>30点" in page
    morning_run = Run.objects.get(code="am")
    assert actions.send_all(clerk, here, morning_run, south, MORNING) == 30
    assert len(queries.waiting_at(here.pk)) == 2
    assert len(queries.on_the_way_to(south.pk)) == 30
    assert actions.send_all(clerk, here, morning_run, south, MORNING) == 0


def test_after_the_last_run_of_the_day_the_first_of_the_next_is_taken(db):
    assert actions.next_run(MORNING).code == "am"
    assert actions.next_run(MORNING.replace(hour=10)).code == "pm"
    assert actions.next_run(MORNING.replace(hour=20)).code == "am"


@pytest.mark.req("F-TRF-005")
def test_after_three_open_days_an_item_is_missed(clerk, here, south):
    ClosedDay.objects.create(branch=south, date=date(2026, 11, 19), reason="休館")
    way = actions.send(clerk, make.item(), south, Reason.REQUEST, here, MORNING)
    assert way.sent_at == MORNING
    # Open days after the 18th: 20, 21, 22; the fourth is the 23rd.
    assert queries.missed(date(2026, 11, 22)) == []
    (late,) = queries.missed(date(2026, 11, 23))
    assert (late.transfer.pk, late.open_days) == (way.pk, 4)
    actions.set_overdue_days(clerk, 4)
    assert queries.missed(date(2026, 11, 23)) == []
    actions.plan(make.item(), here, south, Reason.HOME, MORNING)
    assert queries.missed(date(2026, 12, 31))[0].transfer.pk == way.pk  # what was not sent is not missed
    assert len(queries.missed(date(2026, 12, 31))) == 1


@pytest.mark.parametrize(("days", "missed"), [(3, False), (4, True)])
def test_the_day_of_sending_does_not_count(days, missed):
    sent = date(2026, 11, 18)
    assert rules.is_missed(sent, sent + timedelta(days=days), Closing(), 3) is missed
    assert not rules.is_missed(sent, sent + timedelta(days=10), Closing(frozenset(range(6))), 3)


def test_the_expected_day_is_the_vans_next_day_there(clerk, here, south):
    for weekday in (1, 4):
        DeliveryDay.objects.create(branch=south, weekday=weekday)
    revisions.forget()
    way = actions.plan(make.item(), here, south, Reason.HOME, MORNING)
    assert way.expected_on == date(2026, 11, 20)  # Friday


@pytest.mark.req("F-TRF-001")
def test_planning_again_changes_nothing_and_another_way_replaces_it(here, south):
    room = make.branch("room", name="分室", short="分室", number=903)
    item = make.item()
    first = actions.plan(item, here, south, Reason.HOME, MORNING)
    assert actions.plan(item, here, south, Reason.HOME, MORNING).pk == first.pk
    assert actions.plan(item, here, room, Reason.HOLD, MORNING).pk != first.pk
    assert Transfer.objects.get().to_branch == room


def test_an_item_travels_once_and_somewhere(here, south):
    item = make.item()
    actions.plan(item, here, south, Reason.HOME, MORNING)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(item=item, from_branch=here, to_branch=south, reason=Reason.HOME)
    with pytest.raises(IntegrityError), transaction.atomic():
        Transfer.objects.create(item=make.item(), from_branch=here, to_branch=here, reason=Reason.HOME)


@pytest.mark.req("F-TRF-002")
def test_sent_then_arrived_by_one_scan_each_and_counted(clerk, here, south):
    item = make.item(branch=south)
    way = actions.send(clerk, item, south, Reason.HOME, here, MORNING)
    assert actions.send(clerk, item, south, Reason.HOME, here, MORNING + timedelta(hours=1)).sent_at == way.sent_at
    answer = holds.receive(clerk, item.barcode, south, MORNING + timedelta(days=1))[1]
    assert answer.kind == holds.SHELF
    assert not Transfer.objects.exists()
    figure = TransferStatistic.objects.get()
    assert (figure.on_date, figure.from_branch, figure.to_branch, figure.reason, figure.items) == (
        date(2026, 11, 19),
        here,
        south,
        "home",
        1,
    )
    other = make.item(branch=south)
    actions.send(clerk, other, south, Reason.HOME, here, MORNING)
    assert actions.arrive(clerk, other, south, MORNING + timedelta(days=1))
    assert TransferStatistic.objects.get().items == 2
    assert not actions.arrive(clerk, other, south)


def test_what_somebody_has_or_waits_for_goes_nowhere_else(clerk, here, south):
    lent, kept, wanted = make.item(), make.item(), make.item()
    Loan.objects.create(item=lent, patron=make.patron(), branch=here, due_on=timezone.localdate() + timedelta(9))
    for item, pickup in ((kept, here), (wanted, south)):
        holds.place(clerk, make.patron().pk, Wanted(item.record_id, pickup))
        holds.receive(clerk, item.barcode, here)
    hold = wanted.holds.get()
    assert (kept.holds.get().status, hold.status) == ("ready", "transit")
    third = make.branch("hokubu", name="北部図書館", short="北部", number=903)
    until = timezone.localdate() + timedelta(30)
    for act in (
        lambda: actions.send(clerk, lent, south, Reason.REQUEST, here),
        lambda: actions.send(clerk, kept, south, Reason.REQUEST, here),
        lambda: actions.send(clerk, wanted, third, Reason.REQUEST, here),
        lambda: actions.relocate(clerk, kept.barcode, south, until, "展示"),
        lambda: actions.relocate(clerk, wanted.barcode, third, until, "展示"),
    ):
        with pytest.raises(TransferRefused):
            act()
    way = Transfer.objects.get()
    assert (way.item, way.to_branch, way.sent_at) == (wanted, south, None)
    assert not Relocation.objects.exists()
    assert actions.send(clerk, wanted, south, Reason.HOLD, here).pk == way.pk


def test_without_the_right_nothing_is_sent(here, south):
    nobody = Actor("staff", "x")
    item = make.item()
    for act in (
        lambda: actions.send(nobody, item, south, Reason.REQUEST, here),
        lambda: actions.send_all(nobody, here, None, south, MORNING),
        lambda: actions.relocate(nobody, item.barcode, south, MORNING.date(), "展示"),
        lambda: actions.request(nobody, item.barcode, here),
        lambda: actions.put_run(nobody, "x", "x", MORNING.time()),
    ):
        with pytest.raises(NotPermitted):
            act()
    assert not Transfer.objects.exists()


@pytest.mark.req("F-TRF-008")
def test_a_request_to_the_stack_comes_out_of_its_printer_once_and_is_fetched_and_put_back(clerk, here, south):
    item = make.item(branch=south, status="closed_stack", call_number="913.6/ナ", location="書庫2層")
    actions.request(clerk, item.barcode, here, MORNING)
    actions.request(clerk, item.barcode, here, MORNING)  # the same again
    assert StackRequest.objects.count() == 1
    with pytest.raises(TransferRefused, match="すでに請求"):
        actions.request(clerk, item.barcode, south)
    browser = make.client("librarian", branch=south)
    answer = browser.post("/transfers/stack/printer/", headers={"accept": "application/json"}).json()
    (slip,) = answer["slips"]
    assert "913.6/ナ" in slip["html"]
    assert "書庫2層" in slip["html"]
    assert here.name in slip["html"]
    assert browser.post("/transfers/stack/printer/", headers={"accept": "application/json"}).json()["slips"] == []
    # The page asks by itself, well within a minute of the request.
    page = browser.get("/transfers/stack/printer/").content.decode()
    assert 'data-every="15"' in page
    assert actions.scan(clerk, item.barcode, MORNING)[1] == "fetched"
    assert StackRequest.objects.get().fetched_at == MORNING
    assert actions.scan(clerk, item.barcode)[1] == "put_back"
    assert not StackRequest.objects.exists()
    with pytest.raises(TransferRefused, match="請求のない"):
        actions.scan(clerk, item.barcode)


def test_only_what_stands_in_the_stack_is_asked_for(clerk, here):
    with pytest.raises(TransferRefused, match="書庫の資料ではありません"):
        actions.request(clerk, make.item().barcode, here)
    with pytest.raises(TransferRefused, match="登録されていません"):
        actions.request(clerk, "299999999", here)


@pytest.mark.req("F-TRF-009")
def test_an_item_on_display_elsewhere_is_to_go_back_on_its_last_day(clerk, here, south):
    item = make.item(location="一般")
    until = date(2026, 12, 25)
    actions.relocate(clerk, item.barcode, south, until, "クリスマス展示", "展示コーナー", MORNING)
    item = Item.objects.get(pk=item.pk)
    assert (item.branch, item.location) == (south, "展示コーナー")
    assert Transfer.objects.get().to_branch == south
    assert holds.receive(clerk, item.barcode, south, MORNING)[1].kind == holds.SHELF
    assert queries.relocations(until - timedelta(days=1)) == []
    (due,) = queries.relocations(until)
    assert reports.work_at(south.pk, until - timedelta(days=1)).back == 0
    assert reports.work_at(south.pk, until).back == 1
    page_day = datetime(2026, 12, 25, 9, tzinfo=TOKYO)
    actions.end(clerk, [due.pk], page_day)
    answer = holds.receive(clerk, item.barcode, south, page_day)[1]
    assert (answer.kind, answer.to_branch, answer.reason) == (holds.TRANSFER, here, "relocate")
    item = Item.objects.get(pk=item.pk)
    assert (item.branch, item.location) == (here, "一般")
    assert not Relocation.objects.exists()
    assert "一般" in holds.receive(clerk, item.barcode, here, page_day)[1].message


def test_a_relocation_that_is_over_is_noticed_when_the_item_comes_by(clerk, here, south):
    item = make.item(location="一般")
    actions.relocate(clerk, item.barcode, south, date(2026, 12, 25), "展示", "", MORNING)
    after = datetime(2026, 12, 26, 9, tzinfo=TOKYO)
    assert holds.receive(clerk, item.barcode, here, after)[1].kind == holds.SHELF
    assert Item.objects.get(pk=item.pk).branch == here


@pytest.mark.parametrize(
    ("until", "purpose", "text"),
    [(date(2026, 11, 17), "展示", "今日以後"), (date(2026, 12, 1), " ", "目的")],
)
def test_a_relocation_needs_a_day_to_come_and_a_purpose(clerk, south, until, purpose, text):
    with pytest.raises(TransferRefused, match=text):
        actions.relocate(clerk, make.item().barcode, south, until, purpose, "", MORNING)


def test_an_item_is_relocated_once_and_elsewhere(clerk, here, south):
    item = make.item()
    with pytest.raises(TransferRefused, match="同じ館"):
        actions.relocate(clerk, item.barcode, here, date(2026, 12, 1), "展示", "", MORNING)
    actions.relocate(clerk, item.barcode, south, date(2026, 12, 1), "展示", "", MORNING)
    with pytest.raises(TransferRefused, match="一時移管中"):
        actions.relocate(clerk, item.barcode, south, date(2026, 12, 1), "展示", "", MORNING)


@pytest.mark.req("F-TRF-010")
def test_what_floats_stays_where_it_is_returned(clerk, here, south):
    actions.set_floating(clerk, ["picture"])
    picture = make.item(material_type="picture", branch=south)
    book = make.item(branch=south)
    assert holds.receive(clerk, picture.barcode, here)[1].kind == holds.SHELF
    assert Item.objects.get(pk=picture.pk).branch == here
    assert not Transfer.objects.exists()
    assert holds.receive(clerk, book.barcode, here)[1].kind == holds.TRANSFER
    actions.set_floating(clerk, [])
    assert (
        holds.receive(clerk, make.item(material_type="picture", branch=south).barcode, here)[1].kind == holds.TRANSFER
    )


@pytest.mark.req("F-TRF-003")
def test_one_slip_an_item_with_the_destination_two_centimetres_tall(clerk, here, south):
    for _ in range(2):
        actions.plan(make.item(), here, south, Reason.HOME, MORNING)
    page = make.client("librarian").post("/transfers/slips/", {"run": Run.objects.get(code="am").pk}).content.decode()
    assert page.count('<article class="slip transfer">') == 2
    assert page.count('<p class="destination">南部</p>') == 2
    assert page.count("午前便") == 2
    assert page.count("帰館") == 2
    # An ideograph fills about nine tenths of its size: 24 mm of type are more than 2 cm of letter.
    styles = Path(finders.find("transfers/desk.css")).read_text(encoding="utf-8")
    printed = styles.split("@media print", 1)[1]
    assert re.search(r"\.printing-slips \.slips \.destination \{ font-size: 24mm; \}", printed)
    paper = Path(finders.find("terminals/slip.css")).read_text(encoding="utf-8")
    assert re.search(r"\.slip \.destination \{[^}]*font-size: 24mm", paper)


def test_every_page_of_transfers_opens_and_says_what_is_wrong(here, south):
    browser = make.client("librarian")
    for path in ("", "missed/", "stack/", "stack/printer/", "relocations/", "settings/"):
        assert browser.get(f"/transfers/{path}").status_code == 200, path
    assert browser.get("/transfers/?as=csv")["Content-Disposition"].startswith("attachment")
    assert browser.get("/transfers/missed/?as=xlsx").status_code == 200
    wrong = browser.post("/transfers/", {"scan": "299999999", "to_branch": south.pk, "reason": "request"})
    assert wrong.status_code == 422
    assert "登録のない資料番号" in wrong.content.decode()
    item = make.item()
    sent = browser.post("/transfers/", {"scan": item.barcode, "to_branch": south.pk, "reason": "request"})
    assert sent.status_code == 200
    assert 'class="destination">南部' in sent.content.decode()
    assert Transfer.objects.get().sent_at is not None
    assert browser.post("/transfers/stack/", {"act": "request", "scan": item.barcode}).status_code == 422
    day = f"{timezone.localdate() + timedelta(days=9):%Y/%m/%d}"
    form = {"scan": make.item().barcode, "to_branch": south.pk, "until": day, "purpose": "展示", "to_location": ""}
    assert "記録しました" in browser.post("/transfers/relocations/", form).content.decode()
    assert browser.post("/transfers/relocations/", {**form, "until": "あした"}).status_code == 422
    assert browser.post("/transfers/settings/", {"overdue_days": "5", "floating": ["cd"]}).status_code == 302
    assert queries.setting().overdue_days == 5
    run = {"act": "run", "code": "eve", "name": "夕方便", "leaves_at": "17:00", "is_active": "on"}
    assert browser.post("/transfers/settings/", run).status_code == 302
    assert Run.objects.get(code="eve").name == "夕方便"


def test_the_counter_may_not_change_settings_or_relocate(here):
    browser = make.client("counter")
    assert browser.get("/transfers/settings/").status_code == 403
    assert browser.get("/transfers/relocations/").status_code == 403
    assert browser.get("/transfers/").status_code == 200
