"""A question from the form to the answer in My Page; sealed, once, and nobody else's."""

import re
from uuid import uuid4

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.utils import timezone

from app.access.actions import NotPermitted
from app.audit.models import AuditEvent
from app.patrons import actions as patrons
from app.reference.actions import questions
from app.reference.models import Question
from app.tests import make
from app.web import versions

pytestmark = pytest.mark.django_db
SECRET = "父の戦時中の足取りを知りたい"


def reader(who=None):
    """A browser in which a patron is signed in by card number and password."""
    who = who or make.patron()
    browser = Client()
    sign_in(browser, who)
    return browser, who


def sign_in(browser, who):
    type(who).objects.filter(pk=who.pk).update(password=make_password(make.PASSWORD), must_change_password=False)
    answer = browser.post("/my/sign-in/", {"card_number": who.card_number, "password": make.PASSWORD})
    assert answer.status_code == 302


def send(browser, branch, **fields):
    data = {"title": "昭和20年の長野", "body": SECRET, "known": "市史", "branch": branch.pk, "form": uuid4(), **fields}
    return browser.post("/ask/new/", data)


@pytest.mark.req("F-OPA-029")
def test_a_question_gets_a_receipt_number_and_its_answer_is_in_my_page():
    here = make.branch()
    browser, _who = reader()
    sent = send(browser, here)
    assert sent.status_code == 302
    question = Question.objects.get()
    assert re.fullmatch(r"R\d{4}-0001", question.receipt)
    assert question.receipt in browser.get(sent.headers["Location"]).content.decode()
    assert "受付" in browser.get("/ask/mine/").content.decode()
    staff = make.client("librarian")
    assert "昭和20年の長野" in staff.get("/reference/").content.decode()
    address = f"/reference/{question.pk}/"
    assert staff.post(address, {"do": "take"}).status_code == 302
    assert "調査中" in browser.get("/ask/mine/").content.decode()
    answer = {"answer": "県史の第9巻をご覧ください。", "sources": "長野県史", "note": "内緒のメモ", "do": "send"}
    assert staff.post(address, {**answer, "seen": staff.get(address).context["seen"]}).status_code == 302
    mine = browser.get("/my/").content.decode()
    assert "回答済" in mine
    assert "新しい回答" in mine
    text = browser.get(f"/ask/{question.receipt}/").content.decode()
    assert "県史の第9巻をご覧ください" in text
    assert "内緒のメモ" not in text
    assert "新しい回答" not in browser.get("/my/").content.decode()


@pytest.mark.req("F-OPA-029")
def test_the_form_is_for_those_who_signed_in_and_leads_back_to_itself():
    here = make.branch()
    assert Client().get("/ask/").status_code == 200
    gate = Client().get("/ask/new/")
    assert gate.headers["Location"] == "/my/sign-in/?next=%2Fask%2Fnew%2F"
    assert Client().post("/ask/new/", {"title": "x"}).status_code == 302
    assert Question.objects.count() == 0
    browser, who = reader()
    assert (
        browser.post(gate.headers["Location"], {"card_number": who.card_number, "password": make.PASSWORD})
        .headers["Location"]
        .endswith("/ask/new/")
    )
    empty = send(browser, here, title="", body="")
    assert empty.status_code == 422
    assert "件名を入力してください" in empty.content.decode()


def test_sent_twice_it_is_one_question_and_ten_may_wait():
    here = make.branch()
    browser, _who = reader()
    mark = uuid4()
    first, again = send(browser, here, form=mark), send(browser, here, form=mark)
    assert first.headers["Location"] == again.headers["Location"]
    assert Question.objects.count() == 1
    for _ in range(9):
        assert send(browser, here).status_code == 302
    refused = send(browser, here)
    assert refused.status_code == 422
    assert SECRET in refused.content.decode()
    assert Question.objects.count() == 10


@pytest.mark.req("F-OPA-029")
def test_nobody_else_reads_it_not_in_the_database_not_in_the_log():
    here = make.branch()
    browser, who = reader()
    send(browser, here)
    question = Question.objects.get()
    other, _ = reader(make.patron())
    assert other.get(f"/ask/{question.receipt}/").status_code == 404
    assert make.client("counter").get(f"/reference/{question.pk}/").status_code == 200
    counter = make.actor("counter")
    with pytest.raises(NotPermitted):
        questions.work_on(
            counter, question.pk, {"answer": "x", "sources": "", "note": ""}, "", timezone.now(), send=True
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(q)::text FROM reference_question q")
        assert SECRET not in cursor.fetchone()[0]
        cursor.execute("SELECT row_to_json(e)::text FROM audit_auditevent e")
        assert not any(SECRET in row[0] or "昭和20年の長野" in row[0] for row in cursor.fetchall())
    # Who of the staff saw whose question it is, is in the log.
    assert AuditEvent.objects.filter(outcome="viewed", subject_type="patron", subject_id=str(who.pk)).count() == 1


def test_a_question_taken_back_is_forgotten_and_cannot_be_answered():
    browser, _who = reader()
    send(browser, make.branch())
    question = Question.objects.get()
    assert browser.post(f"/ask/{question.receipt}/").status_code == 302
    question.refresh_from_db()
    assert (question.state, question.title, question.body) == ("withdrawn", "", "")
    staff = make.client("librarian")
    address = f"/reference/{question.pk}/"
    data = {"answer": "遅い回答", "do": "send", "seen": staff.get(address).context["seen"]}
    refused = staff.post(address, data)
    assert refused.status_code == 422
    assert "取り下げた質問" in refused.content.decode()


def test_two_who_answer_at_once_are_told_and_an_empty_answer_is_not_sent():
    browser, _who = reader()
    send(browser, make.branch())
    question = Question.objects.get()
    chief = make.actor("librarian")
    seen = versions.token(questions.values_of(question))
    values = {"answer": "一人目", "sources": "", "note": ""}
    questions.work_on(chief, question.pk, values, seen, timezone.now(), send=False)
    staff = make.client("librarian")
    address = f"/reference/{question.pk}/"
    late = staff.post(address, {"answer": "二人目", "do": "send", "seen": seen})
    assert late.status_code == 409
    assert "一人目" in late.content.decode()
    assert "二人目" in late.content.decode()
    empty = staff.post(address, {"answer": " ", "do": "send", "seen": staff.get(address).context["seen"]})
    assert empty.status_code == 422
    question.refresh_from_db()
    assert (question.state, question.answer) == ("working", "一人目")


def test_with_the_registration_goes_the_question():
    browser, who = reader()
    send(browser, make.branch())
    type(who).objects.filter(pk=who.pk).update(withdrawn_on=timezone.localdate())
    patrons.erase(make.actor("admin"), who.pk)
    assert Question.objects.count() == 0
