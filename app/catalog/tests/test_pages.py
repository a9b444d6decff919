"""Staff pages of the catalogue, by role."""

import re

import pytest
from django.http import HttpResponse
from django.test import Client

from app.access.models import StaffUser
from app.audit.models import AuditEvent
from app.catalog import rules
from app.catalog.models import BibliographicRecord, Item
from app.catalog.tests import factories as make

pytestmark = pytest.mark.django_db
HOST = {"headers": {"host": "staff.kura-nagano.example"}}


def signed_in(role: str) -> Client:
    """A browser in which a member of staff of that role has signed in."""
    client = Client(**HOST)
    client.force_login(StaffUser.objects.create_user(role, roles=(role,), branch=make.branch()))
    return client


def test_the_catalogue_asks_for_a_sign_in() -> None:
    assert Client(**HOST).get("/catalog/")["Location"].startswith("/staff/sign-in/")


def test_a_librarian_finds_corrects_and_adds_an_item() -> None:
    librarian = signed_in("librarian")
    record = make.record("山の音", "ヤマ ノ オト", "川端康成", "カワバタ ヤスナリ", ndc="913.6", issued="1954")
    assert librarian.get("/catalog/", {"q": "やまのおと"})["Location"] == f"/catalog/records/{record.pk}/"
    page = librarian.get(f"/catalog/records/{record.pk}/edit/")
    values = {name: field.value() for name, field in ((f.name, f) for f in page.context["form"])}
    values = {name: "\n".join(v) if isinstance(v, list) else (v or "") for name, v in values.items()} | {
        "title": "山の音 新版",
        "seen": page.context["seen"],
    }
    assert librarian.post(f"/catalog/records/{record.pk}/edit/", values).status_code == 302
    record.refresh_from_db()
    assert (record.title, record.creators, record.kept_fields) == ("山の音 新版", ["川端康成"], ["title"])
    assert "館で修正した項目は" in librarian.get(f"/catalog/records/{record.pk}/edit/").content.decode()
    assert AuditEvent.objects.filter(operation="catalog.edit_record", actor="librarian").exists()
    barcode = rules.item_barcode(77)
    answer = librarian.post(
        f"/catalog/records/{record.pk}/items/", {"barcode": f"A{barcode}A", "branch": make.branch().pk}
    )
    assert answer.status_code == 302
    assert Item.objects.get(barcode=barcode).call_number == "913.6/カ"
    again = librarian.post(f"/catalog/records/{record.pk}/items/", {"barcode": barcode, "branch": make.branch().pk})
    assert "すでに使われています" in again.content.decode()
    assert librarian.get("/catalog/", {"q": barcode})["Location"] == f"/catalog/records/{record.pk}/"


@pytest.mark.req("F-CAT-019")
def test_the_next_number_stands_in_the_form_and_a_used_or_misread_one_is_refused() -> None:
    librarian = signed_in("librarian")
    record = make.record("番号の本")
    page = f"/catalog/records/{record.pk}/"
    make.item(record)

    def offered() -> str:
        html = librarian.get(page).content.decode()
        control = re.search(r'<input[^>]*name="barcode"[^>]*>', html)
        value = control and re.search(r'value="([0-9]+)"', control.group())
        assert value, html
        return value.group(1)

    def post(barcode: str) -> HttpResponse:
        return librarian.post(f"{page}items/", {"barcode": barcode, "branch": make.branch().pk})

    first = offered()
    assert not Item.objects.filter(barcode=first).exists()
    assert post(first).status_code == 302
    assert offered() == rules.item_barcode(int(first[1:-1]) + 1)
    refused = {
        first: "すでに使われています",
        offered()[:-1] + str((int(offered()[-1]) + 1) % 10): "検査数字が合いません",
        offered()[:-1]: "10桁です",
        "1" + offered()[1:]: "2で始まります",
    }
    for barcode, sentence in refused.items():
        answer = post(barcode)
        assert answer.status_code == 200
        assert sentence in answer.content.decode()
    assert record.items.count() == 2


def test_a_new_record_is_made_and_a_wrong_isbn_comes_back_with_a_sentence() -> None:
    librarian = signed_in("librarian")
    assert "書誌の新規登録" in librarian.get("/catalog/").content.decode()
    assert "<h1>書誌の新規登録</h1>" in librarian.get("/catalog/new/").content.decode()
    values = {"title": "新しい本", "isbn13": "978-4-06-203515-7", "material_type": "book", "language": "jpn"}
    assert "検査数字が合いません" in librarian.post("/catalog/new/", values).content.decode()
    answer = librarian.post("/catalog/new/", values | {"isbn13": "978-4-06-203515-6"})
    assert answer.status_code == 302
    assert BibliographicRecord.objects.get().isbn13 == "9784062035156"


def test_the_counter_sees_the_record_but_no_form_and_may_not_post_one() -> None:
    counter = signed_in("counter")
    record = make.record("山の音")
    make.item(record)
    page = counter.get(f"/catalog/records/{record.pk}/").content.decode()
    assert "所蔵を追加" not in page
    assert "書誌を修正" not in page
    assert counter.get(f"/catalog/records/{record.pk}/edit/").status_code == 403
    assert counter.post(f"/catalog/records/{record.pk}/items/", {"barcode": "1", "branch": "1"}).status_code == 403
    assert AuditEvent.objects.filter(outcome="refused").count() == 2


def test_the_public_host_does_not_serve_the_staff_catalogue() -> None:
    assert Client(headers={"host": "opac.kura-nagano.example"}).get("/catalog/").status_code == 404
