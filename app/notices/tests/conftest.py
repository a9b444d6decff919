"""A library with rules, a mail server, and loans that are late."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from app.access.actor import system
from app.circulation.models import Loan
from app.notices.tests.mailserver import Server
from app.tests import make

TOKYO = ZoneInfo("Asia/Tokyo")
ACTOR = system("test")


def at(day, hour=10, minute=0):
    """A moment of the library's clock."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=TOKYO)


@pytest.fixture
def today(db):
    return timezone.localdate()


@pytest.fixture
def now(today):
    return at(today)


@pytest.fixture
def mailserver(settings, tmp_path):
    server = Server(tmp_path)
    settings.MAIL_HOST, settings.MAIL_PORT, settings.MAIL_SPOOL = "127.0.0.1", server.port, str(tmp_path)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def late(today):
    """A function: a loan that is so many days late."""

    def lend(patron, days, title="ごんぎつね", **fields):
        due = today - timedelta(days=days)
        item = fields.pop("item", None) or make.item(title)
        return Loan.objects.create(
            item=item, patron=patron, branch=item.branch, due_on=due, lent_at=at(due - timedelta(days=14)), **fields
        )

    return lend


@pytest.fixture
def reader(db):
    """A function: a patron with a mail address of its own."""
    numbers = iter(range(1, 10_000))

    def make_reader(**fields):
        number = next(numbers)
        given = {
            "email": f"reader{number}@mail.example",
            "phone": f"0260000{number:04}",
            "postal_code": "380-0834",
            "address": "長野市問御所町1-1",
        }
        return make.patron(**{**given, **fields})

    return make_reader
