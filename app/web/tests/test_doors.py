"""The address says language and kind of terminal; nothing else does."""

import pytest
from django.urls import reverse

from app.web.doors import STREET, Door, parted
from app.web.furigana import plain, with_furigana

DOORS = [Door(language, kiosk) for language in ("ja", "en", "zh-hans", "ko", "ja-kids") for kiosk in (False, True)]


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.prefix or "street")
def test_a_doors_prefix_leads_to_that_door(door):
    assert parted(f"{door.prefix}/records/5/") == (door, "/records/5/")


@pytest.mark.parametrize("path", ["/", "/enter/", "/english/", "/kioskets/", "/records/en/", "/e\nn/", "//en/", ""])
def test_what_only_looks_like_a_door_is_none(path):
    assert parted(path) == (STREET, path)


def test_only_the_slash_is_missing():
    assert parted("/kiosk/en") == (Door("en", kiosk=True), "")


@pytest.mark.django_db
def test_links_lead_on_through_the_same_door_and_the_next_request_has_its_own(client):
    page = client.get("/kiosk/en/")
    assert page.status_code == 200
    assert page.headers["Content-Language"] == "en"
    assert page.headers["Cache-Control"] == "no-store"
    assert '<html lang="en"' in page.text
    assert 'href="/kiosk/en/my/"' in page.text
    assert '<html lang="ja"' in client.get("/").text
    assert reverse("opac:search") == "/"


@pytest.mark.django_db
def test_a_missing_slash_is_added_and_the_question_kept(client):
    answer = client.get("/en?q=kokoro")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/en/?q=kokoro")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/en/staff/", "/kiosk/counter/", "/kids/patrons/", "/en/staff/sign-in/"])
def test_no_door_leads_to_the_staffs_pages(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.django_db
def test_a_language_needs_no_cookie_and_may_be_kept_by_everybody(client):
    page = client.get("/ko/")
    assert not page.cookies
    assert page.headers["Cache-Control"].startswith("public")
    assert "Cookie" not in page.headers.get("Vary", "")


def test_readings_become_ruby_in_text_and_vanish_where_no_markup_may_stand():
    page = '<title>本《ほん》</title><p title="本《ほん》">本《ほん》と《これ》<option>本《ほん》</option></p>'
    ruby = "<ruby>本<rp>(</rp><rt>ほん</rt><rp>)</rp></ruby>"
    assert with_furigana(page) == f'<title>本</title><p title="本">{ruby}と《これ》<option>本</option></p>'
    assert plain("絵本《えほん》") == "絵本"
