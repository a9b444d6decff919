"""Withdrawing, the long unused, and erasing so that nothing comes back."""

import re
from datetime import date, datetime, timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from app.access.actor import Actor
from app.audit.models import AuditEvent
from app.circulation import actions as circulation
from app.holds.actions.placing import Wanted, place
from app.patrons import actions, queries
from app.patrons.jobs import erase
from app.patrons.keys import keys_of
from app.patrons.models import Erasure, Patron, PatronCard
from app.tests import make
from app.web.sealed import SealedTextField, sealed_fields

pytestmark = pytest.mark.django_db


@pytest.mark.req("F-PAT-021")
def test_somebody_with_a_loan_is_not_withdrawn_and_the_reason_is_said_and_without_it_is():
    librarian, patron, here, thing = make.actor("librarian"), make.patron(), make.branch(), make.item()
    circulation.lend(librarian, patron.pk, thing.barcode, here)
    browser = make.client("librarian")
    page = browser.post(f"/patrons/{patron.pk}/withdraw/", {"reason": "本人の申出"}, follow=True)
    assert "貸出中の資料1点があるため退会できません" in page.content.decode()
    patron.refresh_from_db()
    assert patron.withdrawn_on is None
    circulation.give_back(librarian, thing.barcode, here)
    browser.post(f"/patrons/{patron.pk}/withdraw/", {"reason": "本人の申出"})
    patron.refresh_from_db()
    assert patron.withdrawn_on == timezone.localdate()
    event = AuditEvent.objects.get(operation="patrons.withdraw", outcome="done")
    assert (event.subject_id, event.purpose) == (str(patron.pk), "本人の申出")


@pytest.mark.req("F-PAT-021")
def test_an_open_hold_binds_too_and_a_reason_is_needed():
    librarian, patron = make.actor("librarian"), make.patron()
    place(librarian, patron.pk, Wanted(make.item().record_id))
    with pytest.raises(ValidationError, match="予約1件"):
        actions.withdraw(librarian, patron, "x")
    page = make.client("librarian").post(f"/patrons/{patron.pk}/withdraw/", {"reason": " "}, follow=True)
    assert "理由を入力" in page.content.decode()


@pytest.mark.req("F-PAT-021")
def test_who_has_left_is_found_borrowed_for_and_signed_in_no_more():
    librarian, patron = make.actor("librarian"), make.patron()
    actions.set_password(patron, "hon-wo-yomu-2026", temporary=False)
    actions.withdraw(librarian, patron, "本人の申出")
    assert queries.by_card(patron.card_number) is None
    assert "退会" in queries.card_state(patron.card_number).message
    assert queries.search(kana="コバヤシ").ids == []
    # A page that was open at another counter lends nothing either.
    outcome = circulation.lend(librarian, patron.pk, make.item().barcode, make.branch())
    assert not outcome.acted
    patron.refresh_from_db()
    assert patron.password == ""


def unused_patrons(today: date) -> tuple[list[Patron], list[Patron]]:
    """Three who have not come for five years, and others that must stay."""
    old = today.replace(year=today.year - 6)
    gone = [make.patron(registered_on=old, last_used_on=None) for _ in range(2)]
    gone.append(make.patron(registered_on=old, last_used_on=today.replace(year=today.year - 5) - timedelta(days=1)))
    stay = [
        make.patron(registered_on=old, last_used_on=today.replace(year=today.year - 5)),
        make.patron(registered_on=today),
        make.patron(registered_on=old),
    ]
    lent = datetime.combine(today, datetime.min.time(), timezone.get_current_timezone())
    Loan = apps.get_model("circulation", "Loan")
    Loan.objects.create(item=make.item(), patron=stay[2], branch=make.branch(), due_on=today, lent_at=lent)
    return gone, stay


@pytest.mark.req("F-PAT-022")
def test_as_many_are_withdrawn_as_were_found_and_nobody_who_came_or_owes():
    today = date(2026, 11, 24)
    gone, stay = unused_patrons(today)
    found = queries.unused(5, today)
    assert sorted(found) == sorted(one.pk for one in gone)
    done = actions.withdraw_unused(make.actor("librarian"), found, 5, today)
    assert (done.withdrawn, done.left) == (len(found), 0)
    assert Patron.objects.filter(withdrawn_on=today).count() == len(found)
    assert not Patron.objects.filter(pk__in=[one.pk for one in stay], withdrawn_on__isnull=False).exists()
    assert queries.unused(5, today) == []


@pytest.mark.req("F-PAT-022")
def test_the_screen_shows_the_number_first_and_withdraws_exactly_it():
    today = timezone.localdate()
    unused_patrons(today)
    browser = make.client("librarian")
    page = browser.post("/patrons/unused/", {"years": "5"})
    assert len(page.context["ids"]) == 3
    wrong = browser.post("/patrons/unused/", {"years": "5", "act": "withdraw", "count": "2"})
    assert "人数が変わりました" in wrong.content.decode()
    assert not Patron.objects.filter(withdrawn_on__isnull=False).exists()
    done = browser.post("/patrons/unused/", {"years": "5", "act": "withdraw", "count": "3"}, follow=True)
    assert "抽出3人、退会3人" in done.content.decode()


