"""What a patron wishes to be told, on My Page."""

import pytest
from django.test import Client

from app.access.actions import NotPermitted
from app.access.actor import Actor
from app.notices.actions import setting
from app.notices.models import Wish
from app.patrons import actions as patrons
from app.tests import make

PASSWORD = "yomu-yomu-yomu-9"


def signed_in(patron):
    """A browser in which the patron is signed in."""
    patrons.set_password(patron, PASSWORD, temporary=False)
    browser = Client()
    browser.post("/my/sign-in/", {"card_number": patron.card_number, "password": PASSWORD})
    return browser


@pytest.mark.req("F-NTC-002")
def test_a_patron_wishes_to_be_told_before_the_due_date_and_no_longer(db):
    patron = make.patron(email="reader@mail.example")
    browser = signed_in(patron)
    assert "返却期限が近づいたら" in browser.get("/my/").content.decode()
    assert browser.post("/my/wish/", {"due_soon": "on"})["Location"] == "/my/"
    assert Wish.objects.get(patron=patron).due_soon
    assert "checked" in browser.get("/my/").content.decode()
    browser.post("/my/wish/", {})
    assert not Wish.objects.get(patron=patron).due_soon
    assert Client().post("/my/wish/", {"due_soon": "on"})["Location"].startswith("/my/sign-in/")


def test_nobody_wishes_for_somebody_else(db):
    patron, other = make.patron(), make.patron()
    with pytest.raises(NotPermitted):
        setting.wish_due_soon(Actor("patron", str(other.pk)), patron.pk, True)


def test_without_an_address_the_page_says_how_to_get_one(db):
    assert "メールアドレスを窓口で登録" in signed_in(make.patron(email="")).get("/my/").content.decode()
