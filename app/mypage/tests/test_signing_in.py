"""Who may come in, who is kept out for a while, and that nobody learns who is registered."""

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from app.access.models import FailedSignIn
from app.access.rules import PATRON_LOCK_OUT
from app.audit.models import AuditEvent
from app.patrons.actions import set_password
from app.tests import make

from .conftest import PASSWORD, text_of


def attempt(number, password, browser=None):
    return (browser or Client()).post("/my/sign-in/", {"card_number": number, "password": password})


@pytest.fixture
def patron(db):
    made = make.patron()
    set_password(made, PASSWORD, temporary=False)
    return made


@pytest.mark.req("F-MYP-001")
def test_card_and_password_open_my_page_and_ten_misses_shut_it_for_thirty_minutes(patron):
    assert attempt(patron.card_number, PASSWORD)["Location"] == "/my/"
    for _ in range(9):
        assert attempt(patron.card_number, "wrong").status_code == 403
    assert attempt(patron.card_number, PASSWORD).status_code == 302  # nine are not ten, and a success forgets them
    for _ in range(10):
        attempt(patron.card_number, "wrong")
    assert attempt(patron.card_number, PASSWORD).status_code == 403
    first = FailedSignIn.objects.order_by("at").values_list("at", flat=True)
    # All ten a moment less than half an hour ago: still shut. A moment more: open.
    last = FailedSignIn.objects.order_by("-at").values_list("at", flat=True)[0]
    FailedSignIn.objects.update(at=last - PATRON_LOCK_OUT + timedelta(minutes=1))
    assert attempt(patron.card_number, PASSWORD).status_code == 403
    assert first.count() == 10
    FailedSignIn.objects.update(at=last - PATRON_LOCK_OUT - timedelta(minutes=1))
    assert attempt(patron.card_number, PASSWORD).status_code == 302
    assert timedelta(minutes=30) == PATRON_LOCK_OUT


@pytest.mark.req("F-MYP-001")
def test_the_counter_opens_a_shut_sign_in_and_the_log_says_who_did(patron):
    clerk = make.client()
    assert "一時停止を解く" not in text_of(clerk.get(f"/patrons/{patron.pk}/"))
    for _ in range(10):
        attempt(patron.card_number, "wrong")
    assert "一時停止を解く" in text_of(clerk.get(f"/patrons/{patron.pk}/"))
    assert attempt(patron.card_number, PASSWORD).status_code == 403
    assert clerk.post(f"/patrons/{patron.pk}/release-sign-in/").status_code == 302
    assert attempt(patron.card_number, PASSWORD).status_code == 302
    event = AuditEvent.objects.get(operation="patrons.issue_password")
    assert (event.subject_id, event.detail) == (str(patron.pk), {"released": True})
    assert Client().post(f"/patrons/{patron.pk}/release-sign-in/").status_code == 302  # to the staff's sign-in


def test_a_number_that_is_nobodys_costs_the_same_work_and_gets_the_same_answer(patron, monkeypatch):
    hashes = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args: hashes.append(1) or encode(*args))
    without = make.patron()  # registered, never had a password
    answers, work = set(), {}
    for number in (patron.card_number, without.card_number, make.with_check_digit("199999999")):
        for turn in range(11):  # the eleventh meets a shut door, whoever's it is
            hashes.clear()
            with CaptureQueriesContext(connection) as queries:
                answer = attempt(number, "wrong")
            page = text_of(answer).replace(number, "")
            lines = [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]
            answers.add((answer.status_code, "\n".join(lines)))
            statements = tuple(query["sql"].split(" ")[0] for query in queries.captured_queries)
            work.setdefault(turn == 10, set()).add((len(hashes), statements))
        FailedSignIn.objects.all().delete()
    assert len(answers) == 1
    assert [len(work[shut]) for shut in (False, True)] == [1, 1]


@pytest.mark.req("F-MYP-002")
def test_the_initial_password_opens_nothing_but_its_own_change(patron):
    set_password(patron, "from-the-counter-1", temporary=True)
    browser = Client()
    attempt(patron.card_number, "from-the-counter-1", browser)
    for path in ("/my/", "/my/card/", "/my/settings/", "/my/favourites/", "/my/basket/hold/"):
        assert browser.get(path)["Location"] == "/my/password/"
    assert "仮のパスワード" in text_of(browser.get("/my/password/"))
    weak = {"old": "from-the-counter-1", "new": patron.card_number, "again": patron.card_number}
    assert browser.post("/my/password/", weak).status_code == 422
    new = {"old": "from-the-counter-1", "new": "my-own-long-word-7", "again": "my-own-long-word-7"}
    assert browser.post("/my/password/", new)["Location"] == "/my/"
    assert browser.get("/my/").status_code == 200
