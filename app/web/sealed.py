"""Columns that the database keeps without being able to read them, and keyed look-ups over them.

A value is sealed with AES-256-GCM under the first key of `settings.FIELD_KEYS`; every key of the ring opens. What is
stored is `format (1 byte) · key id (1 byte) · nonce (12 bytes) · ciphertext and tag`; the nonce is random, so equal
values differ, and the column's name is authenticated, so a value moved to another column does not open. An empty value
is stored as zero bytes: that something is missing is no secret.

Look-ups compare keyed hashes: `blind` for a whole value, `prefixes` for the beginnings of a reading. Equal values have
equal hashes; without the key nobody can compute one, with a copy of the table one can still count how often each comes.

Keys stand in the application hosts' configuration only (`field_keys` and `field_index_secret` of
/etc/kura/library.json, from the controller's `secrets/library_field_key_<id>` and `secrets/library_field_index`), never
on the database's host nor in its backups. Whoever loses the controller's secrets *and* the application hosts (and
their own, separately encrypted backups of /etc) has lost every name, address and phone in the register, for good: the
copy of `secrets/` belongs in the safe. To change the key put a new id in front of `library_field_keys`
(playbooks/site.yml), deploy, run `manage reseal`, then take the old id out, unless `reseal` says that the audit log
still needs it: what was typed there about a person is sealed for as long as the log is kept.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.core.signals import setting_changed
from django.db import models

FORMAT = 1
NONCE = 12
HEADER = 2 + NONCE
LEAST_SECRET = 32  # characters
BLIND_BYTES = 9  # 72 bits: no two of a city's values meet by chance; twelve characters without padding


class Unsealable(Exception):
    """A stored value that no key of the ring opens: a lost key, a damaged row, or a value of another column."""


@dataclass(frozen=True)
class Ring:
    """The keys in use: `first` seals, all open."""

    first: int
    keys: Mapping[int, AESGCM]


def _derived(secret: str, purpose: str) -> bytes:
    if len(secret) < LEAST_SECRET:
        raise ImproperlyConfigured(f"a secret for sealed columns needs at least {LEAST_SECRET} characters")
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret.encode())


@lru_cache(maxsize=1)
def ring() -> Ring:
    """The ring of `settings.FIELD_KEYS`, a list of {"id": 1…255, "secret": text}. ImproperlyConfigured when unsound."""
    rows = getattr(settings, "FIELD_KEYS", None)
    if not rows:
        raise ImproperlyConfigured("FIELD_KEYS is empty: sealed columns can be neither written nor read")
    keys = {int(row["id"]): AESGCM(_derived(row["secret"], "kura sealed column")) for row in rows}
    if len(keys) != len(rows) or not all(0 < number < 256 for number in keys):
        raise ImproperlyConfigured("FIELD_KEYS: ids are different numbers from 1 to 255")
    return Ring(int(rows[0]["id"]), keys)


@lru_cache(maxsize=64)
def _index_key(context: str) -> bytes:
    return _derived(getattr(settings, "FIELD_INDEX_SECRET", ""), f"kura blind index {context}")


def forget_keys(*, setting: str = "", **_: Any) -> None:
    """Read the keys anew at their next use (tests change them)."""
    if setting in ("", "FIELD_KEYS", "FIELD_INDEX_SECRET"):
        ring.cache_clear()
        _index_key.cache_clear()


setting_changed.connect(forget_keys)


def seal(text: str, context: str) -> bytes:
    """The sealed form of a text for the column `context`; an empty text gives zero bytes."""
    if not text:
        return b""
    keys = ring()
    nonce = os.urandom(NONCE)
    return bytes((FORMAT, keys.first)) + nonce + keys.keys[keys.first].encrypt(nonce, text.encode(), context.encode())


def unseal(stored: bytes | memoryview, context: str) -> str:
    """The text of a sealed value of the column `context`. Unsealable when no key of the ring opens it."""
    value = bytes(stored)
    if not value:
        return ""
    if len(value) <= HEADER or value[0] != FORMAT:
        raise Unsealable(f"{context}: not a sealed value")
    key = ring().keys.get(value[1])
    if key is None:
        raise Unsealable(f"{context}: sealed with key {value[1]}, which is not in the ring")
    try:
        return key.decrypt(value[2:HEADER], value[HEADER:], context.encode()).decode()
    except InvalidTag:
        raise Unsealable(f"{context}: damaged, or of another column") from None


def key_of(stored: bytes | memoryview) -> int | None:
    """The id of the key that sealed a value; None for an empty one."""
    value = bytes(stored)
    return value[1] if len(value) > HEADER else None


def blind(text: str, context: str) -> str:
    """The keyed hash of a value for exact look-ups: twelve characters, another for each context. Empty for empty.

    The caller brings the value into the form that is compared (katakana without spaces, digits only).
    """
    if not text:
        return ""
    digest = hmac.digest(_index_key(context), text.encode(), hashlib.sha256)[:BLIND_BYTES]
    return base64.urlsafe_b64encode(digest).decode()


def prefixes(text: str, context: str, longest: int = 6) -> list[str]:
    """The keyed hashes of the first 1 … `longest` characters. To search, take `blind(typed[:longest], context)`.

    What is typed beyond `longest` has to be compared after opening the few rows that are found.
    """
    return [blind(text[:length], context) for length in range(1, min(len(text), longest) + 1)]


class SealedTextField(models.Field):
    """A text that the database holds sealed. Reads and writes are plain; look-ups are refused but `isnull`.

    `context` names the column inside the seal; by default `app.model.field`. A renamed model or field must keep it.
    """

    description = "sealed text"
    empty_strings_allowed = True

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        self._context = context
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        if self._context:
            kwargs["context"] = self._context
        return name, path, args, kwargs

    @property
    def context(self) -> str:
        """The name that is authenticated with every value."""
        return self._context or f"{self.model._meta.label_lower}.{self.name}"

    def get_internal_type(self) -> str:
        return "BinaryField"

    def get_placeholder(self, value: Any, compiler: Any, connection: Any) -> Any:
        return "%s"

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.context} is sealed: look it up by its blind index")
        return super().get_lookup(lookup_name)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else self.parse(unseal(value, self.context))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        if value is None and not self.null:
            return b""
        if value is None or isinstance(value, bytes | memoryview) or hasattr(value, "as_sql"):
            return value
        return connection.Database.Binary(self.sealed(value))

    def get_default(self) -> Any:
        return super().get_default() if self.has_default() else self.parse("")

    def value_to_string(self, obj: Any) -> str:
        return self.text(self.value_from_object(obj))

    def sealed(self, value: Any) -> bytes:
        """The stored form of a value, for loaders that write past the ORM (COPY)."""
        return seal(self.text(value), self.context)

    def text(self, value: Any) -> str:
        """The value as the text that is sealed."""
        return str(value)

    def parse(self, text: str) -> Any:
        """The text that was sealed as the value."""
        return text


class SealedDateField(SealedTextField):
    """A date or nothing, sealed."""

    description = "sealed date"

    def text(self, value: Any) -> str:
        return value.isoformat() if isinstance(value, date) else str(value or "")

    def parse(self, text: str) -> Any:
        return date.fromisoformat(text) if text else None


class SealedJSONField(SealedTextField):
    """A list or dict of plain values, sealed; by default an empty list."""

    description = "sealed JSON"

    def text(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")) if value else ""

    def parse(self, text: str) -> Any:
        return json.loads(text) if text else []


MARK = "sealed:"
UNREADABLE = "（鍵がないため読めません）"


def closed(text: str, context: str) -> str:
    """A text sealed as text, for a WordsField: `sealed:<key id>:<base64>`. Empty for empty."""
    if not text:
        return ""
    value = seal(text, context)
    return f"{MARK}{key_of(value)}:{base64.urlsafe_b64encode(value).decode()}"


def opened(stored: str, context: str) -> str:
    """What was `closed`; any other text as it is. One that no key opens says so: a list is read all the same."""
    if not stored.startswith(MARK):
        return stored
    try:
        return unseal(base64.urlsafe_b64decode(stored.rpartition(":")[2]), context)
    except (ValueError, Unsealable):
        return UNREADABLE


class WordsField(models.CharField):
    """A text of an append-only table: plain where the program says it, `closed` where somebody typed it of a person.

    Reads are plain, look-ups find plain texts only. Such rows are never sealed anew: their key stays in the ring,
    behind the new one, for as long as they are kept (`manage reseal` names it).
    """

    description = "text, sealed where it was typed"

    @property
    def context(self) -> str:
        """The name that is authenticated with every sealed value."""
        return f"{self.model._meta.label_lower}.{self.name}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return value if value is None else opened(value, self.context)


def sealed_fields(model: type[models.Model]) -> list[SealedTextField]:
    """The sealed columns of a model."""
    return [field for field in model._meta.concrete_fields if isinstance(field, SealedTextField)]
