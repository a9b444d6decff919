"""Imports by the clock: what was uploaded and is not finished, and what the weekly delivery put into the inbox."""

import time
from contextlib import closing
from datetime import datetime
from mmap import ACCESS_READ, mmap
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from app.access.actor import system
from app.catalog.actions.policy import clear_emptied, reclass
from app.exchange.actions import BusyImport, open_run, proceed
from app.exchange.actions.marc import fingerprint
from app.exchange.models import ImportRun
from app.exchange.pace import polite
from app.jobs.registry import job

ACTOR = "exchange.import"
# A run of the job ends after so many seconds, and the next minute goes on.
BUDGET = 20.0
_SUFFIXES = {".mrc", ".marc", ".xml", ".dat"}


def go_on(now: datetime) -> str:
    """Uploaded files and then those of the inbox, until the time is over; each exactly once."""
    until = time.monotonic() + BUDGET
    lines = []
    try:
        for run in ImportRun.objects.filter(file__isnull=False).select_related("file").order_by("pk"):
            if time.monotonic() < until:
                lines.append(_proceed(run, bytes(run.file.content), until))
        for path in inbox():
            if time.monotonic() < until and (line := _from_inbox(path, until)):
                lines.append(line)
    except BusyImport as busy:
        lines.append(str(busy))
    return "、".join(lines) or "取り込むファイルはありません"


def inbox() -> list[Path]:
    """The files of the delivery, the oldest first. There is no inbox on hosts without its folder."""
    folder = Path(settings.MARC_INBOX)
    files = [path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES] if folder.is_dir() else []
    return sorted(files, key=lambda path: (path.stat().st_mtime, path.name))


def _from_inbox(path: Path, until: float) -> str:
    if not path.stat().st_size:
        return ""
    with path.open("rb") as file, closing(mmap(file.fileno(), 0, access=ACCESS_READ)) as content:
        if ImportRun.objects.filter(digest=fingerprint(content), state=ImportRun.State.DONE).exists():
            return ""
        return _proceed(open_run(system(ACTOR), content, path.name), content, until)


def _proceed(run: ImportRun, content: bytes | mmap, until: float) -> str:
    proceed(system(ACTOR), run, content, polite(), stop=lambda: time.monotonic() > until)
    return f"{run.file_name} {run.percent}%(新規{run.created}、訂正{run.updated}、削除{run.deleted})"


def by_policy(now: datetime) -> str:
    """What follows from the library's decisions: the edition in front, records that lost their last item."""
    actor = system("exchange.policy")
    moved, gone = reclass(actor), clear_emptied(actor, timezone.localdate(now))
    return f"分類の版の入替え {moved}件、所蔵のない書誌の削除 {gone}件"


job("exchange.import", "書誌の取込み(アップロード・定期配信)", go_on, every="1m")
job("exchange.policy", "目録の方針による整理", by_policy, every="03:20")
