"""Reading a delivery status notification (RFC 3464). Pure."""

import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, Message
from email.parser import BytesParser

TOKEN = re.compile(r"\bn\+([0-9a-f]{32})@")
STATUS = re.compile(r"^\s*([245]\.\d{1,3}\.\d{1,3})")


@dataclass(frozen=True)
class Report:
    """What came back: for which token, and whether it failed for good (`failed`), is late (`delayed`) or arrived."""

    token: str
    action: str
    status: str


def read(text: bytes) -> Report | None:
    """The report of a returned mail, or None when it is none or names no token of ours.

    The token stands in the address it was delivered to, which only whoever got our mail can know. A message without a
    delivery-status part is somebody's auto-reply or an old mail server's prose: its 5.x.x is looked for in the text.
    """
    mail = BytesParser(policy=policy.default).parsebytes(text)
    token = _token(mail)
    if not token:
        return None
    for part in mail.walk():
        if part.get_content_type() == "message/delivery-status":
            return _status(token, part)
    return _prose(token, mail)


def _token(mail: Message) -> str:
    for name in ("X-Original-To", "Delivered-To", "To"):
        for value in mail.get_all(name, []):
            match = TOKEN.search(str(value))
            if match:
                return match.group(1)
    return ""


def _status(token: str, part: Message) -> Report | None:
    payload = part.get_payload()
    blocks = payload if isinstance(payload, list) else []
    for block in blocks:
        action = str(block.get("Action", "")).strip().lower()
        match = STATUS.match(str(block.get("Status", "")))
        if action:
            return Report(token, action, match.group(1) if match else "")
    return None


def _prose(token: str, mail: Message) -> Report | None:
    sender = str(mail.get("From", "")).lower()
    if "mailer-daemon" not in sender and "postmaster" not in sender:
        return None
    body = mail.get_body(("plain",)) if isinstance(mail, EmailMessage) else None
    words = str(body.get_content()) if body is not None else ""
    match = re.search(r"\b(5\.\d{1,3}\.\d{1,3})\b", words)
    return Report(token, "failed", match.group(1) if match else "5.0.0")
