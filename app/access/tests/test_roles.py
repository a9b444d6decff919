"""What roles may do, where, who sees it, and buttons of who may not."""

import io
import subprocess
import sys

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from app.access import rules
from app.access.actions import NotPermitted, put_role, require, set_grants
from app.access.actor import Actor
from app.access.models import GrantSpan, Role, RoleGrant
from app.access.operations import KINDS, declare, declared, find
from app.access.queries import powers_of
from app.access.rules import Grant
from app.audit.models import AuditEvent
from app.catalog.actions import items
from app.circulation.actions import lending, returning
from app.holds.actions import allocation
from app.tests import make
from app.transfers.actions import moving

BRANCHES = st.frozensets(st.integers(1, 4), max_size=3)
GRANTS = st.lists(
    st.builds(
        Grant,
        st.sampled_from("abc"),
        st.sampled_from([rules.ALL, rules.OWN, rules.CHOSEN]),
        BRANCHES.map(lambda found: tuple(sorted(found))),
        st.one_of(st.none(), st.integers(1, 4)),
    )
)


@given(GRANTS, st.sampled_from("abc"), st.integers(1, 4))
def test_somebody_may_at_a_library_exactly_when_one_of_the_grants_says_so(grants, operation, branch):
    def says(grant):
        where = {rules.ALL: {branch}, rules.OWN: {grant.home}, rules.CHOSEN: set(grant.branches)}[grant.scope]
        return grant.operation == operation and branch in where

    found = rules.powers(grants)
    allowed = rules.may(found.operations, operation) and rules.may_at(found.limits, operation, branch)
    assert allowed == any(says(grant) for grant in grants)


def test_every_operation_has_a_kind_and_an_unknown_kind_is_refused():
    assert {operation.kind for operation in declared()} <= set(KINDS)
    with pytest.raises(ValueError, match="kind"):
        declare("access.x", "x", kind="read")


def test_a_process_that_has_no_pages_knows_every_operation_all_the_same():
    """What is declared beside an action is declared in every process: the night's work, a shell, the web."""
    code = (
        "import django; django.setup(); from app.access.operations import declared; before = declared();"
        "import app.urls.library; assert declared() == before, set(declared()) - set(before)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-600:]


@pytest.mark.django_db
def test_an_operation_granted_for_the_own_library_is_refused_elsewhere():
    here, there = make.branch("nagano"), make.branch("nanbu")
    admin = make.actor("admin")
    set_grants(admin, "counter", {"access.home": ("all", ()), "catalog.edit_item": ("own", ())})
    actor = make.actor("counter")
    powers = powers_of(make.staff("counter"))
    actor = type(actor)("staff", "x", operations=powers.operations, limits=powers.limits)
    edit = find("catalog.edit_item")
    require(actor, edit)
    require(actor, edit, here)
    with pytest.raises(NotPermitted, match="この館では"):
        require(actor, edit, there)
    set_grants(admin, "counter", {"access.home": ("all", ()), "catalog.edit_item": ("chosen", (there.pk,))})
    assert powers_of(make.staff("counter")).limits == {"catalog.edit_item": frozenset({there.pk})}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("operation", "act"),
    [
        ("circulation.lend", lambda actor, there: lending.lend(actor, make.patron().pk, make.item().barcode, there)),
        ("circulation.give_back", lambda actor, there: returning.give_back(actor, make.item().barcode, there)),
        ("catalog.edit_item", lambda actor, there: items.add_item(actor, 1, there, "x")),
        ("transfers.send", lambda actor, there: moving.arrive(actor, make.item(), there)),
        ("holds.handle", lambda actor, there: allocation.receive(actor, make.item().barcode, there)),
    ],
)
def test_acts_of_a_library_ask_for_the_operation_at_that_library(operation, act):
    there = make.branch("nanbu")
    set_grants(make.actor("admin"), "counter", {"access.home": ("all", ()), operation: ("own", ())})
    powers = powers_of(make.staff("counter"))
    actor = Actor("staff", "x", operations=powers.operations, limits=powers.limits)
    with pytest.raises(NotPermitted, match="この館では"):
        act(actor, there)


@pytest.mark.req("F-SYS-006", "S-ACL-001")
@pytest.mark.django_db
def test_in_a_role_without_printing_alone_the_print_button_is_dead_and_the_server_refuses():
    admin = make.client("admin")
    assert admin.post("/staff/roles/new/", {"code": "no-print", "name": "印刷なし", "like": "admin"}).status_code == 302
    page = admin.get("/staff/roles/no-print/").content.decode()
    assert 'name="scope.access.print_staff" value="all" checked' in page
    wanted = {f"scope.{operation.code}": "all" for operation in declared() if operation.kind != "print"}
    assert admin.post("/staff/roles/no-print/", {"name": "印刷なし", **wanted}).status_code == 302
    make.staff("counter", card="90001")
    browser = make.client("no-print")
    listing = browser.get("/staff/people/")
    assert listing.status_code == 200
    button = 'type="submit" disabled title="「職員証・仮パスワードを印刷する」権限がありません">選んだ人の職員証を印刷'
    assert button in listing.content.decode()
    assert browser.post("/staff/people/cards/", {"person": [1]}).status_code == 403
    assert button not in admin.get("/staff/people/").content.decode()
    assert admin.post("/staff/people/cards/", {"person": [1]}).status_code == 200
    assert AuditEvent.objects.filter(operation="access.print_staff", outcome="refused").exists()


