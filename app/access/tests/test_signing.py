"""The policy, the second factor, changing operators, the hidden screen."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP

from app.access import rules
from app.access.actions import SignInRefused, change_own_password, second, set_own_pin, set_policy
from app.access.actor import Actor
from app.access.models import PastPassword, RecoveryCode, Role, SecondFactor, SignInPolicy, StaffUser
from app.audit.models import AuditEvent
from app.tests import make

JSON = {"accept": "application/json"}
NOBODY = Actor("anonymous", terminal="10.81.1.70")
PIN = "5082"


def enter(user, browser=None, password=make.PASSWORD):
    browser = browser or Client()
    return browser, browser.post("/staff/sign-in/", {"number": user.number, "password": password})


def code_of(user, now=None, later=0):
    device = SecondFactor.objects.get(staff=user)
    totp = TOTP(bytes.fromhex(device.key))
    totp.time = (now or timezone.now()).timestamp() + later * 30
    return f"{totp.token():06}"


def enrolled(role="counter"):
    user = make.staff(role)
    second.begin_enrolment(user)
    then = timezone.now() - timedelta(minutes=10)
    codes = second.confirm_enrolment(user, code_of(user, then), NOBODY, then)
    return user, codes


# the policy


@pytest.mark.req("F-SYS-012")
@pytest.mark.django_db
def test_the_policy_is_set_on_its_screen_and_holds_at_once():
    admin = make.client("admin")
    fields = {"min_length": 14, "remember": 2, "max_age_days": 90, "max_failures": 3, "lock_minutes": 30}
    assert make.client("librarian").get("/staff/policy/").status_code == 403
    assert admin.post("/staff/policy/", {**fields, "pin_length": 6, "pin_hours": 8}).status_code == 302
    user = make.staff("counter")
    with pytest.raises(ValidationError, match="14"):
        change_own_password(user, "yoru-no-honn1", NOBODY)
    for _ in range(3):
        enter(user, password="wrong")
    assert enter(user)[1].status_code == 403  # three misses are enough now
    weak = admin.post("/staff/policy/", {**fields, "min_length": 8, "pin_length": 6, "pin_hours": 8})
    assert weak.status_code == 400
    assert SignInPolicy.objects.get().min_length == 14


@pytest.mark.req("F-SYS-012")
@pytest.mark.django_db
def test_a_password_is_not_taken_again_before_so_many_others():
    set_policy(make.actor("admin"), {"remember": 2})
    user = make.staff("counter")
    words = ["aki-no-yonaga-1", "fuyu-no-yonaga-2", "haru-no-yonaga-3"]
    change_own_password(user, words[0], NOBODY)
    with pytest.raises(ValidationError, match="最近使った"):
        change_own_password(user, words[0], NOBODY)
    change_own_password(user, words[1], NOBODY)
    with pytest.raises(ValidationError, match="最近使った"):
        change_own_password(user, words[0], NOBODY)
    change_own_password(user, words[2], NOBODY)
    change_own_password(user, words[0], NOBODY)
    assert PastPassword.objects.filter(staff=user).count() == 2


@pytest.mark.django_db
def test_an_old_password_must_be_changed_before_anything_else():
    set_policy(make.actor("admin"), {"max_age_days": 30})
    user = make.staff("counter")
    StaffUser.objects.filter(pk=user.pk).update(password_set_at=timezone.now() - timedelta(days=31))
    browser, reply = enter(user)
    assert reply.url == "/staff/sign-in/password/"
    short = browser.post("/staff/sign-in/password/", {"password": "short", "again": "short"})
    assert "12文字以上" in short.content.decode()
    assert (
        "2回の入力が違います"
        in browser.post("/staff/sign-in/password/", {"password": "a" * 14, "again": "b" * 14}).content.decode()
    )
    assert browser.get("/staff/").status_code == 302


@pytest.mark.parametrize(
    ("pin", "good"), [("5082", True), ("1111", False), ("1234", False), ("9876", False), ("12", False), ("abcd", False),
                      ("0012", False), ("７３９１", False)],
)  # fmt: skip
def test_weak_pins_are_refused(pin, good):
    assert (rules.weak_pin(pin, 4, "900012") == "") == good


@pytest.mark.django_db
def test_ones_own_page_changes_password_and_pin_against_the_password_in_force():
    user = make.staff("counter")
    browser, _ = enter(user)
    assert (
        "今のパスワードが違います"
        in browser.post("/staff/mine/", {"what": "pin", "current": "x", "pin": PIN}).content.decode()
    )
    assert browser.post("/staff/mine/", {"what": "pin", "current": make.PASSWORD, "pin": PIN}).status_code == 302
    new = {"what": "password", "current": make.PASSWORD, "password": "aki-no-yonaga-1", "again": "aki-no-yonaga-1"}
    assert browser.post("/staff/mine/", new).status_code == 302
    assert browser.get("/staff/").status_code == 200  # one's own session goes on
    assert StaffUser.objects.get(pk=user.pk).check_password("aki-no-yonaga-1")


# the second factor


@pytest.mark.django_db
def test_an_administrator_of_a_new_library_enrols_at_the_first_sign_in_and_needs_the_code_from_then_on():
    assert Role.objects.get(code="admin").second_factor  # as the roles are seeded
    user = make.staff("admin")
    browser, reply = enter(user)
    assert reply.url == "/staff/sign-in/enrol/"
    page = browser.get(reply.url).content.decode()
    assert "data:image/svg+xml" in page
    for url in ("/staff/", "/staff/people/"):
        assert browser.get(url).status_code == 302  # a right password alone opens nothing
    assert browser.post(reply.url, {"code": "000000"}).status_code == 403
    shown = browser.post(reply.url, {"code": code_of(user)})
    codes = re.findall(r"<code>([0-9a-f-]{19})</code>", shown.content.decode())
    assert len(codes) == 10
    assert browser.get("/staff/sign-in/second/").url == "/staff/"
    assert browser.get("/staff/").status_code == 200
    assert AuditEvent.objects.filter(operation="access.enrol_second_factor", subject_id=user.number).count() == 1
    again, reply = enter(user)
    assert reply.url == "/staff/sign-in/second/"
    assert again.get("/staff/").status_code == 302
    assert again.post(reply.url, {"code": code_of(user, later=1)}).url == "/staff/"
    assert again.get("/staff/").status_code == 200
    paper, reply = enter(user)
    assert paper.post(reply.url, {"code": codes[0].upper()}).status_code == 302
    third, reply = enter(user)
    assert third.post(reply.url, {"code": codes[0]}).status_code == 403  # good once


@pytest.mark.django_db
def test_a_code_is_good_once_and_for_about_a_minute():
    user, _ = enrolled()
    now = datetime(2027, 1, 1, 0, 0, 15, tzinfo=UTC)
    second.check_second_factor(user, code_of(user, now), NOBODY, now)
    with pytest.raises(SignInRefused):
        second.check_second_factor(user, code_of(user, now), NOBODY, now)
    later = now + timedelta(minutes=5)
    with pytest.raises(SignInRefused):
        second.check_second_factor(user, code_of(user, later - timedelta(minutes=2)), NOBODY, later)
    second.check_second_factor(user, code_of(user, later), NOBODY, later)


@pytest.mark.django_db
def test_guessing_codes_is_throttled_like_passwords():
    user, codes = enrolled()
    for _ in range(rules.MAX_FAILURES):
        with pytest.raises(SignInRefused):
            second.check_second_factor(user, "000000", NOBODY, timezone.now())
    for right in (code_of(user), codes[0]):
        with pytest.raises(SignInRefused):
            second.check_second_factor(user, right, NOBODY, timezone.now())


@pytest.mark.django_db
def test_the_database_holds_neither_the_secret_nor_the_codes():
    user, codes = enrolled()
    key = SecondFactor.objects.get(staff=user).key
    with connection.cursor() as cursor:
        cursor.execute("SELECT key FROM access_secondfactor")
        stored = bytes(cursor.fetchone()[0])
    assert key.encode() not in stored
    assert bytes.fromhex(key) not in stored
    digests = set(RecoveryCode.objects.values_list("digest", flat=True))
    assert not digests & {code.replace("-", "") for code in codes}


@pytest.mark.django_db
def test_a_lost_authenticator_is_taken_away_by_an_administrator_only():
    user, _ = enrolled("admin")
    assert make.client("librarian").post(f"/staff/people/{user.pk}/second/").status_code == 403
    assert make.client("admin").post(f"/staff/people/{user.pk}/second/").status_code == 302
    assert enter(user)[1].url == "/staff/sign-in/enrol/"


@pytest.mark.django_db
def test_a_half_entered_session_gives_up_and_is_nobody():
    user, _ = enrolled()
    browser, reply = enter(user)
    session = browser.session
    session["entering"] = {**session["entering"], "at": int(time.time()) - 601}
    session.save()
    assert browser.post(reply.url, {"code": code_of(user)}).url == "/staff/sign-in/"


# changing operators


def colleague(**fields):
    user = make.staff("counter", card="90001234", number="3001", **fields)
    set_own_pin(user, PIN, NOBODY)
    return user


@pytest.mark.req("F-SYS-010")
@pytest.mark.django_db
def test_a_colleague_takes_over_by_card_and_pin_in_one_request_and_acts_under_their_own_name(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]  # as deployed
    first, other = make.staff("counter"), make.staff("counter", card="90001234", number="3001")
    set_own_pin(other, PIN, NOBODY)
    browser, _ = enter(first)
    reply = browser.post("/staff/switch/", {"number": "90001234", "secret": PIN}, headers=JSON)
    assert reply.status_code == 200
    assert reply.json()["number"] == "3001"
    assert reply.json()["csrf"]
    browser.post("/staff/lock/", headers=JSON)
    last = AuditEvent.objects.latest("id")
    assert (last.operation, last.actor) == ("access.lock", "3001")  # what follows is the new operator's
    switched = AuditEvent.objects.get(operation="access.switch")
    assert (switched.actor, switched.detail["before"]) == ("3001", first.number)


@pytest.mark.django_db
def test_a_switch_costs_few_statements(django_assert_max_num_queries):
    other = colleague()
    browser, _ = enter(make.staff("counter"))
    with django_assert_max_num_queries(25):
        assert browser.post("/staff/switch/", {"card": other.card, "pin": PIN}, headers=JSON).status_code == 200


@pytest.mark.django_db
def test_a_pin_is_worth_nothing_without_a_full_sign_in_at_the_terminal_or_long_after_it():
    other = colleague()
    assert Client().post("/staff/switch/", {"number": other.card, "secret": PIN}, headers=JSON).status_code == 401
    assert Client().post("/staff/sign-in/", {"number": other.number, "password": PIN}).status_code == 403
    browser, _ = enter(make.staff("counter"))
    session = browser.session
    session["full_at"] = int(time.time()) - 12 * 3600 - 1
    session.save()
    assert browser.post("/staff/switch/", {"number": other.card, "secret": PIN}, headers=JSON).status_code == 401
    password = {"number": other.number, "secret": make.PASSWORD}
    assert browser.post("/staff/switch/", password, headers=JSON).status_code == 200


@pytest.mark.django_db
def test_guessing_pins_is_throttled():
    other = colleague()
    browser, _ = enter(make.staff("counter"))
    for guess in range(rules.MAX_FAILURES):
        wrong = {"number": other.card, "secret": f"{guess:04}"}
        assert browser.post("/staff/switch/", wrong, headers=JSON).status_code == 401
    assert browser.post("/staff/switch/", {"number": other.card, "secret": PIN}, headers=JSON).status_code == 401


@pytest.mark.django_db
def test_whoever_needs_a_second_factor_is_not_entered_by_pin():
    admin = make.staff("admin", card="90009999", pin=make_password(PIN))
    browser, _ = enter(make.staff("counter"))
    reply = browser.post("/staff/switch/", {"number": admin.card, "secret": PIN}, headers=JSON)
    assert reply.status_code == 401
    assert "サインアウト" in reply.json()["message"]
    assert browser.get("/staff/people/").status_code == 403  # still the counter's


@pytest.mark.django_db
def test_a_colleague_out_of_service_cannot_take_over():
    other = colleague(valid_until=timezone.localdate() - timedelta(days=1))
    browser, _ = enter(make.staff("counter"))
    assert browser.post("/staff/switch/", {"number": other.card, "secret": PIN}, headers=JSON).status_code == 401


# the hidden screen


@pytest.mark.req("F-SYS-011")
@pytest.mark.django_db
def test_after_ten_minutes_without_work_nothing_is_shown_until_the_operator_is_back_where_they_were():
    user = make.staff("counter")
    browser, _ = enter(user)
    session = browser.session
    session["seen"] = int(time.time()) - 10 * 60 - 61
    session.save()
    reply = browser.get("/staff/mine/?x=1")
    assert reply.status_code == 302
    assert reply.url == "/staff/lock/?next=/staff/mine/%3Fx%3D1"
    assert browser.get("/staff/mine/", headers=JSON).json()["error"] == "locked"
    page = browser.get(reply.url).content.decode()
    assert "離席中" in page
    wrong = browser.post("/staff/unlock/", {"secret": "x", "next": "/staff/mine/?x=1"})
    assert wrong.status_code == 401
    assert browser.get("/staff/mine/").status_code == 302  # still hidden
    back = browser.post("/staff/unlock/", {"secret": make.PASSWORD, "next": "/staff/mine/?x=1"})
    assert back.url == "/staff/mine/?x=1"
    assert browser.get("/staff/mine/").status_code == 200


@pytest.mark.req("F-SYS-011")
@pytest.mark.django_db
def test_what_a_form_without_script_sent_to_a_hidden_screen_is_kept_and_can_be_sent_on():
    browser, _ = enter(make.staff("counter"))
    browser.post("/staff/lock/")
    sent = browser.post(
        "/staff/mine/", {"what": "pin", "memo": "半分まで書いた文", "current": "x", "password": "s3cret"}
    )
    assert sent.status_code == 401
    page = sent.content.decode()
    assert 'name="kept.memo" value="半分まで書いた文"' in page
    assert "s3cret" not in page
    reply = browser.post(
        "/staff/unlock/", {"secret": make.PASSWORD, "next": "/staff/mine/", "kept.memo": "半分まで書いた文"}
    )
    assert 'action="/staff/mine/"' in reply.content.decode()
    assert 'name="memo" value="半分まで書いた文"' in reply.content.decode()


@pytest.mark.django_db
def test_the_screen_hides_itself_after_the_terminals_time(settings):
    settings.STAFF_LOCK_MINUTES = 3
    browser, _ = enter(make.staff("counter"))
    session = browser.session
    session["seen"] = int(time.time()) - 3 * 60 - 61
    session.save()
    assert browser.get("/staff/").url.startswith("/staff/lock/")


@pytest.mark.django_db
def test_hiding_by_hand_holds_across_requests_and_signing_out_is_always_open():
    browser, _ = enter(make.staff("counter"))
    assert browser.post("/staff/lock/", headers=JSON).json() == {"locked": True}
    assert browser.get("/staff/").status_code == 302
    assert browser.post("/staff/sign-out/").url == "/staff/sign-in/"
    assert Session.objects.count() <= 1
