"""Lists as files: quick and exact without persons; with purpose, approval, seal and end with persons."""

import csv
import io
from datetime import timedelta

import openpyxl
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from app.access.actions import NotPermitted
from app.access.operations import LIBRARIAN, declare
from app.audit.models import AuditEvent
from app.exports import actions, jobs, rules, web
from app.exports.models import Export, ExportFile
from app.tests import make

OPERATION = declare("exports.test", "試験の一覧", roles=(LIBRARIAN,))
TITLES = ["利用券番号", "氏名"]


def ask(actor, personal=False, count=3, people=(), **query):
    """What `table` answers somebody who asks for a list of `count` rows; posted when there is a purpose."""
    purpose = query.pop("purpose", None)
    factory = RequestFactory()
    request = factory.get("/", query) if purpose is None else factory.post("/", {**query, "export_purpose": purpose})
    request.actor, request.id, request.user = actor, "r-1", make.staff()
    rows = ((f"{number:08}", f"利用者{number}") for number in range(count))
    return web.table(request, OPERATION, "延滞者一覧", TITLES, rows, personal, people)


def content_of(answer):
    return b"".join(answer.streaming_content)


@pytest.fixture
def librarian(db):
    return make.actor("librarian")


@pytest.mark.req("F-GEN-016")
@pytest.mark.parametrize("code", ["csv", "sjis", "xlsx"])
def test_ten_thousand_rows_are_written_and_zeros_stay(librarian, code):
    content = content_of(ask(librarian, count=10_000, **{"as": code}))
    if code == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(content), read_only=True).active
        rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    else:
        text = content.decode("utf-8-sig" if code == "csv" else "cp932")
        rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == TITLES
    assert len(rows) == 10_001
    assert rows[1] == ["00000000", "利用者0"]
    assert rows[10_000][0] == "00009999"


@pytest.mark.req("F-GEN-016")
def test_the_downloads_name_tells_list_day_and_form(librarian):
    answer = ask(librarian, **{"as": "sjis"})
    assert answer["Content-Type"] == "text/csv; charset=Shift_JIS"
    assert "%E5%BB%B6%E6%BB%9E" in answer["Content-Disposition"]
    assert f"{timezone.localdate():%Y%m%d}_SJIS.csv" in answer["Content-Disposition"]
    event = AuditEvent.objects.get(operation="exports.test")
    assert event.detail == {"name": "延滞者一覧", "format": "sjis", "rows": 3}


def test_who_may_not_gets_no_file(db):
    nobody = make.actor("counter")
    for personal in (False, True):
        with pytest.raises(NotPermitted):
            ask(nobody, personal=personal, purpose="督促", **{"as": "csv"})
    assert not Export.objects.exists()


@pytest.mark.req("F-AUD-009")
def test_a_list_of_persons_is_not_written_without_a_purpose(librarian):
    assert "書き出す目的" in ask(librarian, personal=True, **{"as": "csv"}).content.decode()
    for empty in ("", "   "):
        answer = ask(librarian, personal=True, purpose=empty, **{"as": "csv"})
        assert answer.status_code == 422
        assert "入力してください" in answer.content.decode()
    assert not Export.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO exports_export (name, operation, purpose, format, titles, rows, replaced, needs_approval,"
            " requested_by_id, erase_on) SELECT '', '', '', 'csv', '[]', 0, 0, false, id, now() FROM access_staffuser"
        )


@pytest.mark.req("F-AUD-009")
def test_a_thousand_rows_are_fetched_at_once_and_one_more_waits_for_another_person(librarian):
    ask(librarian, personal=True, count=1000, purpose="督促", **{"as": "csv"})
    small = Export.objects.get()
    assert actions.fetch(librarian, small.pk)[1].count(b"\r\n") == 1001
    ask(librarian, personal=True, count=1001, purpose="督促", **{"as": "csv"})
    large = Export.objects.latest("id")
    with pytest.raises(actions.ExportRefused, match="承認待ち"):
        actions.fetch(librarian, large.pk)
    with pytest.raises(NotPermitted):
        actions.decide(make.actor("librarian"), large.pk, True)
    chief = make.actor("admin")
    actions.decide(chief, large.pk, True)
    with pytest.raises(actions.ExportRefused, match="ほかの職員"):
        actions.fetch(chief, large.pk)
    assert actions.fetch(librarian, large.pk)[1].count(b"\r\n") == 1002
    approval = AuditEvent.objects.get(operation="exports.approve")
    assert (approval.actor, approval.purpose, approval.detail["for"]) == (chief.number, "督促", librarian.number)


