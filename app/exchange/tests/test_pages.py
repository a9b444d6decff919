"""The staff page for imports."""

import re
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from app.catalog.models import BibliographicRecord
from app.catalog.tests.test_pages import signed_in
from app.exchange import views
from app.exchange.models import ImportRun
from app.exchange.tests.test_marc import FILE, damaged

pytestmark = pytest.mark.django_db


def test_a_librarian_imports_a_file_and_reads_the_counts_and_what_was_set_aside() -> None:
    librarian = signed_in("librarian")
    data, _ = damaged(FILE.read_bytes())
    librarian.post("/exchange/import/", {"file": SimpleUploadedFile("week.mrc", data)})
    page = librarian.get("/exchange/import/").content.decode()
    assert "新規29件、訂正0件、削除0件、変更なし0件、取込不可5件" in page
    assert "3件目" in page
    assert "途中で終わっています" in page
    assert BibliographicRecord.objects.count() == 29


def test_a_file_too_large_for_the_web_gives_a_page_that_says_who_takes_it() -> None:
    librarian = signed_in("librarian")
    whole = FILE.read_bytes()
    data = whole * (views.LARGEST_BYTES // len(whole) + 1)
    page = librarian.post("/exchange/import/", {"file": SimpleUploadedFile("big.mrc", data)}, follow=True)
    assert page.status_code == 200
    assert "4MBまでです" in page.content.decode()
    assert "manage import_marc" in page.content.decode()
    assert not ImportRun.objects.exists()
    assert not BibliographicRecord.objects.exists()


def test_the_web_takes_only_what_fits_through_the_web_server() -> None:
    defaults = (Path(__file__).parents[3] / "roles/nginx/defaults/main.yml").read_text(encoding="utf-8")
    limit = re.search(r"^nginx_body_limit: (\d+)m$", defaults, re.MULTILINE)
    assert limit
    # Room for the form's other fields and borders.
    assert int(limit.group(1)) * 1024 * 1024 - 64 * 1024 > views.LARGEST_BYTES


def test_the_counter_may_not_import() -> None:
    assert signed_in("counter").get("/exchange/import/").status_code == 403
