"""Sealing the log: every minute the events that are new are put under a signed, chained root.

What is hard about it is that ids are not given in the order in which transactions end: id 100 may be written by a
transaction that commits after id 101 was sealed, or by one that never commits. Neither may be mistaken for a row that
somebody inserted or took away, so the ids that a seal leaves out are accounted for:

1. Whoever inserts holds the lock ROW EXCLUSIVE on the log from before its id is drawn until its transaction ends. The
   sealer first reads who holds that lock (`writers`), then reads the new rows with a later snapshot. An id that is not
   among them belongs to one of those writers, or to a transaction that had ended by then and rolled back. (PostgreSQL
   itself waits for lockers in this way when it builds an index concurrently. Transaction numbers would not do: a
   transaction draws its id a moment before it has a number.)
2. Ids left out are `waiting` for those writers, and the seal says so. The next seal takes in what they committed.
   Once none of them holds the lock any more, the ids are closed: nothing can be written under them in good faith, and
   `audit verify` calls a row that appears there inserted.

Thus every id up to the last sealed one is sealed in exactly one batch, waiting, or closed; none is guessed about, and
nobody is held up: the sealer takes no lock that a counter waits for. A restart or a restore ends all transactions, so
all that waited is closed or read at the next seal. A batch has events of one month only, so that a month's disposal
takes whole batches.

What sealing cannot tell: whether a row was true when it was written, or was altered in the minute before it was sealed.
"""

import base64
from datetime import date, datetime
from hashlib import sha256
from itertools import groupby

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from django.db import connection, transaction

from app.audit import tree
from app.audit.models import AuditSeal, SealCopy
from app.audit.queries import CANONICAL, MONTH, copied, statement_of

LOCK = 7_461_826  # a number of our own: one sealer at a time
BATCH = 50_000

WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'audit_auditevent'::regclass AND mode = 'RowExclusiveLock' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()
"""


def load_key(pem: bytes) -> Ed25519PrivateKey:
    """The signing key of a PEM file. ValueError when it holds another kind of key."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the key of the seals must be an Ed25519 key")
    return key


def key_name(key: Ed25519PublicKey) -> str:
    """How seals name the key that signed them."""
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def seal(now: datetime, key: Ed25519PrivateKey | None = None, batch: int = BATCH) -> list[AuditSeal]:
    """Seal every event that is new, signed when there is a key; returns the new seals, oldest first (often none).

    One sealer works at a time: a second one returns nothing. Four SQL statements and one for each seal.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return []
    made: list[AuditSeal] = []
    try:
        while fresh := _seal_once(now, key, batch):
            made += fresh
            if sum(one.count for one in fresh) < batch:
                break
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return made


@transaction.atomic
def _seal_once(now: datetime, key: Ed25519PrivateKey | None, batch: int) -> list[AuditSeal]:
    last = AuditSeal.objects.order_by("-number").first()
    before = tree.waiting_read(last.waiting) if last else []
    top = last.top if last else 0
    with connection.cursor() as cursor:
        cursor.execute(WRITERS)
        writers = {row[0] for row in cursor.fetchall()}
    rows = _fresh(top, before, batch)
    waiting = _still_waiting(top, before, writers, [number for number, _, _ in rows])
    if not rows and (last is None or tree.waiting_written(waiting) == last.waiting):
        return []
    if not rows:  # nothing new, but what waited is closed: said at once, so that nothing can be put there
        return [_kept(drawn_up(now, key, last, last.month, [], waiting, top))]
    made = []
    top = max(top, *(number for number, _, _ in rows))
    for month, group in groupby(sorted(rows, key=lambda row: (row[1], row[0])), key=lambda row: row[1]):
        last = _kept(drawn_up(now, key, last, month, [(number, leaf) for number, _, leaf in group], waiting, top))
        made.append(last)
    return made


def _fresh(top: int, waiting: list[tree.Waiting], batch: int) -> list[tuple[int, date, bytes]]:
    """Id, month and leaf of at most `batch` events that are in no seal, by id. One SQL statement."""
    spans = [span for row in waiting for span in row.spans]
    where = " OR ".join(["id > %s", *("id BETWEEN %s AND %s" for _ in spans)])
    values = [top, *(number for span in spans for number in span)]
    sql = f"SELECT {MONTH}, {CANONICAL} FROM audit_auditevent WHERE {where} ORDER BY id LIMIT {int(batch)}"  # noqa: S608
    found = []
    for line in copied(sql, values):
        month, _, canonical = line.partition(b"\t")
        found.append((int(canonical.partition(b"\t")[0]), date.fromisoformat(month.decode()), tree.leaf(canonical)))
    return found


def _still_waiting(top: int, before: list[tree.Waiting], writers: set[str], ids: list[int]) -> list[tree.Waiting]:
    """Which ids wait after these were read: those from before whose writers go on, and the new gaps."""
    taken = tree.spans_of(ids)
    kept = []
    for row in before:
        going = tuple(sorted(writers.intersection(row.writers)))
        left = [part for span in row.spans for part in tree.without(span, taken)]
        if going and left:
            kept.append(tree.Waiting(left, going))
    fresh = tree.gaps([span for span in taken if span[1] > top], top)
    return [*kept, tree.Waiting(fresh, tuple(sorted(writers)))] if fresh and writers else kept


def _kept(new: AuditSeal) -> AuditSeal:
    new.save(force_insert=True)
    return new


def drawn_up(
    now: datetime,
    key: Ed25519PrivateKey | None,
    last: AuditSeal | None,
    month: date,
    rows: list[tuple[int, bytes]],
    waiting: list[tree.Waiting],
    top: int,
) -> AuditSeal:
    """The seal that follows `last` over these ids and leaves, signed when there is a key, and not saved yet."""
    leaves = [leaf for _, leaf in rows]
    marks = tree.prints(leaves)
    new = AuditSeal(
        number=last.number + 1 if last else 1,
        at=now,
        month=month,
        count=len(rows),
        spans=tree.written(tree.spans_of(number for number, _ in rows)),
        top=top,
        root=tree.root(leaves),
        prints=marks,
        waiting=tree.waiting_written(waiting),
        previous=statement_of(last).digest() if last else tree.GENESIS,
        key=key_name(key.public_key()) if key else "",
    )
    if key:
        new.signature = base64.b64encode(key.sign(statement_of(new).text().encode())).decode()
    return new


def note_copied(keeper: str, number: int, now: datetime) -> None:
    """Remember up to which seal the keeper has them; monitoring tells when that falls behind. One SQL statement."""
    SealCopy.objects.update_or_create(keeper=keeper, defaults={"number": number, "at": now})
