"""Fills a library at scale: generated rows by COPY in committed batches that a cut run can go on from.

This is a bulk loader: it writes tables of several areas directly, because a million single actions would take a day
and an audit log of invented events would be worth nothing. Each batch and its line in FinishedBatch are one
transaction. Identifiers are computed from the row's number, so nothing generated meets what the library made itself.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from functools import cached_property
from typing import Any

from django.db import connection, transaction

from app.branches.models import Branch
from app.catalog import rules, search
from app.catalog.callnumbers import Described, make
from app.catalog.codes import MaterialType, Origin
from app.catalog.models import BibliographicRecord, Item
from app.circulation.models import Loan
from app.demo import generate, people
from app.demo.models import FinishedBatch
from app.patrons.keys import keys_of
from app.patrons.models import Patron, PatronCategory
from app.patrons.rules import age_band, with_check_digit

RECORD_BATCH = 5_000
PATRON_BATCH = 5_000
LOAN_SLICE = 50_000

Progress = Callable[[str, int, int, float], None]

_RECORD_COLUMNS = (
    "id",
    "origin",
    "title",
    "title_reading",
    "volume",
    "creators",
    "creator_readings",
    "publisher",
    "publisher_reading",
    "issued",
    "year",
    "isbn13",
    "ndc",
    "ndc_edition",
    "material_type",
    "subjects",
    "subject_readings",
    "other_titles",
    "other_isbns",
    "other_classes",
    "series",
    "contents",
    "notes",
    "kept_fields",
)
_ITEM_COLUMNS = (
    "id",
    "record_id",
    "branch_id",
    "barcode",
    "call_number",
    "classification",
    "book_mark",
    "volume_mark",
    "material_type",
    "reference_only",
)
_PATRON_COLUMNS = (
    "id",
    "card_number",
    "name",
    "kana",
    "birth_date",
    "postal_code",
    "address",
    "district",
    "phone",
    "keys",
    "category_id",
    "branch_id",
    "registered_on",
    "valid_until",
)
_CARD_COLUMNS = ("number", "patron_id", "since")
_STATISTIC_COLUMNS = ("id", "act", "on_date", "branch_id", "category", "age_band", "material_type")


@dataclass(frozen=True)
class Plan:
    """One run: what share of Nagano's figures, from which seed, the year of loans ending on which day."""

    scale: float
    seed: int
    until: date

    @property
    def key(self) -> str:
        """What tells this run's finished batches from another run's."""
        return f"{self.scale:g}@{self.until:%Y-%m-%d}"

    @property
    def records(self) -> int:
        return max(1, round(generate.RECORDS * self.scale))

    @property
    def patrons(self) -> int:
        return max(1, round(generate.PATRONS * self.scale))

    @property
    def loans(self) -> int:
        return round(generate.LOANS * self.scale)

    @property
    def year(self) -> tuple[date, date]:
        return self.until - timedelta(days=364), self.until


class OtherRun(Exception):
    """Generated rows of another seed, scale or year are in the database; the text says which."""


def plan(scale: float, seed: int, until: date | None, today: date) -> Plan:
    """The run to do. A run that was begun goes on with its own last day; OtherRun when a different one is there."""
    begun = FinishedBatch.objects.order_by("pk").first()
    if begun is None:
        return Plan(scale, seed, until or today - timedelta(days=1))
    there = Plan(scale, seed, date.fromisoformat(begun.scale.partition("@")[2]))
    if begun.seed != seed or begun.scale != there.key or (until and until != there.until):
        raise OtherRun(f"generated rows of seed {begun.seed}, scale {begun.scale} are already there")
    return there


