"""The list of items, arranged by each member of staff."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from app.tests import make

URL = "catalog:holdings"


@pytest.mark.req("F-GEN-014")
def test_a_hundred_rows_by_acquisition_date_descending_stay_after_signing_in_again(db):
    start = date(2026, 1, 1)
    for number in range(110):
        make.item(f"題名{number:03}", acquired_on=start + timedelta(days=number), call_number=f"{900 - number}")
    staff = make.staff("librarian")
    browser = Client()
    browser.force_login(staff)
    assert len(browser.get(reverse(URL)).context["rows"]) == 30
    browser.get(reverse(URL) + "?size=100&sort=-acquired_on")
    browser.post(reverse("access:sign_out"))
    again = Client()
    again.force_login(staff)
    page = again.get(reverse(URL))
    days = [cells[-1] for _, cells in page.context["rows"]]
    assert len(days) == 100
    assert days == sorted(days, reverse=True)
    assert 'aria-sort="descending"' in page.content.decode()
    other = make.client("librarian")
    assert len(other.get(reverse(URL)).context["rows"]) == 30


@pytest.mark.req("F-GEN-014")
def test_columns_are_chosen_and_stay(db):
    make.item("題名", price=1200)
    browser = make.client("librarian")
    browser.get(reverse(URL) + "?columns=title&columns=price")
    page = browser.get(reverse(URL))
    assert [head.title for head in page.context["arranged"].heads] == ["書名", "価格"]
    assert page.context["rows"][0][1] == ["題名", "1200"]


@pytest.mark.req("F-GEN-015")
def test_one_number_opens_its_record_at_once(db):
    thing = make.item("ひとつ")
    browser = make.client("librarian")
    for url in (reverse(URL), reverse("catalog:search")):
        reply = browser.get(url, {"q": thing.barcode})
        assert reply.status_code == 302
        assert reply.url == reverse("catalog:record", args=[thing.record_id])


@pytest.mark.req("F-GEN-011")
def test_rare_characters_are_the_same_in_the_file_as_on_the_screen(db):
    title = "髙﨑と𠮷田の한국의 책 简体字"
    make.item(title, location="𠮷文庫")
    browser = make.client("librarian")
    assert title in browser.get(reverse(URL)).content.decode()
    reply = browser.get(reverse(URL), {"as": "csv"})
    body = b"".join(reply.streaming_content) if reply.streaming else reply.content
    text = body.decode("utf-8-sig")
    assert title in text
    assert "𠮷文庫" in text


def test_a_filter_that_fits_nothing_says_so_and_the_form_keeps_it(db):
    make.item("題名")
    html = make.client("librarian").get(reverse(URL), {"material": "dvd"}).content.decode()
    assert "当てはまる資料はありません" in html
    assert '<option value="dvd" selected>' in html
