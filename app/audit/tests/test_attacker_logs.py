"""The same attacker also has six years of logs: what the web server and the application wrote, line by line.

The audit log names the person of a request, by its id, its terminal and its second; so no other log may name the goods.
nginx's lines are made here as nginx makes them, from the format of its own template and the answers of the application.
"""

import io
import logging
import re
from collections import defaultdict
from itertools import count
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client

from app.audit.models import AuditEvent
from app.audit.tests.test_attacker import dump, together
from app.catalog.models import BibliographicRecord
from app.circulation.models import Loan
from app.holds.models import Hold
from app.mypage.tests.conftest import signed_in
from app.patrons.models import Patron
from app.tests import make

PATRON, ITEM, RECORD, SECOND_RECORD, HOLD = 771_000_111, 662_000_112, 553_000_113, 553_000_114, 444_000_115
TITLE = "人に知られたくないもう一冊"
NGINX = (Path(settings.BASE_DIR) / "roles/nginx/templates/nginx.conf.j2").read_text("utf-8")
KNOWN = re.compile(r"\$(\w+)")

pytestmark = pytest.mark.django_db


def log_format() -> str:
    """What nginx writes for each request."""
    pieces = re.search(r"log_format kura ((?:\s*'[^']*')+);", NGINX)
    assert pieces
    return "".join(re.findall(r"'([^']*)'", pieces[1]))


class WebServer(Client):
    """A browser, and nginx before the application: it numbers requests and writes its log."""

    numbers = count(0x5EED)
    lines: list[str] = []
    form = ""

    def request(self, **given):
        number = f"{next(self.numbers):032x}"
        given |= {"REMOTE_ADDR": "", "HTTP_X_FORWARDED_FOR": "10.81.20.7", "HTTP_X_REQUEST_ID": number}
        answer = super().request(**given)
        query = given.get("QUERY_STRING", "")
        address = given["PATH_INFO"] + (f"?{query}" if query else "")
        values = {
            "remote_addr": "10.81.20.7",
            "time_iso8601": "2026-11-23T15:00:00+09:00",
            "host": "opac.library.example",
            "request_method": given["REQUEST_METHOD"],
            "status": answer.status_code,
            "request_time": "0.012",
            "upstream_response_time": "0.012",
            "request_id": number,
            "upstream_http_x_kura_page": answer.headers.get("X-Kura-Page") or "-",
            # What a log must not have.
            "uri": given["PATH_INFO"],
            "request_uri": address,
            "request": f"{given['REQUEST_METHOD']} {address} HTTP/2.0",
            "args": query,
            "query_string": query,
            "http_referer": given.get("HTTP_REFERER", "-"),
            "http_cookie": self.cookies.output(header=""),
            "body_bytes_sent": len(b"".join(answer)) if answer.streaming else len(answer.content),
        }
        self.lines.append(KNOWN.sub(lambda found: str(values[found[1]]), self.form or log_format()))
        return answer


@pytest.fixture
def journal():
    """What the application writes into the journal, by the handlers of its settings."""
    kept = io.StringIO()
    (handler,) = [one for one in logging.getLogger().handlers if type(one.formatter).__module__ == "app.web.pages"]
    before = handler.setStream(kept)
    yield kept
    handler.setStream(before)


@pytest.fixture(params=["", "$remote_addr $request_id $request_uri"], ids=["ours", "addresses"])
def day(request, journal, monkeypatch):
    """A reader looks, wishes, borrows; clerks look after both. With `addresses`, as most web servers log it."""
    monkeypatch.setattr(WebServer, "lines", [])
    monkeypatch.setattr(WebServer, "form", request.param)
    here = make.branch()
    who = make.patron(pk=PATRON, name="秘密 花子")
    record = BibliographicRecord.objects.create(pk=RECORD, title=TITLE)
    BibliographicRecord.objects.create(pk=SECOND_RECORD, title="短")
    thing = make.item(pk=ITEM, record=record)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval(pg_get_serial_sequence('holds_hold', 'id'), %s, false)", [HOLD])
    reader, clerk = WebServer(), WebServer()
    reader.cookies = signed_in(who).cookies
    clerk.force_login(make.staff("librarian"))
    for door in ("", "/en", "/kids"):
        for number in (RECORD, SECOND_RECORD):
            assert reader.get(f"{door}/records/{number}/", {"q": TITLE}).status_code == 200
    reader.get(f"/records/{RECORD}/slip/")
    reader.get(f"/records/{RECORD}/cover")
    reader.get("/isbn/9784101010014/")
    reader.get("/", {"q": TITLE}, headers={"referer": f"/records/{RECORD}/"})
    reader.post("/my/basket/change/", {"record": RECORD, "add": RECORD})
    assert reader.post(f"/my/favourites/records/{RECORD}/", {"shelf": "want", "comment": ""}).status_code == 302
    assert reader.post(f"/records/{RECORD}/hold/", {"pickup": here.pk, "contact": "none"}).status_code == 302
    assert Hold.objects.get().pk == HOLD
    reader.get(f"/my/holds/{HOLD}/")
    reader.get(f"/records/{RECORD}/no-such-page/")
    reader.get("/records/553999999/")
    assert clerk.post("/holds/who/", {"record": RECORD, "purpose": "確認"}).status_code == 200
    for path in (f"/holds/record/{RECORD}/", f"/catalog/records/{RECORD}/history/", f"/patrons/{PATRON}/"):
        assert clerk.get(path).status_code == 200, path
    for path in (f"/holds/patron/{PATRON}/", f"/holds/{HOLD}/", f"/catalog/items/{ITEM}/"):
        assert clerk.get(path).status_code == 200, path
    assert clerk.get(f"/patrons/{PATRON}7/").status_code == 404
    scan = {"accept": "application/json"}
    token = clerk.post("/counter/", {"scan": who.card_number, "token": ""}, headers=scan).json()["token"]
    assert clerk.post("/counter/", {"scan": thing.barcode, "token": token}, headers=scan).json()["code"] == "lend"
    clerk.get("/counter/item/", {"number": thing.barcode})
    clerk.post("/counter/return/", {"scan": thing.barcode, "token": ""}, headers=scan)
    assert not Loan.objects.exists()
    person = re.compile(rf"{PATRON}|{who.card_number}|秘密 花子")
    goods = re.compile(rf"{ITEM}|{RECORD}|{HOLD}|{thing.barcode}|9784101010014|{TITLE}")
    return person, goods, WebServer.lines + journal.getvalue().splitlines(), request.param == ""


