"""The register of staff: by table, periods, numbers that stay one person's, temporary passwords, cards."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from app.access import planning, queries, sheets
from app.access.actions import NotPermitted, put_staff
from app.access.actions import staff as actions
from app.access.actor import system
from app.access.models import StaffSpan, StaffUser
from app.access.planning import Fault, Known
from app.audit.models import AuditEvent
from app.tests import make

KNOWN = Known(
    {"nagano": 1, "長野": 1}, {"counter": "counter", "窓口": "counter"}, {"100": "山田 一"}, {"100": 7}, {"9001": "100"}
)


def row(number="200", name="田中 二郎", branch="長野", roles="窓口", **more):
    return {"職員番号": number, "氏名": name, "所属館": branch, "役割": roles, **more}


def upload(browser, url, data, name="staff.xlsx", **fields):
    return browser.post(url, {"table": SimpleUploadedFile(name, data), **fields})


def workbook(count, start=1000, **more):
    rows = [
        [
            str(start + n),
            f"職員 {n}",
            "nagano",
            "窓口",
            "2026-04-01",
            (timezone.localdate() + timedelta(days=n)).isoformat(),
            "",
        ]
        for n in range(count)
    ]
    return sheets.write_xlsx("職員", planning.STAFF_COLUMNS, rows)


@pytest.mark.req("F-SYS-005", "S-ACL-005")
@pytest.mark.django_db
def test_sixty_five_people_come_from_a_spreadsheet_and_whose_period_is_over_cannot_enter(monkeypatch):
    make.branch("nagano")
    admin = make.client("admin")
    reply = upload(admin, "/staff/people/import/", workbook(65))
    assert reply.status_code == 200
    assert StaffUser.objects.filter(number__startswith="10").count() == 65
    issued = {one.number: one.password for one in reply.context["issued"]}
    assert len(set(issued.values())) == 65  # nobody shares a password any more than a number
    browser = Client()
    entered = browser.post("/staff/sign-in/", {"number": "1001", "password": issued["1001"]})
    assert entered.url == "/staff/sign-in/password/"  # a temporary password opens nothing but its own change
    assert browser.get("/staff/").status_code == 302
    chosen = {"password": "yoru-no-toshokan-7", "again": "yoru-no-toshokan-7"}
    assert browser.post("/staff/sign-in/password/", chosen).url == "/staff/"
    assert browser.get("/staff/").status_code == 200
    StaffUser.objects.filter(number="1001").update(valid_until=timezone.localdate() - timedelta(days=1))
    assert browser.get("/staff/").status_code == 302
    refused = Client().post("/staff/sign-in/", {"number": "1001", "password": "yoru-no-toshokan-7"})
    assert refused.status_code == 403


@pytest.mark.django_db
def test_one_fault_and_nobody_is_registered_and_every_fault_is_told_by_its_row():
    make.branch("nagano")
    columns = planning.STAFF_COLUMNS
    rows = [
        ["1", "良い 人", "nagano", "窓口", "", "", ""],
        ["2", "", "無い館", "無い役割", "x", "", ""],
        ["1", "別の 人", "nagano", "窓口", "2026-05-01", "2026-04-01", ""],
    ]
    reply = upload(make.client("admin"), "/staff/people/import/", sheets.write_csv(columns, rows), "staff.csv")
    assert reply.status_code == 400
    page = reply.content.decode()
    assert not StaffUser.objects.filter(number__in=["1", "2"]).exists()
    for text in ("氏名がありません", "無い館", "無い役割", "日付ではありません", "番号は1人に1つ", "有効開始日より前"):
        assert text in page


def test_a_number_that_was_somebodys_is_never_anothers():
    checked = planning.check_staff([row("100", "別の 人")], KNOWN)
    assert checked.faults == (
        Fault(1, "職員番号「100」は、すでに山田 一さんのものです。一度使った番号は別の人に使えません。"),
    )
    assert not planning.check_staff([row("100", "山田 一", 職員証番号="9001")], KNOWN).faults
    assert "職員証です" in planning.check_staff([row(職員証番号="9001")], KNOWN).faults[0].text


def test_full_width_digits_and_dates_of_spreadsheets_are_read():
    checked = planning.check_staff([row("２００", 有効開始日="2026/4/1", 有効終了日="2027-03-31 00:00:00")], KNOWN)
    assert checked.lines[0].number == "200"
    assert (checked.lines[0].valid_from, checked.lines[0].valid_until) == (date(2026, 4, 1), date(2027, 3, 31))


@pytest.mark.parametrize("data", [b"PK\x03\x04 broken", b"\xff\xfe\x00\x01", b"a\0b"])
def test_a_file_that_is_no_table_is_refused_with_a_sentence(data):
    with pytest.raises(sheets.Unreadable, match=r"。$"):
        sheets.read("x", data)


def test_an_empty_table_is_a_fault_of_the_table():
    for data in (b"", "職員番号,氏名,所属館,役割\n".encode()):
        assert planning.check_staff(sheets.read("x.csv", data), KNOWN).faults[0].row == 0
    assert "所属館" in planning.check_staff([{"職員番号": "1", "氏名": "x"}], KNOWN).faults[0].text


def test_a_cell_that_begins_a_formula_is_written_as_text():
    assert b"'=1+1" in sheets.write_csv(["a"], [["=1+1"]])
    assert sheets.read("x", sheets.write_xlsx("x", ["a"], [["=1+1"]])) == [{"a": "'=1+1"}]


@pytest.mark.django_db
def test_a_person_cannot_be_deleted_so_the_number_stays_taken():
    user = put_staff(system("t"), "77", name="退職 者", roles=("counter",))
    with pytest.raises(ProtectedError):
        user.delete()
    with pytest.raises(ValidationError, match="退職 者"):
        actions.add_staff(make.actor("admin"), [planning.StaffLine("77", "新 人", None, ("counter",))])


@pytest.mark.django_db
def test_a_new_number_on_the_screen_is_refused_when_it_was_somebodys():
    branch = make.branch()
    put_staff(system("t"), "77", name="退職 者", roles=("counter",))
    data = {"number": "77", "name": "新 人", "branch": branch.pk, "roles": [1], "active": "on"}
    reply = make.client("admin").post("/staff/people/new/", data)
    assert reply.status_code == 400
    assert StaffUser.objects.get(number="77").name == "退職 者"


@pytest.mark.django_db
def test_only_administrators_see_and_change_the_register_and_every_change_is_in_history_and_log():
    user = make.staff("counter")
    counter = make.client("counter")
    for url in ("/staff/people/", "/staff/people/new/", f"/staff/people/{user.pk}/", "/staff/people/import/"):
        assert counter.get(url).status_code == 403
    with pytest.raises(NotPermitted):
        actions.reissue_password(make.actor("librarian"), user.pk)
    admin = make.client("admin")
    page = admin.get(f"/staff/people/{user.pk}/")
    assert page.status_code == 200
    librarian = next(role for role in page.context["form"].fields["roles"].queryset if role.code == "librarian")
    data = {"name": "窓口 一子", "branch": user.branch_id, "roles": [librarian.pk], "active": "on"}
    assert admin.post(f"/staff/people/{user.pk}/", data).status_code == 302
    spans = list(StaffSpan.objects.filter(staff=user).values_list("name", "roles"))
    assert spans == [("窓口 一子", ["librarian"]), ("窓口 一郎", ["counter"])]
    assert AuditEvent.objects.filter(operation="access.manage_staff", subject_id=user.number).exists()


@pytest.mark.django_db
def test_a_reissued_password_ends_the_sessions_of_its_owner():
    user = make.staff("counter")
    browser = Client()
    browser.post("/staff/sign-in/", {"number": user.number, "password": make.PASSWORD})
    assert browser.get("/staff/").status_code == 200
    reply = make.client("admin").post(f"/staff/people/{user.pk}/password/")
    assert reply.context["issued"][0].password in reply.content.decode()
    assert browser.get("/staff/").status_code == 302


@pytest.mark.django_db
def test_cards_carry_the_number_as_a_barcode_and_printing_is_logged():
    user = make.staff("counter", card="90000123")
    reply = make.client("admin").post("/staff/people/cards/", {"person": [user.pk]})
    assert "data:image/svg+xml;base64," in reply.content.decode()
    assert AuditEvent.objects.get(operation="access.print_staff").detail["count"] == 1


@pytest.mark.django_db
def test_the_list_of_staff_costs_few_statements(django_assert_max_num_queries):
    for _ in range(5):
        make.staff("counter")
    browser = make.client("admin")
    browser.get("/staff/people/")
    with django_assert_max_num_queries(10):
        browser.get("/staff/people/")
    assert queries.staff_list("窓口").count() >= 5
