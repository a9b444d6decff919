"""The public pages as a reader's browser gets them, with their number of SQL statements."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.asserts import assertNumQueries

from app.catalog.models import BibliographicRecord
from app.catalog.tests import factories as make
from app.circulation.models import Loan
from app.patrons.models import Patron, PatronCard, PatronCategory

pytestmark = pytest.mark.django_db
HOST = {"headers": {"host": "opac.kura-nagano.example"}}
FIRST_PAGE_BYTES = 150_000


@pytest.fixture
def reader() -> Client:
    return Client(**HOST)


@pytest.fixture
def book() -> BibliographicRecord:
    record = make.record(
        "こころ",
        "ココロ",
        "夏目漱石",
        "ナツメ ソウセキ",
        ndc="913.6",
        issued="1914",
        publisher="岩波書店",
        isbn13="9784003101117",
    )
    make.item(record, location="一般")
    make.item(record, make.branch("nanbu", 2, "南部図書館"))
    return record


@pytest.fixture
def patron() -> Patron:
    made = Patron.objects.create(
        card_number="1000000016",
        name="長野 花子",
        kana="ナガノ ハナコ",
        branch=make.branch(),
        category=PatronCategory.objects.get(code="general"),
        registered_on=timezone.localdate(),
        valid_until=timezone.localdate() + timedelta(days=100),
        password=make_password("Reader-Secret-1"),
        must_change_password=False,
    )
    PatronCard.objects.create(number=made.card_number, patron=made, since=made.registered_on)
    return made


def lend(record: BibliographicRecord, patron: Patron, days: int = 7, which: int = 0) -> Loan:
    """A loan that is due in so many days."""
    item = record.items.order_by("pk")[which]
    today = timezone.localdate()
    lent = timezone.now() - timedelta(days=60)
    return Loan.objects.create(
        item=item, patron=patron, branch=item.branch, lent_at=lent, due_on=today + timedelta(days=days)
    )


def test_the_start_page_needs_no_database_no_cookie_and_may_be_cached(reader: Client) -> None:
    with assertNumQueries(0):
        page = reader.get("/")
    assert page.status_code == 200
    assert "蔵書検索" in page.content.decode()
    assert not page.cookies
    assert page["Cache-Control"].startswith("public")
    assert "Cookie" not in page.get("Vary", "")


@pytest.mark.parametrize(
    "text", ["こころ", "ココロ", "夏目漱石", "なつめそうせき こころ", "9784003101117", "4-00-310111-1"]
)
def test_a_reader_finds_the_book_and_sees_where_it_is(reader: Client, book: BibliographicRecord, text: str) -> None:
    alone = reader.get("/", {"q": text})
    assert (alone.status_code, alone["Location"]) == (302, f"/records/{book.pk}/")
    other = make.record(
        "こころ",
        "ココロ",
        "夏目漱石",
        "ナツメ ソウセキ",
        issued="2004",
        publisher="新潮社",
        other_isbns=["9784003101117"],
    )
    make.item(other)
    with CaptureQueriesContext(connection) as asked:
        page = reader.get("/", {"q": text})
    assert len(asked) <= 20
    html = page.content.decode()
    assert f'<a href="/records/{book.pk}/">こころ</a>' in html
    assert "在架あり" in html
    assert "長野図書館、南部図書館" in html
    assert len(page.content) < FIRST_PAGE_BYTES
    assert not page.cookies


@pytest.mark.req("F-OPA-007")
def test_a_loan_at_the_counter_shows_at_once_with_its_due_date(
    reader: Client, book: BibliographicRecord, patron: Patron
) -> None:
    with CaptureQueriesContext(connection) as asked:
        before = reader.get(f"/records/{book.pk}/").content.decode()
    assert len(asked) <= 20
    assert "所蔵状況" in before
    assert "2点 貸出できます" in before
    loan = lend(book, patron)
    after = reader.get(f"/records/{book.pk}/").content.decode()
    assert "貸出中" in after
    assert f"{loan.due_on.year}年{loan.due_on.month}月{loan.due_on.day}日" in after
    assert "1点 貸出できます" in after
    assert "長野 花子" not in after
    assert patron.card_number not in after
    lend(book, patron, which=1)
    make.item(make.record("こころの旅", "ココロ ノ タビ"))
    assert "すべて貸出中" in reader.get("/", {"q": "こころ"}).content.decode()
    assert "いま貸出できる資料はありません" in reader.get(f"/records/{book.pk}/").content.decode()
    Loan.objects.all().delete()
    assert "2点 貸出できます" in reader.get(f"/records/{book.pk}/").content.decode()


def test_a_result_page_does_the_same_work_for_twenty_records(reader: Client) -> None:
    for number in range(25):
        make.item(make.record(f"信州の山 {number}", "シンシュウ ノ ヤマ"))
    with CaptureQueriesContext(connection) as asked:
        page = reader.get("/", {"q": "信州"}).content.decode()
    assert len(asked) <= 20
    assert "25件" in page
    assert page.count('<a href="/records/') == 20
    assert page.count("page=2") >= 1
    assert reader.get("/", {"q": "信州", "page": 2}).content.decode().count('<a href="/records/') == 5


@pytest.mark.req("F-OPA-027")
def test_a_record_keeps_its_address_through_a_rebuild_of_the_index(reader: Client, book: BibliographicRecord) -> None:
    from app.catalog import search

    address = book.get_absolute_url()
    search.rebuild()
    assert address == f"/records/{book.pk}/"
    assert "こころ" in reader.get(address).content.decode()
    assert reader.get("/records/999999999/").status_code == 404


def test_records_without_items_are_offered_when_nothing_is_held(reader: Client) -> None:
    make.record("赤光", "シャッコウ", "斎藤茂吉", "サイトウ モキチ")
    page = reader.get("/", {"q": "赤光"}).content.decode()
    assert "見つかりませんでした" in page
    assert "1件あります" in page
    assert "scope=all" in page
    assert reader.get("/", {"q": "赤光", "scope": "all"})["Location"].startswith("/records/")


def test_what_a_reader_types_is_never_html(reader: Client) -> None:
    page = reader.get("/", {"q": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in page


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(q=st.text(max_size=60), page=st.text(max_size=8), branch=st.text(max_size=12), sort=st.text(max_size=8))
def test_any_address_gives_a_page(reader: Client, q: str, page: str, branch: str, sort: str) -> None:
    asked = {"q": q, "page": page, "branch": branch, "sort": sort, "from": page, "material": sort}
    assert reader.get("/", asked).status_code in (200, 302)


@pytest.mark.parametrize("raw", ["%FF%FE", "%00", "%ED%A0%80", "%", "a" * 4000, quote("髙﨑😀")])
def test_broken_bytes_in_the_address_give_a_page(reader: Client, raw: str) -> None:
    make.item(make.record("本"))
    assert reader.get(f"/?q={raw}").status_code == 200
    assert reader.get(f"/suggest?q={raw}").status_code == 200


@pytest.mark.req("F-OPA-006")
def test_suggestions_come_as_json(reader: Client) -> None:
    for number in range(6):
        make.record(f"歴史散歩 {number}", "レキシ サンポ")
    with CaptureQueriesContext(connection) as asked:
        answer = reader.get("/suggest", {"q": "れきし"})
    assert len(asked) <= 10
    assert len(answer.json()["titles"]) >= 5


@pytest.mark.req("F-MYP-003")
def test_my_page_shows_five_loans_by_due_date_and_marks_the_overdue(reader: Client, patron: Patron) -> None:
    for days in (9, 3, -4, 6, 1):
        record = make.record(f"期限{days:+d}日の本", "キゲン ノ ホン")
        make.item(record)
        lend(record, patron, days)
    assert reader.get("/my/").status_code == 302
    answer = reader.post("/my/sign-in/", {"card_number": "1000000016", "password": "Reader-Secret-1"})
    assert answer.status_code == 302
    page = reader.get("/my/").content.decode()
    places = [page.index(f"期限{days:+d}日の本") for days in (-4, 1, 3, 6, 9)]
    assert places == sorted(places)
    assert "4日延滞" in page
    assert page.count("日延滞") == 1
    assert "no-store" in reader.get("/my/")["Cache-Control"]


def test_one_patron_never_sees_another_and_signing_out_ends_it(reader: Client, patron: Patron) -> None:
    wrong = reader.post("/my/sign-in/", {"card_number": "1000000016", "password": "wrong"})
    assert wrong.status_code == 403
    unknown = reader.post("/my/sign-in/", {"card_number": "1999999999", "password": "wrong"})
    assert unknown.status_code == 403
    assert "番号またはパスワードが違います" in wrong.content.decode()
    assert "番号またはパスワードが違います" in unknown.content.decode()
    reader.post("/my/sign-in/", {"card_number": "1000000016", "password": "Reader-Secret-1"})
    assert "長野 花子" in reader.get("/my/").content.decode()
    assert "長野 花子" not in reader.get("/").content.decode()
    reader.post("/my/sign-out/")
    assert reader.get("/my/").status_code == 302


def test_a_temporary_password_must_be_changed_first(reader: Client, patron: Patron) -> None:
    Patron.objects.update(must_change_password=True)
    reader.post("/my/sign-in/", {"card_number": "1000000016", "password": "Reader-Secret-1"})
    assert reader.get("/my/")["Location"] == "/my/password/"
    short = {"old": "Reader-Secret-1", "new": "short", "again": "short"}
    assert reader.post("/my/password/", short).status_code == 422
    new = "山の音がきこえる夜に読む本"
    assert reader.post("/my/password/", {"old": "Reader-Secret-1", "new": new, "again": new}).status_code == 302
    assert reader.get("/my/").status_code == 200


@pytest.mark.parametrize("again", ["山の音がきこえる夜に読む木", ""])
def test_a_new_password_typed_differently_the_second_time_changes_nothing(
    reader: Client, patron: Patron, again: str
) -> None:
    reader.post("/my/sign-in/", {"card_number": "1000000016", "password": "Reader-Secret-1"})
    assert "新しいパスワード（確認）" in reader.get("/my/password/").content.decode()
    typed = {"old": "Reader-Secret-1", "new": "山の音がきこえる夜に読む本", "again": again}
    answer = reader.post("/my/password/", typed)
    assert answer.status_code == 422
    assert answer.context["form"]["again"].errors
    before = patron.password
    patron.refresh_from_db()
    assert patron.password == before
