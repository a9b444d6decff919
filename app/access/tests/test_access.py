"""Sign-in, roles, realms."""

import io
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from app.access import actions, rules
from app.access.actor import Actor, system
from app.access.models import FailedSignIn, Role, RoleGrant, StaffUser
from app.access.operations import declare, declared
from app.access.queries import operations_of
from app.audit.models import AuditEvent
from app.tests import make

SIGN_IN = "/staff/sign-in/"


def sign_in(number, password, browser=None, **extra):
    return (browser or Client()).post(SIGN_IN, {"number": number, "password": password, **extra})


def test_may_knows_no_wildcards():
    assert rules.may({"circulation.lend"}, "circulation.lend")
    for granted in ("circulation", "circulation.*", "*", ""):
        assert not rules.may({granted}, "circulation.lend")


def test_an_operation_cannot_be_declared_with_two_meanings():
    one = declared()[0]
    with pytest.raises(ValueError, match="twice"):
        declare(one.code, "別の意味")


@pytest.mark.django_db
def test_administrators_have_every_operation_and_the_counter_cannot_read_the_log():
    codes = {operation.code for operation in declared()}
    assert operations_of(make.staff("admin")) == codes
    counter = operations_of(make.staff("counter"))
    assert "circulation.lend" in counter
    assert not {"audit.search", "access.manage_staff"} & counter


@pytest.mark.django_db
def test_a_grant_that_was_taken_away_stays_away_after_the_next_release():
    role = Role.objects.get(code="counter")
    RoleGrant.objects.filter(role=role, operation="circulation.lend").delete()
    actions.seed_roles()
    assert not RoleGrant.objects.filter(role=role, operation="circulation.lend").exists()


@pytest.mark.django_db
def test_staff_sign_in_see_their_menu_and_sign_out_and_both_are_recorded():
    user = make.staff("counter")
    browser = Client()
    reply = sign_in(user.number, make.PASSWORD, browser, next="/counter/")
    assert (reply.status_code, reply.url) == (302, "/counter/")
    page = browser.get("/staff/").content.decode()
    assert "貸出" in page
    assert "監査" not in page
    assert ">サインアウト</button>" in page
    browser.post("/staff/sign-out/")
    assert browser.get("/staff/").status_code == 302
    events = AuditEvent.objects.filter(actor=user.number).values_list("operation", flat=True)
    assert set(events) == {"access.sign_in", "access.sign_out"}


@pytest.mark.django_db
def test_wrong_number_wrong_password_and_lock_out_say_the_same():
    user = make.staff("counter")
    texts = set()
    for number, password in [("nobody", "x"), (user.number, "wrong")] + [(user.number, f"wrong{n}") for n in range(5)]:
        reply = sign_in(number, password)
        assert reply.status_code == 403
        texts.add(tuple(reply.context["form"].non_field_errors()))
    locked = sign_in(user.number, make.PASSWORD)
    assert locked.status_code == 403
    texts.add(tuple(locked.context["form"].non_field_errors()))
    assert len(texts) == 1


@pytest.mark.req("F-SYS-012")
@pytest.mark.django_db
def test_passwords_have_twelve_characters_and_the_fifth_miss_stops_sign_in():
    with pytest.raises(ValidationError, match="12"):
        actions.put_staff(system("test"), "s1", name="短い", roles=("counter",), password="k7#mz2!pq9x")
    assert not StaffUser.objects.filter(number="s1").exists()
    user = make.staff("counter")
    for n in range(4):
        sign_in(user.number, f"wrong{n}")
    assert not rules.locked_out(FailedSignIn.objects.values_list("at", flat=True), 0, timezone.now())
    sign_in(user.number, "wrong")
    assert sign_in(user.number, make.PASSWORD).status_code == 403
    FailedSignIn.objects.update(at=timezone.now() - rules.LOCK_OUT - timedelta(seconds=1))
    assert sign_in(user.number, make.PASSWORD).status_code == 302


@pytest.mark.django_db
def test_a_number_longer_than_any_is_asked_again_and_never_an_error_of_the_server():
    reply = sign_in("x" * 31, "wrong")
    assert reply.status_code == 200
    assert "number" in reply.context["form"].errors
    with pytest.raises(actions.SignInRefused):
        actions.sign_in_staff("x" * 64, "wrong", Actor("anonymous"))
    assert FailedSignIn.objects.get().subject == "x" * 64
    assert AuditEvent.objects.get(outcome="refused").subject_id == "x" * 60


