"""The staff page for imports."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from app.catalog.models import BibliographicRecord
from app.catalog.tests.test_pages import signed_in
from app.exchange.tests.test_marc import FILE, damaged

pytestmark = pytest.mark.django_db


def test_a_librarian_imports_a_file_and_reads_the_counts_and_what_was_set_aside() -> None:
    librarian = signed_in("librarian")
    data, _ = damaged(FILE.read_bytes())
    librarian.post("/exchange/import/", {"file": SimpleUploadedFile("week.mrc", data)})
    page = librarian.get("/exchange/import/").content.decode()
    assert "新規29件、訂正0件、変更なし0件、取込不可5件" in page
    assert "3件目" in page
    assert "途中で終わっています" in page
    assert BibliographicRecord.objects.count() == 29


def test_the_counter_may_not_import() -> None:
    assert signed_in("counter").get("/exchange/import/").status_code == 403
