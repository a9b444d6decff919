"""What a terminal writes down while the line is cut, only the application can read: each record is sealed in the
browser to a public key of ours (P-256, HKDF, AES-256-GCM). A stolen terminal tells nothing."""

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

CURVE = ec.SECP256R1()
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
INFO = b"kura offline record"
LEND, RETURN, USE = "lend", "return", "use"
KINDS = (LEND, RETURN, USE)


@dataclass(frozen=True)
class Record:
    """One scan of the dark hours: what, when, which item, and for a loan the card or the token of who was open."""

    id: UUID
    kind: str
    at: datetime
    barcode: str
    card: str = ""
    token: str = ""
    on_date: str = ""
    """The day a return counts for (book drop), empty for the day of `at`."""
    staff: str = ""


@lru_cache(maxsize=2)
def _private(secret: str) -> ec.EllipticCurvePrivateKey:
    stream = HKDF(SHA256(), 48, None, b"kura offline private key").derive(secret.encode())
    return ec.derive_private_key(int.from_bytes(stream) % (ORDER - 1) + 1, CURVE)


def public_key() -> str:
    """The key that browsers seal to: an uncompressed point, base64."""
    point = _private(settings.SECRET_KEY).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.b64encode(point).decode()


def opened(id_: str, sealed: dict[str, Any]) -> Record | None:
    """The record that a browser sealed (`e` ephemeral point, `iv`, `c` ciphertext, base64); None when it is not ours
    or says nothing sensible."""
    try:
        point, nonce, body = (base64.b64decode(sealed[name]) for name in ("e", "iv", "c"))
        other = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, point)
        shared = _private(settings.SECRET_KEY).exchange(ec.ECDH(), other)
        key = HKDF(SHA256(), 32, None, INFO).derive(shared)
        said = json.loads(AESGCM(key).decrypt(nonce, body, id_.encode()))
        at = datetime.fromisoformat(said["at"])
        record = Record(
            UUID(id_),
            said["kind"],
            at,
            str(said["barcode"])[:20],
            str(said.get("card", ""))[:20],
            str(said.get("token", ""))[:400],
            str(said.get("on_date", ""))[:10],
            str(said.get("staff", ""))[:40],
        )
    except (InvalidTag, ValueError, KeyError, TypeError):
        return None
    return record if record.kind in KINDS and at.tzinfo is not None else None
