"""The index against a plain reading of every document: totals, facets, orders and availability are exact in every
state: all fresh, rebuilt, edited since, merged, deleted from; by rows and by bitmaps."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection, transaction

from app.catalog import actions, search
from app.catalog.codes import Visibility
from app.catalog.models import BibliographicRecord, Item, SearchDocument, SearchMoved, SearchPending
from app.catalog.search import availability, broad, building, conditions, engine, grams
from app.catalog.search.bitmaps import Slot
from app.catalog.search.documents import LEVELS
from app.catalog.search.query import AllOf, AnyOf, Node, Query, Term, Without
from app.catalog.tests import factories as make
from app.circulation.models import Loan
from app.tests import make as people

pytestmark = pytest.mark.django_db

WORDS = ["日本", "歴史", "日本の歴史", "猫", "山", "本", "図書館", "History", "history of", "Japan", "1984", "子ども"]
WORDS += ["コーヒー"]
READINGS = ["ニホン", "レキシ", "ニホン ノ レキシ", "ネコ", "ヤマ", "ホン", "トショカン", "コドモ", "コーヒー"]
NAMES = ["夏目漱石", "森鷗外", "Jane Austen", "斎藤茂吉", "齋藤 茂吉"]
SEEDS = range(4)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every path at a hundred records: a dictionary of long grams, several parts, bitmaps from the eleventh hit on."""
    monkeypatch.setattr(engine, "FEW", 10)
    monkeypatch.setattr(engine, "AUTHORS_AMONG", 10)
    monkeypatch.setattr(grams, "FREQUENT", 6)
    monkeypatch.setattr(grams, "LEAST_SEEN", 3)
    monkeypatch.setattr(building, "PART", 40)
    monkeypatch.setattr(building, "BATCH", 25)
    monkeypatch.setattr(building, "BORDERS", 8)


def fill(draw: random.Random, count: int) -> list[int]:
    """Records of few words, so that they are confused with one another, with items at three branches."""
    branches = [make.branch(code, number, code) for number, code in enumerate(("nagano", "nanbu", "toshobu"), start=1)]
    rows = [described(draw) for _ in range(count)]
    made = BibliographicRecord.objects.bulk_create(BibliographicRecord(**row) for row in rows)
    items = [
        Item(
            record=record,
            branch=draw.choice(branches),
            barcode=f"29{record.pk:06}{copy:02}",
            status=draw.choice(["in_stock", "in_stock", "closed_stack", "missing", "withdrawn"]),
            visibility=draw.choice(["public", "public", "public", "inside", "staff"]),
            reference_only=draw.random() < 0.1,
            acquired_on=date(2020 + draw.randrange(6), 1 + draw.randrange(12), 1),
        )
        for record in made
        for copy in range(draw.choice([0, 0, 1, 1, 2]))
    ]
    Item.objects.bulk_create(items)
    search.index([record.pk for record in made])
    there = dict(SearchDocument.objects.values_list("pk", "popularity"))
    search.set_popularity(there | {record.pk: draw.randrange(4) for record in made})
    return [record.pk for record in made]


def described(draw: random.Random) -> dict[str, Any]:
    title = " ".join(draw.sample(WORDS, draw.choice([1, 1, 2])))
    return {
        "title": title if draw.random() < 0.8 else f"{title} : {draw.choice(WORDS)}の本",
        "title_reading": draw.choice(READINGS) if draw.random() < 0.7 else "",
        "creators": draw.sample(NAMES, draw.choice([0, 1, 1, 2])),
        "publisher": draw.choice(["岩波書店", "日本の本", "Oxford University Press", ""]),
        "subjects": draw.sample(["日本--歴史", "猫", "図書館"], draw.choice([0, 1])),
        "contents": draw.sample(WORDS, draw.choice([0, 0, 2])),
        "year": draw.choice([None, 1914, 1998, 1999, 2004, 2024]),
        "ndc": draw.choice(["", "210", "210.1", "913.6", "913.68", "645"]),
        "isbn13": draw.choice(["", "", "9784062035156", "9784003101018"]),
        "language": draw.choice(["jpn", "jpn", "eng"]),
        "audience": draw.choice(["", "", "child", "young"]),
        "material_type": draw.choice(["book", "book", "child", "cd"]),
        "visibility": draw.choice([*["public"] * 8, "inside", "staff"]),
    }


