"""Six years of the audit log as a library of the contract's size writes it, sealed a minute at a time, to be verified.

Only for a database made for measuring. The events are made by the database, the seals by the sealer's own code; what
is altered, taken away and put in between is done as only a superuser of the database server can.
"""

import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, transaction

from app.audit import queries, tree
from app.audit.actions import sealing
from app.audit.models import AuditEvent, AuditSeal
from app.audit.verifying import bounds

FIRST = date(2020, 11, 1)
MONTHS = 72
EACH = 25  # events of a busy minute: five to six million a year over the hours in which somebody works
SKIPPED = 5000  # one in so many ids belongs to an act that was rolled back
PAGE = 100  # rows of a screen
SAVED = 2000  # seals that are written at once

# What happens in a library, by share: mostly acts at a terminal, then views of people, then everything else.
EVENTS = """
INSERT INTO audit_auditevent (id, at, actor_kind, actor, operation, outcome, subject_type, subject_id, purpose,
    terminal, request_id, detail)
SELECT %(after)s + n + n / {skipped},
    %(first)s::timestamptz + (%(end)s::timestamptz - %(first)s::timestamptz) * (n::float8 / (%(count)s + 1)),
    'staff', 's' || 1 + n %% 120,
    CASE WHEN kind < 14 THEN 'circulation.lend' WHEN kind < 27 THEN 'circulation.return' WHEN kind < 36 THEN
        'patrons.view' WHEN kind < 39 THEN 'patrons.edit' ELSE 'access.sign_in' END,
    CASE WHEN kind >= 27 AND kind < 36 THEN 'viewed' WHEN n %% 199 = 0 THEN 'refused' ELSE 'done' END,
    CASE WHEN kind < 27 THEN '' WHEN kind < 39 THEN 'patron' ELSE 'staff' END,
    CASE WHEN kind < 27 THEN '' WHEN kind < 39 THEN (1 + n * 7919 %% 60000)::text ELSE 's' || 1 + n %% 120 END,
    CASE WHEN kind >= 27 AND kind < 36 THEN '窓口での照会' ELSE '' END,
    ('10.81.' || 1 + n %% 30 || '.' || 65 + n %% 8)::inet, md5(n::text), '{{}}'
FROM (SELECT n, n * 31 %% 40 AS kind FROM generate_series(1, %(count)s) AS n) AS drawn
"""
# One column each, all of them changes that leave the row plausible.
ALTERED = ("actor = 's0'", "at = at - interval '1 second'", "subject_id = subject_id || '1'", "terminal = NULL")