def _copy(model: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY rows into a table; returns how many."""
    count = 0
    with connection.cursor() as cursor, cursor.copy(f"COPY {model} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


class Run:
    """Does what a plan still lacks."""

    def __init__(self, plan: Plan, progress: Progress, most_batches: int | None = None) -> None:
        self.plan, self.progress, self.left = plan, progress, most_batches
        self.places = [
            generate.Place(pk, kind) for pk, kind in Branch.objects.order_by("number").values_list("pk", "kind")
        ]
        kinds = Counter(place.kind for place in self.places)
        self.weights = [place.weight for place in self.places]
        if not kinds:
            raise OtherRun("there are no branches: run sync_branches first")
        self.categories = dict(PatronCategory.objects.values_list("code", "pk"))
        done = FinishedBatch.objects.filter(seed=plan.seed, scale=plan.key).values_list("phase", "number")
        self.done = set(done)
        self.rows = 0
        self.busy = 0.0

    def go(self) -> bool:
        """Every phase in order; False when `most_batches` ended it early."""
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")
        finished = (
            self._phase("records", -(-self.plan.records // RECORD_BATCH), self._records)
            and self._index()
            and self.register()
            and self._phase("loans", self._loan_batches(), self._loans)
        )
        if finished:
            with connection.cursor() as cursor:
                cursor.execute(
                    "ANALYZE catalog_bibliographicrecord, catalog_searchdocument, catalog_item, "
                    "patrons_patron, patrons_patroncard, "
                    "circulation_loan, circulation_loanstatistic, circulation_itemtally"
                )
        return finished

    def register(self) -> bool:
        """Only the patrons."""
        return self._phase("patrons", -(-self.plan.patrons // PATRON_BATCH), self._patrons)

    def _phase(self, name: str, batches: int, work: Callable[[int], int]) -> bool:
        self.rows, self.busy = 0, 0.0
        for number in range(batches):
            if (name, number) in self.done:
                continue
            if self.left is not None and self.left <= 0:
                return False
            began = time.monotonic()
            with transaction.atomic():
                rows = work(number)
                FinishedBatch.objects.create(
                    seed=self.plan.seed, scale=self.plan.key, phase=name, number=number, rows=rows
                )
            self.busy += time.monotonic() - began
            self.rows += rows
            self.left = None if self.left is None else self.left - 1
            self.progress(name, number + 1, batches, self.rows / self.busy)
        return True

    def _index(self) -> bool:
        """Every record becomes searchable at once, unless an earlier run came to its end."""
        if ("index", 0) not in self.done:
            began = time.monotonic()
            search.rebuild()
            FinishedBatch.objects.create(
                seed=self.plan.seed, scale=self.plan.key, phase="index", number=0, rows=self.plan.records
            )
            self.progress("index", 1, 1, self.plan.records / max(time.monotonic() - began, 0.001))
        return True

    def _records(self, batch: int) -> int:
        random = generate.stream(self.plan.seed, "records", batch)
        records, items = [], []
        for number in range(batch * RECORD_BATCH, min((batch + 1) * RECORD_BATCH, self.plan.records)):
            record = generate.record(random, number, self.plan.until.year)
            held_at = generate.copies(random, self.places, self.weights)
            pk = generate.FIRST_ID + number
            records.append(
                (
                    pk,
                    Origin.SCALE.value,
                    record.title,
                    record.title_reading,
                    record.volume,
                    record.creators,
                    record.creator_readings,
                    record.publisher,
                    record.publisher_reading,
                    str(record.year),
                    record.year,
                    record.isbn13,
                    record.ndc,
                    10,
                    record.material_type,
                    record.subjects,
                    record.subject_readings,
                    [],
                    [],
                    [],
                    [],
                    [],
                    [],
                    [],
                )
            )
            first_item = generate.FIRST_ID + number * generate.MOST_COPIES
            author = record.creator_readings[0]
            mark = make((), Described(record.ndc, record.material_type, author, volume=record.volume))
            items += [
                (
                    first_item + copy,
                    pk,
                    branch,
                    rules.item_barcode(generate.FIRST_BARCODE + number * generate.MOST_COPIES + copy),
                    mark.text,
                    mark.classification,
                    mark.book_mark,
                    mark.volume_mark,
                    record.material_type,
                    record.material_type == MaterialType.REFERENCE,
                )
                for copy, branch in enumerate(held_at)
            ]
        _copy(BibliographicRecord._meta.db_table, _RECORD_COLUMNS, records)
        _copy(Item._meta.db_table, _ITEM_COLUMNS, items)
        return len(records)

    def _patrons(self, batch: int) -> int:
        random = generate.stream(self.plan.seed, "patrons", batch)
        rows, cards = [], []
        names = ("name", "kana", "birth_date", "postal_code", "address", "phone")
        sealed = {name: Patron._meta.get_field(name).sealed for name in names}
        mains = [place.pk for place in self.places if place.kind == "main"] or [self.places[0].pk]
        for number in range(batch * PATRON_BATCH, min((batch + 1) * PATRON_BATCH, self.plan.patrons)):
            who = people.person(generate.FIRST_CARD + number, self.plan.until, self.plan.seed)
            home = people.home(generate.FIRST_CARD + number)
            category = people.category_of(who.birth_date, self.plan.until)
            registered = self.plan.until - timedelta(days=random.randrange(1, 1000))
            card = with_check_digit(f"1{generate.FIRST_CARD + number:08d}")
            cards.append((card, generate.FIRST_ID + number, registered))
            rows.append(
                (
                    generate.FIRST_ID + number,
                    card,
                    sealed["name"](who.name),
                    sealed["kana"](who.kana),
                    sealed["birth_date"](who.birth_date),
                    sealed["postal_code"](home.postal_code),
                    sealed["address"](home.address),
                    home.district,
                    sealed["phone"](home.phone),
                    keys_of(who.kana, who.birth_date, (home.phone,), home.address),
                    self.categories.get(category, self.categories["general"]),
                    random.choice(mains),
                    registered,
                    registered + timedelta(days=3 * 365),
                )
            )
        count = _copy("patrons_patron", _PATRON_COLUMNS, rows)
        _copy("patrons_patroncard", _CARD_COLUMNS, cards)
        return count

    @cached_property
    def borrowers(self) -> list[tuple[str, str]]:
        """Category and age band of every generated patron, for the figures of their loans."""
        born = (
            people.person(generate.FIRST_CARD + number, self.plan.until, self.plan.seed).birth_date
            for number in range(self.plan.patrons)
        )
        return [(people.category_of(day, self.plan.until), age_band(day, self.plan.until)) for day in born]

    def _slices(self) -> int:
        return -(-self.plan.records // LOAN_SLICE)

    def _loan_batches(self) -> int:
        return self._slices() * len(generate.months(*self.plan.year))

    def _items_of(self, part: int) -> list[tuple[int, int, str]]:
        first = generate.FIRST_ID + part * LOAN_SLICE * generate.MOST_COPIES
        found = Item.objects.filter(
            pk__gte=first, pk__lt=first + LOAN_SLICE * generate.MOST_COPIES, record__origin=Origin.SCALE
        )
        return list(found.order_by("pk").values_list("pk", "branch_id", "material_type"))

    def _loans(self, batch: int) -> int:
        """The loans of one slice of the items in one month: figures for all, a Loan row for what is still out."""
        parts = generate.months(*self.plan.year)
        slice_number, part = batch // len(parts), parts[batch % len(parts)]
        random = generate.stream(self.plan.seed, "loans", batch)
        items = self._items_of(slice_number)
        share = min(LOAN_SLICE, self.plan.records - slice_number * LOAN_SLICE) / self.plan.records
        count = round(self.plan.loans * share * generate.year_share(part, self.plan.year))
        away = set(Loan.objects.filter(item_id__in=[pk for pk, _, _ in items]).values_list("item_id", flat=True))
        statistics, open_loans = [], []
        tally: Counter[int] = Counter()
        borrowers = self.borrowers
        for loan in generate.loans(random, [pk for pk, _, _ in items], part, count, self.plan.until):
            pk, branch, material = items[loan.item]
            tally[pk] += 1
            patron = int(self.plan.patrons * random.random() ** 1.5)
            figures = (branch, *borrowers[patron], material)
            statistics.append((generate.random_uuid(random), "lend", loan.day, *figures))
            if loan.still_out and pk not in away:
                lent = datetime.combine(
                    loan.day, clock(random.randrange(10, 19), random.randrange(60)), tzinfo=UTC
                ) - timedelta(hours=9)
                due = loan.day + timedelta(days=generate.LOAN_DAYS)
                open_loans.append((pk, generate.FIRST_ID + patron, branch, lent, due))
            else:
                back = min(loan.day + timedelta(days=random.randrange(1, 16)), self.plan.until)
                statistics.append((generate.random_uuid(random), "return", back, *figures))
        _copy("circulation_loanstatistic", _STATISTIC_COLUMNS, statistics)
        month = part[0].replace(day=1)
        _copy(
            "circulation_itemtally", ("item_id", "month", "loans"), [(pk, month, n) for pk, n in sorted(tally.items())]
        )
        _copy("circulation_loan", ("item_id", "patron_id", "branch_id", "lent_at", "due_on"), open_loans)
        return count if items else 0
