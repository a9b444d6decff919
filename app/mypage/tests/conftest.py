"""A reader with a mail address, the browser in which they are signed in, and the mail server that hears of them."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from app.access.actor import Actor
from app.mypage import jobs
from app.notices.tests.conftest import mailserver
from app.patrons.actions import set_password
from app.tests import make

__all__ = ["mailserver"]

PASSWORD = "yomu-yomu-yomu-9"
LINK = re.compile(r"https://opac\.[^/\s]+(/my/\S+)")


def signed_in(patron) -> Client:
    """A browser in which the patron is signed in."""
    set_password(patron, PASSWORD, temporary=False)
    browser = Client()
    answer = browser.post("/my/sign-in/", {"card_number": patron.card_number, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def actor(patron) -> Actor:
    """The patron as an actor, without a browser."""
    return Actor("patron", str(patron.pk), terminal="10.81.1.70", request_id="test")


def text_of(response) -> str:
    return response.content.decode()


def links_in(mailserver) -> list[str]:
    """The paths of the links in all mails so far."""
    return [found[1] for _, _, mail in mailserver.mails for found in LINK.finditer(mail.get_content())]


def next_minute(now=None) -> None:
    """What is done each minute."""
    jobs.answer(now or timezone.now())


@pytest.fixture
def reader(db):
    return make.patron(email="hanako@mail.example", phone="0262123456", address="長野市鶴賀1", contact_by="mail")


@pytest.fixture
def browser(reader):
    return signed_in(reader)
