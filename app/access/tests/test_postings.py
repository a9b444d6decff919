"""Postings by table: preview, 00:00 of the day, once; who could do what on which day; appointments."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.utils import timezone

from app.access import planning, queries, sheets
from app.access.actions import NotPermitted, postings, spans, staff
from app.access.actor import system
from app.access.models import Appointment, GrantSpan, PostingSheet, Role, StaffSpan, StaffUser
from app.jobs import registry
from app.jobs.actions import run_due
from app.jobs.models import JobRun
from app.tests import make

TOKYO = ZoneInfo("Asia/Tokyo")


def table(users, branch="nanbu", roles="司書"):
    return sheets.write_xlsx(
        "異動", planning.POSTING_COLUMNS, [[user.number, user.name, branch, roles, ""] for user in users]
    )


def offer(browser, data, day, title="4月1日付"):
    file = SimpleUploadedFile("ido.xlsx", data)
    return browser.post("/staff/postings/new/", {"title": title, "effective_on": day.isoformat(), "table": file})


@pytest.mark.req("F-SYS-007", "S-ACL-002")
@pytest.mark.django_db
def test_twenty_people_change_library_and_roles_at_midnight_of_the_day():
    make.branch("nanbu", name="南部図書館", short="南部")
    users = [make.staff("counter") for _ in range(20)]
    admin = make.client("admin")
    tomorrow = timezone.localdate() + timedelta(days=1)
    reply = offer(admin, table(users), tomorrow)
    assert reply.status_code == 302
    preview = admin.get(reply.url).content.decode()
    assert preview.count("<strong>南部 司書</strong>") == 20
    assert "今の所属・役割" in preview
    midnight = datetime.combine(tomorrow, datetime.min.time(), TOKYO)
    before = midnight - timedelta(seconds=1)
    run_due(before)
    assert not StaffUser.objects.filter(branch__code="nanbu").exists()
    JobRun.objects.filter(job="access.postings").delete()
    run_due(midnight)
    moved = StaffUser.objects.filter(branch__code="nanbu", roles__code="librarian")
    assert moved.count() == 20
    assert all("catalog.edit_record" in queries.operations_of(user) for user in moved)
    assert PostingSheet.objects.get().state == "applied"
    changed = StaffSpan.objects.filter(since=midnight)
    assert changed.count() == 20
    postings.apply_due(system("t"), midnight + timedelta(hours=1))  # once
    assert StaffSpan.objects.filter(since__gt=midnight).count() == 0


@pytest.mark.django_db
def test_a_fault_keeps_the_whole_table_out_and_a_wrong_name_is_a_fault():
    make.branch("nanbu")
    user = make.staff("counter", number="501", name="正しい 人")
    other = make.staff("counter", number="502", name="別の 人")
    user.name = "違う 人"
    data = table([user, other, make.staff("counter", number="503")], branch="nanbu")
    StaffUser.objects.filter(number="503").update(number="504")
    reply = offer(make.client("admin"), data, timezone.localdate())
    page = reply.content.decode()
    assert reply.status_code == 400
    assert "職員番号「501」は正しい 人さんです。氏名が違います。" in page
    assert "職員番号「503」の職員はいません。" in page
    assert not PostingSheet.objects.exists()


@pytest.mark.django_db
def test_a_day_that_is_over_is_refused_and_a_planned_table_can_be_taken_back():
    make.branch("nanbu")
    user, admin = make.staff("counter"), make.actor("admin")
    line = planning.PostingLine(user.pk, user.number, make.branch("nanbu").pk, ("librarian",))
    today = timezone.localdate()
    with pytest.raises(ValidationError, match="発令日"):
        postings.plan(admin, "昨日", today - timedelta(days=1), (line,), today)
    with pytest.raises(NotPermitted):
        postings.plan(make.actor("librarian"), "x", today, (line,), today)
    sheet = postings.plan(admin, "今日", today, (line,), today)
    postings.withdraw(admin, sheet.pk)
    assert postings.apply_due(system("t"), timezone.now()) == []
    assert StaffUser.objects.get(pk=user.pk).branch.code == "nagano"


@pytest.mark.django_db
def test_a_table_whose_role_is_gone_is_not_applied_and_the_job_is_red():
    user, admin, today = make.staff("counter"), make.actor("admin"), timezone.localdate()
    Role.objects.create(code="gone", name="なくなる役")
    postings.plan(admin, "表", today, (planning.PostingLine(user.pk, user.number, user.branch_id, ("gone",)),), today)
    Role.objects.filter(code="gone").delete()
    job = registry.find("access.postings")
    with pytest.raises(registry.JobFailed, match="gone"):
        job.run(timezone.now())
    assert PostingSheet.objects.get().state == "failed"
    assert [role.code for role in user.roles.all()] == ["counter"]


@pytest.mark.django_db
def test_an_appointment_begins_and_ends_by_itself():
    user, admin = make.staff("counter"), make.actor("admin")
    nanbu = make.branch("nanbu")
    first, last = date(2026, 12, 1), date(2026, 12, 5)
    made = staff.appoint(admin, user.pk, "librarian", nanbu.pk, first, last)
    has = [
        day for day in range(1, 10) if "catalog.edit_record" in queries.powers_of(user, date(2026, 12, day)).operations
    ]
    assert has == [1, 2, 3, 4, 5]
    with pytest.raises(ValidationError):
        staff.appoint(admin, user.pk, "librarian", None, last, first)
    staff.withdraw_appointment(admin, made.pk, timezone.now())
    assert "catalog.edit_record" not in queries.powers_of(user, first).operations


@pytest.mark.django_db
def test_an_own_library_grant_of_an_appointment_holds_at_the_appointments_library():
    user, nanbu = make.staff("counter"), make.branch("nanbu")
    role = Role.objects.create(code="helper", name="応援")
    role.grants.create(operation="catalog.edit_item", scope="own")
    today = timezone.localdate()
    Appointment.objects.create(staff=user, role=role, branch=nanbu, since=today, until=today)
    assert queries.powers_of(user).limits["catalog.edit_item"] == {nanbu.pk}


@pytest.mark.req("S-ACL-004")
@pytest.mark.django_db
def test_who_could_do_what_on_a_day_comes_from_the_history_and_not_from_the_present(django_assert_max_num_queries):
    admin = make.actor("admin")
    user = make.staff("counter", number="6001")
    past = timezone.now() - timedelta(days=30)
    StaffSpan.objects.update(since=past)
    GrantSpan.objects.update(since=past)
    role = Role.objects.get(code="counter")
    role.grants.filter(operation="patrons.register").delete()
    spans.note_grants(role, "admin", timezone.now() - timedelta(days=10))
    line = planning.StaffLine("6001", user.name, user.branch_id, ("librarian",))
    staff.change_staff(admin, user.pk, line, active=True)
    StaffSpan.objects.filter(staff=user, until=None).update(since=timezone.now() - timedelta(days=5))
    StaffSpan.objects.filter(staff=user).exclude(until=None).update(until=timezone.now() - timedelta(days=5))

    def could(days):
        with django_assert_max_num_queries(5):
            found = queries.powers_on(timezone.localdate() - timedelta(days=days))
        return {power.operation for person in found if person.number == "6001" for power in person.powers}

    assert could(40) == set()
    assert "patrons.register" in could(20)
    assert "patrons.register" not in could(8)
    assert "catalog.edit_record" not in could(8)
    assert "catalog.edit_record" in could(1)
    # The screen and the file say the same of that date.
    asked = make.client("admin")
    titles = {"利用者を登録する", "書誌を登録・修正する"}

    def shown(days):
        on = timezone.localdate() - timedelta(days=days)
        page = asked.get("/staff/powers/", {"on": on.isoformat(), "staff": "6001"}).content.decode()
        assert f"{on.year}年{on.month}月{on.day}日" in page
        reply = asked.post(f"/staff/powers/?on={on.isoformat()}", {"as": "csv", "purpose": "点検"})
        assert f"kura-powers-{on:%Y%m%d}.csv" in reply["Content-Disposition"]
        lines = [line for line in reply.content.decode("utf-8-sig").splitlines() if line.startswith("6001")]
        told = {title for title in titles if title in page}
        assert told == {title for title in titles if title in "".join(lines)}
        return told

    assert shown(40) == set()
    assert shown(20) == {"利用者を登録する"}
    assert shown(8) == set()
    assert shown(1) == titles
    for odd in ("0001-01-01", "9999-12-31", "x"):
        assert asked.get("/staff/powers/", {"on": odd}).status_code == 200, odd


@pytest.mark.django_db
def test_a_grant_that_ended_at_noon_counts_on_its_last_day_and_not_on_the_next():
    make.staff("counter", number="6002")
    StaffSpan.objects.update(since=F("since") - timedelta(days=9))
    GrantSpan.objects.update(since=F("since") - timedelta(days=9))
    noon = datetime.combine(timezone.localdate() - timedelta(days=3), datetime.min.time(), TOKYO) + timedelta(hours=12)
    GrantSpan.objects.filter(role="counter", operation="patrons.register").update(until=noon)

    def could(day):
        return any(power.operation == "patrons.register" for one in queries.powers_on(day) for power in one.powers)

    assert could(noon.date())
    assert not could(noon.date() + timedelta(days=1))
