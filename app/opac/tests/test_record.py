"""A record's page: what is inside, what belongs to it, what may be seen from where; and what a first page weighs."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.hashers import make_password
from django.contrib.staticfiles import finders
from django.test import Client

from app.catalog import search
from app.catalog.models import (
    BibliographicRecord,
    CataloguePolicy,
    ChangeSet,
    ContentsPart,
    Cover,
    DigitalLink,
    MergedRecord,
)
from app.opac.details import NEWEST_ISSUES
from app.terminals.models import Terminal
from app.tests import make

pytestmark = pytest.mark.django_db
FIRST_PAGE_BYTES = 150_000
PNG = b"\x89PNG\r\n\x1a\n"


def record(title: str, **fields) -> BibliographicRecord:
    return BibliographicRecord.objects.create(title=title, **fields)


@pytest.fixture
def stories() -> BibliographicRecord:
    made = record(
        "短篇集", creators=["中島敦"], subjects=["虎"], summary="人が虎になる話など。", toc="第一部\n第二部",
        author_note="作家。",
    )  # fmt: skip
    make.item(record=made)
    ContentsPart.objects.bulk_create(
        ContentsPart(record=made, order=order, title=title, creator="中島敦")
        for order, title in enumerate(("山月記", "李陵", "名人伝"), 1)
    )
    return made


@pytest.mark.req("F-OPA-008")
def test_a_collection_lists_its_works_in_order_with_summary_contents_and_cover(client, stories):
    Cover.objects.create(record=stories, image=PNG, media_type="image/png")
    other = record("ほかの本", creators=["中島敦"])
    make.item(record=other)
    search.index([stories.pk, other.pk])
    page = client.get(f"/records/{stories.pk}/").text
    places = [page.index(f"<li>{title}") for title in ("山月記", "李陵", "名人伝")]
    assert places == sorted(places)
    assert "人が虎になる話など。" in page
    assert "<li>第一部</li><li>第二部</li>" in page
    assert f'src="/records/{stories.pk}/cover"' in page
    assert client.get(f"/records/{stories.pk}/cover").content == PNG
    related = page[page.index('id="related"') :]
    assert f'href="/records/{other.pk}/"' in related
    assert f'href="/records/{stories.pk}/"' not in related


@pytest.mark.req("F-OPA-008")
def test_what_the_library_does_not_show_is_not_there(client, stories):
    Cover.objects.create(record=stories, image=PNG, media_type="image/png")
    CataloguePolicy.objects.update_or_create(
        pk=1, defaults={"show_cover": False, "show_toc": False, "show_summary": False, "show_author_note": False}
    )
    page = client.get(f"/records/{stories.pk}/").text
    for hidden in ("人が虎になる", "第一部", "作家。", "/cover"):
        assert hidden not in page
    assert "山月記" in page
    assert client.get(f"/records/{stories.pk}/cover").status_code == 404


def test_a_cover_that_is_no_picture_is_never_sent(client, stories):
    Cover.objects.create(record=stories, image=b"<script>", media_type="text/html")
    assert client.get(f"/records/{stories.pk}/cover").status_code == 404


@pytest.mark.req("F-OPA-008")
def test_volumes_stand_in_their_order_and_lead_to_each_other(client):
    whole = record("全集", level="set")
    volumes = [
        record("全集", level="volume", parent=whole, volume=str(order), part_order=order) for order in (10, 2, 1, 3)
    ]
    page = client.get(f"/records/{volumes[1].pk}/").text
    part = page[page.index('id="siblings"') : page.index('id="about"')]
    shown = re.findall(r"全集 (\d+)", part)
    assert shown == ["1", "2", "3", "10"]
    assert f'href="/records/{volumes[0].pk}/"' in part
    assert '<strong aria-current="page">全集 2</strong>' in part
    assert "全集 10" in client.get(f"/records/{whole.pk}/").text


def issues_in(page: str) -> list[str]:
    part = page[page.index('<ol class="issues">') :]
    return re.findall(r"第(\d+)号", part[: part.index("</ol>")])


@pytest.mark.req("F-OPA-011")
def test_a_serial_shows_its_twelve_newest_issues_first_with_the_state_of_each(client):
    serial = record("信州の暮らし", level="serial", material_type="magazine")
    for number in range(1, 16):
        issue = record("信州の暮らし", level="issue", parent=serial, volume=f"第{number}号", part_order=number)
        make.item(record=issue, restriction="latest" if number == 15 else "")
    page = client.get(f"/records/{serial.pk}/").text
    assert issues_in(page) == [str(number) for number in range(15, 15 - NEWEST_ISSUES, -1)]
    assert NEWEST_ISSUES == 12
    part = page[page.index('<ol class="issues">') :]
    assert "館内閲覧のみ(最新号)" in part[: part.index("</li>")]
    assert "すべての号を見る（15号）" in page
    assert len(issues_in(client.get(f"/records/{serial.pk}/?issues=all").text)) == 15


@pytest.mark.req("F-OPA-011")
def test_a_magazine_without_records_of_issues_shows_its_items_by_the_day_they_came(client):
    magazine = record("月刊蔵", material_type="magazine")
    for number in range(1, 15):
        day = date(2026, 1, 1) + timedelta(days=number)
        for branch in ("nagano", "nanbu"):
            made = make.branch(branch, name=branch)
            make.item(record=magazine, branch=made, call_number=f"第{number}号", acquired_on=day)
    page = client.get(f"/records/{magazine.pk}/").text
    assert issues_in(page) == [str(number) for number in range(14, 2, -1)]
    assert page.count("在架</span>") >= 24


def test_digital_copies_open_from_where_they_may(client, stories):
    make.branch()
    link = DigitalLink.objects.create(
        record=stories, label="館内の写し", file=b"%PDF-1.7", media_type="application/pdf", visibility="inside"
    )
    out = DigitalLink.objects.create(record=stories, order=2, label="よそ", url="https://example.jp/a")
    page = client.get(f"/records/{stories.pk}/").text
    assert "館内の写し" not in page
    assert f'href="{out.url}"' in page
    address = f"/records/{stories.pk}/digital/{link.pk}"
    assert client.get(address).status_code == 404
    assert client.get(f"/kiosk{address}").status_code == 404
    Terminal.objects.create(name="検索機1", branch=make.branch(), address="127.0.0.1")
    assert client.get(address).status_code == 404
    answer = client.get(f"/kiosk{address}")
    assert answer.content == b"%PDF-1.7"
    assert "館内の写し" in client.get(f"/kiosk/records/{stories.pk}/").text
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_what_is_only_for_staff_or_inside_is_not_shown_outside(client):
    staff, inside = record("業務用", visibility="staff"), record("館内用", visibility="inside")
    hidden = make.item(title="ふつうの本", visibility="staff", location="事務室の棚")
    assert client.get(f"/records/{staff.pk}/").status_code == 404
    assert client.get(f"/records/{inside.pk}/").status_code == 404
    assert "事務室の棚" not in client.get(f"/records/{hidden.record_id}/").text
    Terminal.objects.create(name="検索機1", branch=make.branch(), address="127.0.0.1")
    assert client.get(f"/kiosk/records/{inside.pk}/").status_code == 200
    assert client.get(f"/kiosk/records/{staff.pk}/").status_code == 404
    assert client.get(f"/records/{inside.pk}/").status_code == 404


@pytest.mark.req("F-OPA-007")
def test_every_item_has_library_place_number_state_due_date_and_the_queue_stands_above(client):
    made = make.item(location="一般", call_number="913.6 ナ", attachments="CD 1枚", attachment_count=1)
    page = client.get(f"/records/{made.record_id}/").text
    for shown in ("長野図書館", "一般", "913.6 ナ", "在架", "予約 0件", "1点 貸出できます", "CD 1枚", made.barcode):
        assert shown in page, shown
    assert client.get(f"/records/{made.record_id}/").headers["Cache-Control"] == "public, max-age=2"


@pytest.mark.req("F-OPA-027")
def test_an_address_leads_to_its_record_in_every_language_after_a_rebuild_and_a_merge(client):
    kept, gone = record("こころ", isbn13="9784003101117"), record("こころ (重複)")
    search.rebuild()
    for prefix in ("", "/en", "/zh-hans", "/ko", "/kids"):
        assert "こころ" in client.get(f"{prefix}/records/{kept.pk}/").text
    changes = ChangeSet.objects.create(kind="merge", title="統合")
    MergedRecord.objects.create(record=gone, into=kept, change_set=changes)
    assert client.get(f"/en/records/{gone.pk}/").headers["Location"] == f"/en/records/{kept.pk}/"
    assert client.get("/isbn/4-00-310111-1/").headers["Location"] == f"/records/{kept.pk}/"
    assert client.get("/isbn/9784003101118/").status_code == 404


@pytest.mark.req("F-OPA-019")
def test_the_slip_has_title_number_and_place_on_the_terminals_own_paper(client):
    made = make.item(title="こころ", location="一般", call_number="913.6 ナ")
    page = client.get(f"/records/{made.record_id}/slip/").text
    assert 'data-print="a4"' in page
    Terminal.objects.create(name="検索機1", branch=made.branch, address="127.0.0.1", receipt_paper="58mm")
    page = client.get(f"/kiosk/records/{made.record_id}/slip/").text
    assert 'data-print="58mm"' in page
    paper = page[page.index('class="paper') :]
    for shown in ("こころ", "913.6 ナ", "長野図書館 一般"):
        assert shown in paper
    assert 'data-print="58mm"' in client.get(f"/kiosk/records/{made.record_id}/slip/?paper=a3").text
    assert 'data-print="80mm"' in client.get(f"/kiosk/records/{made.record_id}/slip/?paper=80mm").text


@pytest.mark.req("F-OPA-017")
def test_the_end_at_a_terminal_forgets_session_and_look_and_is_no_page_elsewhere(client):
    reader = make.patron(must_change_password=False, password=make_password(make.PASSWORD))
    answer = client.post("/kiosk/my/sign-in/", {"card_number": reader.card_number, "password": make.PASSWORD})
    assert answer.cookies["kura_patron"]["max-age"] == 180
    client.post("/kiosk/appearance/", {"size": "150", "colours": "dark"})
    assert client.get("/kiosk/my/").status_code == 200
    assert client.get("/kiosk/my/").headers["Cache-Control"] == "no-store"
    answer = client.post("/kiosk/en/end/")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/kiosk/")
    assert client.get("/kiosk/my/").status_code == 302
    assert client.get("/look.css").content == b""
    assert client.post("/end/").status_code == 404
    assert Client(enforce_csrf_checks=True).post("/kiosk/end/").status_code == 303


def test_the_first_page_weighs_little_with_everything_that_it_loads(client):
    page = client.get("/")
    loaded = set(re.findall(r'(?:src|href)="/static/([^"]+)"', page.text))
    assert len(loaded) >= 5
    weight = len(page.content) + sum(Path(finders.find(path)).stat().st_size for path in loaded)
    assert weight <= FIRST_PAGE_BYTES
    assert "http" not in {url[:4] for url in re.findall(r'(?:src|href)="([^"]+)"', page.text)}
