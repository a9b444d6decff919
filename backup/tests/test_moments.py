"""Every moment of the databases: what is kept, what is missed, and from where a moment is recovered."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backup import base, moments, pitr, wal
from inventory import available, load

SITE = load("nagano")
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
RUN = "7711270105714075445-20261101T000000Z"
SEGMENT = base.SEGMENT_BYTES


@pytest.mark.parametrize("name", available())
def test_the_keeper_reaches_the_database_by_the_flow_matrix_and_by_no_other_way(name: str) -> None:
    site = load(name)
    service, keeper = site.service("database"), site.host(site.backup.repository)
    assert keeper in service.hosts or keeper.zone in service.sources
    assert moments.keeper_network(site, None) == f"{keeper.address}/32"
    told = json.loads(moments.settings(site, None))
    assert told["databases"]
    assert told["server"] == site.fqdn("db")
    assert told["store"].startswith(site.backup.path)
    assert moments.calendars(site, None)["base"].endswith(site.organisation.timezone)


def test_the_password_stands_in_the_password_file_alone() -> None:
    assert "secret" not in moments.settings(SITE, None)
    assert moments.pgpass(SITE, None, password="secret").endswith(":5432:*:kura_archive:secret\n")


def source(taken: int | None = 100, system: str = "7711270105714075445") -> wal.Source:
    return wal.Source(system, 160, taken, slot=taken is not None)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with one run of changes."""
    for name in (f"wal/{RUN}", "base", "sums"):
        (tmp_path / name).mkdir(parents=True)
    return tmp_path


def test_a_run_goes_on_while_the_cluster_still_has_what_is_missing(store: Path) -> None:
    assert wal.run_to_continue(store, source()) == store / "wal" / RUN
    assert source().behind == 60


@pytest.mark.parametrize(
    "now", [source(taken=None), source(system="1")], ids=["changes were dropped", "another cluster"]
)
def test_a_run_with_a_gap_is_never_continued(store: Path, now: wal.Source) -> None:
    assert wal.run_to_continue(store, now) is None


def test_a_new_run_wants_a_copy_of_the_whole(store: Path) -> None:
    assert wal.needs_base(store)
    add_base(store, "20261120T000000Z", NOON, 3)
    assert not wal.needs_base(store)


def test_a_position_is_read_as_the_cluster_writes_it() -> None:
    assert wal.number("1/A0") == (1 << 32) + 160


def answers(monkeypatch: pytest.MonkeyPatch, *found: wal.Source) -> None:
    queue = list(found)
    monkeypatch.setattr(wal, "source", lambda settings: queue.pop(0) if len(queue) > 1 else queue[0])


def settings(store: Path) -> wal.Settings:
    return wal.Settings("db", 5432, "a", "kura_archive", store, 14, ("kura",), "db1", store / "db1")


def test_the_watch_measures_until_the_position_of_its_beginning_is_kept(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, source(100), source(160))
    values = wal.watch(settings(store))
    assert values["kura_wal_archive_behind_bytes"] == 0
    assert values["kura_wal_archive_delay_seconds"] > 0


def test_a_watch_that_waits_in_vain_tells_how_much_is_missing_and_no_good_time(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, source(100))
    assert wal.watch(settings(store), patience=0) == {"kura_wal_archive_behind_bytes": 60}


def add_base(store: Path, name: str, finished: datetime, segment: int, run: str = RUN) -> None:
    (store / "base" / name).mkdir()
    told = {
        "run": run,
        "started": (finished - timedelta(minutes=5)).isoformat(),
        "finished": finished.isoformat(),
        "start": segment * SEGMENT + 40,
        "end": segment * SEGMENT + 80,
        "timeline": 1,
        "bytes": 1,
        "seconds": 1.0,
    }
    (store / "base" / f"{name}.json").write_text(json.dumps(told))


def add_segments(store: Path, places: range) -> list[str]:
    names = [base.segment_of(place * SEGMENT, 1) for place in places]
    for name in names:
        (store / "wal" / RUN / name).write_bytes(name.encode())
    return names


