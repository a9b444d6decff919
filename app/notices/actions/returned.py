"""Reading what the mail server left for us: receipts of what it accepted, and what came back."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.notices import dsn
from app.notices.actions import shelf
from app.notices.actions.operations import READ_RETURNED
from app.notices.actions.rerouting import reroute
from app.notices.codes import Kind, State
from app.notices.models import Line, Notice

# Folders under settings.MAIL_SPOOL: a file per accepted token, and a maildir of what came back.
ACCEPTED = "accepted"
RETURNED = "returned/new"
MOST = 5000


@dataclass
class Read:
    """What was found."""

    accepted: int = 0
    bounced: int = 0
    other: int = 0

    @property
    def line(self) -> str:
        """One line in Japanese, for the list of jobs."""
        return f"受付確認{self.accepted}件、不達{self.bounced}件、その他{self.other}件"


def read(actor: Actor, now: datetime) -> Read:
    """Read and remove everything that lies there. A file is removed after its transaction: what a killed run read
    twice changes nothing the second time."""
    access.require(actor, READ_RETURNED)
    found = Read()
    spool = Path(settings.MAIL_SPOOL)
    for path in _files(spool / ACCEPTED):
        found.accepted += accept(path.name)
        path.unlink(missing_ok=True)
    for path in _files(spool / RETURNED):
        try:
            text = path.read_bytes()
        except FileNotFoundError:  # another reader was quicker
            continue
        report = dsn.read(text)
        if report is not None and report.action == "failed" and bounce(actor, report, now):
            found.bounced += 1
        else:
            found.other += 1
        path.unlink(missing_ok=True)
    if found.bounced:
        audit.record(actor, READ_RETURNED, subject_type="notices", detail={"bounced": found.bounced})
    return found


def _files(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))[:MOST]


def _token(text: str) -> UUID | None:
    try:
        return UUID(hex=text)
    except ValueError:
        return None


@transaction.atomic
def accept(name: str) -> int:
    """The mail server has the notice of that token: 1 when somebody waited to know."""
    token = _token(name)
    if token is None:
        return 0
    waiting = Notice.objects.filter(token=token, state=State.HANDING)
    return waiting.update(state=State.HANDED, result="")


@transaction.atomic
def bounce(actor: Actor, report: dsn.Report, now: datetime) -> bool:
    """A notice came back for good: recorded, the address remembered, the lines go another way. False when it is known
    already or not ours."""
    rows = Notice.objects.select_for_update(of=("self",)).select_related("patron", "means", "branch")
    notice = rows.filter(token=_token(report.token)).first()
    if notice is None or notice.state not in (State.HANDING, State.HANDED, State.READY, State.DELIVERED):
        return False
    if notice.kind == Kind.READY:
        for line in Line.objects.filter(notice=notice).select_related("hold"):
            if line.hold is not None:
                shelf.not_told(actor, line.hold, now)
    reroute(notice, report.status or "5.0.0", timezone.localdate(now))
    return True
