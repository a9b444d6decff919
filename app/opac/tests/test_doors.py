"""Language, kind of terminal and looks of the public pages, as a browser gets them."""

import pytest
from django.contrib.auth.hashers import make_password

from app.catalog.models import BibliographicRecord
from app.tests import make

pytestmark = pytest.mark.django_db


def test_signing_in_leads_back_to_the_page_through_the_same_door(client):
    record = BibliographicRecord.objects.create(title="こころ")
    asked = client.get(f"/en/records/{record.pk}/hold/")
    assert asked.headers["Location"] == f"/en/my/sign-in/?next=%2Frecords%2F{record.pk}%2Fhold%2F"
    reader = make.patron(password=make_password("yomu-yomu-yomu-1"), must_change_password=False)
    answer = {"card_number": reader.card_number, "password": "yomu-yomu-yomu-1"}
    assert client.post(asked.headers["Location"], answer).headers["Location"] == f"/en/records/{record.pk}/hold/"


@pytest.mark.req("F-OPA-023")
def test_the_look_is_a_cookie_on_request_and_the_pages_stay_the_same(client):
    plain = client.get("/").content
    assert client.get("/look.css").content == b""
    assert not client.cookies
    chosen = client.post("/appearance/", {"size": "150", "colours": "contrast"})
    cookie = chosen.cookies["kura_look"]
    assert (cookie.value, cookie["httponly"], cookie["samesite"]) == ("150-contrast", True, "Lax")
    sheet = client.get("/look.css")
    assert "look-contrast" in sheet.text
    assert "font-size: 150%" in sheet.text
    assert "private" in sheet.headers["Cache-Control"]
    assert client.get("/").content == plain
    assert client.get("/look.css", headers={"if-none-match": sheet.headers["ETag"]}).status_code == 304
    client.post("/appearance/", {"forget": "yes"})
    assert client.get("/look.css").content == b""


@pytest.mark.parametrize("value", ["150-pink", "9999-dark", "</style>-dark", "-", "150", "é-ü"])
def test_an_odd_cookie_changes_only_what_is_known(client, value):
    client.cookies["kura_look"] = value
    sheet = client.get("/look.css")
    assert sheet.status_code == 200
    assert "<" not in sheet.text
    assert "9999" not in sheet.text
    assert "pink" not in sheet.text
