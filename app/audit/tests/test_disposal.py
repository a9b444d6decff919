"""Events end after six years only, when one person asked and another approved; nobody else can end them."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from app.access.actions import NotPermitted
from app.access.actor import Actor
from app.audit import actions, jobs, privileges, rules, verifying
from app.audit.actions import disposal, sealing
from app.audit.models import AuditDisposal, AuditEvent, AuditSeal
from app.tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def month():
    """A month six years ago with three sealed events, and one event of today."""
    first = timezone.localdate().replace(day=1)
    then = (first.replace(year=first.year - 6) - timedelta(days=1)).replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_make_month(%s)", [then])
    begin, _ = verifying.bounds(then)
    for number in range(3):
        AuditEvent.objects.create(at=begin + timedelta(days=number), actor_kind="staff", operation="test.old")
    actions.record(Actor("staff", "s1"), "test.new")
    sealing.seal(timezone.now())
    assert list(AuditSeal.objects.order_by("number").values_list("count", flat=True)) == [3, 1]
    return then


def faults():
    return [(fault.kind, fault.event) for fault in verifying.verify().faults]


def asked(month, requester=None):
    return disposal.request(requester or make.actor("admin"), month, "保存期間満了", timezone.localdate())


def test_six_years_are_counted_from_the_months_end():
    assert rules.kept_until(date(2026, 11, 1), 6) == date(2032, 12, 1)
    assert rules.kept_until(date(2026, 12, 1), 6) == date(2033, 1, 1)
    assert not rules.disposable(date(2026, 11, 1), date(2032, 11, 30), 6)
    assert rules.disposable(date(2026, 11, 1), date(2032, 12, 1), 6)
    assert disposal.years_kept() >= 6


@pytest.mark.req("F-AUD-003", "F-AUD-004")
def test_a_month_goes_when_one_asked_and_another_approved_and_the_rest_still_verifies(month):
    first, second = make.actor("admin"), make.actor("admin")
    request = asked(month, first)
    assert jobs.dispose(timezone.now()) == "廃棄するものはありません。"
    with pytest.raises(disposal.DisposalRefused, match="自分の申請"):
        disposal.decide(first, request.pk, True, timezone.now())
    disposal.decide(second, request.pk, True, timezone.now())
    assert jobs.dispose(timezone.now()) == f"{month:%Y年%m月}の3件を廃棄しました。"
    assert not AuditEvent.objects.filter(operation="test.old").exists()
    request.refresh_from_db()
    assert (request.rows, request.requested_by, request.approved_by) == (3, first.number, second.number)
    event = AuditEvent.objects.get(operation="audit.dispose")
    assert event.detail == {"rows": 3, "requested": first.number, "approved": second.number}
    assert faults() == []
    assert verifying.verify().disposed == [f"{month:%Y-%m} 3件 申請{first.number} 承認{second.number}"]


@pytest.mark.req("F-AUD-004")
def test_younger_months_are_kept_by_the_application_and_by_the_database(month):
    young = rules.next_month(month)
    with pytest.raises(disposal.DisposalRefused, match="まで保存します"):
        asked(young)
    AuditDisposal.objects.create(month=young, requested_by="a", reason="x", approved_by="b", approved_at=timezone.now())
    assert "kept for six years" in jobs.dispose(timezone.now())
    assert AuditEvent.objects.filter(operation="test.old").count() == 3


@pytest.mark.req("F-AUD-003")
def test_the_application_role_disposes_of_nothing_that_is_not_approved_or_not_sealed(month):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'kura_app'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE ROLE kura_app")
        privileges.grant()
        name = f"audit_auditevent_{month:%Y_%m}"
        cursor.execute("SET LOCAL ROLE kura_app")
        for statement in (
            f"SELECT audit_dispose('{month}')",
            f"SELECT audit_make_month('{month}')",
            f"DROP TABLE {name}",
            f"DELETE FROM {name}",
            f"TRUNCATE {name}",
            f"UPDATE {name} SET actor = 'x'",
            f"SELECT count(*) FROM {name}",
            "UPDATE audit_auditseal SET root = 'x'",
            "DELETE FROM audit_auditseal",
        ):
            with pytest.raises(DatabaseError, match=r"permission denied|must be owner|not approved"), \
                    transaction.atomic():  # fmt: skip
                cursor.execute(statement)
        cursor.execute("SELECT audit_make_months(1)")
        cursor.execute("RESET ROLE")
    request = asked(month)
    disposal.decide(make.actor("admin"), request.pk, True, timezone.now())
    begin, _ = verifying.bounds(month)
    AuditEvent.objects.create(at=begin, actor_kind="staff", operation="test.late")
    assert "4 are there, 3 are sealed" in jobs.dispose(timezone.now())


def test_what_was_disposed_of_is_written_once_and_for_all(month):
    request = asked(month)
    disposal.decide(make.actor("admin"), request.pk, True, timezone.now())
    disposal.carry_out()
    for statement in ("UPDATE audit_auditdisposal SET approved_by = 'x'", "DELETE FROM audit_auditdisposal"):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(disposal.DisposalRefused, match="申請済み"):
        asked(month)


def test_one_person_is_not_two_not_even_past_the_application(month):
    request = asked(month)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuditDisposal.objects.filter(pk=request.pk).update(approved_by=request.requested_by, approved_at=timezone.now())


def test_an_early_disposal_that_a_superuser_made_is_told_by_the_verification(month):
    AuditDisposal.objects.create(
        month=month, requested_by="a", reason="x", approved_by="b", approved_at=timezone.now(),
        done_at=timezone.now() - timedelta(days=60), rows=3,
    )  # fmt: skip
    kinds = {kind for kind, _ in faults()}
    assert kinds == {"disposal", "inserted"}


def test_only_administrators_ask_and_decide(month):
    with pytest.raises(NotPermitted):
        asked(month, make.actor("librarian"))
    request = asked(month)
    with pytest.raises(NotPermitted):
        disposal.decide(make.actor("librarian"), request.pk, True, timezone.now())


def test_the_page_leads_from_asking_to_approving(month):
    first, second = make.client("admin"), make.client("admin")
    assert "廃棄を申請" in first.get("/audit/keeping/").content.decode()
    page = first.post("/audit/keeping/request/", {"month": str(month), "reason": "保存期間満了"}, follow=True)
    assert "承認待ち" in page.content.decode()
    assert 'value="approve"' not in page.content.decode()
    assert "廃棄の申請が1件" in second.get("/staff/").content.decode()
    request = AuditDisposal.objects.get()
    page = second.post(f"/audit/keeping/{request.pk}/", {"decision": "approve"}, follow=True)
    assert "承認済み" in page.content.decode()
    jobs.dispose(timezone.now())
    assert "3件を廃棄" in first.get("/audit/keeping/").content.decode()


def test_a_request_is_withdrawn(month):
    request = asked(month)
    disposal.decide(make.actor("admin"), request.pk, False, timezone.now())
    assert not AuditDisposal.objects.exists()
    assert AuditEvent.objects.filter(operation="audit.approve_disposal", outcome="refused").count() == 1


@pytest.mark.req("F-AUD-003")
def test_sealing_and_verifying_need_no_more_than_the_applications_role(month):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'kura_app'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE ROLE kura_app")
        privileges.grant()
        actions.record(Actor("staff", "s1"), "test.new")
        cursor.execute("SET LOCAL ROLE kura_app")
        assert [one.count for one in sealing.seal(timezone.now())] == [1]
        sealing.note_copied("seals@bak1", 3, timezone.now())
        assert verifying.verify().count == 0
        assert disposal.make_months() == 0
        jobs.watch(timezone.now())
        cursor.execute("RESET ROLE")