def test_who_came_between_the_list_and_the_button_stays():
    today = date(2026, 11, 24)
    gone, _ = unused_patrons(today)
    found = queries.unused(5, today)
    actions.note_use(gone[0], today)
    done = actions.withdraw_unused(make.actor("librarian"), found, 5, today)
    assert (done.withdrawn, done.left) == (2, 1)


def everything_opened() -> str:
    """All that is kept in any table, with every sealed value opened by whoever has all the keys."""
    said = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            said += [row[0] for row in cursor.fetchall()]
    for model in apps.get_models():
        for field in sealed_fields(model):
            said += [str(value) for value in model._base_manager.values_list(field.attname, flat=True)]
    return "\n".join(said)


@pytest.mark.req("F-AUD-011")
def test_a_year_after_the_withdrawal_no_table_holds_name_address_phone_or_their_hashes_even_with_all_keys():
    librarian, today = make.actor("librarian"), date(2026, 11, 24)
    born = date(1968, 3, 9)
    patron = make.patron(
        name="抹消 太朗", kana="マッショウ タロウ", birth_date=born, address="長野市篠ノ井会99", phone="0269998877"
    )
    actions.add_note(librarian, patron, "連絡はメールで", 2, None)
    actions.stop(librarian, patron, ["hold"], "伏せたい理由", None)
    what = actions.Registration(
        card_number=patron.card_number,
        name="改名 太朗",
        kana="カイメイ タロウ",
        birth_date=born,
        category=patron.category,
        branch=patron.branch,
        address="長野市若里88",
        phone="0267776655",
        email="tarou@example.jp",
    )
    actions.change(librarian, patron, what)
    actions.withdraw(librarian, patron, "本人の申出", today)
    traces = ["抹消 太朗", "改名 太朗", "マッショウ", "カイメイ", "篠ノ井会99", "若里88", "0269998877", "0267776655"]
    traces += ["tarou@example.jp", "連絡はメールで", "伏せたい理由", "1968-03-09"]
    traces += keys_of("カイメイ タロウ", born, ["0267776655"], "長野市若里88")
    before = everything_opened()
    assert [text for text in traces if text not in before] == []  # the test sees all of it while it is there

    said = erase(datetime.combine(today + timedelta(days=364), datetime.min.time(), timezone.get_current_timezone()))
    assert "退会者0人" in said
    assert Patron.objects.filter(pk=patron.pk).exists()
    said = erase(datetime.combine(today + timedelta(days=365), datetime.min.time(), timezone.get_current_timezone()))
    assert "退会者1人" in said

    after = everything_opened()
    assert [text for text in traces if text in after] == []
    record = Erasure.objects.get()
    assert (record.patron_id, record.withdrawn_on, record.by) == (patron.pk, today, "patrons.erase")
    assert AuditEvent.objects.filter(operation="patrons.erase", subject_id=str(patron.pk)).exists()


@pytest.mark.req("F-AUD-011")
def test_the_card_of_an_erased_person_is_tied_to_nobody_and_never_given_again():
    librarian, patron = make.actor("librarian"), make.patron()
    number = patron.card_number
    actions.withdraw(librarian, patron, "x")
    actions.erase(librarian, patron.pk)
    card = PatronCard.objects.get(number=number)
    assert (card.patron_id, card.state) == (None, "retired")
    with pytest.raises(ValidationError, match="すでに使われて"):
        actions.add_card(librarian, make.patron(), number, "card")


def test_nobody_is_erased_who_has_not_left_and_what_another_area_still_needs_waits():
    librarian, patron = make.actor("librarian"), make.patron()
    with pytest.raises(ValidationError, match="退会していない"):
        actions.erase(librarian, patron.pk)
    place(librarian, patron.pk, Wanted(make.item().record_id))
    old = date(2020, 1, 1)
    Patron.objects.filter(pk=patron.pk).update(withdrawn_on=old)
    assert actions.erase_due(librarian, date(2026, 1, 1)) == (0, 1)
    assert Patron.objects.filter(pk=patron.pk).exists()


def test_a_patron_may_not_withdraw_others():
    from app.access.actions import NotPermitted

    with pytest.raises(NotPermitted):
        actions.withdraw(make.actor("counter"), make.patron(), "x")
    with pytest.raises(NotPermitted):
        actions.erase(Actor("patron", "1"), make.patron().pk)


def test_every_sealed_column_is_a_column_of_bytes():
    with connection.cursor() as cursor:
        for model in apps.get_models():
            for field in sealed_fields(model):
                assert isinstance(field, SealedTextField)
                cursor.execute(
                    "SELECT data_type FROM information_schema.columns WHERE table_name = %s AND column_name = %s",
                    [model._meta.db_table, field.column],
                )
                assert re.fullmatch("bytea", cursor.fetchone()[0])