@pytest.mark.req("F-AUD-009")
def test_nobody_approves_their_own_list_not_even_past_the_application(db):
    chief = make.actor("admin")
    ask(chief, personal=True, count=1001, purpose="点検", **{"as": "csv"})
    mine = Export.objects.get()
    with pytest.raises(actions.ExportRefused, match="自分の書出し"):
        actions.decide(chief, mine.pk, True)
    with pytest.raises(IntegrityError), transaction.atomic():
        Export.objects.filter(pk=mine.pk).update(decided_by=mine.requested_by, decided_at=timezone.now(), approved=True)


def test_what_was_declined_is_gone_at_once(librarian):
    ask(librarian, personal=True, count=1001, purpose="督促", **{"as": "csv"})
    made = actions.decide(make.actor("admin"), Export.objects.get().pk, False)
    assert made.erased_at
    assert not ExportFile.objects.exists()


def test_more_rows_than_the_limit_are_refused_and_nothing_is_kept(librarian, settings):
    settings.EXPORTS = {"most_rows": 10}
    answer = ask(librarian, personal=True, count=11, purpose="督促", **{"as": "csv"})
    assert answer.status_code == 422
    assert "10件まで" in answer.content.decode()
    assert not Export.objects.exists()


def test_the_database_holds_no_readable_word_of_the_file(librarian):
    ask(librarian, personal=True, purpose="督促", **{"as": "csv"})
    file = ExportFile.objects.get()
    for words in ("利用者1".encode(), b"00000001", "氏名".encode()):
        assert words not in bytes(file.content)
    assert bytes(file.key)[:1] == b"\x01"


@pytest.mark.req("F-AUD-014")
def test_after_seven_days_the_file_is_gone_and_the_list_tells_when(librarian):
    made_on = timezone.localdate()
    ask(librarian, personal=True, purpose="督促", **{"as": "csv"})
    export = Export.objects.get()
    assert export.erase_on == made_on + timedelta(days=7)
    now = timezone.now()
    assert jobs.erase(now + timedelta(days=6)).startswith("0件")
    assert ExportFile.objects.exists()
    week = now + timedelta(days=7)
    assert jobs.erase(week).startswith("1件")
    assert jobs.erase(week).startswith("0件")
    assert not ExportFile.objects.exists()
    export.refresh_from_db()
    assert export.erased_at == week
    with pytest.raises(actions.ExportRefused, match="消去済み"):
        actions.fetch(librarian, export.pk)
    page = make.client("admin").get("/exports/").content.decode()
    assert f"{timezone.localdate(week):%Y/%m/%d}" in page
    assert "消去済み" in page
    assert AuditEvent.objects.filter(operation="exports.erase", subject_id=str(export.pk)).count() == 1


@pytest.mark.req("F-AUD-002")
def test_each_person_in_a_file_has_a_line_in_the_log(librarian):
    people = [make.patron().pk for _ in range(3)]
    ask(librarian, personal=True, people=people, purpose="督促", **{"as": "csv"})
    seen = AuditEvent.objects.filter(operation="exports.test", outcome="viewed")
    assert {event.subject_id for event in seen} == {str(pk) for pk in people}
    assert {event.purpose for event in seen} == {"督促"}


def test_the_pages_lead_from_the_list_to_the_file_by_buttons(db):
    browser = make.client("librarian")
    actor = make.actor("librarian")
    ask(actor, personal=True, count=2000, purpose="督促の準備", **{"as": "xlsx"})
    export = Export.objects.get()
    assert browser.get(f"/exports/{export.pk}/").status_code == 404
    assert "督促の準備" not in browser.get("/exports/").content.decode()
    chief = make.client("admin")
    assert "承認する" in chief.get(f"/exports/{export.pk}/").content.decode()
    chief.post(f"/exports/{export.pk}/decide/", {"decision": "approve"})
    export.refresh_from_db()
    assert export.approved
    from django.test import Client

    from app.access.models import StaffUser

    owner = Client()
    owner.force_login(StaffUser.objects.get(number=actor.number))
    assert "受け取る" in owner.get("/exports/").content.decode()
    answer = owner.post(f"/exports/{export.pk}/fetch/")
    sheet = openpyxl.load_workbook(io.BytesIO(content_of(answer)), read_only=True).active
    assert sum(1 for _ in sheet.rows) == 2001
    assert answer["Cache-Control"] == "no-store"
    assert owner.get(f"/exports/{export.pk}/fetch/").status_code == 405


def test_the_state_of_an_export_is_one_of_four():
    assert rules.state(needs_approval=False, approved=None, erased=False) == rules.READY
    assert rules.state(needs_approval=True, approved=None, erased=False) == rules.WAITING
    assert rules.state(needs_approval=True, approved=False, erased=False) == rules.DECLINED
    assert rules.state(needs_approval=True, approved=True, erased=True) == rules.ERASED