@pytest.mark.req("F-SYS-006", "S-ACL-001")
@pytest.mark.django_db
@pytest.mark.parametrize("kind", list(KINDS))
def test_each_kind_of_operation_is_given_and_taken_by_itself(kind):
    """Screen, view, add, change, delete, print, export: each is a column of its own in the table of grants."""
    code = declare(f"test.{kind}", f"試験の{KINDS[kind]}", roles=(), kind=kind).code
    admin = make.actor("admin")
    put_role(admin, "one", name="一つ", second_factor=False)
    set_grants(admin, "one", {code: ("all", ())})
    actor = make.actor("one")
    require(actor, find(code))
    for other in declared():
        if other.code != code:
            with pytest.raises(NotPermitted):
                require(actor, other)


@pytest.mark.req("F-SYS-008", "S-ACL-004")
@pytest.mark.django_db
def test_only_administrators_open_the_list_of_powers_and_export_it():
    make.staff("counter", number="7001", name="一覧 花子")
    for role in ("counter", "librarian"):
        browser = make.client(role)
        for url in ("/staff/powers/", "/staff/roles/", "/staff/roles/history/", "/staff/roles/counter/"):
            assert browser.get(url).status_code == 403
        assert browser.post("/staff/powers/", {"purpose": "x", "as": "xlsx"}).status_code == 403
        assert "誰が何をできるか" not in browser.get("/staff/").content.decode()
    admin = make.client("admin")
    assert "一覧 花子" in admin.get("/staff/powers/").content.decode()
    assert "資料を貸し出す" in admin.get("/staff/powers/?staff=7001").content.decode()
    assert admin.post("/staff/powers/", {"as": "xlsx"}).status_code == 302  # a purpose is asked for
    reply = admin.post("/staff/powers/", {"as": "xlsx", "purpose": "定期の権限点検"})
    sheet = load_workbook(io.BytesIO(reply.content)).worksheets[0]
    rows = [[cell.value for cell in line] for line in sheet.iter_rows()]
    assert rows[0] == ["職員番号", "氏名", "所属館", "役割", "操作", "内容", "範囲"]
    assert ["7001", "一覧 花子", "長野", "窓口", "circulation.lend", "資料を貸し出す", "全館"] in rows
    event = AuditEvent.objects.get(operation="access.export_powers")
    assert (event.purpose, event.detail["rows"]) == ("定期の権限点検", len(rows) - 1)
    text = admin.post("/staff/powers/", {"as": "csv", "purpose": "点検"}).content.decode("utf-8-sig")
    assert "7001,一覧 花子,長野,窓口,circulation.lend" in text


@pytest.mark.req("S-ACL-004")
@pytest.mark.django_db
def test_a_change_of_grants_is_in_the_history_with_who_made_it():
    admin = make.actor("admin")
    before = GrantSpan.objects.filter(role="counter", until=None).count()
    wanted = {grant.operation: ("all", ()) for grant in RoleGrant.objects.filter(role__code="counter")}
    wanted.pop("circulation.lend")
    assert set_grants(admin, "counter", wanted) == 1
    assert set_grants(admin, "counter", wanted) == 0
    assert GrantSpan.objects.filter(role="counter", until=None).count() == before - 1
    assert GrantSpan.objects.get(role="counter", operation="circulation.lend").until is not None
    set_grants(admin, "counter", {**wanted, "circulation.lend": ("own", ())})
    assert GrantSpan.objects.get(role="counter", operation="circulation.lend", until=None).by == admin.number


@pytest.mark.django_db
def test_administrators_cannot_lock_themselves_out_and_nonsense_is_refused():
    admin = make.actor("admin")
    with pytest.raises(ValidationError, match="管理者から"):
        set_grants(admin, "admin", {"access.home": ("all", ())})
    with pytest.raises(ValidationError, match="ありません"):
        set_grants(admin, "counter", {"no.such": ("all", ())})
    with pytest.raises(ValidationError, match="館を1つ以上"):
        set_grants(admin, "counter", {"access.home": ("chosen", ())})
    with pytest.raises(NotPermitted):
        set_grants(make.actor("librarian"), "counter", {})


@pytest.mark.django_db
def test_a_grant_taken_away_ends_with_the_next_request():
    browser = make.client("counter")
    assert browser.get("/staff/").status_code == 200
    Role.objects.get(code="counter").grants.filter(operation="access.home").delete()
    assert browser.get("/staff/").status_code == 403


@pytest.mark.django_db
def test_the_menu_of_an_administrator_opens_every_page_and_has_no_empty_heading():
    page = make.client("admin").get("/staff/")
    groups = page.context["groups"]
    assert all(group.entries for group in groups)
    browser = make.client("admin")
    for group in groups:
        for entry in group.entries:
            assert browser.get(entry.url).status_code == 200, entry.url
