"""The generator at scale: the same everywhere, and whole after any interruption."""

from datetime import date

import pytest
from django.db import connection

from app.access.actor import system
from app.branches.actions import sync
from app.catalog.models import BibliographicRecord, Item
from app.catalog.search import Query, search, stale
from app.circulation.models import ItemTally, Loan, LoanStatistic
from app.demo import generate, scale
from app.demo.scale import OtherRun, Plan, Run
from app.patrons.models import Patron
from app.patrons.rules import card_problem, number_is_sound
from app.web.sealed import sealed_fields
from inventory import load

UNTIL = date(2026, 11, 20)
TINY = Plan(0.0008, 7, UNTIL)
TABLES = (
    "catalog_bibliographicrecord",
    "catalog_searchdocument",
    "catalog_item",
    "patrons_patron",
    "patrons_patroncard",
    "circulation_loanstatistic",
    "circulation_itemtally",
    "circulation_loan",
)


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr(scale, "RECORD_BATCH", 500)
    monkeypatch.setattr(scale, "PATRON_BATCH", 15)
    monkeypatch.setattr(scale, "LOAN_SLICE", 1000)
    sync(system("test"), load("nagano"), UNTIL)


def quiet(*_: object) -> None:
    """No progress line."""


def picture() -> dict[str, str]:
    """A digest of every generated table, without the moments of writing and the keys that sequences give; what is
    sealed (differently each time) is compared opened."""
    names = [field.attname for field in sealed_fields(Patron)]
    digests = {"opened": str(list(Patron.objects.order_by("pk").values_list("pk", *names)))}
    with connection.cursor() as cursor:
        for table in TABLES:
            left_out = ["created_at", "updated_at", *(names if table == "patrons_patron" else ())]
            left_out += ["arrived", "digest"] if table == "catalog_searchdocument" else []
            if table in ("circulation_itemtally", "circulation_loan", "patrons_patroncard"):
                left_out.append("id")
            loose = ", ".join(f"'{name}'" for name in left_out)
            cursor.execute(
                f"SELECT count(*) || ':' || md5(string_agg(line, '|' ORDER BY line)) FROM "
                f"(SELECT (to_jsonb(t) - ARRAY[{loose}])::text AS line FROM {table} t) AS lines"
            )
            digests[table] = cursor.fetchone()[0]
    return digests


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM demo_finishedbatch; DELETE FROM {'; DELETE FROM '.join(reversed(TABLES))}")


def test_the_same_seed_gives_the_same_library_whole_or_cut_anywhere() -> None:
    assert Run(TINY, quiet).go()
    whole = picture()
    clear()
    assert picture() != whole
    turns = 0
    while not Run(TINY, quiet, most_batches=7).go():
        turns += 1
    assert turns > 5
    assert picture() == whole
    assert Run(TINY, quiet).go()
    assert picture() == whole


def test_a_batch_that_breaks_in_the_middle_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Run(TINY, quiet).go()
    whole = picture()
    clear()
    real, calls = scale._copy, []

    def breaking(table: str, *rest: object) -> int:
        calls.append(table)
        if len(calls) == 4:  # the items of the second batch: its records are written already
            raise KeyboardInterrupt
        return real(table, *rest)

    monkeypatch.setattr(scale, "_copy", breaking)
    with pytest.raises(KeyboardInterrupt):
        Run(TINY, quiet).go()
    assert BibliographicRecord.objects.count() == 500
    monkeypatch.setattr(scale, "_copy", real)
    assert Run(TINY, quiet).go()
    assert picture() == whole


def test_another_seed_gives_another_library_and_is_refused_over_the_first() -> None:
    assert Run(TINY, quiet, most_batches=1).go() is False
    with pytest.raises(OtherRun, match="seed 7"):
        scale.plan(TINY.scale, 8, None, UNTIL)
    assert scale.plan(TINY.scale, 7, None, date(2027, 1, 1)) == TINY
    first = BibliographicRecord.objects.order_by("pk").first().title
    clear()
    Run(Plan(TINY.scale, 8, UNTIL), quiet, most_batches=1).go()
    titles = set(BibliographicRecord.objects.order_by("pk").values_list("title", flat=True)[:50])
    assert len(titles) > 30
    assert BibliographicRecord.objects.order_by("pk").first().title != first


def test_the_figures_and_distributions_are_natural() -> None:
    Run(TINY, quiet).go()
    records, items = BibliographicRecord.objects.count(), Item.objects.count()
    assert records == 2200
    assert 0.36 < BibliographicRecord.objects.filter(items__isnull=False).distinct().count() / records < 0.44
    assert 0.38 < items / records < 0.48
    assert Patron.objects.count() == 40
    loans = LoanStatistic.objects.filter(act="lend").count()
    assert abs(loans - 1280) < 60
    assert 0 < Loan.objects.count() < loans / 8
    assert LoanStatistic.objects.filter(act="return").count() == loans - Loan.objects.count()
    assert not LoanStatistic.objects.filter(on_date__week_day=3, act="lend").exists()  # closed on Tuesdays
    assert sum(ItemTally.objects.values_list("loans", flat=True)) == loans
    main = Item.objects.filter(branch__kind="main").count()
    assert 0.5 < main / items < 0.9
    assert not [b for b in Item.objects.values_list("barcode", flat=True) if not number_is_sound(b)]
    assert not [c for c in Patron.objects.values_list("card_number", flat=True) if card_problem(c)]


def test_generated_records_are_in_the_search_index() -> None:
    assert Run(TINY, quiet).go()
    assert stale() == 0
    record = BibliographicRecord.objects.filter(items__isnull=False).first()
    hits = search(Query(text=f"{record.title} {record.creators[0]}")).hits
    assert record.pk in [hit.record_id for hit in hits]
    assert search(Query(text=record.isbn13)).total >= 1 if record.isbn13 else True


def test_full_scale_is_nagano_s() -> None:
    full = Plan(1.0, 1, UNTIL)
    assert (full.records, full.patrons, full.loans) == (2_750_000, 50_000, 1_600_000)
    assert generate.FIRST_BARCODE + full.records * 2 * generate.MOST_COPIES < 10**8
    assert sum(generate.year_share(part, full.year) for part in generate.months(*full.year)) == pytest.approx(1)
