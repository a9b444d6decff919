"""The generated catalogue and its questions: the same from the same seed, of every class, and measured."""

import pytest
from django.utils import timezone

from app.access.actor import system
from app.branches.actions import sync
from app.catalog import search
from app.catalog.models import BibliographicRecord, Item
from app.circulation.models import Loan
from app.demo import catalogue, counting, questions
from inventory import load

pytestmark = pytest.mark.django_db
CLASSES = ["c1", "c2", "ph", "te", "au", "kr", "and", "broad", "isbn", "lat", "zero", "var", "avail", "suggest"]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "BATCH", 200)
    monkeypatch.setattr(questions, "TERMINALS", 2)
    sync(system("test"), load("nagano"), timezone.localdate())


def made() -> list[tuple]:
    rows = BibliographicRecord.objects.order_by("pk").values_list("pk", "title", "creators", "isbn13", "material_type")
    return [*map(tuple, rows), *Item.objects.order_by("pk").values_list("pk", "branch_id", "barcode")]


def test_two_loaders_make_the_same_catalogue_as_one(library: None) -> None:
    catalogue.load(700, 5, 2026, (0, 1), lambda line: None)
    whole = made()
    assert BibliographicRecord.objects.count() == 700
    assert Loan.objects.count() > 0
    for model in (Loan, Item, BibliographicRecord):
        model.objects.all()._raw_delete(using="default")
    for part in (1, 0):
        catalogue.load(700, 5, 2026, (part, 2), lambda line: None)
    assert made() == whole
    Loan.objects.all()._raw_delete(using="default")  # their patron is nobody


@pytest.mark.req("F-GEN-019")
def test_every_class_of_question_is_asked_and_measured(library: None) -> None:
    catalogue.load(600, 5, 2026, (0, 1), lambda line: None)
    search.set_popularity(catalogue.popularity(600))
    assert search.rebuild() == 600
    lines: list[str] = []
    result = questions.measure(5, 3, lines.append)
    assert list(result["classes"]) == CLASSES
    for name, row in result["classes"].items():
        assert row["questions"] >= 3
        assert 0 < row["wall"]["p50"] <= row["wall"]["p95"] <= row["wall"]["p99"], name
        assert row["cpu"]["p50"] > 0
        if name not in ("zero", "var", "avail", "lat"):
            assert row["median_total"] > 0, name
    assert result["classes"]["zero"]["median_total"] == 0
    assert result["index"]["records"] == 600
    assert result["index"]["bytes"]["posting"] > 0
    assert result["terminals_ms"]["p95"] > 0
    assert result["plain_ms"]["p50"] > 0
    Loan.objects.all()._raw_delete(using="default")  # their patron is nobody


@pytest.mark.req("F-GEN-018", "S-CAP-002", "S-CAP-004")
def test_a_hundred_items_are_lent_and_taken_back_and_every_scan_is_timed(library: None) -> None:
    """The bench whose run at the contract's size is in docs/measured; see cli/tests/test_measured.py."""
    catalogue.load(4000, 5, 2026, (0, 1), lambda line: None)
    assert counting.register(60, 5, lambda *told: None) >= 10
    before = Loan.objects.count()
    lines: list[str] = []
    result = counting.measure(5, 1, lines.append)
    assert (len(result["lend_ms"]), len(result["return_ms"])) == (100, 100)
    assert min(*result["lend_ms"], *result["return_ms"]) > 0
    assert (result["records"], result["items"]) == (4000, Item.objects.count())
    assert lines == ["100 lent and taken back"]
    assert Loan.objects.count() == before
    Loan.objects.all()._raw_delete(using="default")  # their patron is nobody


@pytest.mark.req("S-CAP-003")
def test_a_days_readers_look_up_borrow_and_bring_back_at_two_terminals_that_do_not_meet(library: None) -> None:
    """The bench whose run at the contract's size is in docs/measured; see cli/tests/test_measured.py."""
    catalogue.load(4000, 5, 2026, (0, 1), lambda line: None)
    search.rebuild()
    counting.register(60, 5, lambda *told: None)
    before = Loan.objects.count()
    parts = [counting.day(5, 8, (which, 2), lambda line: None) for which in range(2)]
    for took in parts:
        assert len(took["search"]) == 4 * counting.LOOKS
        assert 4 * min(counting.BOOKS) <= len(took["lend"]) == len(took["return"]) <= 4 * max(counting.BOOKS)
        assert min(one for times in took.values() for one in times) > 0
    assert Loan.objects.count() == before
    Loan.objects.all()._raw_delete(using="default")  # their patron is nobody
