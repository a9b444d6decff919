"""Closing, searching, verifying and disposing, on the archive's files alone."""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.logs import archive, closing, disposing, sending
from app.logs.records import instant, line, parse
from app.logs.rules import last_disposable, refusal
from app.logs.searching import Query, search
from app.logs.verifying import verify

ROOT = Path(__file__).parents[3]
NOW = datetime(2032, 12, 1, tzinfo=UTC)


def texts(root: Path, limit: int = 1000, **query) -> list[str]:
    """What a search finds, newest first."""
    return [record.text for record in search(root, Query(**query), limit).records]


def test_a_record_survives_being_a_line_whatever_it_says():
    at = datetime(2026, 11, 22, 7, tzinfo=UTC)
    record = parse(line(at, "app1", "nginx", "err", "一\t二\n三\x7f").encode(), "web")
    assert (record.at, record.host, record.service, record.severity) == (at, "app1", "nginx", 3)
    assert record.text == "一#011二#012三#177"
    assert parse(b"no record at all", "web").text == "no record at all"


@pytest.mark.req("S-LOG-002")
def test_records_are_found_by_period_host_kind_service_severity_and_words(week):
    assert len(texts(week)) == 4 * 26
    assert texts(week, worst=3, kinds=frozenset(["web"])) == ["開けません open() failed"] * 4
    assert len(texts(week, hosts=frozenset(["db1"]))) == 4
    assert len(texts(week, service="postgresql")) == 4
    assert texts(week, words=("JOB 21", "at 60")) == ["job 21 at 60", "job 21 at 600"][::-1]
    assert texts(week, words=("開け", "zero")) == []
    start = datetime(2026, 11, 21, 15, tzinfo=UTC)
    found = texts(week, start=instant(start), end=instant(start + timedelta(hours=2)))
    assert found == ["job 22 at 120", "job 22 at 60", "job 22 at 0"]


def test_the_newest_come_first_and_pages_follow_each_other_without_loss(week):
    seen, before = [], "~"
    while True:
        found = search(week, Query(end=before), 7)
        seen += found.records
        if not found.more:
            break
        before = instant(datetime.fromisoformat(found.records[-1].instant) - timedelta(microseconds=1))
    assert len(seen) == 4 * 26
    assert [record.instant for record in seen] == sorted((record.instant for record in seen), reverse=True)


def test_records_of_one_instant_are_never_parted_by_a_page(root, write):
    for number in range(10):
        write(f"same {number}", minute=5)
    write("earlier", minute=4)
    first = search(root, Query(), 3)
    assert len(first.records) == 10
    assert first.more


def test_what_arrives_late_is_filed_by_arrival_and_found_by_its_own_time(week, write):
    write("kept by the host while the archive was away", day="2026-11-23", minute=-2 * 1440)
    closing.close(week, "2026-11-24")
    day = datetime(2026, 11, 20, 15, tzinfo=UTC)
    found = texts(week, start=instant(day), end=instant(day + timedelta(days=1)))
    assert "kept by the host while the archive was away" in found
    instants = [record.instant for record in search(week, Query(), 1000).records]
    assert instants == sorted(instants, reverse=True)


def test_a_search_opens_only_what_can_hold_the_answer(week):
    found = search(week, Query(worst=3, hosts=frozenset(["db1"])), 100)
    assert len(found.records) == 4
    assert found.blocks == 4  # three closed, one live
    assert found.passed_over == 6


def test_a_closed_day_is_read_with_ordinary_tools_and_nothing_is_left_behind(week):
    whole = gzip.decompress((week / "2026/11/22/os.gz").read_bytes()).decode()
    assert whole.count("job 22") == 24
    assert sorted(path.name for path in (week / "live").iterdir()) == ["2026-11-23"]


@pytest.mark.parametrize("cut", ["before the folder", "before the statement", "before the removal"])
def test_a_closing_that_was_cut_is_brought_to_its_end_once(root, write, monkeypatch, cut):
    write("only once")
    name = {"before the folder": "_write", "before the statement": "append", "before the removal": "shutil"}[cut]

    class Cut(Exception):
        pass

    def fail(*args, **kwargs):
        raise Cut

    with monkeypatch.context() as patch:
        if name == "shutil":
            real = shutil.rmtree
            patch.setattr(
                closing.shutil, "rmtree", lambda path, **k: fail() if ".closing" in str(path) else real(path, **k)
            )
        else:
            patch.setattr(closing, name, fail)
        with pytest.raises(Cut):
            closing.close(root, "2026-11-23")
    closing.close(root, "2026-11-23")
    assert texts(root) == ["only once"]
    assert verify(root).faults == []
    assert len(archive.statements(root)) == 1


def test_what_comes_after_a_day_was_closed_becomes_a_second_folder(week, write):
    write("a straggler", day="2026-11-22")
    assert closing.close(week, "2026-11-23") == ["2026/11/22.1"]
    assert texts(week, words=("straggler",)) == ["a straggler"]
    assert verify(week).faults == []


