"""What happened to one thing is found in one search: who, when, from where, before and after."""

import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions, queries
from app.audit.models import AuditEvent
from app.catalog import actions as catalog
from app.catalog.models import BibliographicRecord
from app.tests import make

TOKYO = ZoneInfo("Asia/Tokyo")


def ask(browser=None, **given):
    """What the search page answers."""
    today = timezone.localdate()
    asked = {"since": str(today), "until": str(today), "purpose": "試験", **given}
    return (browser or make.client("admin")).post("/audit/", asked)


def events(page):
    return [row["event"] for row in page.context["rows"]]


@pytest.mark.req("F-AUD-001")
@pytest.mark.django_db
def test_an_update_is_found_with_its_values_before_and_after_and_who_made_it():
    librarian = make.actor("librarian")
    record = BibliographicRecord.objects.create(title="山の音", publisher="筑摩書房")
    catalog.update_record(librarian, record.pk, {"title": "山の音 新版", "creators": ["川端康成"]})
    page = ask(subject_type="record", subject=str(record.pk), operation="catalog")
    (event,) = events(page)
    assert (event.actor, event.terminal, event.operation) == (librarian.number, "10.81.1.70", "catalog.edit_record")
    assert event.detail == {
        "before": {"title": "山の音", "creators": []},
        "after": {"title": "山の音 新版", "creators": ["川端康成"]},
    }
    shown = page.content.decode()
    assert "<del>山の音</del> → <ins>山の音 新版</ins>" in shown
    assert "<del>（空）</del> → <ins>川端康成</ins>" in shown
    assert librarian.number in shown


@pytest.mark.req("F-AUD-001", "S-LOG-003")
@pytest.mark.django_db
def test_signing_in_and_out_adding_changing_and_writing_out_leave_who_when_where_and_what():
    user = make.staff("librarian")
    browser = Client(REMOTE_ADDR="10.81.1.71")
    browser.post("/staff/sign-in/", {"number": user.number, "password": "falsch-falsch-1"})
    browser.post("/staff/sign-in/", {"number": user.number, "password": make.PASSWORD})
    browser.post("/catalog/new/", {"title": "新しい本", "material_type": "book"})
    browser.post("/staff/sign-out/")
    logged = AuditEvent.objects.order_by("id")
    acts = [(event.operation, event.outcome) for event in logged if event.terminal == "10.81.1.71"]
    assert acts[:2] == [("access.sign_in", "refused"), ("access.sign_in", "done")]
    assert acts[-1] == ("access.sign_out", "done")
    assert ("catalog.edit_record", "done") in acts
    assert all(event.at and event.request_id for event in logged)
    assert {event.subject_id for event in logged if event.operation.startswith("access.")} == {user.number}


@pytest.mark.django_db
def test_personal_columns_are_named_and_their_values_stay_out_of_the_log():
    before = {"name": "小林 花子", "valid_until": timezone.localdate(), "tags": {"b", "a"}}
    after = {"name": "山田 花子", "valid_until": timezone.localdate() + timedelta(1), "tags": {"a", "b"}}
    told = actions.changes(before, after, personal=("name", "address"))
    assert told == {
        "before": {"valid_until": str(timezone.localdate())},
        "after": {"valid_until": str(timezone.localdate() + timedelta(1))},
        "personal": ["name"],
    }
    assert actions.changes(before, before) == {"before": {}, "after": {}}
    assert len(actions.changes({"a": ""}, {"a": "長" * 500})["after"]["a"]) == 201


@pytest.mark.django_db
def test_the_log_is_searched_by_each_column_and_by_the_operations_japanese_name():
    first, second = Actor("staff", "s1", terminal="10.81.1.70"), Actor("staff", "s2", terminal="10.81.1.71")
    actions.record(first, catalog.EDIT_RECORD, subject_type="record", subject_id=7)
    actions.record(second, catalog.EDIT_ITEM, subject_type="item", subject_id="0001")
    actions.record(second, "access.sign_in", outcome="refused", subject_type="staff", subject_id="s9")
    browser = make.client("admin")
    for given, found in [
        ({"actor": "s1"}, ["catalog.edit_record"]),
        ({"terminal": "10.81.1.71"}, ["access.sign_in", "catalog.edit_item"]),
        ({"operation": "書誌を登録"}, ["catalog.edit_record"]),
        ({"operation": "catalog"}, ["catalog.edit_item", "catalog.edit_record"]),
        ({"outcome": "refused"}, ["access.sign_in"]),
        ({"subject_type": "item", "subject": "0001"}, ["catalog.edit_item"]),
        ({"subject_type": "staff"}, ["access.sign_in"]),
        ({"operation": "存在しない操作"}, []),
    ]:
        page = ask(browser, **given)
        there = [one.operation for one in events(page) if one.operation != "audit.search"]
        assert there == found, given


