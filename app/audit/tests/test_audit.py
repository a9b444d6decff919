"""The audit log only grows, and says who looked at whom."""

import re
from datetime import timedelta

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions, privileges, queries
from app.audit.models import AuditEvent
from app.tests import make

ACTOR = Actor("staff", "s1", "窓口", terminal="10.81.1.70", request_id="r-1")
REFUSED = (InternalError, ProgrammingError)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE audit_auditevent SET actor = 'other'", "DELETE FROM audit_auditevent"])
def test_not_even_the_owner_changes_or_removes_a_line(statement):
    actions.record(ACTOR, "test.act")
    with pytest.raises(REFUSED, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AuditEvent.objects.get().actor == "s1"


def role(name):
    """The role exists (made here when the server has none; gone with the test's transaction)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE ROLE {name}")


@pytest.mark.django_db
def test_nobody_but_the_servers_superuser_empties_the_log():
    actions.record(ACTOR, "test.act")
    role("kura_emptier")
    with connection.cursor() as cursor:
        cursor.execute("GRANT TRUNCATE ON audit_auditevent TO kura_emptier")
        cursor.execute("SET LOCAL ROLE kura_emptier")
        with pytest.raises(REFUSED, match="append-only: TRUNCATE"), transaction.atomic():
            cursor.execute("TRUNCATE audit_auditevent")
        cursor.execute("RESET ROLE")
    assert AuditEvent.objects.count() == 1


@pytest.fixture
def application_role(db):
    """The role kura_app with its privileges."""
    role("kura_app")
    privileges.grant()


@pytest.mark.django_db
def test_every_table_is_either_readable_or_private():
    assert not privileges.READABLE & privileges.PRIVATE
    with connection.cursor() as cursor:
        tables, _ = privileges.tables_of(cursor)
    assert tables == privileges.READABLE | privileges.PRIVATE


@pytest.mark.django_db
def test_the_reader_sees_holdings_and_figures_and_no_person_whatever_it_was_granted_before():
    role("kura_read")
    with connection.cursor() as cursor:
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO kura_read")
        privileges.grant()
        cursor.execute("SET LOCAL ROLE kura_read")
        for table in sorted(privileges.READABLE):
            cursor.execute(f"SELECT count(*) FROM {table}")
        refused = [f"SELECT count(*) FROM {table}" for table in sorted(privileges.PRIVATE)]
        for statement in [*refused, "DELETE FROM catalog_item", "UPDATE branches_branch SET name = 'x'"]:
            with pytest.raises(ProgrammingError, match="permission denied for table"), transaction.atomic():
                cursor.execute(statement)
        cursor.execute("RESET ROLE")


def test_the_applications_role_may_write_and_read_the_log_and_nothing_else(application_role):
    actions.record(ACTOR, "test.act")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE kura_app")
        cursor.execute(
            "INSERT INTO audit_auditevent (actor_kind, actor, operation, outcome, subject_type, subject_id, purpose,"
            " request_id, detail) VALUES ('staff', 's2', 'test.act', 'done', '', '', '', '', '{}')"
        )
        cursor.execute("SELECT count(*) FROM audit_auditevent")
        assert cursor.fetchone() == (2,)
        for statement in (
            "UPDATE audit_auditevent SET actor = 'x'",
            "DELETE FROM audit_auditevent",
            "TRUNCATE audit_auditevent",
            "DROP TABLE audit_auditevent",
            "ALTER TABLE audit_auditevent DISABLE TRIGGER ALL",
            "CREATE TABLE public.mine (n int)",
        ):
            with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
                cursor.execute(statement)
        cursor.execute("UPDATE patrons_patron SET district = ''")
        cursor.execute("RESET ROLE")


def test_privileges_are_granted_only_to_roles_that_exist():
    assert privileges.statements(set()) == []
    assert all(statement.endswith("kura_read") for statement in privileges.statements({"kura_read"}))


@pytest.mark.django_db
def test_an_event_falls_with_the_act_it_records():
    with transaction.atomic():
        actions.record(ACTOR, "test.act")
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()


@pytest.mark.req("F-AUD-002")
@pytest.mark.django_db
def test_every_view_of_a_patron_can_be_listed_with_who_and_when():
    patron, other = make.patron(kana="ヤマダ ジロウ"), make.patron(kana="ヤマダ サブロウ")
    viewers = [make.staff("counter") for _ in range(2)]
    from django.test import Client

    for user in viewers:
        browser = Client()
        browser.force_login(user)
        browser.post("/patrons/", {"kana": "ヤマダ"})
        browser.get(f"/patrons/{patron.pk}/")
        browser.post("/counter/", {"scan": patron.card_number})
    page = make.client("admin").post(
        "/audit/",
        {
            "since": str(timezone.localdate()),
            "until": str(timezone.localdate()),
            "subject_type": "patron",
            "subject": patron.card_number,
            "operation": "patrons",
            "purpose": "試験",
        },
    )
    events = [row["event"] for row in page.context["rows"]]
    assert len(events) == 6
    assert {event.actor for event in events} == {user.number for user in viewers}
    assert {event.subject_id for event in events} == {str(patron.pk)}
    assert {event.purpose for event in events} == {"利用者検索", "利用者照会", "貸出窓口"}
    assert AuditEvent.objects.filter(subject_id=str(other.pk), outcome="viewed").count() == 2


@pytest.mark.django_db
def test_a_search_of_the_log_needs_a_purpose_and_is_itself_recorded():
    browser = make.client("admin")
    today = str(timezone.localdate())
    page = browser.post("/audit/", {"since": today, "until": today})
    assert "入力してください" in page.content.decode()
    asked = {"since": today, "until": today, "purpose": "四半期点検", "actor": "counter9", "operation": "patrons"}
    browser.post("/audit/", asked)
    event = AuditEvent.objects.get(operation="audit.search")
    assert event.purpose == "四半期点検"
    assert event.detail == {"since": today, "until": today, "actor": "counter9", "operation": "patrons"}


@pytest.mark.django_db
def test_the_log_is_shown_in_japanese():
    actions.record(ACTOR, "test.act", subject_type="record", subject_id=7)
    actions.record(ACTOR, "test.act", subject_type="item", subject_id=8, detail={"fields": ["a", "b"]})
    browser, today = make.client("admin"), str(timezone.localdate())
    for _ in range(2):
        page = browser.post("/audit/", {"since": today, "until": today, "purpose": "点検", "operation": ""})
    text = page.content.decode()
    for words in ("書誌 7", "資料 8", f"開始日 {today}・終了日 {today}<", "変更した項目 a、b<", "受付番号"):
        assert words in text
    for words in ("since=", "until=", "operation=", "要求番号"):
        assert words not in text


@pytest.mark.django_db
def test_the_first_and_the_last_day_of_the_calendar_can_be_asked_for():
    actions.record(ACTOR, "test.act")
    asked = {"since": "0001-01-01", "until": "9999-12-31", "purpose": "試験", "operation": "test"}
    page = make.client("admin").post("/audit/", asked)
    assert page.status_code == 200
    assert len(page.context["rows"]) == 1


@pytest.mark.django_db
def test_librarians_cannot_open_the_log():
    assert make.client("librarian").get("/audit/").status_code == 403


@pytest.mark.django_db
def test_terminal_and_request_id_are_recorded():
    patron = make.patron()
    reply = make.client("counter").get(f"/patrons/{patron.pk}/")
    event = AuditEvent.objects.get(operation="patrons.view")
    assert event.terminal == "127.0.0.1"
    assert event.request_id == reply["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", event.request_id)


@pytest.mark.django_db
def test_the_last_day_of_a_search_counts_whole():
    actions.record(ACTOR, "test.act")
    today = timezone.localdate()
    assert queries.search(today, today).count() == 1
    assert queries.search(today - timedelta(days=3), today - timedelta(days=1)).count() == 0
    assert queries.search(today, today, actor="s1", operation="test").count() == 1
    assert queries.search(today, today, actor="s2").count() == 0
