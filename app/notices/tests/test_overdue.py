"""Reminding: stages, one notice for each patron, stops, held items, approval."""

from datetime import timedelta

import pytest

from app.access.actions import NotPermitted
from app.branches.rules import Closing
from app.circulation.models import Loan
from app.holds.models import Contact, Hold, Route, Status
from app.notices import queries, rules
from app.notices.actions import batches, planning, sending, setting
from app.notices.codes import BatchState, Kind, State
from app.notices.models import Batch, Line, Notice, Policy
from app.notices.tests.conftest import ACTOR, at
from app.tests import make

STAGES = (
    rules.StageRule(1, 7, "mail", held_days=3),
    rules.StageRule(2, 21, "phone"),
    rules.StageRule(3, 60, "postcard"),
    rules.StageRule(4, 90, "letter"),
)


def approved(batch, now):
    """Somebody looks at the samples and lets the batch go."""
    actor = make.actor("librarian")
    batches.seen(actor, batch)
    return batches.approve(actor, batch.pk, now)


@pytest.mark.req("F-NTC-003")
def test_days_late_decide_the_stage_and_a_missed_one_is_skipped():
    reached = {
        days: found.number if (found := rules.stage_reached(STAGES, days, held=False, done=0)) else 0
        for days in (0, 6, 7, 20, 21, 59, 60, 89, 90, 400)
    }
    assert reached == {0: 0, 6: 0, 7: 1, 20: 1, 21: 2, 59: 2, 60: 3, 89: 3, 90: 4, 400: 4}
    assert rules.stage_reached(STAGES, 30, held=False, done=2) is None
    assert rules.stage_reached(STAGES, 60, held=False, done=2).number == 3


@pytest.mark.req("F-NTC-003")
def test_four_stages_part_the_patrons_by_means(today, now, reader, late):
    for days in (6, 7, 20, 21, 59, 60, 89, 90):
        late(reader(), days)
    batch = planning.plan_overdue(ACTOR, now)
    found = {(row["stage"], row["means__name"]): row["number"] for row in queries.batch_counts(batch)}
    assert found == {(1, "メール"): 2, (2, "電話"): 2, (3, "はがき"): 2, (4, "文書"): 1}
    # The next day the rest of the seven-day loans follows, and nobody is reminded twice of one stage.
    approved(batch, now)
    again = planning.plan_overdue(ACTOR, now + timedelta(days=1))
    assert [(notice.stage, notice.means.code) for notice in again.notices.order_by("stage")] == [
        (1, "mail"),
        (2, "phone"),
        (3, "postcard"),
        (4, "letter"),
    ]
    approved(again, now)
    assert planning.plan_overdue(ACTOR, now + timedelta(days=1)) is None


@pytest.mark.req("F-NTC-004")
def test_three_late_items_are_three_lines_of_one_mail(today, now, reader, late, mailserver):
    patron = reader()
    for title, days in (("銀河鉄道の夜", 9), ("注文の多い料理店", 8), ("よだかの星", 2)):
        late(patron, days, title)
    batch = planning.plan_overdue(ACTOR, now)
    page = make.client("librarian").get(f"/notices/batches/{batch.pk}/").content.decode()
    assert all(title in page for title in ("銀河鉄道の夜", "注文の多い料理店", "よだかの星"))
    assert sending.send_due(ACTOR, now).handed == 0, "nothing goes before somebody said so"
    approved(batch, now)
    assert sending.send_due(ACTOR, now).handed == 1
    assert sending.send_due(ACTOR, now).handed == 0
    [(_, recipients, mail)] = mailserver.mails
    assert recipients == [patron.email]
    lines = [line for line in mail.get_content().splitlines() if line.startswith("・")]
    assert len(lines) == 3
    assert "・銀河鉄道の夜" in lines[0]


