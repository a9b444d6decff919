"""From receiving a hold to handing it over, cancelling it, or letting it expire."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from app.access.actions import NotPermitted
from app.access.actor import Actor
from app.audit.models import AuditEvent
from app.branches.models import ClosedDay
from app.holds import actions, queries, reports
from app.holds.actions import HoldRefused, Wanted, nightly
from app.holds.models import Hold, HoldSetting, HoldStatistic, Route, Status, ToClear
from app.regulations import queries as regulations
from app.regulations.models import Regulation
from app.tests import make
from app.transfers.models import Transfer

from .conftest import fresh, lend, record

NOON = datetime(2026, 11, 18, 12, tzinfo=ZoneInfo("Asia/Tokyo"))  # a Wednesday


def rule(**values):
    """Change the row for everybody and everything."""
    keys = {"category", "material_type", "branch", "location"} & set(values)
    given = {name: values.pop(name) for name in keys}
    if given:
        Regulation.objects.create(effective_from=date(2020, 1, 1), **given, **values)
    else:
        Regulation.objects.filter(branch=None, category=None, material_type="", location="").update(**values)
    regulations.revisions.forget() if hasattr(regulations, "revisions") else None


@pytest.fixture(autouse=True)
def _look_again():
    from app.branches import revisions

    revisions.forget()
    yield
    revisions.forget()


@pytest.mark.req("F-RSV-003")
def test_the_routes_of_receipt_are_figures(desk, here, south):
    routes = [Route.COUNTER, Route.PHONE, Route.PHONE, Route.KIOSK, Route.WEB, Route.MOBILE]
    for route in routes:
        desk.hold(record(), route=route)
    desk.hold(record(), route=Route.WEB, pickup=south)
    today = timezone.localdate()
    found = {branch: (counts, total) for branch, counts, total in reports.by_route(today, today)}
    assert found[here.name] == ({"counter": 1, "phone": 2, "kiosk": 1, "web": 1, "mobile": 1}, 6)
    assert found[south.name] == ({"web": 1}, 1)


@pytest.mark.req("F-RSV-004")
def test_the_eleventh_is_refused_on_the_web_and_only_somebody_with_the_right_goes_on(here):
    rule(total_hold_limit=10)
    who = make.patron()
    herself = Actor("patron", str(who.pk))
    for _ in range(10):
        actions.place(herself, who.pk, Wanted(record().pk, here, "mail", Route.WEB))
    eleventh = Wanted(record().pk, here, "mail", Route.WEB)
    with pytest.raises(HoldRefused, match="10件まで"):
        actions.place(herself, who.pk, eleventh)
    counter, librarian = make.actor("counter"), make.actor("librarian")
    at_counter = Wanted(record().pk, here, "mail", Route.COUNTER, reason="学校の調べ学習のため")
    with pytest.raises(HoldRefused):
        actions.place(counter, who.pk, at_counter)
    with pytest.raises(HoldRefused) as without_reason:
        actions.place(librarian, who.pk, Wanted(record().pk, here, "mail", Route.COUNTER))
    assert without_reason.value.may_override
    assert actions.place(librarian, who.pk, at_counter).pk
    event = AuditEvent.objects.filter(operation="holds.place").latest("id")
    assert event.detail["override"] == "limit"
    assert event.purpose == "学校の調べ学習のため"


@pytest.mark.req("F-RSV-004")
def test_limits_differ_by_category_and_material(here, desk):
    who = make.patron()
    rule(category=who.category, material_type="cd", hold_limit=2)
    for _ in range(2):
        desk.hold(record(material_type="cd"), who)
    with pytest.raises(HoldRefused, match="この種別の予約は2件まで"):
        desk.hold(record(material_type="cd"), who)
    assert desk.hold(record(), who).pk


@pytest.mark.req("F-RSV-005")
def test_the_usual_place_and_way_are_there_and_may_differ_for_one(clerk, here, south):
    who = make.patron(branch=south, contact_by="mail")
    assert actions.defaults_of(who) == (south, "mail")
    usual = actions.place(clerk, who.pk, Wanted(record().pk))
    other = actions.place(clerk, who.pk, Wanted(record().pk, pickup=here, contact="phone"))
    assert (usual.pickup, usual.contact) == (south, "mail")
    assert (other.pickup, other.contact) == (here, "phone")
    assert actions.defaults_of(who) == (south, "mail")


@pytest.mark.req("F-RSV-006")
def test_the_queue_is_by_time_and_is_changed_only_with_a_reason_that_stays(desk):
    book = record()
    now = timezone.now()
    wishes = [desk.hold(book, now=now + timedelta(minutes=n)) for n in range(4)]
    assert [h.pk for h in queries.queue_of(book.pk)] == [w.pk for w in wishes]
    with pytest.raises(HoldRefused, match="理由"):
        actions.reorder(desk.actor, wishes[3].pk, 1, " ")
    assert actions.reorder(desk.actor, wishes[3].pk, 2, "返却日の約束があるため") == 2
    assert [h.pk for h in queries.queue_of(book.pk)] == [wishes[n].pk for n in (0, 3, 1, 2)]
    entry = fresh(wishes[3]).entries.get()
    assert (entry.by, entry.kind) == (desk.actor.number, "move")
    assert "4位→2位" in entry.text
    assert "返却日の約束があるため" in entry.text
    event = AuditEvent.objects.get(operation="holds.reorder")
    assert (event.actor, event.purpose, event.at is not None) == (
        desk.actor.number,
        "返却日の約束があるため",
        True,
    )
    with pytest.raises(NotPermitted):
        actions.reorder(make.actor("counter"), wishes[0].pk, 2, "急ぐ")


def test_holds_received_in_the_same_moment_are_reordered_too(desk):
    book, now = record(), timezone.now()
    wishes = [desk.hold(book, now=now) for _ in range(3)]
    actions.reorder(desk.actor, wishes[2].pk, 1, "理由")
    assert [h.pk for h in queries.queue_of(book.pk)] == [wishes[n].pk for n in (2, 0, 1)]


@pytest.mark.req("F-RSV-013")
def test_seven_open_days_with_two_closed_between_are_the_ninth_day(desk, here):
    for day in (20, 23):
        ClosedDay.objects.create(branch=here, date=date(2026, 11, day), reason="休館")
    copy = make.item()
    wish = desk.hold(copy.record, contact="phone", now=NOON)
    desk.scan(copy, now=NOON)
    assert fresh(wish).keep_until is None  # nobody was told yet
    actions.note_contact(desk.actor, wish.pk, "phone", "told", now=NOON)
    assert fresh(wish).contacted_on == date(2026, 11, 18)
    assert fresh(wish).keep_until == date(2026, 11, 27)


@pytest.mark.req("F-RSV-013")
def test_the_days_on_the_shelf_differ_by_place_and_start_when_the_patron_knows(desk, here, south):
    rule(branch=south, hold_shelf_days=3)
    copy = make.item(branch=south)
    wish = desk.hold(copy.record, pickup=south, contact="phone", now=NOON)
    desk.scan(copy, south, now=NOON)
    later = NOON + timedelta(days=2)
    actions.note_contact(desk.actor, wish.pk, "phone", "absent", now=NOON)
    assert fresh(wish).keep_until is None
    actions.note_contact(desk.actor, wish.pk, "phone", "message", now=later)
    assert fresh(wish).keep_until == date(2026, 11, 23)
    nobody = make.item(branch=south)
    silent = desk.hold(nobody.record, pickup=south, contact="none", now=NOON)
    desk.scan(nobody, south, now=NOON)
    assert fresh(silent).keep_until == date(2026, 11, 21)


@pytest.mark.req("F-RSV-014")
def test_the_day_after_it_is_on_the_list_and_ending_it_prints_the_next_ones_slip(desk, here):
    book = record()
    copy = make.item(record=book)
    first = desk.hold(book, contact="none", now=NOON)
    desk.scan(copy, now=NOON)
    last = fresh(first).keep_until
    second = desk.hold(book, now=NOON + timedelta(hours=1))
    assert queries.late_on_shelf(here.pk, last) == []
    assert [h.pk for h in queries.late_on_shelf(here.pk, last + timedelta(days=1))] == [first.pk]
    morning = datetime.combine(last + timedelta(days=1), NOON.timetz())
    with pytest.raises(HoldRefused):
        actions.expire(desk.actor, first.pk, here, datetime.combine(last, NOON.timetz()))
    answer = actions.expire(desk.actor, first.pk, here, morning)
    assert (answer.kind, answer.hold_number) == (actions.HOLD_SHELF, second.pk)
    assert answer.slip.number == str(answer.shelf_number)
    assert (fresh(first).status, fresh(second).status) == (Status.EXPIRED, Status.READY)
    assert not ToClear.objects.exists()


@pytest.mark.req("F-RSV-014")
def test_it_may_be_kept_longer_instead(desk, here):
    ClosedDay.objects.create(branch=here, date=date(2026, 11, 27), reason="休館")
    copy = make.item()
    wish = desk.hold(copy.record, contact="none", now=NOON)
    desk.scan(copy, now=NOON)
    late = datetime(2026, 11, 26, 9, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert actions.extend(desk.actor, wish.pk, 3, late).keep_until == date(2026, 11, 30)
    assert queries.late_on_shelf(here.pk, late.date()) == []
    with pytest.raises(HoldRefused):
        actions.extend(desk.actor, wish.pk, 0, late)


@pytest.mark.req("F-RSV-015")
def test_three_days_after_the_last_it_ends_by_itself_where_the_library_wants_it(desk, here):
    copy = make.item()
    wish = desk.hold(copy.record, contact="none", now=NOON)
    desk.scan(copy, now=NOON)
    last = fresh(wish).keep_until
    at = datetime.combine(last + timedelta(days=3), NOON.timetz())
    assert nightly.expire_old(desk.actor, at) == 0
    HoldSetting.objects.create(pk=1, cancel_after_days=3)
    assert nightly.expire_old(desk.actor, at - timedelta(days=1)) == 0
    assert nightly.expire_old(desk.actor, at) == 1
    assert fresh(wish).status == Status.EXPIRED
    assert [row.item_id for row in queries.to_clear(here.pk)] == [copy.pk]  # staff see what to take off
    assert [h.pk for h in reports.ended(here.pk, at.date())] == [wish.pk]


@pytest.mark.req("F-RSV-016")
def test_a_number_is_given_when_ready_and_free_when_handed_over(desk, here):
    copies = [make.item() for _ in range(2)]
    reader = make.patron()
    wish = desk.hold(copies[0].record, reader)
    desk.hold(copies[1].record)
    desk.scan(copies[0])
    desk.scan(copies[1])
    assert [ready.shelf_number for ready in queries.ready_for(reader.pk)] == [1]
    assert queries.kept_for(copies[0].pk).shelf_number == 1
    lend(copies[0], reader)
    assert actions.handed_over(desk.actor, copies[0], reader, timezone.now())
    assert queries.ready_for(reader.pk) == []
    assert fresh(wish).status == Status.HANDED
    third = make.item()
    desk.hold(third.record)
    assert desk.scan(third).shelf_number == 1


@pytest.mark.req("F-RSV-017")
def test_the_slip_has_a_number_for_the_name_or_its_first_syllable(desk, here):
    copy, other = make.item("坊っちゃん"), make.item()
    reader = make.patron(name="秘密 花子", kana="ヒミツ ハナコ")
    wish = desk.hold(copy.record, reader, contact="none")
    slip = desk.scan(copy).slip
    facts = dict(slip.facts)
    assert facts["照合番号"] == str(wish.pk)
    assert facts["受取館"] == here.name
    assert facts["取置期限"] == f"{fresh(wish).keep_until:%Y/%m/%d}"
    assert slip.lines[0].text == "坊っちゃん"
    assert "秘密" not in repr(slip)
    assert "ヒミツ" not in repr(slip)
    assert "ヒ" not in facts["照合番号"]
    HoldSetting.objects.create(pk=1, slip_name="initial")
    second = desk.hold(other.record, reader)
    slip = desk.scan(other).slip
    assert dict(slip.facts)["照合番号"] == f"{second.pk} ヒ"
    assert dict(slip.facts)["取置期限"] == "連絡日から7開館日"  # nobody was told yet
    assert "秘密" not in repr(slip)
    assert "ヒミツ" not in repr(slip)


@pytest.mark.req("F-RSV-018")
def test_two_calls_that_nobody_answered_are_two_lines(desk):
    copy = make.item()
    wish = desk.hold(copy.record, contact="phone")
    desk.scan(copy)
    for _ in range(2):
        actions.note_contact(desk.actor, wish.pk, "phone", "absent")
    entries = list(fresh(wish).entries.all())
    assert [(e.kind, e.method, e.result, e.by) for e in entries] == [
        ("contact", "phone", "absent", desk.actor.number)
    ] * 2
    assert all(entry.at for entry in entries)
    with pytest.raises(HoldRefused):
        actions.note_contact(desk.actor, desk.hold(record()).pk, "phone", "told")


@pytest.mark.req("F-RSV-019")
def test_the_phone_list_of_one_place_has_numbers_and_counts(desk, here, south):
    reader = make.patron(phone="0262263282")
    for _ in range(2):
        copy = make.item()
        desk.hold(copy.record, reader, contact="phone")
        desk.scan(copy)
    by_mail = make.item()
    desk.hold(by_mail.record, contact="mail")
    desk.scan(by_mail)
    elsewhere = make.item(branch=south)
    desk.hold(elsewhere.record, contact="phone", pickup=south)
    desk.scan(elsewhere, south)
    calls = queries.phone_list(here.pk)
    assert [(call.patron.phone, len(call.holds)) for call in calls] == [("0262263282", 2)]
    assert len(queries.phone_list(south.pk)) == 1


@pytest.mark.req("F-RSV-024")
def test_cancelled_on_its_way_it_goes_to_the_next_in_line_when_it_arrives(desk, here, south):
    book = record()
    copy = make.item(record=book)
    lend(copy)
    reader = make.patron()
    first = desk.hold(book, reader, pickup=south)
    second = desk.hold(book, pickup=south, now=timezone.now() + timedelta(minutes=1))
    desk.scan(copy)
    herself = Actor("patron", str(reader.pk))
    with pytest.raises(NotPermitted):
        actions.cancel(Actor("patron", "999999"), first.pk)
    assert actions.cancel(herself, first.pk) is None
    assert fresh(first).status == Status.CANCELLED
    assert fresh(second).status == Status.WAITING  # it is still on its way
    assert Transfer.objects.get().to_branch == south
    answer = desk.scan(copy, south)
    assert (answer.kind, answer.hold_number) == (actions.HOLD_SHELF, second.pk)
    with pytest.raises(HoldRefused, match="すでに終わって"):
        actions.cancel(herself, first.pk)


@pytest.mark.req("F-RSV-024")
def test_the_place_of_collection_changes_before_and_after_allocation(desk, here, south):
    room = make.branch("room", name="分室", short="分室", number=905)
    book = record()
    copy = make.item(record=book)
    lend(copy)
    reader = make.patron()
    herself = Actor("patron", str(reader.pk))
    wish = desk.hold(book, reader)
    actions.change(herself, wish.pk, pickup=south, contact="mail")
    desk.scan(copy)
    assert Transfer.objects.get().to_branch == south
    actions.change(herself, wish.pk, pickup=room)  # it waits for its run still: it goes there straight
    assert Transfer.objects.get().to_branch == room
    Transfer.objects.update(sent_at=timezone.now())
    actions.change(herself, wish.pk, pickup=south)  # on its way: it goes on from there
    assert Transfer.objects.get().to_branch == room
    answer = desk.scan(copy, room)
    assert (answer.kind, answer.to_branch) == (actions.TRANSFER, south)
    desk.scan(copy, south)
    assert fresh(wish).status == Status.READY
    actions.change(herself, wish.pk, pickup=here)  # from the hold shelf
    assert (fresh(wish).status, fresh(wish).shelf_number) == (Status.TRANSIT, None)
    assert (Transfer.objects.get().from_branch, Transfer.objects.get().to_branch) == (south, here)
    assert desk.scan(copy, here).kind == actions.HOLD_SHELF
    assert fresh(wish).contact == "mail"


@pytest.mark.req("F-RSV-024")
def test_cancelled_at_the_hold_shelf_the_next_in_line_has_it_at_once(desk, here):
    book = record()
    copy = make.item(record=book)
    lend(copy)
    first, second = desk.hold(book), desk.hold(book, now=timezone.now() + timedelta(minutes=1))
    desk.scan(copy)
    answer = actions.cancel(desk.actor, first.pk, here=here)
    assert (answer.kind, answer.hold_number) == (actions.HOLD_SHELF, second.pk)


@pytest.mark.req("F-RSV-026")
def test_two_records_become_one_and_five_stand_in_order_of_receipt(desk):
    temporary, proper = record("仮の書誌"), record("正しい書誌")
    start = timezone.now()
    at = {n: start + timedelta(minutes=n) for n in range(5)}
    on_first = [desk.hold(temporary, now=at[n]) for n in (0, 3, 4)]
    on_second = [desk.hold(proper, now=at[n]) for n in (1, 2)]
    actions.reorder(desk.actor, on_second[1].pk, 1, "理由")
    assert actions.follow_merge(temporary.pk, proper.pk) == 3
    expected = [on_first[0], on_second[0], on_second[1], on_first[1], on_first[2]]
    assert [h.pk for h in queries.queue_of(proper.pk)] == [h.pk for h in expected]
    assert not Hold.objects.filter(record=temporary).exists()


def test_who_waits_for_both_records_keeps_the_better_hold(desk):
    temporary, proper = record(), record()
    reader = make.patron()
    copy = make.item(record=proper)
    early = desk.hold(temporary, reader)
    late = desk.hold(proper, reader, now=timezone.now() + timedelta(days=1))
    desk.scan(copy)
    actions.follow_merge(temporary.pk, proper.pk)
    assert fresh(late).status == Status.READY
    assert fresh(early).status == Status.CANCELLED


@pytest.mark.req("F-RSV-031")
def test_what_may_not_be_held_is_refused_at_the_counter_and_on_the_web(here, clerk):
    rule(material_type="magazine", holds_refused_latest=True)
    rule(material_type="dvd", holds_refused=True)
    rule(material_type="cd", holds_refused_days=30)
    reader = make.patron()
    herself = Actor("patron", str(reader.pk))
    latest = make.item(record=record(material_type="magazine"), material_type="magazine", restriction="latest")
    dvd = make.item(record=record(material_type="dvd"), material_type="dvd")
    new = make.item(record=record(material_type="cd"), material_type="cd", acquired_on=timezone.localdate())
    old = make.item(
        record=record(material_type="cd"), material_type="cd", acquired_on=timezone.localdate() - timedelta(days=30)
    )
    for actor, route in ((clerk, Route.COUNTER), (herself, Route.WEB)):
        for copy, code in ((latest, "latest"), (dvd, "not_for_holds"), (new, "too_new")):
            with pytest.raises(HoldRefused) as refused:
                actions.place(actor, reader.pk, Wanted(copy.record_id, here, "mail", route))
            assert refused.value.code == code
    assert actions.place(herself, reader.pk, Wanted(old.record_id, here, "mail", Route.WEB)).pk


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"valid_until": date(2020, 1, 1)}, "expired"),
        ({"hold_stopped_until": date(2099, 1, 1)}, "stopped"),
    ],
)
def test_some_patrons_may_not_hold(clerk, here, fields, code):
    with pytest.raises(HoldRefused) as refused:
        actions.place(clerk, make.patron(**fields).pk, Wanted(record().pk, here))
    assert refused.value.code == code


def test_the_same_wish_twice_is_one_hold(desk):
    book, reader = record(), make.patron()
    desk.hold(book, reader)
    with pytest.raises(HoldRefused, match="すでに予約"):
        desk.hold(book, reader)
    assert Hold.objects.count() == 1
    assert HoldStatistic.objects.filter(act="place").count() == 1


def test_an_unknown_record_or_way_is_a_sentence(desk):
    with pytest.raises(HoldRefused):
        actions.place(desk.actor, make.patron().pk, Wanted(99_999_999))
    with pytest.raises(HoldRefused):
        desk.hold(record(), contact="pigeon")
    with pytest.raises(HoldRefused):
        desk.hold(record(), item_id=make.item().pk)


def test_undoing_the_loan_brings_the_hold_back_and_its_figure_is_gone(desk, here):
    copy = make.item()
    reader = make.patron()
    wish = desk.hold(copy.record, reader)
    desk.scan(copy)
    loan = lend(copy, reader)
    actions.handed_over(desk.actor, copy, reader, timezone.now())
    assert HoldStatistic.objects.filter(act="hand_over").count() == 1
    assert actions.undo_handed_over(desk.actor, copy, reader, timezone.now())
    loan.delete()
    assert HoldStatistic.objects.filter(act="hand_over").count() == 0
    assert desk.scan(copy).hold_number == wish.pk
    assert fresh(wish).status == Status.READY
    assert not actions.undo_handed_over(desk.actor, copy, reader, timezone.now())


def test_another_copy_taken_from_the_shelf_fulfils_the_hold_and_frees_the_kept_one(desk, here):
    book, reader = record(), make.patron()
    kept, taken = make.item(record=book), make.item(record=book)
    lend(kept), lend(taken)
    desk.hold(book, reader)
    desk.scan(kept)
    lend_again = lend  # the reader brings the other copy from the returns trolley
    from app.circulation.models import Loan

    Loan.objects.filter(item=taken).delete()
    lend_again(taken, reader)
    assert actions.handed_over(desk.actor, taken, reader, timezone.now())
    assert [row.item_id for row in queries.to_clear(here.pk)] == [kept.pk]
    assert desk.scan(kept).kind == actions.SHELF


def test_times_are_kept_with_their_zone():
    assert NOON.astimezone(UTC).hour == 3
