"""Does the log still say what was sealed? Every seal, every event; names what was altered, is missing or was inserted.

Reads only. A month at a time in the order of ids, so that memory holds one month's seals and the batches under way, and
an interrupted run goes on at the month it had reached.
"""

import base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from app.audit import tree
from app.audit.models import AuditDisposal, AuditSeal
from app.audit.queries import CANONICAL, copied, seals_after, statement_of

ZONE = ZoneInfo("Asia/Tokyo")
KEEP_YEARS = 6
MOST_FAULTS = 1000
KINDS = {
    "altered": "書き換え",
    "missing": "欠け",
    "inserted": "差し込み",
    "batch": "束の不一致",
    "chain": "封印のつながり",
    "signature": "署名",
    "copy": "保管先との不一致",
    "disposal": "期限前の廃棄",
}


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: its kind (KINDS), the seal and the event it concerns, in words."""

    kind: str
    seal: int | None
    event: int | None
    text: str


@dataclass
class Report:
    """What a verification found. `faults` ends at a thousand; `count` goes on."""

    events: int = 0
    seals: int = 0
    unsealed: int = 0
    copied: int = 0
    disposed: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    count: int = 0

    def add(self, kind: str, text: str, seal: int | None = None, event: int | None = None) -> None:
        """Note a fault."""
        self.count += 1
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(Fault(kind, seal, event, text))


Keys = dict[str, Ed25519PublicKey]
Say = Callable[[str], None]


def chain(report: Report, keys: Keys, copy: Iterable[str] | None) -> AuditSeal | None:
    """Check that the seals follow each other, are signed, and are those that were copied away; returns the last.

    `copy` are lines of `statement TAB signature` in the order of numbers. A single SQL statement.
    """
    kept = iter(copy) if copy is not None else None
    last: AuditSeal | None = None
    previous = tree.GENESIS
    for seal in seals_after(0):
        expected = last.number + 1 if last else 1
        statement = statement_of(seal)
        if seal.number != expected:
            report.add("chain", f"封印{expected}から{seal.number - 1}までがありません。", seal.number)
        elif seal.previous != previous:
            report.add("chain", f"封印{seal.number}が前の封印とつながりません。", seal.number)
        if keys:
            _check_signature(report, keys, seal, statement.text())
        if kept is not None:
            _check_copy(report, kept, seal, statement.text())
        previous, last = statement.digest(), seal
        report.seals += 1
    for line in kept or ():
        number = line.partition('"number":')[2].partition(",")[0]
        report.add(
            "chain", f"保管先にある封印{number}がデータベースにありません。", int(number) if number.isdigit() else None
        )
    return last


def _check_signature(report: Report, keys: Keys, seal: AuditSeal, text: str) -> None:
    key = keys.get(seal.key)
    if key is None:
        words = (
            f"封印{seal.number}の鍵({seal.key})を知りません。" if seal.key else f"封印{seal.number}に署名がありません。"
        )
        report.add("signature", words, seal.number)
        return
    try:
        key.verify(base64.b64decode(seal.signature), text.encode())
    except (InvalidSignature, ValueError):
        report.add("signature", f"封印{seal.number}の署名が合いません。", seal.number)


def _check_copy(report: Report, kept: Iterator[str], seal: AuditSeal, text: str) -> None:
    line = next(kept, None)
    if line is None:
        return  # not copied yet; the report tells how many were
    report.copied += 1
    if line.rstrip("\n") != f"{text}\t{seal.signature}":
        report.add("copy", f"封印{seal.number}が保管先のものと違います。", seal.number)


def bounds(month: date) -> tuple[datetime, datetime]:
    """The first moment of a month and of the next, as the partitions have them."""
    after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    return datetime.combine(month, time.min, ZONE), datetime.combine(after, time.min, ZONE)


@dataclass
class _Batch:
    """One seal and the leaves that were read of it so far; None where an event is missing."""

    seal: AuditSeal
    leaves: list[bytes | None] = field(default_factory=list)


class Month:
    """The events of one month against its seals."""

    def __init__(self, report: Report, month: date, last: AuditSeal) -> None:
        self.report, self.month = report, month
        self.top = last.top
        self.open = [span for row in tree.waiting_read(last.waiting) for span in row.spans]
        self.batches = [_Batch(seal) for seal in AuditSeal.objects.filter(month=month, count__gt=0).order_by("number")]
        slots = [(first, end, batch) for batch in self.batches for first, end in tree.read(batch.seal.spans)]
        self.slots = sorted(slots, key=lambda slot: slot[0])

    def check(self) -> None:
        """Read the month's events and compare. Two SQL statements."""
        slots, at = self.slots, 0
        want = slots[0][0] if slots else 0
        for line in _lines(*bounds(self.month)):
            number = int(line[: line.index(b"\t")])
            self.report.events += 1
            while at < len(slots) and number > slots[at][1]:
                self._missing(slots[at][2], want, slots[at][1])
                at += 1
                want = slots[at][0] if at < len(slots) else 0
            if at == len(slots) or number < want:
                self._stray(number)
                continue
            _, end, batch = slots[at]
            if number > want:
                self._missing(batch, want, number - 1)
            batch.leaves.append(tree.leaf(line))
            if number == end:
                self._judge(batch)
                at += 1
                want = slots[at][0] if at < len(slots) else 0
            else:
                want = number + 1
        for first, end, batch in slots[at:]:
            self._missing(batch, max(first, want), end)
            want = 0

    def _missing(self, batch: _Batch, first: int, end: int) -> None:
        batch.leaves += [None] * (end - first + 1)
        for number in range(first, min(end, first + MOST_FAULTS) + 1):
            self.report.add(
                "missing", f"記録{number}がありません（封印{batch.seal.number}）。", batch.seal.number, number
            )
        self._judge(batch)

    def _stray(self, number: int) -> None:
        """An event that no seal of its month has: not sealed yet, or put where nothing could be written any more."""
        if number > self.top or any(first <= number <= end for first, end in self.open):
            self.report.unsealed += 1
        else:
            self.report.add("inserted", f"記録{number}は封印の後に差し込まれました。", None, number)

    def _judge(self, batch: _Batch) -> None:
        """Once all of a batch is read: its root, and where that is wrong the events that are."""
        seal, leaves = batch.seal, batch.leaves
        if len(leaves) < seal.count:
            return
        whole = [one for one in leaves if one is not None]
        if len(whole) == len(leaves) and tree.root(whole) == seal.root:
            batch.leaves = []
            return
        ids = [number for first, end in tree.read(seal.spans) for number in range(first, end + 1)]
        marks = bytes(seal.prints)
        found = [
            ids[place]
            for place, one in enumerate(leaves)
            if one is not None and one[: tree.PRINT] != marks[place * tree.PRINT : (place + 1) * tree.PRINT]
        ]
        for number in found:
            self.report.add(
                "altered", f"記録{number}が書き換えられています（封印{seal.number}）。", seal.number, number
            )
        if not found and len(whole) == len(leaves):
            self.report.add("batch", f"封印{seal.number}の束が封印と違います。", seal.number)
        batch.leaves = []