def joined(person: re.Pattern[str], goods: re.Pattern[str], lines: list[str]) -> list[str]:
    """Requests of which the audit log knows the person and any kept line, the goods."""
    of_request = defaultdict(list)
    for event in AuditEvent.objects.exclude(request_id=""):
        told = f"{event.actor} {event.subject_type} {event.subject_id} {event.purpose} {event.detail}"
        of_request[event.request_id].append(told)
    found = []
    for number, events in of_request.items():
        rows = [*events, *(line for line in lines if number in line)]
        if any(person.search(row) for row in events) and any(goods.search(row) for row in rows):
            found.append("\n".join(rows))
    return found


@pytest.mark.req("F-AUD-005")
def test_the_audit_log_and_every_other_log_joined_by_request_tell_no_title(day):
    person, goods, lines, ours = day
    holds = rf"|{HOLD}"  # a hold's own number stands on its events, and is nobody's when the hold is over
    goods = re.compile(goods.pattern.replace(holds, ""))
    found = joined(person, goods, lines)
    if ours:
        assert found == []
    else:  # the attack is one: a log with addresses gives the reader of the hold and of the queue
        assert any("hold" in one for one in found)
        assert any("/my/favourites/" in one for one in found)


@pytest.mark.req("F-AUD-005", "F-AUD-013")
def test_no_line_of_any_log_names_the_goods_or_a_card_so_the_same_second_and_terminal_join_nothing(day):
    person, goods, lines, ours = day
    assert len(lines) > 25
    assert bool([line for line in lines if goods.search(line) or person.search(line)]) is not ours
    if ours:  # operations still see which page it was, through which door, and find the request of an error page
        assert any('"POST /records/<int:record_id>/hold/" 302 ' in line for line in lines)
        assert any('"GET /en/records/<int:record_id>/" 200 ' in line for line in lines)
        assert any(line.startswith("WARNING django.request Not Found: GET /records/<int:record_id>/") for line in lines)


@pytest.mark.req("F-AUD-005")
def test_two_titles_looked_at_leave_the_same_line_but_for_the_request(day):
    """Nor does a length or anything else of the answer tell which of the titles it was."""
    _, _, lines, ours = day
    looked = [line for line in lines if f"{RECORD}/?" in line or f"{SECOND_RECORD}/?" in line] or [
        line for line in lines if '/records/<int:record_id>/" 200' in line
    ]
    assert len(looked) == 6
    told = {re.sub(r"\b[0-9a-f]{32}\b", "", line) for line in looked}
    assert (len(told) == 3) is ours


def test_the_number_of_a_hold_that_is_over_leads_to_nothing(day):
    *_, ours = day
    if ours:
        Hold.objects.all().delete()
        assert together(re.compile(rf"\b{HOLD}\b"), re.compile(rf"\b{RECORD}\b|\b{ITEM}\b|{TITLE}"), dump()) == []


def test_an_error_of_the_database_is_told_without_the_row_it_quotes(journal):
    patron = make.patron(name="秘密 花子")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            Patron.objects.filter(pk=patron.pk).update(category_id=661_000_999)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except IntegrityError:
        logging.getLogger("app").exception("it failed")
    told = journal.getvalue()
    assert "ForeignKeyViolation" in told
    assert "Traceback" in told
    assert "661000999" not in told


def test_what_gunicorn_says_of_a_request_has_no_address(journal):
    logging.getLogger("gunicorn.error").error("Error handling request %s %s", "GET", f"/records/{RECORD}/?q=x")
    assert str(RECORD) not in journal.getvalue()
    assert "Error handling request GET (address)" in journal.getvalue()