@pytest.fixture
def readable(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_waldump reads whatever does not say `broken` (the real one: tests/twin/test_moments.py)."""
    monkeypatch.setattr(base, "reads_well", lambda segment: b"broken" not in segment.read_bytes())


def test_every_finished_change_is_read_once_and_then_keeps_its_checksum(store: Path, readable: None) -> None:
    names = add_segments(store, range(254, 259))
    assert base.verify(store) == base.Checked(5, (), 0)
    (store / "wal" / RUN / names[2]).write_bytes(b"altered")
    assert base.verify(store).damaged == (f"{RUN}/{names[2]}",)


def test_a_change_that_cannot_be_read_is_damaged_from_the_first_day(store: Path, readable: None) -> None:
    names = add_segments(store, range(3))
    (store / "wal" / RUN / names[1]).write_bytes(b"broken")
    for _ in range(2):
        assert base.verify(store).damaged == (f"{RUN}/{names[1]}",)


@pytest.mark.parametrize("place", [0, 2, 4], ids=["the first", "one in the middle", "the last"])
def test_a_change_that_has_gone_is_missed(store: Path, readable: None, place: int) -> None:
    names = add_segments(store, range(5))
    base.verify(store)
    (store / "wal" / RUN / names[place]).unlink()
    assert base.verify(store).missing > 0


def recovered(store: Path, last: int, newest: int = 8) -> str | None:
    return pitr.first_bad(store / "wal" / RUN, last * SEGMENT + 40, 1, newest)


def test_a_recovery_that_ends_in_the_newest_change_has_read_everything(store: Path, readable: None) -> None:
    names = add_segments(store, range(5, 9))
    assert recovered(store, 8) is None
    assert recovered(store, 7) is None
    assert recovered(store, 5, newest=6) is None  # 7 and 8 have come meanwhile
    (store / "wal" / RUN / names[-1]).rename(store / "wal" / RUN / f"{names[-1]}.partial")
    assert recovered(store, 8) is None
    (store / "wal" / RUN / "00000002.history").write_text("1")
    assert recovered(store, 8) is None


@pytest.mark.parametrize("read_before", [True, False])
@pytest.mark.parametrize("bad", [6, 7, 8])
def test_a_recovery_that_ended_at_a_damaged_change_is_found_out(
    store: Path, readable: None, bad: int, read_before: bool
) -> None:
    names = add_segments(store, range(5, 9))
    if read_before:
        base.verify(store)
    (store / "wal" / RUN / names[bad - 5]).write_bytes(b"broken")
    assert recovered(store, bad) == recovered(store, bad - 1) == names[bad - 5]


def test_a_recovery_that_ended_at_a_missing_change_is_found_out(store: Path, readable: None) -> None:
    names = add_segments(store, range(5, 9))
    (store / "wal" / RUN / names[2]).unlink()
    assert recovered(store, 6) == names[2]


def test_a_recovery_that_ended_for_no_reason_among_good_changes_is_found_out(store: Path, readable: None) -> None:
    names = add_segments(store, range(5, 9))
    assert recovered(store, 5) == names[1]


def test_the_refusal_names_the_change_and_the_last_moment_that_can_be_had(store: Path, readable: None) -> None:
    add_base(store, "20261120T115500Z", NOON, 5)
    names = add_segments(store, range(5, 9))
    (store / "wal" / RUN / names[2]).write_bytes(b"broken")
    scratch = pitr.Scratch(store / "scratch" / "x")
    scratch.folder.mkdir(parents=True)
    (copy,) = base.bases(store)
    said = (
        "LOG:  redo done at 0/60000A8 system usage: CPU\n"
        "LOG:  last completed transaction was at log time 2026-11-20 12:04:05.678+00\n"
    )
    scratch.log.write_text(said)
    with pytest.raises(wal.WalError, match=f"{names[2]} is damaged.* no moment after 2026-11-20 12:04:05.678"):
        pitr.refuse_bad(scratch, store / "wal" / RUN, copy, 8)
    (store / "wal" / RUN / names[2]).write_bytes(names[2].encode())
    scratch.log.write_text(said.replace("0/60000A8", "0/80000A8"))
    pitr.refuse_bad(scratch, store / "wal" / RUN, copy, 8)


def test_what_is_past_its_days_goes_and_every_kept_moment_can_be_recovered(store: Path, readable: None) -> None:
    for day in range(20):
        add_base(store, f"202611{day + 1:02d}T030000Z", datetime(2026, 11, day + 1, 3, tzinfo=UTC), 10 * day)
    add_segments(store, range(195))
    base.verify(store)
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    base.expire(settings(store), now)
    kept = base.bases(store)
    # 14 days before noon of the 20th is noon of the 6th: the copy of the 6th opens it.
    assert kept[0].name == "20261106T030000Z"
    assert pitr.base_for(kept, now - timedelta(days=14)).name == "20261106T030000Z"
    left = sorted(path.name for path in (store / "wal" / RUN).iterdir())
    assert left[0] == base.segment_of(50 * SEGMENT, 1)
    assert base.verify(store) == base.Checked(len(left), (), 0)


def test_the_two_newest_copies_stay_however_old_they_are(store: Path) -> None:
    for day in (1, 2, 3):
        add_base(store, f"2026010{day}T030000Z", datetime(2026, 1, day, 3, tzinfo=UTC), day)
    base.expire(settings(store), NOON)
    assert [one.name for one in base.bases(store)] == ["20260102T030000Z", "20260103T030000Z"]


def test_an_old_run_goes_with_its_last_copy(store: Path) -> None:
    new = "1-20261110T000000Z"
    (store / "wal" / new).mkdir()
    for day in (15, 16, 17):
        add_base(store, f"202611{day}T030000Z", datetime(2026, 11, day, 3, tzinfo=UTC), day, run=new)
    assert base.expire(settings(store), NOON) == [RUN]
    assert [path.name for path in wal.runs(store)] == [new]


def test_a_recovery_begins_from_the_newest_copy_before_the_moment(store: Path) -> None:
    add_base(store, "20261118T030000Z", NOON - timedelta(days=2), 1)
    add_base(store, "20261119T030000Z", NOON - timedelta(days=1), 2)
    found = base.bases(store)
    assert pitr.base_for(found, NOON).name == "20261119T030000Z"
    assert pitr.base_for(found, NOON - timedelta(hours=30)).name == "20261118T030000Z"
    assert pitr.base_for(found, None).name == "20261119T030000Z"
    assert pitr.base_for(found, None, lost=NOON - timedelta(hours=40)).name == "20261118T030000Z"
    with pytest.raises(wal.WalError, match="too early: the first moment is 2026-11-18T12:00:00"):
        pitr.base_for(found, NOON - timedelta(days=3))
    with pytest.raises(wal.WalError, match="no copy"):
        pitr.base_for([], NOON)


def test_a_copy_that_was_cut_short_is_none(store: Path) -> None:
    add_base(store, "20261118T030000Z", NOON, 1)
    shutil.rmtree(store / "base" / "20261118T030000Z")
    assert base.bases(store) == []


def test_a_recovered_cluster_listens_on_no_address_and_stops_at_the_moment() -> None:
    scratch = pitr.Scratch(Path("/srv/borg/_wal/scratch/x"))
    text = pitr.configuration(Path("/srv/borg/_wal/wal/it's"), scratch, NOON)
    assert "listen_addresses = ''\n" in text
    assert "recovery_target_time = '2026-11-20 12:00:00+00:00'\n" in text
    assert "%f.partial" in text
    short = pitr.configuration(Path("/x"), scratch, None, "0/A0")
    assert "recovery_target_lsn = '0/A0'\n" in short
    assert "recovery_target_time =" not in short
    assert "recovery_target_time =" not in pitr.configuration(Path("/x"), scratch, None)


@pytest.mark.parametrize("said", ["2026-03-01 10:15", "yesterday"])
def test_a_moment_without_a_zone_is_no_moment_for_the_keeper(said: str) -> None:
    with pytest.raises((ValueError, pitr.argparse.ArgumentTypeError)):
        pitr.moment(said)
