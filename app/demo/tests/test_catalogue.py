"""The generated catalogue and its questions: the same from the same seed, of every class, and measured."""

import pytest
from django.utils import timezone

from app.access.actor import system
from app.branches.actions import sync
from app.catalog import search
from app.catalog.models import BibliographicRecord, Item
from app.circulation.models import Loan
from app.demo import catalogue, questions
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
