"""Readers and robots without a session: no cookie, no row, short memory in caches, and each request gives back what it
took."""

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from app.catalog import search
from app.features.actions import articles
from app.tests import make

PAGES = (
    "/", "/?q=本", "/new/", "/popular/", "/lists/", "/news/", "/pages/", "/map/", "/calendar/", "/calendar/nagano/",
    "/new/feed.xml", "/news/feed.xml", "/lists/feed.xml", "/ask/", "/events/", "/robots.txt",
)  # fmt: skip


@pytest.fixture
def library(db):
    make.branch()
    item = make.item("本の本", acquired_on=timezone.localdate(), call_number="020/ホ")
    other = make.item("本の隣の本", acquired_on=timezone.localdate(), call_number="020/ヒ")
    search.index([item.record_id, other.record_id])
    values = {"title": "知らせ", "body": "本文", "publish_at": timezone.now(), "ends_at": None}
    version = articles.begin(make.actor("librarian"), "news", values)
    type(version).objects.update(state="approved", decided_by="another")
    return item


@pytest.mark.req("F-OPA-028")
def test_no_public_page_begins_a_session_or_sets_a_cookie_and_every_one_may_be_kept(library):
    pages = [*PAGES, f"/records/{library.record_id}/", f"/shelf/?at={library.pk}"]
    for path in pages:
        answer = Client().get(path)
        assert answer.status_code == 200, path
        assert not answer.cookies, path
        assert "public" in answer.headers["Cache-Control"], path
        # One kept answer serves every reader: it is the same whatever cookies they carry.
        assert "cookie" not in answer.headers.get("Vary", "").lower(), path
    assert Session.objects.count() == 0


@pytest.mark.req("F-OPA-028")
def test_an_hour_of_requests_leaves_nothing_behind_and_another_reader_is_answered(library):
    """3,600 requests are what one a second comes to; a tenth of them shows whether any of them keeps a connection, a
    session or a lock. (The twin does the same through nginx.)"""

    def connections():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            return cursor.fetchone()[0]

    before = connections()
    robot, reader = Client(), Client()
    for place in range(360):
        assert robot.get(f"/records/{library.record_id}/?n={place}").status_code == 200
        if place % 60 == 0:
            assert "本の本" in reader.get("/?q=本").content.decode()
    assert connections() == before
    assert Session.objects.count() == 0


@pytest.mark.req("F-OPA-028")
def test_robots_are_told_what_is_endless_and_what_is_private():
    text = Client().get("/robots.txt").content.decode()
    for line in ("Disallow: /my/", "Disallow: /*?", "Allow: /records/"):
        assert line in text


def test_head_is_answered_and_a_post_is_not(library):
    assert Client().head("/new/").status_code == 200
    assert Client().post("/new/").status_code == 405
