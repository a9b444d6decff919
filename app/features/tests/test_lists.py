"""Lists by theme: made by numbers, shown for their time, in the feed."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from app.access.actions import NotPermitted
from app.catalog.models import BibliographicRecord
from app.features.actions import lists
from app.features.models import ListEntry, ThemeList
from app.features.queries import shown
from app.tests import make

pytestmark = pytest.mark.django_db


def local(moment):
    return timezone.localtime(moment).strftime("%Y-%m-%dT%H:%M")


def begin(browser, title="宇宙の本", opens=None, closes=None, ready=True):
    now = timezone.now()
    data = {"title": title, "lead": "星を見る夜に。", "opens_at": local(opens or now - timedelta(hours=1))}
    data |= {"closes_at": local(closes)} if closes else {}
    data |= {"is_ready": "on"} if ready else {}
    answer = browser.post("/features/lists/new/", data)
    assert answer.status_code == 302
    return ThemeList.objects.get(title=title)


@pytest.mark.req("F-OPA-014")
def test_a_list_of_thirty_appears_by_itself_on_its_day_and_goes_at_its_end():
    now = timezone.now()
    opens, closes = now + timedelta(days=1), now + timedelta(days=15)
    browser = make.client("librarian")
    theme = begin(browser, opens=opens, closes=closes)
    items = [make.item(f"宇宙の本{place:02}") for place in range(30)]
    scanned = "\n".join(item.barcode for item in items)
    assert browser.post(f"/features/lists/{theme.pk}/add/", {"numbers": scanned}).status_code == 302
    assert "宇宙の本" not in Client().get("/lists/").content.decode()
    assert Client().get(f"/lists/{theme.pk}/").status_code == 404
    # Nobody does anything: only the clock moves.
    for moment, up in ((opens - timedelta(minutes=2), 0), (opens, 1), (closes - timedelta(minutes=2), 1), (closes, 0)):
        assert shown.lists(moment).count() == up
    ThemeList.objects.update(opens_at=now - timedelta(minutes=1))
    assert "宇宙の本" in Client().get("/lists/").content.decode()
    text = Client().get(f"/lists/{theme.pk}/").content.decode()
    places = [text.index(f"宇宙の本{place:02}") for place in range(30)]
    assert places == sorted(places)
    assert "宇宙の本" in Client().get("/lists/feed.xml").content.decode()
    ThemeList.objects.update(closes_at=now)
    assert Client().get(f"/lists/{theme.pk}/").status_code == 404


@pytest.mark.req("F-OPA-014")
def test_titles_come_by_item_number_isbn_or_record_and_what_is_unknown_stays_to_be_mended():
    browser = make.client("librarian")
    theme = begin(browser)
    item = make.item("番号で")
    isbn = BibliographicRecord.objects.create(title="ISBNで", isbn13="9784003101018")
    plain = BibliographicRecord.objects.create(title="書誌で")
    numbers = (
        f"{item.barcode}\n978-4-00-310101-8\nhttps://opac.example/records/{plain.pk}/\n{item.barcode}\n999999999\n"
    )
    answer = browser.post(f"/features/lists/{theme.pk}/add/", {"numbers": numbers})
    assert answer.status_code == 422
    assert "見つからない番号が1件" in answer.content.decode()
    assert ">\n999999999</textarea>" in answer.content.decode()
    entries = list(theme.entries.values_list("record_id", flat=True))
    assert entries == [item.record_id, isbn.pk, plain.pk]


def test_order_remarks_and_removal():
    browser = make.client("librarian")
    theme = begin(browser)
    items = [make.item(f"本{place}") for place in range(3)]
    lists.add(make.actor("librarian"), theme.pk, [item.barcode for item in items])
    first, second, third = theme.entries.all()
    data = {
        "entry": [first.pk, second.pk, third.pk],
        f"order-{first.pk}": "9",
        f"order-{second.pk}": "2",
        f"order-{third.pk}": "1",
        f"comment-{third.pk}": "まずはこれから",
        f"remove-{second.pk}": "on",
    }
    assert browser.post(f"/features/lists/{theme.pk}/arrange/", data).status_code == 302
    assert list(theme.entries.values_list("pk", flat=True)) == [third.pk, first.pk]
    assert "まずはこれから" in Client().get(f"/lists/{theme.pk}/").content.decode()


def test_a_record_that_is_hidden_is_left_out_and_a_list_in_preparation_is_not_there():
    browser = make.client("librarian")
    theme = begin(browser)
    hidden = BibliographicRecord.objects.create(title="見せない本", visibility="staff")
    ListEntry.objects.create(theme=theme, record=hidden, order=1)
    assert "見せない本" not in Client().get(f"/lists/{theme.pk}/").content.decode()
    draft = begin(browser, "準備中の一覧", ready=False)
    assert Client().get(f"/lists/{draft.pk}/").status_code == 404


def test_who_may_not_make_lists_makes_none_and_times_run_forward():
    theme = begin(make.client("librarian"))
    with pytest.raises(NotPermitted):
        lists.add(make.actor("counter"), theme.pk, [])
    now = timezone.now()
    data = {"title": "逆", "opens_at": local(now), "closes_at": local(now - timedelta(days=1))}
    answer = make.client("librarian").post("/features/lists/new/", data)
    assert answer.status_code == 422
    assert "公開日時より後" in answer.content.decode()


def test_two_who_change_the_same_list_are_told():
    browser = make.client("librarian")
    theme = begin(browser)
    data = {"title": "別の名", "opens_at": local(theme.opens_at), "is_ready": "on", "seen": "0" * 32}
    answer = browser.post(f"/features/lists/{theme.pk}/", data)
    assert answer.status_code == 409
    theme.refresh_from_db()
    assert theme.title == "宇宙の本"
