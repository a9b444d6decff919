"""Small sealed texts that a page carries for us: nobody but the application reads or changes them."""

import base64
import json
import os
import time
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE = 12


@lru_cache(maxsize=16)
def _cipher(secret: str, purpose: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, f"kura token {purpose}".encode()).derive(secret.encode()))


def seal(value: Any, purpose: str) -> str:
    """The value (anything JSON can say) with the time, readable only by `unseal` with the same purpose."""
    body = json.dumps([int(time.time()), value], ensure_ascii=False).encode()
    nonce = os.urandom(NONCE)
    sealed = _cipher(settings.SECRET_KEY, purpose).encrypt(nonce, body, None)
    return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")


def unseal(text: str, purpose: str, max_age: int) -> Any:
    """What was sealed within `max_age` seconds; None for anything else (too old, another purpose, no token)."""
    try:
        raw = base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
        at, value = json.loads(_cipher(settings.SECRET_KEY, purpose).decrypt(raw[:NONCE], raw[NONCE:], None))
    except (InvalidTag, ValueError, TypeError):
        return None
    return value if 0 <= time.time() - at + 1 <= max_age + 1 else None