@pytest.mark.req("S-LOG-005")
def test_an_untouched_archive_verifies_and_every_kind_of_alteration_is_named(week, tmp_path):
    kept = archive.statements(week)
    good = verify(week, kept)
    assert (good.faults, good.days, good.lines, good.kept) == ([], 3, 78, 3)

    def after(change) -> str:
        copy = tmp_path / f"copy{len(list(tmp_path.iterdir()))}"
        shutil.copytree(week, copy)
        change(copy)
        return "\n".join(verify(copy, kept).faults)

    def one_record(copy: Path) -> None:
        path = copy / "2026/11/21/database.gz"
        path.chmod(0o640)
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace(b"zero", b"nil!"), mtime=0))

    def record_and_index(copy: Path) -> None:
        """Somebody who knows the format makes the checksums fit."""
        one_record(copy)
        path = copy / "2026/11/21" / archive.INDEX
        document = json.loads(path.read_text())
        document["files"]["database"]["sha256"] = archive.checksum(copy / "2026/11/21/database.gz")
        path.chmod(0o640)
        path.write_text(json.dumps(document))

    def everything_here(copy: Path) -> None:
        """… and the chain, from that day on."""
        record_and_index(copy)
        lines = archive.statements(copy)
        (copy / archive.CHAIN).write_text("")
        for text in lines:
            row = {key: value for key, value in json.loads(text).items() if key not in ("number", "previous")}
            row["index"] = archive.checksum(copy / row["day"] / archive.INDEX)
            closing.append(copy, **row)
        assert verify(copy).faults == []  # alone it would not be seen

    def shorter(copy: Path) -> None:
        lines = archive.statements(copy)
        (copy / archive.CHAIN).write_text("".join(f"{text}\n" for text in lines[:-1]))
        shutil.rmtree(copy / "2026/11/22")

    assert "2026/11/21/database.gz: 封印した時から変わっています" in after(one_record)
    assert "2026/11/21/index.json: 封印と違います" in after(record_and_index)
    assert "封印 2: 保管先の写しと違います" in after(everything_here)
    assert "2026/11/21/index.json: 封印と違います" in after(everything_here)
    assert "2026/11/20: 記録がありません" in after(lambda copy: shutil.rmtree(copy / "2026/11/20"))
    assert "2026/11/20/web.gz: 記録がありません" in after(lambda copy: (copy / "2026/11/20/web.gz").unlink())
    assert "保管先にある封印がここにありません" in after(shorter)
    assert "封印した時にはなかったファイル" in after(lambda copy: (copy / "2026/11/20/more.gz").write_text("x"))


def test_a_damaged_block_is_told_and_the_rest_is_found(week):
    path = week / "2026/11/21/os.gz"
    path.chmod(0o640)
    path.write_bytes(b"\x00" * path.stat().st_size)
    found = search(week, Query(kinds=frozenset(["os"])), 1000)
    assert len(found.records) == 3 * 24
    assert any("os.gz" in text for text in found.damaged)


@pytest.mark.req("S-LOG-004")
def test_a_record_is_kept_six_years_to_the_day():
    assert last_disposable(date(2032, 11, 23), 6) == date(2026, 11, 22)
    assert last_disposable(date(2032, 2, 29), 6) == date(2026, 2, 27)
    assert refusal(date(2026, 11, 22), date(2032, 11, 23), 6) == ""
    assert "2026/11/22" in refusal(date(2026, 11, 23), date(2032, 11, 23), 6)


@pytest.mark.req("S-LOG-004")
def test_a_disposal_removes_its_days_and_the_chain_says_who_approved_it(week):
    gone = disposing.dispose(week, 1, date(2026, 11, 21), "佐藤", "鈴木", NOW)
    assert (gone.days, gone.lines) == (["2026/11/20", "2026/11/21"], 52)
    assert len(texts(week, end="2026-11-22T14:59")) == 26
    result = verify(week, archive.statements(week))
    assert result.faults == []
    assert "承認 鈴木" in result.disposed[0]


def test_a_disposal_that_was_cut_goes_on_and_one_that_nobody_approved_is_a_fault(week, monkeypatch):
    monkeypatch.setattr(disposing.shutil, "rmtree", lambda *args, **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        disposing.dispose(week, 1, date(2026, 11, 20), "佐藤", "鈴木", NOW)
    monkeypatch.undo()
    assert "廃棄したはずの記録が残っています" in verify(week).faults[0]
    again = disposing.dispose(week, 1, date(2026, 11, 20), "佐藤", "鈴木", NOW)
    assert again.days == ["2026/11/20"]
    assert verify(week).faults == []
    shutil.rmtree(week / "2026/11/21")
    assert verify(week).faults == ["2026/11/21: 記録がありません"]


@pytest.mark.req("S-LOG-005")
def test_the_keeper_takes_the_chain_and_refuses_another_history(week, tmp_path):
    """With the very program that the backup host runs."""
    kept = tmp_path / "logs.seals"
    keeper = f"{sys.executable} {ROOT / 'backup/keep_seals.py'} {kept}"
    assert sending.send(week, keeper) == 3
    assert sending.kept(kept.read_text().splitlines()) == archive.statements(week)
    disposing.dispose(week, 1, date(2026, 11, 20), "佐藤", "鈴木", NOW)
    assert sending.send(week, keeper) == 4
    assert verify(week, sending.kept(kept.read_text().splitlines())).faults == []
    lines = archive.statements(week)
    (week / archive.CHAIN).write_text(lines[0].replace("78", "77").replace("26", "25") + "\n")
    with pytest.raises(sending.NotKept, match="another history"):
        sending.send(week, keeper)
    assert len(kept.read_text().splitlines()) == 4
    with pytest.raises(sending.NotKept):
        sending.send(week, f"{sys.executable} -c 1")


def test_two_closings_at_once_seal_each_day_once(root, write):
    for number in (20, 21, 22):
        write("x", day=f"2026-11-{number}")
    program = (
        "import sys, pathlib; from app.logs import closing; closing.close(pathlib.Path(sys.argv[1]), '2026-11-23')"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(root)], cwd=ROOT) for _ in range(2)]
    assert [one.wait() for one in running] == [0, 0]
    assert len(archive.statements(root)) == 3
    assert verify(root).faults == []
