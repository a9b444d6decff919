"""Building while others edit and search: nothing is lost, nothing half made is seen, and a crash changes nothing."""

import threading
from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.utils import timezone

from app.catalog import actions, jobs, search
from app.catalog.models import BibliographicRecord, SearchDocument, SearchState
from app.catalog.search import Query, building, store
from app.catalog.tests import factories as make
from app.jobs.actions import run_due
from app.jobs.models import JobRun

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shelf() -> list[BibliographicRecord]:
    """Twenty records, numbered, all by one author."""
    made = [make.record(f"木の本 {number}", "キ ノ ホン", "柳田国男") for number in range(20)]
    search.rebuild(processes=1)
    return made


def titles(text: str) -> set[str]:
    """What everybody finds."""
    ids = [hit.record_id for hit in search.search(Query(text=text)).hits]
    return set(BibliographicRecord.objects.filter(pk__in=ids).values_list("title", flat=True))


@pytest.fixture
def aside() -> Callable[[Callable[[], None]], None]:
    """Does something as another process would: on a connection of its own, committed."""

    def do(work: Callable[[], None]) -> None:
        failures: list[BaseException] = []

        def whole() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=whole)
        thread.start()
        thread.join()
        if failures:
            raise failures[0]

    return do


@pytest.mark.parametrize("at", ["_sample", "_part", "_documents", "_copy_lists", "availability.build", "_switch"])
def test_what_is_edited_made_and_deleted_during_a_rebuild_is_found_then_and_afterwards(
    shelf: list[BibliographicRecord], aside: Callable, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    done: list[str] = []

    def meanwhile() -> None:
        if not done:
            done.append(at)
            aside(lambda: edit(shelf))
            aside(lambda: look())

    around(monkeypatch, at, meanwhile)
    assert search.rebuild(processes=1) in (19, 20)  # the deleted one may have been done before
    assert done
    look()
    assert search.search(Query(text="柳田国男")).total == 20
    assert search.merge(least=1) > 0
    look()
    monkeypatch.undo()
    search.rebuild(processes=1)
    look()


def edit(shelf: list[BibliographicRecord]) -> None:
    actions.update_record(make.CATALOGUER, shelf[3].pk, {"title": "石の本"})
    make.record("水の本", "ミズ ノ ホン", "柳田国男")
    shelf[5].delete()


def look() -> None:
    assert titles("石の本") == {"石の本"}
    assert titles("水の本") == {"水の本"}
    assert titles("木の本 3") == set()
    assert titles("木の本 5") == set()
    assert search.search(Query(text="木の本")).total == 18


def around(monkeypatch: pytest.MonkeyPatch, at: str, meanwhile: Callable[[], None]) -> None:
    """Have something happen just before a step of the building."""
    owner: object = building
    *path, name = at.split(".")
    for step in path:
        owner = getattr(owner, step)
    real = getattr(owner, name)

    def stepped(*args: object, **named: object) -> object:
        meanwhile()
        return real(*args, **named)

    monkeypatch.setattr(owner, name, stepped)


@pytest.mark.parametrize("at", ["_sample", "_part", "_copy_lists", "availability.build", "_settle"])
def test_a_rebuild_that_dies_anywhere_leaves_the_index_and_the_next_one_is_whole(
    shelf: list[BibliographicRecord], monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    actions.update_record(make.CATALOGUER, shelf[0].pk, {"title": "石の本"})
    before = list(SearchState.objects.defer("dead", "away").values_list("slot", "runs", "parts"))

    def dies() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        around(broken, at, dies)
        with pytest.raises(KeyboardInterrupt):
            search.rebuild(processes=1)
    assert list(SearchState.objects.defer("dead", "away").values_list("slot", "runs", "parts")) == before
    assert titles("石の本") == {"石の本"}
    assert search.search(Query(text="木の本")).total == 19
    assert search.rebuild(processes=1) == 20
    assert titles("石の本") == {"石の本"}
    assert search.search(Query(text="木の本")).total == 19
    assert not SearchDocument.objects.filter(fresh=True).exists()


@pytest.mark.parametrize("at", ["_copy_lists", "availability.add", "_settle"])
def test_a_merge_that_dies_anywhere_leaves_everything_and_is_done_again(
    shelf: list[BibliographicRecord], monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    edit(shelf)

    def dies() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        around(broken, at, dies)
        with pytest.raises(KeyboardInterrupt):
            search.merge(least=1)
    look()
    assert search.merge(least=1) == 2
    look()
    assert search.merge(least=1) == 0


@pytest.mark.parametrize("at", ["_copy_lists"])
def test_what_is_edited_during_a_merge_is_found_then_and_afterwards(
    shelf: list[BibliographicRecord], aside: Callable, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    first = shelf[:3]
    for record in first:
        actions.update_record(make.CATALOGUER, record.pk, {"title": "石の本"})
    done: list[str] = []

    def meanwhile() -> None:
        if not done:
            done.append(at)
            aside(lambda: actions.update_record(make.CATALOGUER, first[0].pk, {"title": "火の本"}) and None)
            aside(lambda: first[1].delete() and None)

    around(monkeypatch, at, meanwhile)
    assert search.merge(least=1) == 3
    for _ in range(2):
        assert search.search(Query(text="石の本")).total == 1
        assert titles("火の本") == {"火の本"}
        search.merge(least=1)


def test_building_and_merging_never_run_side_by_side(shelf: list[BibliographicRecord], aside: Callable) -> None:
    def refused() -> None:
        for work in (search.merge, search.rebuild):
            with pytest.raises(search.Busy):
                work()

    with building._alone():
        aside(refused)
    search.merge(least=1)


def test_a_switch_waits_for_an_edit_in_progress(shelf: list[BibliographicRecord], aside: Callable) -> None:
    """The edit knows its number in the slot that was in use when it began."""

    def impatient() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        search.rebuild(processes=1)

    with transaction.atomic():
        actions.update_record(make.CATALOGUER, shelf[0].pk, {"title": "石の本"})
        with pytest.raises(Exception, match="lock timeout"):
            aside(impatient)
    assert titles("石の本") == {"石の本"}
    search.rebuild(processes=1)
    assert titles("石の本") == {"石の本"}
    assert search.search(Query(text="木の本")).total == 19


def test_several_processes_build_the_same_index_as_one(
    shelf: list[BibliographicRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "PART", 8)
    search.rebuild(processes=1)
    one = picture()
    # A new process reads the database's name from its settings: the tests' own is another.
    monkeypatch.setenv("KURA_TEST_DB", connection.settings_dict["NAME"])
    search.rebuild(processes=2)
    assert picture() == one
    assert search.search(Query(text="木の本")).total == 20


def picture() -> list[tuple]:
    slot = store.slot()
    assert slot
    return store.rows(f"SELECT gram, field, part, docs::text FROM {slot.table('posting')} ORDER BY 1, 2, 3")


def test_a_part_of_a_rebuild_that_died_is_thrown_away(shelf: list[BibliographicRecord]) -> None:
    slot = "b" if store.slot().name == "a" else "a"
    with pytest.raises(search.Busy):
        building._part(slot, building._backend(), frozenset(), {}, (0, 0, 20))
    assert not store.rows(f"SELECT FROM catalog_searchposting{slot}")
    with building._alone():
        building._part(slot, building._backend(), frozenset(), {}, (0, 0, 20))


def test_an_index_of_an_older_folding_is_made_anew_in_the_lane_of_the_long_jobs(
    shelf: list[BibliographicRecord],
) -> None:
    now = timezone.now()
    assert "作り直しを頼みました" not in jobs.tend(now)
    SearchState.objects.update(version=0)
    assert "作り直しを頼みました" in jobs.tend(now)
    jobs.tend(now)
    assert JobRun.objects.filter(job="catalog.search_rebuild", state="asked").count() == 1
    run_due(now)
    assert not search.outdated()
    assert titles("木の本 7") == {"木の本 7"}


def test_records_that_were_there_before_the_index_are_found_after_a_minute(shelf: list[BibliographicRecord]) -> None:
    """As an upgrade leaves them: no bitmaps, no documents, everything pending."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE catalog_searchdocument, catalog_searchstate, catalog_searchgone")
        cursor.execute("INSERT INTO catalog_searchpending (record_id) SELECT id FROM catalog_bibliographicrecord")
    assert titles("木の本 7") == set()
    assert not search.outdated()
    jobs.tend(timezone.now())
    assert titles("木の本 7") == {"木の本 7"}


def test_much_without_an_index_asks_for_one(shelf: list[BibliographicRecord], monkeypatch: pytest.MonkeyPatch) -> None:
    SearchState.objects.all().delete()
    SearchDocument.objects.update(fresh=True)
    assert not search.outdated()
    monkeypatch.setattr(building, "MERGE_FROM", 5)
    assert search.outdated()
