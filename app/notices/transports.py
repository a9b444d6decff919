"""How a notice leaves: SMTP to the mail server on this host, HTTP to another system, a file in a folder.

Every transport answers in one of four ways. `Handed`: the other side has it. `Refused`: it will never have it (no such
mailbox). `Later`: not now. `Unknown`: the line went dead after the text was sent; whether the other side has it must be
found out (`actions.sending`). The token makes each of them safe to repeat: it is the mail's Message-ID and envelope
sender, the request's Idempotency-Key, the file's name.
"""

import json
import os
import smtplib
import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from app.notices.codes import Adapter

TIMEOUT_SECONDS = 20
SENDER = "notice"  # the local part of From
RETURN = "n"  # the local part of the envelope sender, before +token


@dataclass(frozen=True)
class Letter:
    """One text for one address."""

    token: str
    to: str
    subject: str
    body: str
    library: str
    domain: str
    kind: str
    at: datetime


@dataclass(frozen=True)
class Handed:
    """The other side has it."""


@dataclass(frozen=True)
class Refused:
    """It will never arrive; `code` says why (5.1.1)."""

    code: str


@dataclass(frozen=True)
class Later:
    """Not now; `why` for the log."""

    why: str


@dataclass(frozen=True)
class Unknown:
    """The text was sent and no answer came."""


Answer = Handed | Refused | Later | Unknown


class Transport(Protocol):
    """Hands over one letter."""

    def hand(self, letter: Letter) -> Answer:
        """Hand over one letter; never raises for what the network does."""

    def close(self) -> None:
        """The run is over."""


def message(letter: Letter) -> EmailMessage:
    """The mail: plain text in UTF-8, one recipient, marked as sent by a machine so that no machine answers."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(letter.library, SENDER, letter.domain)
    mail["To"] = letter.to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(letter.at)
    mail["Message-ID"] = f"<{RETURN}.{letter.token}@{letter.domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.body, charset="utf-8", cte="base64")
    return mail


class Mail:
    """SMTP to the server on this host; one connection for a run, one transaction and one recipient for a letter."""

    def __init__(self) -> None:
        self.connection: smtplib.SMTP | None = None

    def hand(self, letter: Letter) -> Answer:
        """See Transport. Replies count; a line that breaks after DATA leaves the answer unknown."""
        sent = False
        try:
            text = message(letter).as_bytes()
            server = self._connected()
            server.ehlo_or_helo_if_needed()
            code, said = server.mail(f"{RETURN}+{letter.token}@return.{letter.domain}")
            if code == 250:
                code, said = server.rcpt(letter.to)
            if code not in (250, 251):
                server.rset()
                return _judged(code, said)
            sent = True
            code, said = server.data(text)
            return Handed() if code == 250 else _judged(code, said)
        except ValueError:  # an address that no mail header can hold
            return Refused("5.1.3")
        except smtplib.SMTPDataError as error:
            return _judged(error.smtp_code, error.smtp_error)
        except (OSError, smtplib.SMTPException) as error:
            self.connection = None
            return Unknown() if sent else Later(type(error).__name__)

    def _connected(self) -> smtplib.SMTP:
        if self.connection is None:
            self.connection = smtplib.SMTP(settings.MAIL_HOST, settings.MAIL_PORT, timeout=TIMEOUT_SECONDS)
        return self.connection

    def close(self) -> None:
        """Say goodbye, if anybody is there."""
        if self.connection is not None:
            try:
                self.connection.quit()
            except (OSError, smtplib.SMTPException):
                self.connection = None


def _judged(code: int, said: bytes | str) -> Answer:
    words = (said.decode("utf-8", "replace") if isinstance(said, bytes) else said).split()
    extended = next((word for word in words[:1] if word[:2] in ("4.", "5.")), "")
    return Refused(extended or f"{code}") if 500 <= code < 600 else Later(extended or f"{code}")


class Http:
    """A POST of JSON to another system (SMS, LINE, automatic voice): {id, to, subject, body, kind}."""

    def __init__(self, url: str, secret: str) -> None:
        self.url, self.secret = url, secret

    def hand(self, letter: Letter) -> Answer:
        """See Transport. 2xx and 409 (it has this id already) are handed; other 4xx but 408/429 refused."""
        data = {"id": letter.token, "to": letter.to, "subject": letter.subject, "body": letter.body}
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": letter.token}
        if self.secret:
            headers["Authorization"] = f"Bearer {self.secret}"
        text = json.dumps({**data, "kind": letter.kind}, ensure_ascii=False).encode()
        if not self.url.startswith(("http://", "https://")):
            return Later("no http address")
        request = urllib.request.Request(self.url, text, headers, method="POST")  # noqa: S310 - checked above
        try:
            with _opener().open(request, timeout=TIMEOUT_SECONDS):
                return Handed()
        except urllib.error.HTTPError as error:
            if error.code == 409:
                return Handed()
            passing = error.code in (408, 425, 429) or error.code >= 500
            return Later(f"HTTP {error.code}") if passing else Refused(f"HTTP {error.code}")
        except urllib.error.URLError as error:
            return Later(type(error.reason).__name__ if not isinstance(error.reason, str) else error.reason)
        except OSError:
            return Unknown()

    def close(self) -> None:
        """Nothing stays open."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A patron's address goes where the setting says and nowhere else."""

    def redirect_request(self, *args: object) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    context = ssl.create_default_context()
    return urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))


class Drop:
    """A sealed file per letter in a folder under the site's spool, whole under its final name or not at all.

    What lies there names a reader and what they have, so it is readable only by who shares the means' secret: 12 bytes
    of nonce, then AES-256-GCM over the JSON {id, to, subject, body, kind}, the id authenticated with it; the key is
    HKDF-SHA256 of the secret without salt, for "kura notice file".
    """

    def __init__(self, folder: str, secret: str) -> None:
        self.folder = Path(settings.MAIL_SPOOL) / "drop" / Path(folder).name
        self.secret = secret

    def hand(self, letter: Letter) -> Answer:
        """See Transport. Without a secret nothing is written."""
        if not self.secret:
            return Later("no secret")
        data = {"id": letter.token, "to": letter.to, "subject": letter.subject, "body": letter.body}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            part = self.folder / f".{letter.token}.part"
            part.write_bytes(_closed({**data, "kind": letter.kind}, self.secret))
            os.replace(part, self.folder / f"{letter.token}.sealed")  # noqa: PTH105
        except OSError as error:
            return Later(type(error).__name__)
        return Handed()

    def close(self) -> None:
        """Nothing stays open."""


def file_key(secret: str) -> bytes:
    """The key of dropped files."""
    return HKDF(SHA256(), 32, None, b"kura notice file").derive(secret.encode())


def _closed(data: dict[str, str], secret: str) -> bytes:
    nonce = os.urandom(12)
    text = json.dumps(data, ensure_ascii=False).encode()
    return nonce + AESGCM(file_key(secret)).encrypt(nonce, text, data["id"].encode())


class Transports:
    """The transports of one run, opened when first needed and closed at its end."""

    def __init__(self) -> None:
        self.open: dict[str, Transport] = {}

    def __enter__(self) -> "Transports":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for transport in self.open.values():
            transport.close()

    def of(self, code: str, adapter: str, target: str, secret: str) -> Transport:
        """The transport of a means."""
        if code not in self.open:
            self.open[code] = _made(adapter, target, secret)
        return self.open[code]


def _made(adapter: str, target: str, secret: str) -> Transport:
    if adapter == Adapter.MAIL:
        return Mail()
    return Http(target, secret) if adapter == Adapter.HTTP else Drop(target, secret)
