"""The only writer of the audit log."""

from collections.abc import Iterable
from typing import Any

from app.access.actor import Actor
from app.access.operations import Operation, declare
from app.audit.models import AuditEvent

SEARCH = declare("audit.search", "監査記録を検索する", roles=())


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
        purpose=purpose[:200],
        terminal=actor.terminal,
        request_id=actor.request_id,
        detail=detail or {},
    )


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
    actor: Actor, operation: Operation | str, subject_type: str, subject_ids: Iterable[str | int], purpose: str = ""
) -> int:
    """Write one `viewed` event per person shown, in one SQL statement; returns how many."""
    code = operation if isinstance(operation, str) else operation.code
    events = [_event(actor, code, "viewed", subject_type, subject, purpose, None) for subject in subject_ids]
    AuditEvent.objects.bulk_create(events)
    return len(events)
