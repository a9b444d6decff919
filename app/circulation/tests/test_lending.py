"""Rows of the requirements about lending, against the real database."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from app.access.actions import NotPermitted
from app.audit.models import AuditEvent
from app.branches import revisions
from app.branches.models import ClosedDay
from app.catalog import actions as catalog
from app.catalog import queries as records
from app.catalog.models import BibliographicRecord, Item, MergedRecord
from app.circulation import actions
from app.circulation.models import Loan, LoanStatistic
from app.holds.models import Hold, Status
from app.patrons.rules import with_check_digit
from app.tests import make

from .conftest import LATER, fresh, overdue


@pytest.mark.req("F-CIR-004")
def test_the_eleventh_of_ten_is_warned_of_and_only_somebody_with_the_right_goes_on_for_a_reason(desk, chief):
    who = make.patron()
    for _ in range(10):
        assert desk.lend(who, make.item()).code == "lend"
    eleventh = make.item()
    refused = desk.lend(who, eleventh)
    assert (refused.code, refused.tone, refused.asks) == ("limit", "bad", ())
    assert desk.lend(who, eleventh, "limit", reason="館長の許可").code == "limit"
    asked = chief.lend(who, eleventh)
    assert [(ask.code, ask.field) for ask in asked.asks] == [("limit", "理由")]
    assert chief.lend(who, eleventh, "limit").code == "limit"  # no reason, no loan
    assert Loan.objects.count() == 10
    done = chief.lend(who, eleventh, "limit", reason="館長の許可")
    assert (done.code, done.tone) == ("lend", "warn")
    event = AuditEvent.objects.get(operation="circulation.override")
    assert (event.actor, event.subject_id, event.purpose) == (chief.actor.number, str(who.pk), "館長の許可")
    assert event.detail == {"rules": ["limit"]}
    assert eleventh.barcode not in str(event.detail) + event.purpose


@pytest.mark.req("F-CIR-004")
def test_limits_hold_by_library_category_and_material_together(desk):
    south = make.branch("nanbu", name="南部図書館")
    who = make.patron()
    make.rule(branch=desk.branch, category=who.category, material_type="cd", loan_limit=1)
    assert desk.lend(who, make.item(material_type="cd")).code == "lend"
    refused = desk.lend(who, make.item(material_type="cd"))
    assert refused.code == "material_limit"
    assert "CD" in refused.why
    assert actions.lend(desk.actor, who.pk, make.item(material_type="cd").barcode, south).code == "lend"
    assert desk.lend(who, make.item()).code == "lend"


@pytest.mark.req("F-CIR-006")
def test_over_the_new_year_everything_is_due_on_the_appointed_day(desk):
    today = timezone.localdate()
    due = today + timedelta(days=48)
    make.rule(effective_until=today + timedelta(days=30), fixed_due=due)
    who = make.patron()
    assert {desk.lend(who, make.item(material_type=kind)).due_on for kind in ("book", "cd", "dvd")} == {due}


def test_a_due_date_by_hand_needs_the_right_to_change_due_dates_and_an_open_day(desk):
    day = timezone.localdate() + timedelta(days=3)
    assert desk.lend(make.patron(), make.item(), due_on=day).due_on == day
    assert desk.lend(make.patron(), make.item(), due_on=day - timedelta(days=9)).code == "bad_due"
    only = make.actor()
    limited = type(only)(**{**only.__dict__, "operations": frozenset({"circulation.lend"})})
    with pytest.raises(NotPermitted):
        actions.lend(limited, make.patron().pk, make.item().barcode, desk.branch, due_on=day)


def test_a_date_given_at_another_desk_is_an_open_day_of_the_place_that_lent(desk, chief):
    """Its closures move the date later on, not those of the desk at which the patron happens to stand."""
    south = make.branch("nanbu", name="南部図書館", short="南部", number=902)
    who, thing = make.patron(), make.item()
    day = desk.lend(who, thing).due_on + timedelta(days=3)
    ClosedDay.objects.create(branch=desk.branch, date=day, reason="点検")
    revisions.forget()
    renewed = actions.renew(desk.actor, who.pk, thing.barcode, south, timezone.now() + timedelta(days=3))
    assert (renewed.code, renewed.due_on) == ("renew", day + timedelta(days=1))
    refused = actions.change_due(chief.actor, thing.barcode, day, "入院のため", south)
    assert refused.code == "bad_due"
    assert Loan.objects.get().due_on == day + timedelta(days=1)


@pytest.mark.req("F-CIR-007")
@pytest.mark.parametrize(
    ("fields", "code", "word"),
    [
        ({"reference_only": True}, "reference_only", "禁帯出"),
        ({"restriction": "in_library"}, "in_library", "館内のみ"),
        ({"restriction": "latest", "material_type": "magazine"}, "latest", "最新号"),
        ({"status": "inspection"}, "not_lendable", "点検中"),
        ({"status": "repair"}, "not_lendable", "修理中"),
    ],
)
def test_what_stays_in_the_house_is_refused_with_its_reason(desk, fields, code, word):
    refused = desk.lend(make.patron(), make.item(**fields))
    assert (refused.code, refused.tone) == (code, "bad")
    assert word in refused.message
    assert not Loan.objects.exists()


@pytest.mark.req("F-CIR-008")
def test_what_is_kept_for_another_patron_stays_and_their_name_is_told_to_whoever_may_see_it(desk, chief):
    first, other, book = make.patron(name="予約 花子"), make.patron(), make.item()
    desk.lend(other, book)
    desk.hold(first, book.record)
    assert desk.give_back(book, now=timezone.now() + LATER).next_step.kind == "hold_shelf"
    refused = desk.lend(other, book)
    assert (refused.code, refused.tone, refused.asks) == ("kept", "bad", ())
    assert "予約 花子" not in refused.message + refused.why
    seen = chief.lend(other, book, "kept", reason="どうしても")
    assert seen.code == "kept"  # nobody overrides this
    assert "予約 花子" in seen.why
    view = AuditEvent.objects.get(operation="circulation.see_holder")
    assert (view.outcome, view.subject_id, view.actor) == ("viewed", str(first.pk), chief.actor.number)
    assert desk.lend(first, book).code == "lend"


def test_a_copy_that_others_wait_for_goes_to_whoever_is_first(desk, chief):
    wish, book = make.patron(), make.item()
    desk.hold(wish, book.record)
    refused = desk.lend(make.patron(), book)
    assert refused.code == "wanted"
    assert desk.lend(wish, book).code == "lend"


@pytest.mark.req("F-CIR-009")
def test_lending_to_the_patron_who_waits_completes_the_hold(desk):
    who, book = make.patron(), make.item()
    hold = desk.hold(who, book.record)
    desk.give_back(book)  # taken from the shelf
    assert fresh(hold).status == Status.READY
    assert Hold.objects.filter(status=Status.READY).count() == 1
    desk.lend(who, book)
    assert not Hold.objects.filter(patron=who, status__in=["waiting", "pull", "transit", "ready"]).exists()
    assert Hold.objects.filter(status=Status.READY).count() == 0


@pytest.mark.req("F-CIR-011")
def test_an_expired_card_says_what_to_do_next(desk):
    who = make.patron(valid_until=timezone.localdate() - timedelta(days=1))
    refused = desk.lend(who, make.item())
    assert (refused.code, refused.next_step.kind) == ("expired", "renew_card")


def scanned(browser, text, **more):
    """One scan at the lending screen."""
    reply = browser.post(reverse("circulation:lend"), {"scan": text, **more}, headers={"accept": "application/json"})
    return reply.json()


@pytest.mark.req("F-CIR-011")
def test_from_an_expired_card_to_the_loan_are_two_answers(desk):
    who, thing = make.patron(valid_until=timezone.localdate() - timedelta(days=1)), make.item()
    browser = make.client("counter")
    first = scanned(browser, who.card_number)
    assert (first["tone"], "更新して続ける" in first["ask"]) == ("bad", True)
    assert scanned(browser, thing.barcode, token=first["token"])["code"] == "expired"
    renewed = scanned(browser, who.card_number, answer="renew_card")  # 1
    assert renewed["code"] == "patron"
    assert scanned(browser, thing.barcode, token=renewed["token"])["code"] == "lend"  # 2
    assert fresh(who).valid_until > timezone.localdate()


def test_an_expired_card_may_be_renewed_with_the_item_in_hand(desk):
    who, thing = make.patron(valid_until=timezone.localdate() - timedelta(days=1)), make.item()
    asked = desk.lend(who, thing)
    assert [ask.code for ask in asked.asks] == ["renew_card"]
    assert desk.lend(who, thing, "renew_card").code == "lend"
    assert AuditEvent.objects.filter(operation="patrons.change", subject_id=str(who.pk)).count() == 1


@pytest.mark.req("F-CIR-003")
@pytest.mark.req("F-CIR-010")
def test_a_card_shows_lateness_and_ready_holds_with_their_shelves_and_what_may_still_go_out(desk):
    who = make.patron(name="一覧 花子")
    overdue(desk, who, 3)
    for title in ("こころ", "門"):
        book = make.item(title)
        desk.hold(who, book.record)
        desk.give_back(book)
    shelves = [hold.shelf_number for hold in Hold.objects.filter(patron=who, status=Status.READY)]
    answer = scanned(make.client("counter"), who.card_number)
    panel = " ".join(answer["panel"]["html"].split())
    for text in ("<b>1</b>貸出中", "延滞", "<b>2</b>用意済み", "<b>9</b>貸出可能", f"{who.valid_until:%Y/%m/%d}"):
        assert text in panel
    assert len(shelves) == 2
    for number in shelves:
        assert f'<b class="shelf">{number}</b>' in panel
        assert f"{number}番" in answer["says"]
    assert answer["tone"] == "warn"  # with a sound of its own


@pytest.mark.req("F-CIR-013")
def test_a_stopped_patron_gets_nothing_unless_somebody_with_the_right_says_why(desk, chief):
    who = make.patron(stopped_until=timezone.localdate() + timedelta(days=5))
    thing = make.item()
    assert desk.lend(who, thing, "stopped", reason="お願い").code == "stopped"
    asked = chief.lend(who, thing)
    assert asked.asks[0].code == "stopped"
    assert chief.lend(who, thing, "stopped", reason="学習支援のため").code == "lend"
    event = AuditEvent.objects.get(operation="circulation.override")
    assert (event.actor, event.purpose, event.detail) == (
        chief.actor.number,
        "学習支援のため",
        {"rules": ["stopped"]},
    )


@pytest.mark.req("F-CIR-012")
@pytest.mark.parametrize(("days", "code"), [(14, "lend"), (15, "overdue")])
def test_fourteen_days_late_is_a_note_and_fifteen_stop(desk, days, code):
    who = make.patron()
    overdue(desk, who, days)
    outcome = desk.lend(who, make.item())
    assert outcome.code == code
    if code == "lend":
        assert outcome.notes == ("14日延滞の資料があります。",)


@pytest.mark.req("F-CIR-018")
def test_without_a_card_three_things_must_agree_and_the_loan_says_so(desk):
    from datetime import date

    who = make.patron(kana="コバヤシ ハナコ", birth_date=date(1990, 5, 6), phone="0262123456")
    make.patron(kana="コバヤシ ハナコ", birth_date=date(1990, 5, 6), phone="0262999999")
    found = actions.identify(desk.actor, "こばやし　はなこ", date(1990, 5, 6), "026-212-3456")
    assert found.pk == who.pk
    for kana, born, phone in (
        ("コバヤシ", date(1990, 5, 6), "0262123456"),
        ("コバヤシハナコ", None, "0262123456"),
        ("コバヤシハナコ", date(1990, 5, 6), ""),
        ("コバヤシハナコ", date(1990, 5, 7), "0262123456"),
    ):
        with pytest.raises(actions.NotIdentified):
            actions.identify(desk.actor, kana, born, phone)
    desk.lend(found, make.item(), without_card=True)
    desk.lend(found, make.item())
    assert LoanStatistic.objects.filter(act="lend", without_card=True).count() == 1
    seen = AuditEvent.objects.filter(operation="circulation.without_card").order_by("id")
    assert [(event.outcome, event.subject_id) for event in seen] == [
        ("viewed", str(who.pk)),
        ("refused", ""),
        ("refused", ""),
    ]


@pytest.mark.req("F-CIR-020")
def test_an_item_without_record_is_lent_by_its_title_and_keeps_its_loan_when_it_gets_its_record(desk, chief):
    who = make.patron()
    number = with_check_digit("299000001")
    asked = desk.lend(who, number)
    assert (asked.code, asked.asks[0].code, asked.asks[0].field) == ("unknown_item", "temporary", "題名")
    assert desk.lend(who, number, "temporary").code == "unknown_item"  # a title is needed
    assert not Item.objects.filter(barcode=number).exists()
    lent = desk.lend(who, number, "temporary", reason="郷土の昔話")
    assert (lent.code, lent.item.record.title) == ("lend", "郷土の昔話")
    assert [item.barcode for item in records.temporary_items()] == [number]
    loan = Loan.objects.get()
    real = BibliographicRecord.objects.create(title="信州の昔話", material_type="local")
    old = loan.item.record_id
    item = catalog.join_temporary(chief.actor, number, real.pk)
    assert Loan.objects.get() == loan
    assert (item.record_id, Loan.objects.get().item.record.title) == (real.pk, "信州の昔話")
    assert MergedRecord.objects.get(record=old).into == real
    assert records.temporary_items() == []
    assert catalog.join_temporary(chief.actor, number, real.pk).record_id == real.pk
    with pytest.raises(catalog.CatalogError):
        catalog.join_temporary(chief.actor, number, BibliographicRecord.objects.create(title="別").pk)
    assert desk.give_back(item, now=timezone.now() + LATER).code == "give_back"


@pytest.mark.req("F-CIR-021")
def test_what_belongs_to_an_item_is_asked_for_both_ways(desk):
    thing, who = make.item(attachments="CD 1枚", attachment_count=1), make.patron()
    asked = desk.lend(who, thing)
    assert (asked.code, asked.asks[0].code) == ("ask", "attachments")
    assert "付属物 1点（CD 1枚）" in asked.message
    assert not Loan.objects.exists()
    assert desk.lend(who, thing, "attachments").code == "lend"
    back = desk.give_back(thing, now=timezone.now() + LATER)
    assert (back.code, [choice.code for choice in back.asks[0].choices]) == (
        "ask",
        ["attachments", "attachments_missing"],
    )
    assert Loan.objects.exists()
    assert desk.give_back(thing, "attachments_missing", now=timezone.now() + LATER).code == "give_back"
    assert "足りない" in fresh(thing).condition


@pytest.mark.req("F-CIR-022")
def test_a_damage_note_shows_at_the_next_loan_and_return(desk):
    thing, who = make.item(), make.patron()
    desk.lend(who, thing)
    desk.give_back(thing, now=timezone.now() + LATER)
    catalog.note_condition(desk.actor, thing, "表紙に水濡れ", timezone.localdate())
    lent = desk.lend(who, thing)
    assert any("表紙に水濡れ" in note for note in lent.notes)
    assert any("表紙に水濡れ" in note for note in desk.give_back(thing, now=timezone.now() + LATER).notes)
    catalog.note_condition(desk.actor, fresh(thing), "", timezone.localdate())
    assert desk.lend(who, thing).notes == ()


@pytest.fixture
def five(chief):
    things = [make.item(f"紙芝居 {n}") for n in range(5)]
    catalog.put_set(chief.actor, "むかしばなし全5巻", [thing.barcode for thing in things])
    return things


@pytest.mark.req("F-CIR-023")
def test_a_set_goes_out_as_one_and_says_what_is_lacking_when_it_comes_back(desk, five):
    who = make.patron()
    make.rule(total_limit=2)
    lent = desk.lend(who, five[2])
    assert lent.code == "lend"
    assert "5点" in lent.message
    assert Loan.objects.count() == 5
    assert LoanStatistic.objects.filter(act="lend").count() == 1
    assert desk.lend(who, make.item()).code == "lend"  # the set counts as one of two
    later = timezone.now() + LATER
    said = [desk.give_back(thing, now=later).message for thing in five[:4]]
    assert "1点不足" in said[3]
    assert LoanStatistic.objects.filter(act="return").count() == 0
    assert "不足" not in desk.give_back(five[4], now=later).message
    assert LoanStatistic.objects.filter(act="return").count() == 1


def test_a_set_of_which_a_piece_is_elsewhere_does_not_go_out(desk, five):
    desk.lend(make.patron(), five[0])
    assert desk.lend(make.patron(), five[3]).code == "on_loan"


@pytest.mark.req("F-CIR-042")
def test_a_second_copy_of_a_title_is_noted_unless_the_library_turned_that_off(desk):
    who, admin = make.patron(), make.actor("admin")
    record = BibliographicRecord.objects.create(title="坊っちゃん")
    copies = [make.item(record=record) for _ in range(3)]
    assert desk.lend(who, copies[0]).notes == ()
    assert desk.lend(who, copies[1]).notes == ("同じ書誌の資料をすでに借りています。",)
    actions.set_policy(admin, same_title_note=False, last_borrower_days=0)
    assert desk.lend(who, copies[2]).notes == ()