def terms(draw: random.Random) -> Node:
    text = draw.choice([*WORDS, *READINGS, *NAMES, "本の", "の", "カ", "コ", "his", "日本の歴史 猫", "zzz"])
    field = draw.choice(["any", "any", "any", "title", "author", "publisher", "subject", "contents"])
    one = Term(text, field, draw.choice(["part", "part", "part", "prefix", "exact"]))
    return draw.choice([one, one, Term("913", "class"), Term("9784062035156", "number"), Term("1990-2010", "year")])


def asked(draw: random.Random, branches: list[int]) -> Query:
    """Any question: a tree of terms, and each filter now and then."""
    first, second, third = (terms(draw) for _ in range(3))
    where = draw.choice(
        [first, first, AllOf((first, second)), AnyOf((first, second)), AllOf((first, AnyOf((second, third)))),
         AllOf((first, Without(second))), Without(first), AllOf((first, Without(AllOf((second, third))))), None]
    )  # fmt: skip

    def now_and_then(*values: Any) -> Any:
        return draw.choice(values) if draw.random() < 0.25 else type(values[0])()

    return Query(
        text=draw.choice(["", "", *WORDS, "日本 猫", "夏目漱石 日本", "ニホン"]) if where else "日本",
        where=where,
        scope=draw.choice(["all", "all", "held"]),
        materials=now_and_then(("book",), ("child", "cd")),
        classes=now_and_then(("9",), ("21",), ("913",), ("2", "6")),
        branches=now_and_then((branches[0],), tuple(branches[:2])),
        year_from=draw.choice([None, None, None, 1999]),
        year_to=draw.choice([None, None, None, 2004]),
        languages=now_and_then(("jpn",)),
        audiences=now_and_then(("child",)),
        available=draw.random() < 0.2,
        shown_to=draw.choice(["staff", "inside", "public", "public"]),
        sort=draw.choice(["relevance", "relevance", "newest", "oldest", "title", "author", "popular", "arrived"]),
        size=draw.choice([3, 20]),
    )


