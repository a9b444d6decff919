"""What an attacker with full read access finds: every table, every column, every transaction number.

A patron and an item go through everything that can happen to them; then it is night. Nothing that is left may say both,
by its content, by a transaction number or by a time.
"""

import re
from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from app.audit.models import AuditEvent
from app.catalog import jobs as catalogue
from app.catalog.models import BibliographicRecord
from app.circulation import actions, jobs
from app.circulation.actions import Answers, sealing
from app.circulation.models import CounterPolicy, LastBorrower, Loan, LoanStatistic
from app.holds.actions import nightly as holds
from app.patrons import actions as patrons
from app.tests import make
from app.transfers import actions as transfers

from .conftest import LATER, Desk

PATRON, ITEM, RECORD = 771_000_001, 662_000_002, 553_000_003


def rows() -> dict[str, list[tuple[str, set[str]]]]:
    """Every row of every table as text, with the numbers of the transactions that wrote and locked it."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'SELECT row_to_json(t)::text, t.xmin::text, t.xmax::text FROM "{name}" t')
            found[name] = [(text, {low, high} - {"0"}) for text, low, high in cursor.fetchall()]
    return found


def night(now):
    """Everything that is done by the clock until the next morning."""
    morning = datetime.combine(timezone.localdate(now) + timedelta(days=1), time(5), timezone.get_current_timezone())
    for work in (jobs.settle, jobs.erase, jobs.end_stops, jobs.forget_keys):
        work(morning)
    holds.forget(morning + timedelta(days=30))
    holds.settle(morning)
    catalogue.tidy(morning)
    return morning


@pytest.fixture
def lived():
    """A patron, an item and its record that went through every act, by four people at two libraries; then a night."""
    here = make.branch()
    south = make.branch("nanbu", name="南部図書館", short="南部")
    desk, chief = Desk(make.actor(), here), Desk(make.actor("librarian"), here)
    away = Desk(make.actor(), south)
    who = make.patron(pk=PATRON, phone="0262123456")
    record = BibliographicRecord.objects.create(pk=RECORD, title="人に知られたくない本")
    thing = make.item(pk=ITEM, record=record, attachments="CD 1枚", attachment_count=1)
    now = timezone.now()
    # A hold, taken from the shelf, handed over, undone, handed over again.
    desk.hold(who, record)
    desk.give_back(thing, "attachments", now=now)
    desk.lend(who, thing, "attachments", now=now + LATER)
    actions.undo_loan(desk.actor, thing.barcode, here, now + 2 * LATER)
    desk.lend(who, thing, "attachments", now=now + 3 * LATER)
    # Another due date, a return at another library, undone, returned again; the item goes home.
    day = timezone.localdate() + timedelta(days=3)
    actions.change_due(desk.actor, thing.barcode, day, "依頼のため", here, now + 4 * LATER)
    token = away.give_back(thing, "attachments", now=now + 5 * LATER).undo
    actions.undo_return(away.actor, token, now + 5 * LATER)
    renewing = now + timedelta(days=5)
    actions.renew(chief.actor, who.pk, thing.barcode, here, renewing, answers=Answers.of("late", reason="依頼"))
    away.give_back(thing, "attachments", now=renewing + LATER)
    thing.refresh_from_db()
    transfers.arrive(desk.actor, thing, here, renewing + 2 * LATER)
    # Stopped, lent all the same for a reason and without a card, extended all the same, returned, the stop ends.
    today = timezone.localdate(renewing)
    patrons.stop(desk.actor, who, ["lend"], "長期延滞", today + timedelta(days=60), today, until_returned=True)
    lend = {"reason": "学習のため", "now": renewing + 3 * LATER, "without_card": True}
    assert chief.lend(who, thing, "stopped", "attachments", **lend).code == "lend"
    assert chief.give_back(thing, "attachments_missing", now=renewing + 4 * LATER).code == "give_back"
    return night(renewing)


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F-AUD-005")
def test_the_morning_after_no_row_no_transaction_and_no_time_says_who_had_the_item(lived):
    person = re.compile(rf"\b{PATRON}\b|{make.Patron.objects.get(pk=PATRON).card_number}")
    thing = make.Item.objects.get(pk=ITEM)
    goods = re.compile(rf"\b({ITEM}|{RECORD}|{thing.barcode})\b|人に知られたくない本")
    of_person, of_goods, both, places = set(), set(), [], set()
    for name, found in rows().items():
        for text, numbers in found:
            is_person, is_goods = bool(person.search(text)), bool(goods.search(text))
            if is_person and is_goods:
                both.append((name, text))
            if is_person:
                of_person |= numbers
            if is_goods:
                of_goods |= numbers
                places.add(re.sub(r"_\d{4}_\d\d$", "", name))  # the log has a partition a month
    assert both == []
    assert of_person
    assert of_goods
    assert not of_person & of_goods
    # No table is left that has this item and an hour, but the catalogue itself and the log of what was done to it.
    assert places <= {
        "catalog_item",
        "catalog_bibliographicrecord",
        "catalog_searchdocument",
        "circulation_itemtally",
        "audit_auditevent",
    }
    for event in AuditEvent.objects.filter(subject_id=thing.barcode):
        assert event.operation == "catalog.condition"


@pytest.mark.django_db(transaction=True)
def test_the_morning_after_the_events_of_loans_and_returns_share_no_transaction_with_any_item_or_figure(lived):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT xmin::text FROM audit_auditevent WHERE operation IN"
            " ('circulation.lend', 'circulation.give_back', 'circulation.renew', 'circulation.undo')"
        )
        events = {row[0] for row in cursor.fetchall()}
    assert len(events) >= 9
    shared = {}
    for name, found in rows().items():
        if name.startswith("audit_auditevent"):
            continue
        numbers = set().union(*(numbers for _, numbers in found)) if found else set()
        if numbers & events:
            shared[name] = numbers & events
    # Who lent at that minute is known from the look at their page; the rest is code tables and figures without a name.
    assert set(shared) <= {
        "patrons_patron",
        "patrons_patroncategory",
        "branches_branch",
        "holds_holdstatistic",
        "transfers_run",
        "transfers_transferstatistic",
    }


@pytest.mark.django_db(transaction=True)
def test_a_title_typed_at_the_counter_says_the_morning_after_neither_when_it_was_typed_nor_for_whom():
    here, clerk, who = make.branch(), make.actor(), make.patron(pk=PATRON)
    number = make.with_check_digit("299000001")
    given = Answers.of("temporary", reason="人に知られたくない本")
    assert actions.lend(clerk, PATRON, number, here, answers=given).code == "lend"
    assert actions.give_back(clerk, number, here, now=timezone.now() + LATER).code == "give_back"
    night(timezone.now())
    thing = make.Item.objects.get(barcode=number)
    assert timezone.localtime(thing.created_at).time() == timezone.localtime(thing.record.updated_at).time() == time(0)
    found = rows()
    goods = re.compile(rf"{number}|人に知られたくない本")
    of_goods = set().union(*(numbers for table in found.values() for text, numbers in table if goods.search(text)))
    log = set().union(*(n for name, table in found.items() if name.startswith("audit_audit") for _, n in table))
    of_person = set().union(*(n for table in found.values() for text, n in table if str(PATRON) in text))
    assert of_goods
    assert not of_goods & (log | of_person)
    assert not any(goods.search(text) for name, table in found.items() if "audit" in name for text, _ in table)
    assert who.pk == PATRON


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F-AUD-007")
def test_the_figures_of_past_days_stand_in_no_order_and_name_nobody(lived):
    fields = {field.name for field in LoanStatistic._meta.fields}
    assert fields == {
        "id",
        "act",
        "on_date",
        "branch",
        "category",
        "age_band",
        "district",
        "material_type",
        "without_card",
        "terminal",
    }
    assert {field.related_model for field in LoanStatistic._meta.fields if field.related_model} == {make.Branch}
    assert not LoanStatistic.objects.exclude(terminal=None).exists()
    acts = sorted(LoanStatistic.objects.values_list("act", flat=True))
    assert acts == ["lend", "lend", "renew", "return", "return"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM circulation_loanstatistic")
        assert cursor.fetchone()[0] == 1  # all of a night are of one transaction


@pytest.mark.django_db(transaction=True)
def test_the_figures_are_written_anew_in_random_order():
    here, clerk = make.branch(), make.actor()
    today = timezone.localdate()
    for _ in range(40):
        actions.in_library_use(clerk, make.item().barcode, here)
    before = list(LoanStatistic.objects.values_list("id", flat=True))
    assert actions.shuffle_figures(today) == 0
    assert actions.shuffle_figures(today + timedelta(days=1)) == 40
    assert actions.shuffle_figures(today + timedelta(days=1)) == 0
    after = LoanStatistic.objects.values_list("id", flat=True)
    assert len(after) == 40
    assert not set(before) & set(after)


@pytest.mark.req("F-AUD-006")
def test_the_last_borrower_is_kept_only_where_the_library_chose_to_and_for_seven_days(desk, chief):
    admin = make.actor("admin")
    who, thing, today = make.patron(name="最後の人"), make.item(), timezone.localdate()
    desk.lend(who, thing)
    desk.give_back(thing, now=timezone.now() + LATER)
    assert not LastBorrower.objects.exists()  # nothing is kept unless somebody decided to
    assert actions.who_had(chief.actor, thing.barcode, "汚損の確認") is None
    actions.set_policy(admin, same_title_note=True, last_borrower_days=7)
    desk.lend(who, thing, now=timezone.now() + LATER)
    desk.give_back(thing, now=timezone.now() + 2 * LATER)
    assert actions.who_had(chief.actor, thing.barcode, "汚損の確認", today + timedelta(days=6)).pk == who.pk
    assert actions.who_had(chief.actor, thing.barcode, "汚損の確認", today + timedelta(days=7)) is None
    with pytest.raises(Exception, match="借受者"):
        actions.who_had(desk.actor, thing.barcode, "汚損の確認")
    event = AuditEvent.objects.get(operation="circulation.see_borrower", outcome="viewed")
    assert (event.subject_id, event.purpose) == (str(who.pk), "汚損の確認")
    assert actions.erase_last_borrowers(today + timedelta(days=6)) == 0
    assert actions.erase_last_borrowers(today + timedelta(days=7)) == 1  # the eighth day
    assert not LastBorrower.objects.exists()


@pytest.mark.req("F-AUD-006")
def test_what_is_kept_of_the_last_borrower_is_sealed_and_goes_at_once_when_the_library_turns_it_off(desk):
    admin = make.actor("admin")
    actions.set_policy(admin, same_title_note=True, last_borrower_days=14)
    who, thing = make.patron(pk=PATRON), make.item()
    desk.lend(who, thing)
    token = desk.give_back(thing, now=timezone.now() + LATER).undo
    with connection.cursor() as cursor:
        cursor.execute("SELECT patron, row_to_json(t)::text FROM circulation_lastborrower t")
        sealed, text = cursor.fetchone()
    assert str(PATRON).encode() not in bytes(sealed)
    assert str(PATRON) not in text
    assert LastBorrower.objects.get().patron == str(PATRON)
    actions.undo_return(desk.actor, token, timezone.now() + LATER)
    assert not LastBorrower.objects.exists()
    desk.give_back(thing, now=timezone.now() + 2 * LATER)
    assert LastBorrower.objects.exists()
    actions.set_policy(admin, same_title_note=True, last_borrower_days=0)
    assert not LastBorrower.objects.exists()
    assert CounterPolicy.objects.get().last_borrower_days == 0
    with pytest.raises(actions.PolicyRefused):
        actions.set_policy(admin, same_title_note=True, last_borrower_days=15)


def test_an_undo_token_is_at_rest_nowhere_and_says_nothing_without_its_key(desk):
    import base64

    who, thing = make.patron(pk=PATRON), make.item(pk=ITEM)
    desk.lend(who, thing)
    now = timezone.now() + LATER
    token = desk.give_back(thing, now=now).undo
    raw = base64.urlsafe_b64decode(token)
    assert str(PATRON).encode() not in raw
    assert thing.barcode.encode() not in raw
    for found in rows().values():
        for text, _ in found:
            assert token not in text
            assert not (str(PATRON) in text and (str(ITEM) in text or thing.barcode in text))
    assert sealing.open_return(desk.actor, token, now).barcode == thing.barcode
    assert not Loan.objects.exists()