@pytest.mark.django_db
def test_going_on_while_locked_is_logged_and_does_not_make_the_lock_longer():
    user = make.staff("counter")
    for _ in range(5):
        sign_in(user.number, "wrong")
    FailedSignIn.objects.update(at=timezone.now() - rules.LOCK_OUT + timedelta(minutes=1))
    for _ in range(5):
        sign_in(user.number, "wrong")
    assert AuditEvent.objects.filter(operation="access.sign_in", outcome="refused").count() == 10
    FailedSignIn.objects.update(at=F("at") - timedelta(minutes=1))
    assert sign_in(user.number, make.PASSWORD).status_code == 302


@pytest.mark.django_db
def test_an_address_that_misses_thirty_times_is_stopped_whatever_number_it_tries():
    user = make.staff("counter")
    FailedSignIn.objects.bulk_create(
        FailedSignIn(realm="staff", subject=f"x{n}", address="127.0.0.1") for n in range(rules.MAX_FAILURES_PER_ADDRESS)
    )
    assert sign_in(user.number, make.PASSWORD).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"is_active": False}, {"valid_until": -1}, {"valid_from": 1}])
def test_whoever_is_out_of_service_cannot_sign_in_nor_go_on(fields):
    today = timezone.localdate()
    fields = {key: today + timedelta(days=value) if key.startswith("valid") else value for key, value in fields.items()}
    user = make.staff("counter")
    browser = Client()
    sign_in(user.number, make.PASSWORD, browser)
    StaffUser.objects.filter(pk=user.pk).update(**fields)
    assert browser.get("/staff/").status_code == 302
    assert sign_in(user.number, make.PASSWORD).status_code == 403


@pytest.mark.django_db
def test_sign_in_leads_to_pages_of_this_host_only():
    user = make.staff("counter")
    for target in ("https://evil.example/", "//evil.example/", "javascript:alert(1)"):
        assert sign_in(user.number, make.PASSWORD, next=target).url == "/staff/"


@pytest.mark.django_db
def test_the_public_host_serves_no_staff_page_and_the_staff_host_does():
    for path in ("/staff/sign-in/", "/counter/", "/patrons/", "/audit/"):
        assert Client(headers={"host": "opac.kura-nagano.example"}).get(path).status_code == 404
        assert Client(headers={"host": "staff.kura-nagano.example"}).get(path).status_code in (200, 302)


@pytest.mark.django_db
def test_a_staff_session_is_nobody_on_a_public_page_and_its_cookie_has_another_name():
    browser = make.client("admin")
    assert "kura_staff" in browser.cookies
    page = browser.get("/")
    assert page.wsgi_request.user.is_authenticated is False


@pytest.mark.django_db
def test_a_session_ends_after_its_idle_time(settings):
    user = make.staff("counter")
    browser = Client()
    sign_in(user.number, make.PASSWORD, browser)
    from django.contrib.sessions.models import Session

    session = Session.objects.get()
    left = session.expire_date - timezone.now()
    assert timedelta(seconds=settings.STAFF_IDLE_SECONDS - 60) < left <= timedelta(seconds=settings.STAFF_IDLE_SECONDS)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert browser.get("/staff/").status_code == 302


@pytest.mark.django_db
def test_the_command_reads_the_password_from_standard_input(monkeypatch):
    make.branch("nagano")
    monkeypatch.setattr("sys.stdin", io.StringIO("kura-kura-kura-77\n"))
    call_command("put_staff", "admin", name="管理 太郎", role=["admin"], branch="nagano", password_stdin=True)
    assert sign_in("admin", "kura-kura-kura-77").url == "/staff/sign-in/enrol/"
    with pytest.raises(CommandError):
        call_command("put_staff", "x", name="x", role=["no-such-role"])


@pytest.mark.django_db
def test_only_who_may_manages_staff():
    counter = make.actor("counter")
    with pytest.raises(actions.NotPermitted):
        actions.put_staff(counter, "new", name="x", roles=("admin",))
    assert not StaffUser.objects.filter(number="new").exists()
    with pytest.raises(actions.NotPermitted):
        actions.require(Actor("anonymous"), actions.HOME)


@pytest.mark.django_db
def test_staff_pages_forbid_framing_caching_and_inline_script():
    reply = make.client("counter").get(reverse("access:home"))
    assert "'unsafe-inline'" not in reply["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in reply["Content-Security-Policy"]
    assert reply["Cache-Control"] == "no-store"
    assert reply["X-Content-Type-Options"] == "nosniff"
    text = reply.content.decode()
    assert " style=" not in text
    assert "<script>" not in text
