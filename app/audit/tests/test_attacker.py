"""The day after, somebody has the whole database: a dump with every table, and every session opened. Who read what?

A patron holds, borrows, gets letters about and gives back a book, at the real screens; lists of loans are written out;
then the day ends and every job of the night has run. (Transaction numbers, which a dump does not have but a running
server shows, are tried in circulation's and holds' own tests; logs beside the dump in test_attacker_logs.py.)
"""

import json
import re
from datetime import datetime, time, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from app.access.actor import Actor
from app.audit import privileges
from app.audit.actions import sealing
from app.catalog.models import BibliographicRecord
from app.circulation.models import Loan
from app.exports import actions as exports
from app.exports.models import ExportFile
from app.holds import actions as holds
from app.jobs import actions as jobs
from app.tests import make

PATRON, ITEM, RECORD = 771_000_011, 662_000_012, 553_000_013
TITLE = "人に知られたくない一冊"
# A time of day in a row's text; dates alone do not tell which of a day's patrons it was.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:\+\d\d:?\d\d|Z)?")

pytestmark = pytest.mark.django_db


def dump() -> dict[str, list[str]]:
    """Every row of every table as text, partitions once; sessions as what is in them."""
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        for name in sorted(privileges.tables_of(cursor)[0]):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{name}" t')
            found[name] = [row[0] for row in cursor.fetchall()]
    found["django_session"] = [json.dumps(one.get_decoded(), default=str) for one in Session.objects.all()]
    return found


def together(person: re.Pattern[str], goods: re.Pattern[str], tables: dict[str, list[str]]) -> list[str]:
    return [
        f"{name}: {row}" for name, rows in tables.items() for row in rows if person.search(row) and goods.search(row)
    ]


def scan(browser, page, text, token=""):
    """One scan at the counter."""
    answer = browser.post(f"/counter/{page}", {"scan": text, "token": token}, headers={"accept": "application/json"})
    return answer.json()


@pytest.fixture
def day():
    """The patterns of the person and of the goods, and the time between the first and the last act of the day."""
    here = make.branch()
    who = make.patron(pk=PATRON, name="秘密 花子", email="hanako@example.jp")
    record = BibliographicRecord.objects.create(pk=RECORD, title=TITLE)
    thing = make.item(pk=ITEM, record=record)
    person = re.compile(rf"\b{PATRON}\b|{who.card_number}|秘密 花子|hanako@example")
    goods = re.compile(rf"\b({ITEM}|{RECORD}|{thing.barcode})\b|{TITLE}")
    with connection.cursor() as cursor:  # bought and catalogued long before this day
        for table in ("catalog_item", "catalog_bibliographicrecord"):
            cursor.execute(
                f"UPDATE {table} SET created_at = now() - interval '1 year', updated_at = now() - interval '1 year'"
            )
    begin = timezone.now()
    clerk = make.client("librarian")
    herself = Actor("patron", str(who.pk))
    holds.place(herself, who.pk, holds.Wanted(record.pk, here, "mail", "web"), begin)
    scan(clerk, "return/", thing.barcode)
    token = scan(clerk, "", who.card_number)["token"]
    lent = scan(clerk, "", thing.barcode, token)
    assert Loan.objects.filter(item=thing, patron=who).exists(), lent
    clerk.get(f"/patrons/{who.pk}/")
    # While it is out, the pair is there: the detectors see it.
    assert together(person, goods, dump())
    chief = make.actor("librarian")
    rows = [(who.card_number, who.name, thing.barcode, TITLE)]
    exports.make(chief, exports.LIST, "貸出一覧", "csv", ["券", "氏名", "資料", "書名"], rows, "督促", [who.pk])
    scan(clerk, "return/", thing.barcode)
    assert not Loan.objects.exists()
    return person, goods, begin, timezone.now()


def night(after: datetime) -> datetime:
    """Everything by the clock until the next morning, as the application host's timers do it."""
    morning = datetime.combine(timezone.localdate(after) + timedelta(days=1), time(9), timezone.get_current_timezone())
    for step in range(0, 9 * 60 + 1, 108):
        for run in jobs.run_due(morning - timedelta(hours=9) + timedelta(minutes=step)):
            assert run.state == "done", (run.job, run.line)
    sealing.seal(morning)
    return morning


@pytest.mark.req("F-AUD-005")
def test_the_day_after_no_row_of_the_dump_has_the_patron_beside_the_book(day):
    person, goods, _, end = day
    night(end)
    tables = dump()
    assert together(person, goods, tables) == []
    # Both are still in the library, each for itself.
    assert any(person.search(row) for row in tables["audit_auditevent"])
    assert any(goods.search(row) for row in tables["catalog_item"])


@pytest.mark.req("F-AUD-005")
def test_the_day_after_no_row_about_the_book_bears_a_time_of_that_day(day):
    """The log says at which second the patron's page was open; a book's row with a time of that day would join them."""
    _, goods, begin, end = day
    night(end)
    found = []
    for name, rows in dump().items():
        for row in rows:
            if not goods.search(row):
                continue
            for text in MOMENT.findall(row):
                moment = datetime.fromisoformat(text.replace(" ", "T"))
                moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_current_timezone())
                if begin - timedelta(minutes=5) <= moment <= end + timedelta(minutes=5):
                    found.append(f"{name}: {row}")
    assert found == []


@pytest.mark.req("F-AUD-005")
def test_a_list_of_loans_that_was_written_out_is_closed_to_who_has_the_database(day):
    person, goods, _, _ = day
    file = ExportFile.objects.get()
    for stored in (bytes(file.content), bytes(file.key)):
        assert not person.search(stored.decode("latin-1"))
        assert not goods.search(stored.decode("latin-1"))
        assert TITLE.encode() not in stored


@pytest.mark.req("F-AUD-005")
def test_the_patron_cannot_be_counted_out_of_the_statistics_of_the_day(day):
    """What stays of a loan is a date and classes of people and books: no key of either, and no time of day."""
    _, _, _, end = day
    night(end)
    tables = dump()
    for name in ("circulation_loanstatistic", "holds_holdstatistic"):
        assert tables[name]
        for row in tables[name]:
            assert not MOMENT.search(row)
            assert not re.search(rf"\b({PATRON}|{ITEM}|{RECORD})\b", row)
