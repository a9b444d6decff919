"""The questions of `./kura bench search`, drawn from the records by frequency, and how long they take."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

from django.db import connection, transaction

from app.branches.models import Branch
from app.catalog import search
from app.catalog.models import BibliographicRecord
from app.catalog.search import Query, Term
from app.demo import catalogue, generate

TERMINALS, TURNS = 50, 4


def kana(reading: str) -> str:
    """A reading as readers type it: hiragana, nothing between the words."""
    return "".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in reading.replace(" ", ""))


def questions(seed: int, each: int) -> dict[str, list[Query | str]]:
    """At least `each` questions of every class; strings are prefixes for suggestions. A handful of SQL statements."""
    random = Random(f"{seed}:questions")  # noqa: S311
    words = catalogue.vocabulary(seed).words
    books = [one for one in _some(random, 40 * each) if one.title_reading]
    foreign = [one for one in _some(random, 400 * each) if one.language == "eng"] or books
    usual = generate.words()
    branches = list(Branch.objects.filter(kind="main").values_list("pk", flat=True))
    made: dict[str, list[Query | str]] = {}

    def put(name: str, texts: Iterator[str], **more: Any) -> None:
        made[name] = [Query(text=next(texts), shown_to="public", **more) for _ in range(each)]

    def drawn(cut: Callable[[Any], str]) -> Iterator[str]:
        while True:
            if text := cut(random.choice(books)):
                yield text

    def piece(one: Any) -> str:
        length = random.randrange(3, 7)
        start = random.randrange(max(len(one.title) - length, 0) + 1)
        return str(one.title[start : start + length]).strip()

    put("c1", iter(lambda: random.choice([word for word, *_ in usual if len(word) == 1] + list("本史学の日")), ""))
    put("c2", iter(lambda: random.choice([word for word, *_ in usual[:100] if len(word) == 2]), ""))
    put("ph", drawn(piece))
    exact = iter(lambda: random.choice(books).title, "")
    made["te"] = [
        Query(text=text, shown_to="public") for text in ("i", "it", "1984", *(next(exact) for _ in range(each)))
    ]
    put(
        "au",
        drawn(lambda one: random.choice((one.creators[0], one.creator_readings[0], kana(one.creator_readings[0])))),
    )
    put("kr", drawn(lambda one: kana(one.title_reading)[: random.choice((1, 2, 3, 4, 6, 99))]))
    put(
        "and",
        drawn(
            lambda one: " ".join(
                (
                    one.title[:2],
                    random.choice((one.creators[0], one.publisher, one.ndc and kana(one.title_reading)[:3])),
                )
            )
        ),
    )
    put("broad", iter(lambda: random.choice([word for word, *_ in usual[:12]]), ""), sort="newest")
    isbns = [one.isbn13 for one in books if one.isbn13]
    put("isbn", iter(lambda: _isbn(random, random.choice(isbns)), ""))
    put("lat", iter(lambda: " ".join(random.choice(foreign).title.split()[: random.choice((1, 2, 9))]), ""))
    put("zero", iter(lambda: random.choice(words)[0] + "".join(random.sample("鰯檸檬薔薇躊躇蜃", 2)), ""))
    put("var", drawn(lambda one: _varied(random, one)))
    put(
        "avail",
        drawn(lambda one: one.title[: random.choice((1, 2, 4))]),
        available=True,
        branches=(random.choice(branches),),
    )
    made["suggest"] = [
        kana(one.title_reading)[:size] if size % 2 else one.title[:size]
        for one in random.choices(books, k=each)
        for size in (1, 2, 3, 4, 6)
    ]
    return made


def _some(random: Random, count: int) -> list[BibliographicRecord]:
    last = BibliographicRecord.objects.order_by("-pk").values_list("pk", flat=True)[0]
    ids = [random.randrange(generate.FIRST_ID, last + 1) for _ in range(count)]
    return list(BibliographicRecord.objects.filter(pk__in=ids).order_by("pk"))


def _isbn(random: Random, isbn: str) -> str:
    body = isbn[3:12]
    check = sum((10 - place) * int(digit) for place, digit in enumerate(body))
    ten = body + "0123456789X"[-check % 11]
    return random.choice(
        (
            isbn,
            ten,
            f"{isbn[:3]}-{isbn[3]}-{isbn[4:6]}-{isbn[6:12]}-{isbn[12]}",
            f"{ten[0]}-{ten[1:3]}-{ten[3:9]}-{ten[9]}",
        )
    )


def _varied(random: Random, one: Any) -> str:
    """The title in another writing: wide letters, old kanji, long marks, iteration."""
    text = str(one.title)
    old = str.maketrans(
        {"国": "國", "学": "學", "図": "圖", "歴": "歷", "会": "會", "経": "經", "芸": "藝", "数": "數", "沢": "澤"}
    )
    ways = (text.translate(old), "ー".join(text[:4]), kana(one.title_reading), f"　{text}　", "・".join(text[:5]))
    return random.choice(ways)


def measure(seed: int, each: int, said: Callable[[str], None]) -> dict[str, Any]:
    """Every question once to warm up and once measured; wall and CPU milliseconds of the application and of its
    database process."""
    asked = questions(seed, each)
    result: dict[str, Any] = {"classes": {}, "index": _sizes(), "edit_ms": _edit()}
    backend = _backend()
    for name, some in asked.items():
        for one in some:
            _ask(one)
        wall, cpu, totals = [], [], []
        for one in some:
            began, spent = time.perf_counter(), time.process_time() + _cpu(backend)
            found = _ask(one)
            wall.append(1000 * (time.perf_counter() - began))
            cpu.append(1000 * (time.process_time() + _cpu(backend) - spent))
            totals.append(found.total if isinstance(found, search.Result) else len(found))
        slowest = sorted(range(len(wall)), key=wall.__getitem__)[-3:]
        result["classes"][name] = {
            "questions": len(some),
            "wall": _percentiles(wall),
            "cpu": _percentiles(cpu),
            "median_total": statistics.median(totals),
            "slowest": [str(some[at].text if isinstance(some[at], Query) else some[at]) for at in slowest],
        }
        said(f"{name}: {result['classes'][name]}")
    result["terminals_ms"] = _together([one for one in asked["te"] if isinstance(one, Query)])
    result["plain_ms"] = _plain(Random(seed), each)  # noqa: S311
    return result


def _together(some: list[Query]) -> dict[str, float]:
    """Fifty terminals that look for a title at the same moment, again and again (F-GEN-019)."""
    start = threading.Barrier(TERMINALS)

    def terminal(number: int) -> list[float]:
        connection.ensure_connection()
        start.wait()
        wall = []
        try:
            for turn in range(TURNS):
                began = time.perf_counter()
                _ask(some[(number * TURNS + turn) % len(some)])
                wall.append(1000 * (time.perf_counter() - began))
        finally:
            connection.close()
        return wall

    with ThreadPoolExecutor(TERMINALS) as pool:
        return _percentiles([one for wall in pool.map(terminal, range(TERMINALS)) for one in wall])


def _ask(one: Query | str) -> Any:
    return search.suggest(one) if isinstance(one, str) else search.search(one)


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        inside = cursor.fetchone()[0]
    # The workshop's PostgreSQL lives in a container: its process has another number out here.
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and str(inside) == _number_inside(entry):
            return int(entry.name)
    return 0


def _number_inside(process: Path) -> str:
    """The number that a database process has in its own container; "" for others."""
    try:
        lines = (process / "status").read_text().splitlines()
    except OSError:
        return ""
    named = {name: value.split() for name, _, value in (line.partition(":") for line in lines)}
    return named["NSpid"][-1] if named.get("Name") == ["postgres"] and named.get("NSpid") else ""


def _cpu(pid: int) -> float:
    """CPU seconds that the database process used."""
    if not pid:
        return 0.0
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def _percentiles(milliseconds: list[float]) -> dict[str, float]:
    """The 50th, 95th and 99th percentile."""
    cut = statistics.quantiles(milliseconds, n=100, method="inclusive")
    return {"p50": round(cut[49], 2), "p95": round(cut[94], 2), "p99": round(cut[98], 2)}


def _plain(random: Random, each: int) -> dict[str, float]:
    """The reference: twenty records by their keys, in one statement."""
    wall = []
    last = BibliographicRecord.objects.order_by("-pk").values_list("pk", flat=True)[0]
    for _ in range(max(each, 20)):
        ids = [random.randrange(generate.FIRST_ID, last + 1) for _ in range(20)]
        began = time.perf_counter()
        list(BibliographicRecord.objects.filter(pk__in=ids).values_list("pk", "title", "year", "publisher"))
        wall.append(1000 * (time.perf_counter() - began))
    return _percentiles(wall)


def _edit() -> dict[str, float]:
    """From the beginning of an edit until it is found, edits of records that a broad word finds among them."""
    wall = []
    for number, record in enumerate(BibliographicRecord.objects.filter(title__startswith="日本").order_by("pk")[:20]):
        with transaction.atomic():
            began = time.perf_counter()
            BibliographicRecord.objects.filter(pk=record.pk).update(title=f"計測{number}番の書名")
            search.index([record.pk])
            found = search.search(Query(where=Term(f"計測{number}番の書名", "title", "exact")))
            wall.append(1000 * (time.perf_counter() - began))
            if found.hits[0].record_id != record.pk:
                raise RuntimeError("an edited record was not found")
            transaction.set_rollback(True)
    return _percentiles(wall)


def _sizes() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT slot, seconds, runs, (SELECT count(*) FROM catalog_bibliographicrecord) FROM catalog_searchstate"
        )
        slot, seconds, runs, records = cursor.fetchone()
        sizes = {}
        for kind in ("posting", "facet", "number"):
            cursor.execute(f"SELECT pg_total_relation_size('catalog_search{kind}{slot}')")
            sizes[kind] = cursor.fetchone()[0]
        cursor.execute("SELECT pg_total_relation_size('catalog_searchdocument')")
        sizes["document"] = cursor.fetchone()[0]
        cursor.execute(f"SELECT count(*) FROM catalog_searchposting{slot}")  # noqa: S608 - a or b
        rows = cursor.fetchone()[0]
    return {"slot": slot, "build_seconds": seconds, "runs": runs, "records": records, "rows": rows, "bytes": sizes}
