"""The counter's other pages: one item, many items, temporary records, the day, the policy."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from app.access.actions import NotPermitted
from app.audit.models import AuditEvent
from app.catalog.models import BibliographicRecord, ChangeSet, Item
from app.circulation import actions, day, enquiry
from app.circulation.models import CounterPolicy, LoanStatistic
from app.tests import make

from .conftest import LATER


@pytest.mark.req("F-CIR-038")
def test_an_item_on_loan_shows_due_date_and_holds_and_its_borrower_only_to_whoever_may(desk, chief):
    who, thing = make.patron(name="秘密 太郎"), make.item("こころ", location="一般", call_number="913.6/ナ")
    due = desk.lend(who, thing).due_on
    desk.hold(make.patron(), thing.record)
    found = enquiry.of(desk.actor, thing.barcode)
    assert (found.state, found.due_on, found.holds, found.borrower) == ("貸出中", due, 1, None)
    assert found.last == f"{timezone.localdate():%Y/%m/%d} 貸出"
    assert not found.may_see_borrower
    with pytest.raises(NotPermitted):
        enquiry.of(desk.actor, thing.barcode, with_borrower=True)
    assert not AuditEvent.objects.filter(operation="circulation.see_borrower").exists()
    assert enquiry.of(chief.actor, thing.barcode, with_borrower=True).borrower.pk == who.pk
    event = AuditEvent.objects.get(operation="circulation.see_borrower")
    assert (event.outcome, event.subject_id) == ("viewed", str(who.pk))
    assert thing.barcode not in f"{event.purpose}{event.detail}"


@pytest.mark.req("F-CIR-038")
def test_the_page_hides_the_borrower_until_it_is_opened(desk):
    who, thing = make.patron(name="秘密 太郎"), make.item("こころ")
    desk.lend(who, thing)
    url = reverse("circulation:item")
    for role in ("counter", "librarian"):
        page = make.client(role).get(url, {"barcode": thing.barcode}).content.decode()
        assert "こころ" in page
        assert "貸出中" in page
        assert "秘密" not in page
    opened = {"barcode": thing.barcode, "act": "borrower"}
    assert "秘密 太郎" in make.client("librarian").post(url, opened).content.decode()
    assert make.client("counter").post(url, opened).status_code == 403
    assert make.client("counter").get(url, {"barcode": "2999999999"}).status_code == 404


def test_an_item_shows_when_it_was_last_handled_and_where_it_is(desk):
    south = make.branch("nanbu", name="南部図書館", short="南部")
    thing, who = make.item(branch=south), make.patron()
    assert enquiry.of(desk.actor, thing.barcode).last == ""
    desk.lend(who, thing)
    desk.give_back(thing, now=timezone.now() + LATER)
    found = enquiry.of(desk.actor, thing.barcode)
    assert (found.state, found.on_way_to, found.times_lent) == ("回送中", "南部図書館", 1)
    assert found.last.endswith("返却")
    actions.settle_returns(timezone.localdate() + timedelta(days=1))
    found = enquiry.of(desk.actor, thing.barcode)
    assert found.last == f"{timezone.localdate():%Y年%m月} 貸出"
    assert found.times_lent == 1


@pytest.mark.req("F-CIR-022")
def test_a_damage_note_is_written_on_the_items_page(desk):
    thing = make.item()
    browser = make.client("counter")
    reply = browser.post(reverse("circulation:condition"), {"barcode": thing.barcode, "text": "背割れ"}, follow=True)
    assert "背割れ" in reply.content.decode()
    assert any("背割れ" in note for note in desk.lend(make.patron(), thing).notes)


@pytest.mark.req("F-CIR-021")
@pytest.mark.req("F-CIR-007")
def test_what_belongs_to_an_item_and_what_stays_in_the_house_are_set_on_its_page(desk):
    thing, url = make.item(), reverse("circulation:handling")
    browser = make.client("librarian")
    half = browser.post(url, {"barcode": thing.barcode, "attachments": "地図 1枚"})
    assert half.status_code == 422
    assert "点数の両方" in half.content.decode()
    assert "地図 1枚" in half.content.decode()
    given = {"barcode": thing.barcode, "attachments": "地図 1枚", "attachment_count": "1", "restriction": "latest"}
    assert browser.post(url, given, follow=True).status_code == 200
    assert desk.lend(make.patron(), thing).code == "latest"
    assert browser.post(url, {**given, "restriction": ""}, follow=True).status_code == 200
    assert desk.lend(make.patron(), thing).asks[0].code == "attachments"
    assert make.client("counter").post(url, given).status_code == 403


@pytest.mark.req("F-CIR-023")
def test_a_set_is_made_by_scanning_its_pieces_and_dissolved(desk):
    things, url = [make.item() for _ in range(3)], reverse("circulation:sets")
    browser = make.client("librarian")
    numbers = "\n".join(thing.barcode for thing in things)
    assert browser.post(url, {"act": "put", "name": "四季", "barcodes": things[0].barcode}).status_code == 422
    assert (
        "四季" in browser.post(url, {"act": "put", "name": "四季", "barcodes": numbers}, follow=True).content.decode()
    )
    assert desk.lend(make.patron(), things[1]).message.startswith("組「四季」3点")
    made = Item.objects.get(pk=things[0].pk).item_set_id
    out = browser.post(url, {"act": "dissolve", "set": str(made)})
    assert (out.status_code, "貸出中" in out.content.decode()) == (422, True)
    for thing in things:
        desk.give_back(thing, now=timezone.now() + LATER)
    assert browser.post(url, {"act": "dissolve", "set": str(made)}).status_code == 302
    assert not Item.objects.exclude(item_set=None).exists()


@pytest.mark.req("F-CIR-039")
def test_a_hundred_items_go_to_the_display_corner_with_one_confirmation(desk):
    things = [make.item() for _ in range(100)]
    desk.lend(make.patron(), things[0])
    from app.branches.models import CodeEntry

    CodeEntry.objects.create(table="location", code="展示コーナー", label="展示コーナー", order=99)
    scanned = "\r\n".join([*(f"A{thing.barcode}A" for thing in things), things[0].barcode, "2999999999"])
    data = {"barcodes": scanned, "location": "展示コーナー", "shelf_mark": "T", "status": "inspection"}
    browser, url = make.client("counter"), reverse("circulation:move")
    shown = browser.post(url, data)
    text = shown.content.decode()
    assert "変更する資料 100点" in text
    assert "2999999999" in text
    assert len(shown.context["planned"].changes) == 100
    assert "<ins>展示コーナー</ins>" in text
    assert not Item.objects.filter(location="展示コーナー").exists()  # looked at, and nothing stays
    assert not ChangeSet.objects.exists()
    sure = data | {"seen": shown.context["planned"].seen}
    assert "100点を変更しました" in browser.post(url, sure).content.decode()
    assert Item.objects.filter(location="展示コーナー", shelf_mark="T").count() == 100
    assert Item.objects.filter(status="inspection").count() == 99  # what is out keeps its state
    events = AuditEvent.objects.filter(operation="catalog.relocate")
    assert events.count() == 100
    assert events.get(subject_id=things[5].barcode).detail["changed"]["location"] == ["", "展示コーナー"]
    assert "変更する資料 0点、すでに同じ値の資料 100点" in browser.post(url, data).content.decode()
    assert events.count() == 100


def test_a_move_that_became_another_is_shown_again_and_one_that_was_changed_since_is_not_undone(desk):
    things = [make.item() for _ in range(3)]
    data = {"barcodes": "\n".join(thing.barcode for thing in things), "shelf_mark": "T"}
    browser, url = make.client("librarian"), reverse("circulation:move")
    seen = browser.post(url, data).context["planned"].seen
    Item.objects.filter(pk=things[0].pk).update(shelf_mark="R")
    late = browser.post(url, data | {"seen": seen})
    assert (late.status_code, "確認の後に変わった" in late.content.decode()) == (409, True)
    assert not Item.objects.filter(shelf_mark="T").exists()
    assert 'rows="8"' in browser.post(url, data | {"seen": seen, "back": "1"}).content.decode()
    done = browser.post(url, data | {"seen": late.context["planned"].seen}).context["moved"]
    Item.objects.filter(pk=things[1].pk).update(shelf_mark="S")
    undo = reverse("catalog:undo", args=[done.change_set])
    refused = browser.post(undo)
    assert (refused.status_code, things[1].barcode in refused.content.decode()) == (409, True)
    assert Item.objects.filter(shelf_mark="T").count() == 2
    Item.objects.filter(pk=things[1].pk).update(shelf_mark="T")
    assert browser.post(undo).status_code == 302
    marks = (
        Item.objects.filter(pk__in=[thing.pk for thing in things]).order_by("pk").values_list("shelf_mark", flat=True)
    )
    assert list(marks) == ["R", "", ""]


@pytest.mark.parametrize("data", [{"barcodes": ""}, {"barcodes": "abc"}, {"barcodes": "2000000001"}])
def test_moving_nothing_or_nonsense_is_said_and_what_was_typed_stays(db, data):
    page = make.client("counter").post(reverse("circulation:move"), data)
    assert page.status_code == 422
    assert data["barcodes"] in page.content.decode()


@pytest.mark.req("F-CIR-020")
def test_a_temporary_item_is_joined_to_its_record_on_its_page(desk):
    from app.patrons.rules import with_check_digit

    number = with_check_digit("299000007")
    desk.lend(make.patron(), number, "temporary", reason="村の記録")
    record = BibliographicRecord.objects.create(title="村史")
    browser = make.client("librarian")
    url = reverse("circulation:temporary")
    assert "村の記録" in browser.get(url).content.decode()
    wrong = browser.post(url, {"barcode": number, "record": "x9"})
    assert wrong.status_code == 422
    assert "x9" in wrong.content.decode()
    done = browser.post(url, {"barcode": number, "record": str(record.pk)}, follow=True).content.decode()
    assert "「村史」に結び付けました" in done
    assert Item.objects.get(barcode=number).record_id == record.pk


@pytest.mark.req("F-CIR-043")
def test_five_loans_raise_the_days_figure_by_five_at_their_terminal_and_library(desk):
    who, today = make.patron(), timezone.localdate()
    desk.lend(who, make.item())
    before = day.report(today)[1].acts["lend"]
    things = [make.item() for _ in range(5)]
    for thing in things:
        desk.lend(who, thing)
    sections, whole = day.report(today)
    assert whole.acts["lend"] == before + 5
    assert sections[0].total.acts["lend"] == sections[0].terminals[0].acts["lend"] == before + 5
    actions.undo_loan(desk.actor, things[0].barcode, desk.branch)
    assert day.report(today, desk.branch.pk)[1].acts["lend"] == before + 4


@pytest.mark.req("F-CIR-043")
@pytest.mark.req("F-CIR-018")
@pytest.mark.req("F-CIR-019")
def test_the_days_page_names_terminals_and_counts_loans_without_card_and_uses_apart(desk):
    from app.terminals.models import Terminal

    Terminal.objects.create(name="1番窓口", branch=desk.branch, address=desk.actor.terminal)
    who = make.patron()
    desk.lend(who, make.item(), without_card=True)
    desk.lend(who, make.item())
    actions.in_library_use(desk.actor, make.item().barcode, desk.branch)
    page = make.client("counter").get(reverse("circulation:day"))
    section = page.context["sections"][0]
    assert [row.name for row in section.terminals] == ["1番窓口"]
    assert section.total.figures == [2, 0, 0, 1, 0, 1]
    assert who.name not in page.content.decode()
    assert make.client("counter").get(reverse("circulation:day"), {"as": "csv"}).status_code == 200
    other = make.client("counter").get(reverse("circulation:day"), {"on": "2020-01-01"})
    assert "処理はありません" in other.content.decode()


def test_only_administrators_set_the_policy(db):
    url = reverse("circulation:policy")
    assert make.client("librarian").get(url).status_code == 403
    browser = make.client("admin")
    assert browser.post(url, {"last_borrower_days": "15"}).status_code == 422
    assert browser.post(url, {"last_borrower_days": "7", "same_title_note": "on"}).status_code == 302
    policy = CounterPolicy.objects.get()
    assert (policy.same_title_note, policy.last_borrower_days) == (True, 7)
    event = AuditEvent.objects.get(operation="circulation.policy", outcome="done")
    assert event.detail == {"changed": {"last_borrower_days": [0, 7]}}


def test_the_item_page_takes_few_statements(desk, django_assert_max_num_queries):
    thing = make.item()
    desk.lend(make.patron(), thing)
    with django_assert_max_num_queries(9):
        enquiry.of(desk.actor, thing.barcode)
    assert LoanStatistic.objects.count() == 1