@pytest.mark.req("F-NTC-008")
def test_a_stopped_patron_is_left_out_and_comes_back_the_day_after(today, now, reader, late):
    stopped, other, spared = reader(), reader(), reader()
    late(stopped, 30)
    late(other, 30)
    loan = late(spared, 30)
    setting.stop(ACTOR, patron_id=stopped.pk, from_on=today, until_on=today + timedelta(days=5), reason="入院中")
    setting.stop(ACTOR, item_id=loan.item_id, from_on=today, until_on=today + timedelta(days=5), reason="調査中")

    def whom(day):
        return {row.patron_id for row in queries.overdue(day)}

    assert whom(today) == {other.pk}
    assert whom(today + timedelta(days=5)) == {other.pk}
    assert whom(today + timedelta(days=6)) == {stopped.pk, other.pk, spared.pk}
    assert {notice.patron_id for notice in planning.plan_overdue(ACTOR, now).notices.all()} == {other.pk}


@pytest.mark.req("F-NTC-008")
def test_staff_stop_a_patron_by_card_until_a_day(reader, today):
    patron, browser = reader(), make.client("counter")
    given = {"number": patron.card_number, "from_on": today, "until_on": today + timedelta(days=10), "reason": "入院"}
    assert browser.post("/notices/stops/", given).status_code == 302
    page = browser.get("/notices/stops/").content.decode()
    assert patron.name in page
    assert "入院" in page
    wrong = browser.post("/notices/stops/", {**given, "until_on": today - timedelta(days=1)})
    assert wrong.status_code == 400
    assert "終了日は開始日以後" in wrong.content.decode()
    assert browser.post("/notices/stops/", {**given, "number": "9999999999"}).status_code == 400


@pytest.mark.req("F-NTC-009")
def test_an_item_somebody_waits_for_is_reminded_of_after_three_days(today, now, reader, late):
    waiting, free = late(reader(), 3, "待たれる本"), late(reader(), 3, "待たれない本")
    early = late(reader(), 2, "まだの本")
    for loan in (waiting, early):
        Hold.objects.create(
            patron=reader(),
            record=loan.item.record,
            pickup=loan.branch,
            contact=Contact.MAIL,
            route=Route.COUNTER,
            received_at=now,
            queue_at=now,
            status=Status.WAITING,
        )
    batch = planning.plan_overdue(ACTOR, now)
    assert [notice.patron_id for notice in batch.notices.all()] == [waiting.patron_id]
    assert free.patron_id not in {notice.patron_id for notice in batch.notices.all()}


@pytest.mark.req("F-NTC-012")
def test_samples_come_before_the_approval_and_the_name_stays(today, now, reader, late, mailserver):
    for days in (7, 8, 9, 21, 60):
        late(reader(), days)
    librarian, counter = make.client("librarian", name="司書 花子"), make.client("counter")
    shown = librarian.post("/notices/extract/", follow=True)
    batch = Batch.objects.get()
    assert "5" in shown.content.decode()
    refused = librarian.post(f"/notices/batches/{batch.pk}/approve/", follow=True)
    assert "見本を見てから承認してください" in refused.content.decode()
    batch.refresh_from_db()
    assert batch.state == BatchState.DRAFT, "nobody approves what they did not look at"
    samples = librarian.get(f"/notices/batches/{batch.pk}/samples/").content.decode()
    assert samples.count("見本1") == samples.count("見本2") == samples.count("見本3") == 1
    assert "見本4" not in samples
    assert counter.post(f"/notices/batches/{batch.pk}/approve/").status_code == 403
    librarian.post(f"/notices/batches/{batch.pk}/approve/")
    batch.refresh_from_db()
    assert (batch.state, batch.approved_name) == (BatchState.APPROVED, "司書 花子")
    assert "司書 花子" in librarian.get("/notices/").content.decode()
    sending.send_due(ACTOR, at(today + timedelta(days=2), 12))  # whatever o'clock the extraction was
    assert len(mailserver.mails) == 3