def _lines(first: datetime, end: datetime) -> Iterator[bytes]:
    sql = f"SELECT {CANONICAL} FROM audit_auditevent WHERE at >= %s AND at < %s ORDER BY id, at"  # noqa: S608
    return copied(sql, [first, end])


def elsewhere(report: Report, months: list[date], last: AuditSeal | None) -> None:
    """Events in months that no seal has: new ones, or ones that were put there. A SQL statement for each gap."""
    top = last.top if last else 0
    waiting = [span for row in tree.waiting_read(last.waiting) for span in row.spans] if last else []
    edges = [bounds(month) for month in months]
    begins = ["-infinity", *(end for _, end in edges)]
    ends = [*(first for first, _ in edges), "infinity"]
    for begin, end in zip(begins, ends, strict=True):
        if begin == end:
            continue
        sql = "SELECT id FROM audit_auditevent WHERE at >= %s::timestamptz AND at < %s::timestamptz ORDER BY id"
        for line in copied(sql, [begin, end]):
            number = int(line)
            report.events += 1
            if number > top or any(first <= number <= until for first, until in waiting):
                report.unsealed += 1
            else:
                report.add("inserted", f"記録{number}は封印の後に差し込まれました。", None, number)


def verify(
    keys: Keys | None = None,
    copy: Iterable[str] | None = None,
    done: Iterable[date] = (),
    say: Callable[[date, Report], None] = lambda month, report: None,
) -> Report:
    """Verify seals and events; `done` are months that an interrupted run has verified, `say` hears of each month.

    `keys` are the public keys by name; without them signatures are not looked at. `copy`: see `chain`.
    """
    report = Report()
    last = chain(report, keys or {}, copy)
    disposed = _disposals(report)
    months = list(AuditSeal.objects.order_by("month").values_list("month", flat=True).distinct())
    for month in months:
        if last is None or month in done:
            continue
        judge = Month(report, month, last)
        if month in disposed:
            judge.slots = []  # what is there after all was inserted
        judge.check()
        say(month, report)
    elsewhere(report, months, last)
    return report


def _disposals(report: Report) -> set[date]:
    """The months whose events were disposed of; one that ended before its time is a fault."""
    found = set()
    for row in AuditDisposal.objects.exclude(done_at=None):
        found.add(row.month)
        report.disposed.append(f"{row.month:%Y-%m} {row.rows}件 申請{row.requested_by} 承認{row.approved_by}")
        _, end = bounds(row.month)
        if row.done_at < end.replace(year=end.year + KEEP_YEARS):
            report.add("disposal", f"{row.month:%Y年%m月}の記録が6年を待たずに廃棄されています。")
    return found