class Plain:
    """Every document read one by one, with no index."""

    def __init__(self) -> None:
        self.documents = list(SearchDocument.objects.all())
        away = set(Loan.objects.values_list("item_id", flat=True))
        self.lendable: dict[int, set[int]] = {}
        for item in Item.objects.filter(status__in=["in_stock", "closed_stack"], visibility="public"):
            if item.pk not in away and not item.reference_only:
                self.lendable.setdefault(item.record_id, set()).add(item.branch_id)

    def meets(self, document: SearchDocument, node: Node) -> bool:
        if isinstance(node, AllOf):
            return all(self.meets(document, part) for part in node.parts)
        if isinstance(node, AnyOf):
            return any(self.meets(document, part) for part in node.parts)
        if isinstance(node, Without):
            return not self.meets(document, node.part)
        if node.field == "year":
            first, last = conditions.years_of(node)
            return document.year is not None and first <= document.year <= last
        wanted = conditions.needle_of(node)
        return bool(wanted) and any(
            wanted in getattr(document, grams.FIELDS[number - 1]) for number in conditions.fields_of(node)
        )

    def branches(self, document: SearchDocument, query: Query) -> list[int]:
        level = LEVELS[query.shown_to]
        seen = (document.branches, document.inside_branches, document.staff_branches)[: level + 1]
        return [branch for some in seen for branch in some]

    def answers(self, query: Query) -> list[SearchDocument]:
        understood = engine.understand(query.text)
        nodes = [node for node in (understood.node, query.where) if node]
        level = LEVELS[query.shown_to]
        found = []
        for document in self.documents:
            branches = set(self.branches(document, query))
            lendable = self.lendable.get(document.pk, set())
            if query.branches:
                lendable = lendable & set(query.branches)
            if (
                document.visibility <= level
                and (query.scope == "all" or document.held <= level)
                and (not query.materials or document.material_type in query.materials)
                and (not query.languages or document.language in query.languages)
                and (not query.audiences or document.audience in query.audiences)
                and (not query.classes or document.ndc.startswith(query.classes))
                and (not query.branches or branches & set(query.branches))
                and (query.year_from is None or (document.year or 0) >= query.year_from)
                and (query.year_to is None or (document.year or 9999) <= query.year_to)
                and (not query.available or lendable)
                and all(self.meets(document, node) for node in nodes)
            ):
                found.append(document)
        return found

    def facets(self, found: list[SearchDocument], query: Query) -> dict[str, Counter[str]]:
        digits = min(min(map(len, query.classes), default=0) + 1, 3)
        wanted = set(query.branches)
        lendable = [self.lendable.get(document.pk, set()) for document in found]
        return {
            "branch": Counter(str(branch) for document in found for branch in self.branches(document, query)),
            "material": Counter(document.material_type for document in found),
            "ndc": Counter(document.ndc[:digits] for document in found if len(document.ndc) >= digits),
            "decade": Counter(str(document.year // 10 * 10) for document in found if document.year),
            "language": Counter(document.language for document in found),
            "audience": Counter(document.audience for document in found if document.audience),
            "available": Counter("1" for at in lendable if (at & wanted if wanted else at)),
        }


def pages(query: Query) -> Iterator[search.Result]:
    """Every page of a question."""
    number = 1
    while True:
        result = search.search(Query(**{**query.__dict__, "page": number}))
        yield result
        if not result.hits:
            return
        number += 1


def compare(draw: random.Random, questions: int = 25) -> int:
    """Ask, and read: the same total, the same records on all pages, the same facets, an order that holds. Returns how
    many questions had an answer."""
    plain = Plain()
    branches = list(Item.objects.order_by("branch").values_list("branch", flat=True).distinct())
    answered = 0
    for _ in range(questions):
        query = asked(draw, branches)
        wanted = plain.answers(query)
        results = list(pages(query))
        ids = [hit.record_id for result in results for hit in result.hits]
        assert results[0].total == len(wanted), query
        assert len(ids) == len(set(ids)), query
        assert set(ids) == {document.pk for document in wanted}, query
        counted = {
            name: {facet.value: facet.count for facet in facets}
            for name, facets in results[0].facets.items()
            if name != "author"
        }
        assert counted == plain.facets(wanted, query), query
        check_order(query, [hit for result in results for hit in result.hits], {d.pk: d for d in wanted})
        answered += bool(wanted)
    return answered


def check_order(query: Query, hits: list[search.Hit], documents: dict[int, SearchDocument]) -> None:
    """What stands before must not be worse than what stands behind."""
    last_day = int(broad.arrival(10**6, 0))

    def key(hit: search.Hit) -> tuple[Any, ...]:
        document = documents[hit.record_id]
        rank = (document.held == 3, -document.popularity, document.year is None, -(document.year or 0), document.pk)
        year = document.year
        return {
            "relevance": (hit.tier, *rank),
            "newest": (year is None, -(year or 0), *rank),
            "oldest": (year is None, year or 0, *rank),
            "title": (document.title_order, *rank),
            "author": (document.author_order, *rank),
            "popular": rank,
            "arrived": (-document.arrived if len(hits) <= 10 else 0, last_day),
        }[query.sort]

    keys = [key(hit) for hit in hits]
    assert keys == sorted(keys), query


@pytest.mark.req("F-OPA-001")
@pytest.mark.req("F-OPA-004")
@pytest.mark.req("F-OPA-005")
@pytest.mark.parametrize("seed", SEEDS)
def test_every_state_of_the_index_answers_like_a_reading_of_all(small: None, seed: int) -> None:
    draw = random.Random(seed)
    ids = fill(draw, 90)
    assert compare(draw) > 5
    assert search.rebuild() == 90
    assert not SearchDocument.objects.filter(fresh=True).exists()
    assert compare(draw) > 5
    edit(draw, ids[:12])
    more = fill(draw, 20)
    assert compare(draw) > 5
    assert search.merge(least=1) == 32
    assert not SearchDocument.objects.filter(fresh=True).exists()
    assert compare(draw) > 5
    lend(draw, ids)
    edit(draw, [ids[3], more[5], ids[50]])
    delete(ids[4], ids[60], more[1], more[5])
    assert compare(draw) > 5
    assert search.merge(least=1) == 2
    assert compare(draw) > 5
    search.rebuild()
    assert compare(draw) > 5


def edit(draw: random.Random, ids: list[int]) -> None:
    for pk in ids:
        BibliographicRecord.objects.filter(pk=pk).update(**described(draw))
    search.index(ids)


def delete(*ids: int) -> None:
    Loan.objects.filter(item__record__in=ids).delete()
    Item.objects.filter(record__in=ids).delete()
    for record in BibliographicRecord.objects.filter(pk__in=ids):
        record.delete()


def lend(draw: random.Random, ids: list[int]) -> None:
    patron, place = people.patron(), people.branch()
    for item in Item.objects.filter(record__in=draw.sample(ids, 30)):
        Loan.objects.create(item=item, patron=patron, branch=place, due_on=date(2030, 1, 1))


def test_availability_is_true_at_once_whatever_the_bitmaps_remember(small: None) -> None:
    draw = random.Random(11)
    ids = fill(draw, 60)
    search.rebuild()

    def count() -> int:
        return search.search(Query(year_from=1900, available=True)).total

    before = count()
    item = Item.objects.filter(
        status="in_stock", visibility="public", reference_only=False, record__year__isnull=False
    ).first()
    others = Item.objects.filter(record=item.record).exclude(pk=item.pk)
    others.update(status="missing")
    search.index([item.record_id])
    assert count() == before
    loan = Loan.objects.create(item=item, patron=people.patron(), branch=item.branch, due_on=date(2030, 1, 1))
    assert count() == before - 1
    search.merge(least=1)
    assert count() == before - 1
    loan.delete()
    assert count() == before
    lend(draw, ids)
    lent = count()
    assert lent < before
    plain = Plain()
    assert lent == len(plain.answers(Query(year_from=1900, available=True)))


def test_refreshing_remembers_what_is_away_and_changes_no_answer(small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(12)
    ids = fill(draw, 60)
    search.rebuild()
    lend(draw, ids)
    before = search.search(Query(year_from=1900)).facets
    monkeypatch.setattr("app.catalog.search.availability.REFRESH_FROM", 1)
    assert search.refresh() == Loan.objects.count()
    assert search.refresh() == 0
    assert search.search(Query(year_from=1900)).facets == before
    assert compare(draw, 10)
    Loan.objects.all().delete()
    assert compare(draw, 10)
    search.refresh()
    assert compare(draw, 10)


def test_an_item_that_may_no_longer_be_borrowed_counts_at_once(small: None) -> None:
    item = make.item(make.record("貸せる本"))
    search.rebuild()
    assert search.search(Query(text="貸せる本", available=True)).total == 1
    actions.update_item(make.CATALOGUER, item.pk, {"reference_only": True})
    assert search.search(Query(text="貸せる本", available=True)).total == 0
    assert search.search(Query(text="貸せる本")).facets["available"] == ()


@pytest.mark.parametrize("moment", ["while it is built", "when it comes into use"])
def test_a_loan_or_return_beside_a_rebuild_counts_also_when_it_was_refreshed(
    small: None, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    draw = random.Random(13)
    ids = fill(draw, 60)
    lend(draw, ids)
    search.rebuild()
    monkeypatch.setattr("app.catalog.search.availability.REFRESH_FROM", 1)
    build, note = availability.build, availability.note

    def moved() -> None:
        loans = list(Loan.objects.order_by("pk"))
        for loan in loans[:3]:
            loan.delete()
        item = Item.objects.filter(loans__isnull=True, status="in_stock").first()
        Loan.objects.create(item=item, patron=loans[0].patron, branch=loans[0].branch, due_on=date(2030, 1, 1))
        search.refresh()

    def built(slot: str) -> bytes:
        away = build(slot)
        moved()
        return away

    def noted(away: bytes) -> None:
        note(away)
        moved()

    if moment == "while it is built":
        monkeypatch.setattr(availability, "build", built)
    else:
        monkeypatch.setattr(availability, "note", noted)
    search.rebuild()
    assert compare(draw, 15)
    search.refresh()
    assert compare(draw, 15)


def test_no_note_of_what_was_lent_outlives_a_rebuild(small: None) -> None:
    draw = random.Random(14)
    lend(draw, fill(draw, 40))
    search.rebuild()
    Loan.objects.all().delete()
    assert SearchMoved.objects.exists()
    search.rebuild()
    assert not SearchMoved.objects.exists()
    assert compare(draw, 5)


def test_a_catalogue_of_three_containers_is_read_whole() -> None:
    last = 150_000
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO catalog_searchnumbera (number, record_id) SELECT n, n FROM generate_series(0, %s) AS n", [last]
        )
        cursor.execute(f"SELECT rb_cardinality({Slot('a', [[0, last]], {}).everything()})")
        assert cursor.fetchone() == (last + 1,)


@pytest.mark.req("F-OPA-005")
def test_a_popular_record_stands_first_after_the_next_rebuild(small: None) -> None:
    ids = fill(random.Random(3), 40)
    search.rebuild()
    held = sorted(SearchDocument.objects.filter(held__lt=3, visibility=0).values_list("pk", flat=True))
    assert search.set_popularity({held[5]: 50}) > 0
    assert search.set_popularity({held[5]: 50}) == 0
    search.rebuild()
    assert search.search(Query(year_from=1, year_to=3000, sort="popular")).hits
    hits = search.search(Query(where=Without(Term("zzz")), sort="popular")).hits
    assert hits[0].record_id == held[5]
    assert len(ids) == 40


def test_what_comes_in_bulk_is_found_after_the_next_merge(small: None) -> None:
    fill(random.Random(4), 30)
    search.rebuild()
    late = BibliographicRecord.objects.create(title="後から来た本")
    assert search.later([late.pk]) == 1
    assert search.search(Query(text="後から来た")).total == 0
    assert search.stale() == 1
    search.merge(least=1)
    assert search.search(Query(text="後から来た")).total == 1
    assert search.stale() == 0
    assert not SearchPending.objects.exists()
    other = BibliographicRecord.objects.create(title="さらに後の本")
    search.later([other.pk])
    search.rebuild()
    assert search.search(Query(text="さらに後の本")).total == 1
    assert not SearchPending.objects.exists()


def test_few_changes_are_left_as_they_are() -> None:
    make.record("しばらく待つ本")
    search.rebuild()
    make.record("もう一冊の本")
    assert search.merge() == 0
    assert SearchDocument.objects.filter(fresh=True).count() == 1


def test_an_edit_that_is_rolled_back_leaves_the_numbered_document(small: None) -> None:
    ids = fill(random.Random(5), 30)
    search.rebuild()
    BibliographicRecord.objects.filter(pk=ids[0]).update(title="元の珍しい書名")
    search.index(ids[:1])
    search.rebuild()
    with transaction.atomic():
        BibliographicRecord.objects.filter(pk=ids[0]).update(title="別の書名")
        search.index(ids[:1])
        assert search.search(Query(text="元の珍しい書名")).total == 0
        transaction.set_rollback(True)
    assert search.search(Query(text="元の珍しい書名")).total == 1


@pytest.mark.req("F-OPA-006")
def test_suggestions_come_from_numbered_and_from_fresh_documents(small: None) -> None:
    held = make.record("信州の鉄道", "シンシュウ ノ テツドウ")
    make.item(held)
    for number in range(12):
        make.record(f"信州の山 {number}", "シンシュウ ノ ヤマ")
    make.record("信州の秘密", "シンシュウ ノ ヒミツ", visibility=Visibility.STAFF)
    search.rebuild()
    make.record("信州の新しい本", "シンシュウ ノ アタラシイ ホン")
    for prefix in ("信", "信州", "信州の", "しん", "しんしゅうの", "シンシユウ"[:2]):
        found = search.suggest(prefix)
        assert found[0] == "信州の鉄道", prefix
        assert len(found) == 10, prefix
        assert "信州の秘密" not in found
    assert "信州の新しい本" in search.suggest("信州の新")
    assert search.suggest("州の") == []


def test_a_prefix_in_latin_letters_of_any_length() -> None:
    for title in ("Origins of art", "Oriental tales", "Or", "The original"):
        make.record(title)
    search.rebuild()
    for prefix, count in (("o", 3), ("or", 3), ("ori", 2), ("orig", 1), ("origins o", 1), ("rig", 0)):
        assert len(search.suggest(prefix)) == count, prefix
        assert search.search(Query(where=Term(prefix, "title", "prefix"))).total == count


def test_an_index_never_built_has_nothing_numbered() -> None:
    assert search.merge(least=1) == 0
    assert search.refresh() == 0
    assert search.rebuild() == 0
    assert search.search(Query(text="本")).total == 0
    make.record("最初の本")
    assert search.search(Query(text="最初")).total == 1
    assert search.merge(least=1) in (0, 1)
    assert search.search(Query(text="最初")).total == 1


def test_the_application_may_empty_an_idle_slot_and_nothing_else() -> None:
    make.record("本")
    search.rebuild()
    with connection.cursor() as cursor:
        for name in ("catalog_searchpostinga", "catalog_item", "catalog_searchdocument"):
            with pytest.raises(Exception, match="must not be emptied"), transaction.atomic():
                cursor.execute("SELECT catalog_search_empty(%s)", [name])
        cursor.execute("SELECT catalog_search_empty('catalog_searchpostingb')")