@pytest.mark.req("F-NTC-012")
def test_a_new_extraction_asks_for_the_samples_again(now, reader, late):
    late(reader(), 10)
    actor = make.actor("librarian")
    batch = planning.plan_overdue(ACTOR, now)
    batches.seen(actor, batch)
    late(reader(), 10)
    again = planning.plan_overdue(ACTOR, now)
    assert again.pk == batch.pk
    assert again.notices.count() == 2
    with pytest.raises(batches.NotYet):
        batches.approve(actor, again.pk, now)
    with pytest.raises(NotPermitted):
        batches.approve(make.actor("counter"), again.pk, now)


def test_an_excluded_patron_is_found_again_by_the_next_extraction(now, reader, late):
    late(reader(), 10)
    late(reader(), 10)
    batch = planning.plan_overdue(ACTOR, now)
    out = batch.notices.first()
    assert planning.exclude(ACTOR, batch, out.pk)
    assert batch.notices.count() == 1
    approved(batch, now)
    again = planning.plan_overdue(ACTOR, now)
    assert [notice.patron_id for notice in again.notices.all()] == [out.patron_id]


def test_what_came_back_before_the_mail_went_is_not_asked_for(today, now, reader, late, mailserver):
    one, two = reader(), reader()
    late(one, 10)
    kept, gone = late(two, 10, "まだの本"), late(two, 11, "返した本")
    approved(planning.plan_overdue(ACTOR, now), now)
    Loan.objects.filter(patron=one).delete()
    gone.delete()
    sent = sending.send_due(ACTOR, now)
    assert (sent.handed, sent.dropped) == (1, 1)
    [(_, recipients, mail)] = mailserver.mails
    assert recipients == [two.email]
    assert "まだの本" in mail.get_content()
    assert "返した本" not in mail.get_content()
    assert Notice.objects.get(patron=one).state == State.DROPPED
    assert Line.objects.get().loan_id == kept.pk


def test_a_renewed_loan_begins_its_stages_again(today, now, reader, late):
    loan = late(reader(), 10)
    approved(planning.plan_overdue(ACTOR, now), now)
    loan.due_on = today + timedelta(days=14)
    loan.save()
    assert planning.plan_overdue(ACTOR, now) is None
    later = now + timedelta(days=22)
    assert planning.plan_overdue(ACTOR, later).notices.get().stage == 1


def test_who_cannot_be_reached_by_any_means_is_shown(now, reader, late):
    patron = reader(email="", phone="", address="")
    late(patron, 10)
    batch = planning.plan_overdue(ACTOR, now)
    notice = batch.notices.get()
    assert (notice.state, notice.result) == (State.FAILED, planning.NO_ADDRESS)
    page = make.client("librarian").get(f"/notices/batches/{batch.pk}/").content.decode()
    assert planning.NO_ADDRESS in page


def test_without_approval_by_policy_the_extraction_goes_by_itself(now, reader, late, mailserver):
    Policy.objects.filter(kind=Kind.OVERDUE).update(needs_approval=False)
    late(reader(), 10)
    assert planning.plan_overdue(ACTOR, now).state == BatchState.APPROVED
    assert sending.send_due(ACTOR, now).handed == 1


@pytest.mark.req("F-NTC-014")
def test_the_moment_to_send_keeps_hours_and_closed_days(today):
    hours = (at(today, 9).time(), at(today, 21).time())
    monday = today - timedelta(days=today.weekday())
    tuesday_closed = Closing(frozenset({1}))
    always_open = Closing()

    def moment(when, closing=always_open, closed=False):
        return rules.send_moment(when, *hours, closing, closed)

    assert moment(at(monday, 12)) == at(monday, 12)
    assert moment(at(monday, 8)) == at(monday, 9)
    assert moment(at(monday, 21)) == at(monday + timedelta(days=1), 9)
    assert moment(at(monday, 21, 30), tuesday_closed) == at(monday + timedelta(days=2), 9)
    assert moment(at(monday, 21, 30), tuesday_closed, True) == at(monday + timedelta(days=1), 9)
    assert moment(at(monday + timedelta(days=1), 12), tuesday_closed) == at(monday + timedelta(days=2), 9)
