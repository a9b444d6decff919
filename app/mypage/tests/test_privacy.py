"""What stays of a loan for those who asked for a record of it, and for nobody else.

The attacker of app.circulation's test reads every table. Here the attacker has the keys of the sealed columns as well:
then, and only then, a reader and a title meet, in the two tables that the reader chose to fill, and nowhere else.
"""

import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.forms.models import model_to_dict
from django.utils import timezone

from app.catalog.models import BibliographicRecord
from app.circulation.tests.conftest import LATER, Desk
from app.circulation.tests.test_privacy import night, rows
from app.mypage import actions, jobs
from app.mypage.models import Favourite, Reading, ReadingYear, Watch
from app.tests import make
from app.web.sealed import sealed_fields

from .conftest import actor, signed_in, text_of

PATRON, ITEM, RECORD = 771_000_021, 662_000_022, 553_000_023
TITLE = "人に知られたくない本"
CHOSEN = {"mypage_readingyear", "mypage_favourite"}


def life(*, consent: bool):
    """A reader borrows, is looked at by the jobs, writes a word about it and returns; then a night."""
    desk, now = Desk(make.actor(), make.branch()), timezone.now()
    who = make.patron(pk=PATRON)
    thing = make.item(pk=ITEM, record=BibliographicRecord.objects.create(pk=RECORD, title=TITLE))
    if consent:
        actions.begin_reading(actor(who), who.pk)
        actions.keep(actor(who), who.pk, thing.record, "read", "とてもよかった")
        actions.watch(actor(who), who.pk, "any", TITLE)
    desk.lend(who, thing, now=now)
    jobs.copy(now + timedelta(minutes=1))
    desk.give_back(thing, now=now + LATER)
    jobs.copy(now + 2 * LATER)
    jobs.arrivals(now + 3 * LATER)
    jobs.forget(night(now))
    return who, thing


def opened() -> dict[str, list[str]]:
    """Every row of every table that has sealed columns, with those opened."""
    found = {}
    for model in apps.get_models():
        names = [field.name for field in sealed_fields(model)]
        if names:
            rows = model._default_manager.all()
            texts = [
                (str(row.pk), str(model_to_dict(row)), *(str(getattr(row, name)) for name in names)) for row in rows
            ]
            found[model._meta.db_table] = [" ".join(text) for text in texts]
    return found


def meeting(thing) -> set[str]:
    """The tables in which one row says both, to somebody who can open what is sealed."""
    person, goods = patterns(thing)
    return {name for name, texts in opened().items() for text in texts if person.search(text) and goods.search(text)}


def patterns(thing):
    card = make.Patron.objects.get(pk=PATRON).card_number
    person = re.compile(rf"\b{PATRON}\b|{card}")
    return person, re.compile(rf"\b({ITEM}|{RECORD}|{thing.barcode})\b|{TITLE}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F-MYP-008")
def test_by_default_nothing_is_kept_of_what_somebody_returned():
    who, thing = life(consent=False)
    assert not Reading.objects.exists()
    assert not ReadingYear.objects.exists()
    assert meeting(thing) == set()
    page = text_of(signed_in(who).get("/my/reading/"))
    assert "同意する" in page
    assert TITLE not in page


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F-MYP-008", "F-AUD-005")
def test_reader_and_title_meet_in_what_the_reader_chose_to_keep_and_only_behind_the_seal():
    _, thing = life(consent=True)
    person, goods = patterns(thing)
    both, of_person, of_goods = [], set(), set()
    for name, found in rows().items():
        for text, numbers in found:
            is_person, is_goods = bool(person.search(text)), bool(goods.search(text))
            both += [(name, text)] if is_person and is_goods else []
            of_person |= numbers if is_person else set()
            of_goods |= numbers if is_goods else set()
    assert both == []
    assert of_person
    assert of_goods
    assert not of_person & of_goods
    assert meeting(thing) == CHOSEN | {"mypage_watch"}  # the reader typed the title themself as words to be told of
    assert "とてもよかった" not in str(rows())


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("F-MYP-008")
def test_withdrawing_the_consent_erases_the_whole_record_at_once():
    who, thing = life(consent=True)
    browser = signed_in(who)
    assert TITLE in text_of(browser.get("/my/reading/"))
    assert browser.post("/my/reading/end/").status_code == 302
    assert not Reading.objects.exists()
    assert not ReadingYear.objects.exists()
    assert TITLE not in text_of(browser.get("/my/reading/"))
    Favourite.objects.all().delete()
    Watch.objects.all().delete()
    assert meeting(thing) == set()


def test_who_leaves_the_library_leaves_nothing_behind(reader):
    me = actor(reader)
    actions.begin_reading(me, reader.pk)
    actions.keep(me, reader.pk, make.item().record, "want", "")
    actions.watch(me, reader.pk, "any", "きつね")
    actions.share(me, reader.pk)
    make.Patron.objects.filter(pk=reader.pk).update(withdrawn_on=timezone.localdate())
    jobs.forget(timezone.now())
    assert not any(model.objects.exists() for model in (Reading, Favourite, Watch))