@pytest.mark.django_db
def test_wrong_searches_are_told_in_words_and_make_no_event():
    for given, words in [
        ({"subject_type": "patron", "subject": "99999999"}, "登録されていません"),
        ({"subject": "1"}, "種別も選んで"),
        ({"terminal": "x"}, "IP"),
        ({"since": "2026-11-02", "until": "2026-11-01"}, "開始日以後"),
        ({"purpose": ""}, "調べる目的"),
    ]:
        page = ask(**given)
        assert page.status_code == 422
        assert words in page.content.decode()
    assert not AuditEvent.objects.filter(operation="audit.search").exists()


@pytest.mark.django_db
def test_pages_go_on_from_the_last_event_and_show_each_once():
    who = Actor("staff", "s1")
    for number in range(120):
        actions.record(who, "test.act", subject_type="record", subject_id=number)
    browser, seen, after = make.client("admin"), [], ""
    for size in (50, 50, 20):
        page = ask(browser, operation="test.act", after=after)
        assert len(page.context["rows"]) == size
        assert page.context["count"] == 120
        seen += [event.subject_id for event in events(page)]
        after = page.context["after"]
    assert seen == [str(number) for number in range(119, -1, -1)]
    assert after == ""


@pytest.mark.req("F-AUD-001")
@pytest.mark.django_db
def test_what_was_found_is_written_to_a_sealed_file_with_the_searchs_purpose():
    actions.record(Actor("staff", "s1"), "test.act", subject_type="record", subject_id="0007")
    browser = make.client("admin")
    answer = ask(browser, operation="test.act", **{"as": "xlsx"})
    assert answer.status_code == 302
    content = b"".join(browser.post(f"{answer['Location']}fetch/").streaming_content)
    rows = list(openpyxl.load_workbook(io.BytesIO(content), read_only=True).active.iter_rows(values_only=True))
    assert rows[0][:3] == ("日時", "操作者の種別", "操作者")
    assert rows[1][2] == "s1"
    assert rows[1][7] == "0007"
    assert len(rows) == 2
    assert AuditEvent.objects.get(operation="audit.export").purpose == "試験"


