"""Which blocks a search leaves closed, and that it never leaves one closed that holds what is asked for."""

from __future__ import annotations

import json
import random
import zlib
from pathlib import Path

import pytest

from app.logs import archive, closing
from app.logs.searching import Query, search
from app.logs.verifying import verify
from app.logs.vocabulary import Gathered, Wanted, body, may_hold

TEXTS = (
    "GET /books/2750001/ 200 0.034 9f86d081884c7d659a2feaa0c55ad015",
    "GET /office/loan 302 17 60303ae22b998861bce3b28f33eec1be",
    "10.81.7.77 利用者12345を開きました needle-7f3a",
    "DEADLOCK detected: process 4711 waits for ShareLock",
    "cpu=41.2% memory=9% disk:/=88.1%",
)


def holds(texts: tuple[str, ...], *words: str) -> bool:
    """What the vocabulary of these records says."""
    gathered = Gathered()
    for text in texts:
        gathered.add(f"2026-11-22T07:00:00.123456+00:00\tapp1\tnginx\tinfo\t{text}\n".encode())
    packed, identifiers = gathered.packed()
    return may_hold(Wanted.of(tuple(word.encode().lower() for word in words)).missing(packed), identifiers)


def test_no_part_of_a_record_is_ever_said_to_be_absent():
    draw = random.Random(7)
    for _ in range(3000):
        text = draw.choice(TEXTS)
        start = draw.randrange(len(text))
        part = text[start : start + draw.randrange(1, len(text) + 1)]
        assert holds((text,), draw.choice([part, part.upper(), part.lower()])), part


@pytest.mark.parametrize(
    "words",
    [("is-nowhere",), ("9f86d081884c7d659a2feaa0c55ad016",), ("利用者12346",), ("deadlock", "zzz"), ("20012345",)],
)
def test_what_is_nowhere_is_said_to_be_absent(words):
    assert not holds(TEXTS, *words)


@pytest.mark.parametrize("words", [("4712",), ("needle-7f3b",), ("needle-7f3-",)])
def test_short_digits_are_told_apart_where_no_identifier_can_hold_them(words):
    assert not holds(TEXTS[2:], *words)


def test_the_instant_is_no_word():
    assert not holds((TEXTS[3],), "123456")
    assert body(b"2026-11-22T07:00:00.123456+00:00\tapp1\tx") == b"app1\tx"
    assert body(b"no record at all") == b"no record at all"


@pytest.fixture
def month(root: Path, write) -> Path:
    """Thirty closed days; one record of one of them is looked for."""
    for number in range(1, 31):
        for minute in range(0, 1440, 240):
            write(f"job {number * 1000 + minute} done", day=f"2026-11-{number:02}", minute=minute, host=f"h{minute}")
    write("ERROR: the rarest of all", day="2026-11-12", minute=5, kind="web", severity="err")
    closing.close(root, "2026-12-01")
    return root


@pytest.mark.req("S-LOG-004")
def test_a_rare_word_opens_only_the_blocks_of_its_chapter(month):
    found = search(month, Query(words=("RAREST of",)))
    assert [record.text for record in found.records] == ["ERROR: the rarest of all"]
    assert (found.blocks, found.passed_over) == (1, 30 * 6)
    nothing = search(month, Query(words=("rarest", "is-nowhere")))
    assert (nothing.records, nothing.blocks, nothing.more) == ([], 0, False)


def test_a_search_with_vocabularies_finds_what_one_without_finds(month, tmp_path):
    words = ("1000", "job 12", "done", "h240", "info", "12240", "h", "00", "cron\tinfo")
    with_them = [search(month, Query(words=(word,)), 500).records for word in words]
    for path in month.glob("2026/*/*/index.json"):
        document = json.loads(path.read_text())
        for facts in document["files"].values():
            del facts["chapters"], facts["words_sha256"], facts["words_bytes"]
        path.chmod(0o640)
        path.write_text(json.dumps(document))
    for path in month.glob("2026/*/*/*.words"):
        path.unlink()
    without = [search(month, Query(words=(word,)), 500) for word in words]
    assert [found.records for found in without] == with_them
    assert all(found.blocks == 30 * 6 + 1 for found in without)
    assert all(with_them)


def test_days_outside_the_period_are_not_looked_at(month):
    found = search(month, Query(start="2026-11-10T15:00", end="2026-11-11T14:59"), 500)
    assert len(found.records) == 6
    assert found.blocks + found.passed_over == 6


def test_a_vocabulary_that_was_altered_or_taken_away_is_named_and_hides_nothing_when_it_cannot_be_read(month):
    path = month / "2026/11/12/web.words"
    good = path.read_bytes()
    path.chmod(0o640)
    path.write_bytes(zlib.compress(b"\nother\n"))
    assert verify(month).faults == ["2026/11/12/web.words: 封印した時から変わっています"]
    path.write_bytes(b"\x00" * len(good))
    assert len(search(month, Query(words=("rarest",))).records) == 1
    path.unlink()
    assert len(search(month, Query(words=("rarest",))).records) == 1
    assert verify(month).faults == ["2026/11/12/web.words: 記録がありません"]


def test_neighbouring_small_blocks_share_a_chapter_and_a_full_block_has_its_own(root, write, monkeypatch):
    monkeypatch.setattr(closing, "BLOCK", 200)
    for number in range(4):
        write(f"short {number}", host=f"h{number}")
    for number in range(9):
        write(f"a longer record that fills blocks {number}", host="h9")
    closing.close(root, "2026-11-23")
    day = archive.index(root, "2026/11/22")
    assert sum(row.blocks for row in day.chapters["os"]) == len(day.blocks["os"]) > 6
    assert day.chapters["os"][0].blocks > 1
    assert [record.text for record in search(root, Query(words=("blocks 7",))).records] == [
        "a longer record that fills blocks 7"
    ]
    assert day.bytes == sum(
        path.stat().st_size for path in (root / day.name).iterdir() if path.suffix in (".gz", ".words")
    )
