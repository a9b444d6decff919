"""Files beside a row, and papers that are handed out with a copy that stays."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.utils import timezone

from app.operations.access import WRITERS, Actor, require
from app.operations.actions import Unsuitable, note
from app.registers import queries
from app.registers.actions.rows import last_of
from app.registers.models import Attachment, Entry, Issued
from app.registers.schema import definitions

LARGEST = 3 * 1024 * 1024
# What may lie beside a row, known by its first bytes.
KINDS = {
    b"%PDF-": ("application/pdf", (".pdf",)),
    b"\x89PNG": ("image/png", (".png",)),
    b"\xff\xd8\xff": ("image/jpeg", (".jpg", ".jpeg")),
    b"PK\x03\x04": ("application/octet-stream", (".docx", ".xlsx", ".pptx", ".zip")),
}


@transaction.atomic
def attach(actor: Actor, entry: Entry, name: str, content: bytes) -> Attachment:
    """Put a file beside a row: PDF, PNG, JPEG, Word or Excel, at most 3 MB, as its first bytes say."""
    require(actor, *WRITERS)
    if len(content) > LARGEST:
        raise Unsuitable(f"ファイルが大きすぎます（{LARGEST // 1024 // 1024} MBまで）。")
    kind = next((kind for head, kind in KINDS.items() if content.startswith(head)), None)
    if kind is None or not name.lower().endswith(kind[1]):
        raise Unsuitable("PDF、PNG、JPEG、Word、Excelのファイルを選んでください。")
    if queries.closing(entry.register):
        raise Unsuitable("締めた台帳には添付できません。")
    digest = hashlib.sha256(content).hexdigest()
    if Attachment.objects.filter(entry=entry, sha256=digest).exists():
        raise Unsuitable("同じファイルがすでに添付されています。")
    found = Attachment.objects.create(
        entry=entry,
        name=name[-120:],
        content_type=kind[0],
        sha256=digest,
        content=content,
        size=len(content),
        at=timezone.now(),
        by=actor.name,
    )
    note(actor, "register.attached", f"register/{entry.number}", name=found.name, sha256=digest)
    return found


@transaction.atomic
def issue(actor: Actor, register: str, paper: str, entry: Entry | None, make: Any) -> Issued:
    """Hand out a paper that keeps a copy: `make(number)` gives its bytes, the number is the next one of the year."""
    require(actor, *WRITERS)
    definition = definitions()[register]
    head = f"{definition.prefix}-{definition.paper(paper).id.upper()}-{timezone.localdate():%Y}-"
    taken = Issued.objects.filter(number__startswith=head).values_list("number", flat=True)
    number = f"{head}{last_of(head, taken) + 1:04d}"
    content: bytes = make(number)
    found = Issued.objects.create(
        register=register,
        entry=entry,
        paper=paper,
        number=number,
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        at=timezone.now(),
        by=actor.name,
    )
    note(actor, "register.issued", f"register/{entry.number if entry else register}", paper=number, sha256=found.sha256)
    return found