def old_events(count, year):
    """So many events spread over a year, past the application as a restore would bring them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_make_month(make_date(%s, month, 1)) FROM generate_series(1, 12) month", [year])
        cursor.execute(
            "INSERT INTO audit_auditevent (at, actor_kind, actor, operation, outcome, subject_type, subject_id,"
            " purpose, request_id, detail) SELECT make_timestamptz(%s, 1, 1, 0, 0, 0, 'Asia/Tokyo')"
            " + n * interval '365 days' / %s, 'staff', 's' || n %% 60, 'patrons.view', 'viewed', 'patron',"
            " (n * 7919 %% 50000)::text, '利用者照会', '', '{}' FROM generate_series(0, %s) n",
            [year, count, count - 1],
        )


@pytest.mark.req("S-LOG-003")
@pytest.mark.django_db
def test_the_views_of_one_member_of_staff_stand_out_from_all_that_a_day_brought():
    """Forty thousand events of sixty people; one of them looked at two patrons and wrote a list out."""
    user, patrons = make.staff("counter"), [make.patron(), make.patron()]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditevent (at, actor_kind, actor, operation, outcome, subject_type, subject_id,"
            " purpose, request_id, detail)"
            " SELECT date_trunc('day', now(), 'Asia/Tokyo') + n * interval '2 seconds', 'staff',"
            " 's' || n % 60, (ARRAY['patrons.view', 'circulation.lend', 'access.sign_in'])[1 + n % 3], 'viewed',"
            " 'patron', (n * 7919 % 50000)::text, '利用者照会', '', '{}' FROM generate_series(0, 39999) n"
        )
        cursor.execute("ANALYZE audit_auditevent")
    browser = Client(REMOTE_ADDR="10.81.1.72")
    browser.post("/staff/sign-in/", {"number": user.number, "password": make.PASSWORD})
    for patron in patrons:
        browser.get(f"/patrons/{patron.pk}/")
    page = ask(actor=user.number, subject_type="patron", operation="patrons")
    seen = events(page)
    assert {event.subject_id for event in seen} == {str(patron.pk) for patron in patrons}
    assert {(event.actor, event.terminal, event.outcome) for event in seen} == {(user.number, "10.81.1.72", "viewed")}
    assert all(timezone.localdate(event.at) == timezone.localdate() for event in seen)
    today = timezone.localdate()
    plan = queries.search(today, today, actor=user.number, operation="patrons").explain()
    assert f"audit_auditevent_{today:%Y_%m}_actor" in plan, plan  # that person's events, not the whole day's
    assert "Seq Scan" not in plan, plan


@pytest.mark.req("F-AUD-004")
@pytest.mark.django_db
def test_events_of_six_years_ago_are_found_quickly_and_only_their_months_are_read():
    today = timezone.localdate()
    for year in range(today.year - 6, today.year):
        old_events(20_000, year)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_auditevent")
    long_ago = today.replace(year=today.year - 6)
    found = queries.search(long_ago - timedelta(20), long_ago, subject_type="patron", operation="patrons")
    rows = list(found[:50])
    assert len(rows) == 50
    assert {timezone.localtime(event.at).year for event in rows} <= {long_ago.year, long_ago.year - 1}
    plan = found.explain()
    read = {word for line in plan.splitlines() for word in line.split() if word.startswith("audit_auditevent_")}
    months = {f"audit_auditevent_{day:%Y_%m}" for day in (long_ago, long_ago - timedelta(20))}
    assert read == months & read
    assert f"audit_auditevent_{long_ago:%Y_%m}" in read


@pytest.mark.req("F-AUD-004")
@pytest.mark.django_db
def test_every_month_of_the_years_to_come_has_its_partition_and_a_wrong_clock_stops_nothing():
    from app.audit.actions.disposal import AHEAD, make_months

    assert make_months() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_inherits WHERE inhparent = 'audit_auditevent'::regclass")
        assert cursor.fetchone()[0] >= AHEAD + 2
    AuditEvent.objects.create(at=datetime(2099, 1, 1, tzinfo=TOKYO), actor_kind="system", operation="test.far")
    assert AuditEvent.objects.filter(operation="test.far").count() == 1


@pytest.mark.req("F-AUD-001")
@pytest.mark.django_db
def test_a_change_of_staff_of_a_terminal_and_of_a_notice_tells_both_values():
    from app.access.actions import put_staff

    chief = make.actor("admin")
    user = make.staff("counter", name="旧姓 花子")
    put_staff(chief, user.number, name="新姓 花子", roles=("librarian",))
    page = ask(subject_type="staff", subject=user.number, operation="access.manage_staff").content.decode()
    assert "<del>旧姓 花子</del> → <ins>新姓 花子</ins>" in page
    assert "<del>counter</del> → <ins>librarian</ins>" in page
    assert "氏名" in page


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ({"before": "古い文", "after": "新しい文"}, [("内容", "古い文", "新しい文")]),
        ({"before": None, "after": {"title": "新"}}, [("title", "（空）", "新")]),
        ({"before": {"title": "旧", "x": 1}, "after": None}, [("title", "旧", "（空）"), ("x", "1", "（空）")]),
        ({"before": {"a": 1, "b": 2}, "after": {"a": 1, "b": 3}}, [("b", "2", "3")]),
        ({"fields": ["a"]}, []),
    ],
)
def test_values_before_and_after_are_shown_however_an_area_tells_them(detail, told):
    from app.audit import shown

    event = AuditEvent(operation="test.act", subject_type="none", detail=detail)
    assert [(one.label, one.before, one.after) for one in shown.changes_of(event)] == told
