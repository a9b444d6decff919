"""Writing lists to files. Each file is an event of the log; one with persons is kept sealed, listed and erased."""

import base64
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from app.access.actions import require
from app.access.actor import Actor, system
from app.access.models import StaffUser
from app.access.operations import Operation, declare
from app.audit import actions as audit
from app.exports import formats, queries, rules
from app.exports.models import Export, ExportFile
from app.web.sealed import seal, unseal

LIST = declare("exports.list", "自分が書き出したファイルを見る・受け取る", kind="export")
OVERSEE = declare("exports.oversee", "全員の書出しの一覧を見る", roles=(), kind="view")
APPROVE = declare("exports.approve", "個人情報の書出しを承認する", roles=())

KEY_CONTEXT = "exports.exportfile.key"
NONCE = bytes(12)  # each file has a key of its own, used once
FETCHED, ERASED, DECLINED = "exports.fetch", "exports.erase", "exports.decline"


class ExportRefused(Exception):
    """The file is not written, approved or handed out; the text is for the screen."""


def limits() -> rules.Limits:
    """The limits of `settings.EXPORTS`, or the usual ones."""
    return rules.Limits(**getattr(settings, "EXPORTS", {}))


def write_plain(
    actor: Actor, operation: Operation, name: str, code: str, titles: Sequence[str], rows: Iterable[Sequence[Any]]
) -> tuple[IO[bytes], formats.Written]:
    """A list without persons as an open temporary file at its beginning. ExportRefused when it does not fit."""
    require(actor, operation)
    stream = TemporaryFile()  # noqa: SIM115 - the answer closes it
    try:
        written = _written(code, stream, titles, rows)
        detail = {"name": name, "format": code, "rows": written.rows}
        audit.record(actor, operation, subject_type="export", detail=detail)
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    return stream, written


@transaction.atomic
def make(
    actor: Actor,
    operation: Operation,
    name: str,
    code: str,
    titles: Sequence[str],
    rows: Iterable[Sequence[Any]],
    purpose: str,
    people: Collection[int | str] = (),
) -> Export:
    """Write a list of persons into a sealed file. ExportRefused without a purpose or with too many rows.

    `people` are the patrons in it, looked at once the rows have been read: each gets a line in the log, so that who
    saw one patron is told completely (F-AUD-002). Five SQL statements and one for every thousand people.

    With more rows than `limits().approval_rows` it cannot be fetched before somebody else has approved it.
    """
    require(actor, operation)
    if not purpose.strip():
        raise ExportRefused("書き出す目的を入力してください。")
    owner = StaffUser.objects.filter(number=actor.number).first() if actor.kind == "staff" else None
    if owner is None:
        raise ExportRefused("個人情報は、職員として書き出してください。")
    bounds = limits()
    with TemporaryFile() as stream:
        written = _written(code, stream, titles, _at_most(rows, bounds.most_rows))
        stream.seek(0)
        content = stream.read()
    made = Export.objects.create(
        name=name[:60],
        operation=operation.code,
        purpose=purpose.strip()[:200],
        format=code,
        titles=list(titles),
        rows=written.rows,
        replaced=written.replaced,
        needs_approval=rules.needs_approval(written.rows, bounds),
        requested_by=owner,
        erase_on=rules.erase_on(timezone.localdate(), bounds),
    )
    key = os.urandom(32)
    ExportFile.objects.create(
        export=made,
        key=seal(base64.b64encode(key).decode(), KEY_CONTEXT),
        content=AESGCM(key).encrypt(NONCE, content, str(made.pk).encode()),
    )
    audit.record(
        actor,
        operation,
        subject_type="export",
        subject_id=made.pk,
        purpose=made.purpose,
        detail={"name": made.name, "format": code, "rows": made.rows, "waits": made.needs_approval},
    )
    audit.record_views(actor, operation, "patron", people, purpose=made.purpose, detail={"export": made.pk})
    return made


def _written(code: str, stream: IO[bytes], titles: Sequence[str], rows: Iterable[Sequence[Any]]) -> formats.Written:
    try:
        return formats.write(code, stream, titles, rows)
    except formats.TooManyRows as error:
        raise ExportRefused(str(error)) from error


def _at_most(rows: Iterable[Sequence[Any]], most: int) -> Iterator[Sequence[Any]]:
    for number, row in enumerate(rows):
        if number == most:
            raise ExportRefused(f"一度に書き出せるのは{most:,}件までです。条件で絞ってください。")
        yield row


@transaction.atomic
def decide(actor: Actor, export_id: int, approved: bool) -> Export:
    """Approve or decline an export that waits. ExportRefused for one's own, or one that does not wait (any more)."""
    require(actor, APPROVE)
    export = _locked(export_id)
    if queries.state_of(export) != rules.WAITING:
        raise ExportRefused("この書出しは承認待ちではありません。")
    if export.requested_by.number == actor.number:
        raise ExportRefused("自分の書出しは承認できません。ほかの承認者に依頼してください。")
    export.decided_by = StaffUser.objects.get(number=actor.number)
    export.decided_at = timezone.now()
    export.approved = approved
    export.save(update_fields=["decided_by", "decided_at", "approved"])
    if not approved:
        _erase(export, export.decided_at)
    audit.record(
        actor,
        APPROVE if approved else DECLINED,
        subject_type="export",
        subject_id=export.pk,
        purpose=export.purpose,
        detail={"name": export.name, "rows": export.rows, "for": export.requested_by.number},
    )
    return export


@transaction.atomic
def fetch(actor: Actor, export_id: int) -> tuple[Export, bytes]:
    """The opened file, for who made it. ExportRefused while it waits, when it is erased, or to anybody else."""
    require(actor, LIST)
    export = _locked(export_id)
    if export.requested_by.number != actor.number:
        raise ExportRefused("ほかの職員の書出しは受け取れません。")
    state = queries.state_of(export)
    if state != rules.READY:
        raise ExportRefused(f"このファイルは{rules.STATE_NAMES[state]}のため、受け取れません。")
    file = ExportFile.objects.get(export=export)
    key = base64.b64decode(unseal(file.key, KEY_CONTEXT))
    content = AESGCM(key).decrypt(NONCE, bytes(file.content), str(export.pk).encode())
    export.fetched_at = timezone.now()
    export.save(update_fields=["fetched_at"])
    detail = {"name": export.name, "rows": export.rows}
    audit.record(actor, FETCHED, subject_type="export", subject_id=export.pk, purpose=export.purpose, detail=detail)
    return export, content


def erase_due(now: datetime) -> int:
    """Erase the files whose day has come; returns how many. The rows stay, with the time of erasure."""
    due = queries.due(timezone.localdate(now))
    for export_id in due:
        with transaction.atomic():
            export = _locked(export_id)
            if export.erased_at is None:
                _erase(export, now)
                audit.record(
                    system("exports"), ERASED, subject_type="export", subject_id=export.pk, detail={"name": export.name}
                )
    return len(due)


def _erase(export: Export, now: datetime) -> None:
    ExportFile.objects.filter(export=export).delete()
    export.erased_at = now
    export.save(update_fields=["erased_at"])


def _locked(export_id: int) -> Export:
    export = Export.objects.select_for_update(of=("self",)).select_related("requested_by").filter(pk=export_id).first()
    if export is None:
        raise ExportRefused("書出しが見つかりません。")
    return export
