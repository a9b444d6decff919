"""The only writer of the audit log."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from app.access.actor import Actor
from app.access.operations import Operation, declare
from app.audit.models import AuditEvent
from app.web.sealed import MARK, closed

SEARCH = declare("audit.search", "監査記録を検索する", roles=(), kind="view")
EXPORT = declare("audit.export", "監査記録を書き出す", roles=(), kind="export")
LONGEST = 200  # characters of one value


def _event(
    actor: Actor,
    operation: str,
    outcome: str,
    subject_type: str,
    subject_id: str | int,
    purpose: str,
    detail: dict[str, Any] | None,
) -> AuditEvent:
    return AuditEvent(
        actor_kind=actor.kind,
        actor=actor.number,
        operation=operation,
        outcome=outcome,
        subject_type=subject_type,
        subject_id=str(subject_id),
        purpose=purpose if purpose.startswith(MARK) else purpose[:LONGEST],
        terminal=actor.terminal,
        request_id=actor.request_id,
        detail=detail or {},
    )


def typed(words: str) -> str:
    """What somebody typed about a person, as `purpose` of an event: at most 200 characters, sealed.

    The row is hashed and kept as it is sealed, so it never changes, and neither the log nor its copies can be read
    without the keys; pages and files open it.
    """
    return closed(words.strip()[:LONGEST], "audit.auditevent.purpose")


def record(
    actor: Actor,
    operation: Operation | str,
    *,
    outcome: str = "done",
    subject_type: str = "",
    subject_id: str | int = "",
    purpose: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Write one event, inside the caller's transaction: the act and its record stand or fall together.

    `outcome` is done, refused or viewed. `detail` must not hold a patron beside an item. One SQL statement.
    """
    code = operation if isinstance(operation, str) else operation.code
    event = _event(actor, code, outcome, subject_type, subject_id, purpose, detail)
    event.save(force_insert=True)


def record_views(
    actor: Actor,
    operation: Operation | str,
    subject_type: str,
    subject_ids: Iterable[str | int],
    purpose: str = "",
    detail: dict[str, Any] | None = None,
) -> int:
    """Write one `viewed` event per person shown, in one SQL statement a thousand; returns how many."""
    code = operation if isinstance(operation, str) else operation.code
    events = [_event(actor, code, "viewed", subject_type, subject, purpose, detail) for subject in subject_ids]
    AuditEvent.objects.bulk_create(events, batch_size=1000)
    return len(events)


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], personal: Collection[str] = ()
) -> dict[str, dict[str, Any] | list[str]]:
    """The `detail` of a change: `{"before": {…}, "after": {…}}` with the fields that differ, for `record`.

    `before` and `after` hold the same fields by name. Of `personal` fields the log keeps the name only, under
    `"personal"`: a name or an address must not stand in six years of records; their values stay in the patrons' own
    sealed history. Values become plain JSON (dates and decimals as text, long text cut at 200 characters).
    """
    changed = [name for name in after if before.get(name) != after[name]]
    open_ = [name for name in changed if name not in personal]
    made: dict[str, dict[str, Any] | list[str]] = {
        "before": {name: plain(before.get(name)) for name in open_},
        "after": {name: plain(after[name]) for name in open_},
    }
    hidden = [name for name in changed if name in personal]
    return {**made, "personal": hidden} if hidden else made


def plain(value: Any) -> Any:
    """A value as the log keeps it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