def months() -> Iterator[date]:
    """The months of the log, oldest first."""
    for number in range(MONTHS):
        whole = FIRST.month - 1 + number
        yield date(FIRST.year + whole // 12, whole % 12 + 1, 1)


def fill(events: int, key: Ed25519PrivateKey, said: Callable[[str], None]) -> None:
    """So many events in equal months, each month with its seals in one transaction: goes on where it was cut short."""
    began, made = time.monotonic(), 0
    count = -(-events // MONTHS)
    there = set(AuditSeal.objects.values_list("month", flat=True).distinct())
    for month in months():
        if month not in there:
            with transaction.atomic():
                _month(month, count, key)
            made += count
            said(f"{month:%Y-%m}: {made:,} events, {made / (time.monotonic() - began):,.0f}/s")


def _month(month: date, count: int, key: Ed25519PrivateKey) -> None:
    first, end = bounds(month)
    last = AuditSeal.objects.order_by("-number").first()
    after = last.top if last else 0
    values = {"after": after, "first": first, "end": end, "count": count}
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_make_month(%s)", [month])
        cursor.execute(EVENTS.format(skipped=SKIPPED), values)
    where = "at >= %s AND at < %s AND id > %s"
    sql = f"SELECT {queries.CANONICAL} FROM audit_auditevent WHERE {where} ORDER BY id"  # noqa: S608
    # Read whole before the first seal is written: one connection cannot do both.
    rows = [(int(line[: line.index(b"\t")]), tree.leaf(line)) for line in queries.copied(sql, [first, end, after])]
    minutes = [rows[place : place + EACH] for place in range(0, len(rows), EACH)]
    step = (end - first) / (len(minutes) + 1)
    fresh: list[AuditSeal] = []
    for number, minute in enumerate(minutes, 1):
        last = sealing.drawn_up(first + number * step, key, last, month, minute, [], minute[-1][0])
        fresh.append(last)
    AuditSeal.objects.bulk_create(fresh, SAVED)


def copy(path: Path) -> int:
    """Write the seals as the backup host keeps them, its own time before each; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for seal in queries.seals_after(0):
            statement = queries.statement_of(seal)
            out.write(f"{statement.at}\t{statement.text()}\t{seal.signature}\n")
            count += 1
    return count


def tamper(seed: int) -> list[list[Any]]:
    """Alter some rows, take one away and put one in; returns kind and number of each, as a verification names them."""
    random = Random(seed)  # noqa: S311
    done: list[list[Any]] = []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("CREATE TABLE bench_audit_was (LIKE audit_auditevent)")
        cursor.execute("CREATE TABLE bench_audit_changed (id bigint)")
        numbers = _existing(random, len(ALTERED) + 1)
        cursor.execute("INSERT INTO bench_audit_was SELECT * FROM audit_auditevent WHERE id = ANY(%s)", [numbers])
        for number, change in zip(numbers, ALTERED, strict=False):
            cursor.execute(f"UPDATE audit_auditevent SET {change} WHERE id = %s", [number])  # noqa: S608
            done.append(["altered", number])
        cursor.execute("DELETE FROM audit_auditevent WHERE id = %s", [numbers[-1]])
        done.append(["missing", numbers[-1]])
        # Under an id that a rolled back act had drawn: the only ones that nobody misses.
        stray = _rolled_back(cursor, numbers[0])
        cursor.execute(
            "INSERT INTO audit_auditevent SELECT %s, at, actor_kind, actor, operation, outcome, subject_type,"
            " subject_id, purpose, terminal, request_id, detail FROM audit_auditevent WHERE id = %s",
            [stray, numbers[0]],
        )
        done.append(["inserted", stray])
        cursor.executemany("INSERT INTO bench_audit_changed VALUES (%s)", [[number] for _, number in done])
    return sorted(done)


def _top() -> int:
    return int(AuditSeal.objects.order_by("-number").values_list("top", flat=True)[0])


def _existing(random: Random, count: int) -> list[int]:
    drawn = random.sample(range(1, _top()), count * 5)
    # Not at a month's edge: a second earlier would be another month's event.
    there = AuditEvent.objects.filter(pk__in=drawn, at__day__range=(3, 25))
    return list(there.order_by("pk").values_list("pk", flat=True)[:count])


def _rolled_back(cursor: Any, near: int) -> int:
    """An id without an event between two that have one; the next after `near`, else the first of all."""
    sql = (
        "SELECT id + 1 FROM (SELECT id, lead(id) OVER (ORDER BY id) AS next FROM audit_auditevent"
        " WHERE id BETWEEN %s AND %s) AS row WHERE next > id + 1 ORDER BY id LIMIT 1"
    )
    for begin in (near, 1):
        cursor.execute(sql, [begin, begin + 3 * SKIPPED])
        if found := cursor.fetchone():
            return int(found[0])
    raise RuntimeError("no act of this log was rolled back")


def mend() -> None:
    """Put back what `tamper` changed, also after a run that was cut short; nothing when there is nothing."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('bench_audit_was') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM audit_auditevent WHERE id IN (SELECT id FROM bench_audit_changed)")
        cursor.execute("INSERT INTO audit_auditevent SELECT * FROM bench_audit_was")
        cursor.execute("DROP TABLE bench_audit_was, bench_audit_changed")


def questions(seed: int) -> dict[str, float]:
    """Seconds until the first page of each kind of search over all years stands there (F-AUD-004)."""
    random = Random(seed)  # noqa: S311
    *_, final = months()
    since, until = FIRST, bounds(final)[1].date()
    after = random.randrange(_top() // 2)
    one = AuditEvent.objects.filter(pk__gt=after, subject_type="patron").order_by("pk")[0]
    asked: dict[str, dict[str, Any]] = {
        "person": {"subject_type": "patron", "subject_id": one.subject_id},
        "actor": {"actor": one.actor},
        "operation": {"operation": "access."},
        "terminal": {"terminal": str(one.terminal)},
        "refused": {"outcome": "refused"},
        "everything": {},
        "nothing": {"operation": "nobody.ever"},
    }
    found = {}
    for name, words in asked.items():
        began = time.monotonic()
        rows = list(queries.search(since, until, **words)[:PAGE])
        found[name] = time.monotonic() - began
        if bool(rows) == (name == "nothing"):
            raise RuntimeError(f"the search for {name} found {len(rows)} events")
    return found
