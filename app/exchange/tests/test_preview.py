"""An import is looked at before it happens, and taken back after it did."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from app.audit.models import AuditEvent
from app.catalog import actions
from app.catalog.models import BibliographicRecord, ChangeSet
from app.catalog.tests.factories import CATALOGUER
from app.catalog.tests.test_pages import signed_in
from app.exchange.models import ImportRun
from app.exchange.tests.test_marc import FILE, damaged

pytestmark = pytest.mark.django_db
PAGE = "/exchange/import/"


def upload(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("week.mrc", data)


def test_a_file_is_looked_at_and_nothing_of_it_stays():
    librarian = signed_in("librarian")
    data, _ = damaged(FILE.read_bytes())
    answer = librarian.post(PAGE, {"file": upload(data), "preview": "1"})
    page = answer.content.decode()
    assert "新規29件" in page
    assert "途中で終わっています" in page
    assert "まだ取り込んでいません" in page
    assert len(answer.context["preview"].changes) == 29
    for model in (BibliographicRecord, ChangeSet, ImportRun):
        assert not model.objects.exists()
    assert not AuditEvent.objects.filter(operation="exchange.import").exists()


@pytest.mark.req("F-CAT-022", "F-CAT-007")
def test_a_correction_shows_its_differences_first_and_goes_back_as_one():
    librarian = signed_in("librarian")
    data = FILE.read_bytes()
    librarian.post(PAGE, {"file": upload(data)})
    book = BibliographicRecord.objects.exclude(publisher="").order_by("pk").first()
    was = book.publisher
    kept = BibliographicRecord.objects.exclude(pk=book.pk).order_by("pk").first()
    # An older state of one record, as if the file brought the correction; another one was corrected here.
    BibliographicRecord.objects.filter(pk=book.pk).update(publisher="古い出版者", marc=b"older")
    actions.update_record(CATALOGUER, kept.pk, {"title": "当館で直した書名"})
    BibliographicRecord.objects.filter(pk=kept.pk).update(marc=b"older")
    page = librarian.post(PAGE, {"file": upload(data), "preview": "1"}).content.decode()
    assert "訂正2件" in page
    assert "<del>古い出版者</del>" in page
    book.refresh_from_db()
    assert book.publisher == "古い出版者"
    librarian.post(PAGE, {"file": upload(data)})
    book.refresh_from_db()
    kept.refresh_from_db()
    assert (book.publisher, kept.title) == (was, "当館で直した書名")
    run = ImportRun.objects.order_by("-pk").first()
    assert f"/catalog/changes/{run.change_set}/" in librarian.get(PAGE).content.decode()
    librarian.post(f"/catalog/changes/{run.change_set}/undo/")
    book.refresh_from_db()
    assert (book.publisher, bytes(book.marc)) == ("古い出版者", b"older")
    assert ChangeSet.objects.get(pk=run.change_set).state == "undone"
