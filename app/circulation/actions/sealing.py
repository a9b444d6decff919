"""What undoing a return needs, held by the counter's page alone.

A return cuts the patron from the item, by law and at once; a mistaken one must be put right a minute later, with the
same patron and the same due date. So the answer to a return carries a token: the loan's fields, sealed. Why nothing of
the pair is at rest anywhere:

- The server keeps no token. It goes out in one answer, stands in the memory of one page, and comes back in the body of
  one POST, which no log of ours has. Nothing of it is written to the database, and sessions know nothing of it.
- The token opens only with a key made of two halves: random bytes of the five minutes in which it was made, and the
  application's own secret, which stands on the application hosts and never on the database's.
- The random half is forgotten. It stands in an UNLOGGED table: not in the write-ahead log, so in no archive, no standby
  and no restored point in time. Its row is deleted ten minutes after its time (the next return does it, else a job
  every five minutes); no process keeps it. From then on nobody can open the token: not with a copy of the page, not
  with every table, every backup and every secret of the appliance.
- While the key lives, whoever has the page, the terminal's address and a sign-in could read what the counter itself
  could undo, and nothing else: a token speaks of one loan.

A token is good for ten minutes, at the terminal where the item was returned, once.
"""

import base64
import hashlib
import json
import os
import struct
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from app.access.actor import Actor
from app.circulation.models import Loan, UndoKey

EPOCH_SECONDS = 300
KEPT_EPOCHS = 2
UNDO_WITHIN = timedelta(seconds=EPOCH_SECONDS * KEPT_EPOCHS)
NONCE, HEADER = 12, 8


@dataclass(frozen=True)
class Sealed:
    """What a token says: the loan as it was, and how its return was counted."""

    barcode: str
    patron_id: int
    branch_id: int
    lent_at: datetime
    due_on: date
    renewed: int
    terminal: str | None
    without_card: bool
    due_changed_by: str
    due_reason: str
    compensation: str
    compensation_on: date | None
    returned_at: datetime
    returned_on: date
    return_branch_id: int
    counted: bool


def epoch_of(now: datetime) -> int:
    """The number of the five minutes that a moment is in."""
    return int(now.timestamp()) // EPOCH_SECONDS


def _key(secret: bytes) -> AESGCM:
    salt = hashlib.sha256(settings.SECRET_KEY.encode()).digest()
    return AESGCM(HKDF(SHA256(), 32, salt, b"kura undo of a return").derive(bytes(secret)))


def _secret_of(epoch: int) -> bytes:
    """The random half of an epoch's key, made when it is not there; old halves go then. One SQL statement, or
    four at the first return of an epoch."""
    there = UndoKey.objects.filter(epoch=epoch).values_list("secret", flat=True).first()
    if there is None:
        forget_keys(epoch)
        # Two counters may begin an epoch together: whoever comes second takes the first one's.
        UndoKey.objects.bulk_create([UndoKey(epoch=epoch, secret=os.urandom(32))], ignore_conflicts=True)
        there = UndoKey.objects.values_list("secret", flat=True).get(epoch=epoch)
    return bytes(there)


def forget_keys(epoch: int) -> int:
    """Delete the halves that no valid token needs any more; returns how many. One SQL statement."""
    return UndoKey.objects.filter(epoch__lt=epoch - KEPT_EPOCHS).delete()[0]


def forget_old_keys(now: datetime) -> int:
    """The same by the clock, for the job."""
    return forget_keys(epoch_of(now))


def seal_return(
    actor: Actor, loan: Loan, barcode: str, branch_id: int, on_date: date, counted: bool, now: datetime
) -> str:
    """The token that undoes this return. One SQL statement."""
    content = {
        "barcode": barcode,
        "patron_id": loan.patron_id,
        "branch_id": loan.branch_id,
        "lent_at": loan.lent_at.isoformat(),
        "due_on": loan.due_on.isoformat(),
        "renewed": loan.renewed,
        "terminal": loan.terminal,
        "without_card": loan.without_card,
        "due_changed_by": loan.due_changed_by,
        "due_reason": loan.due_reason,
        "compensation": loan.compensation,
        "compensation_on": loan.compensation_on.isoformat() if loan.compensation_on else None,
        "returned_at": now.isoformat(),
        "returned_on": on_date.isoformat(),
        "return_branch_id": branch_id,
        "counted": counted,
    }
    epoch, nonce = epoch_of(now), os.urandom(NONCE)
    body = _key(_secret_of(epoch)).encrypt(nonce, json.dumps(content, ensure_ascii=False).encode(), _bound(actor))
    return base64.urlsafe_b64encode(struct.pack(">q", epoch) + nonce + body).decode()


def open_return(actor: Actor, token: str, now: datetime) -> Sealed | None:
    """What a token of this terminal says; None when it is too old, of another terminal, or no token.

    One SQL statement.
    """
    try:
        raw = base64.urlsafe_b64decode(token.encode())
        (epoch,) = struct.unpack(">q", raw[:HEADER])
    except (ValueError, struct.error):
        return None
    secret = UndoKey.objects.filter(epoch=epoch).values_list("secret", flat=True).first()
    if secret is None:
        return None
    try:
        plain = _key(secret).decrypt(raw[HEADER : HEADER + NONCE], raw[HEADER + NONCE :], _bound(actor))
    except (InvalidTag, ValueError):
        return None
    found = json.loads(plain)
    for name in ("lent_at", "returned_at"):
        found[name] = datetime.fromisoformat(found[name])
    for name in ("due_on", "returned_on", "compensation_on"):
        found[name] = date.fromisoformat(found[name]) if found[name] else None
    content = Sealed(**found)
    return content if timedelta(0) <= now - content.returned_at <= UNDO_WITHIN else None


def _bound(actor: Actor) -> bytes:
    return f"kura undo {actor.terminal or ''}".encode()
