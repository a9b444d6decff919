"""Work: runs that recorded themselves arrive in the inbox, what was done by hand is entered."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from app.incidents.actions.incidents import not_ahead, numbered
from app.operations.access import MACHINE, WRITERS, Actor, require
from app.operations.actions import note
from app.upkeep import rules
from app.upkeep.actions.inspections import take_points
from app.upkeep.models import Work

log = logging.getLogger(__name__)


@transaction.atomic
def enter(actor: Actor, values: Mapping[str, Any]) -> Work:
    """Register work that was done by hand."""
    require(actor, *WRITERS)
    not_ahead(終了=values["finished_at"])
    found = Work(**dict(values))
    found.number = numbered(Work, "W", found.started_at)
    found.save()
    note(actor, "work.entered", f"work/{found.number}", title=found.title)
    return found


@transaction.atomic
def explain(actor: Actor, work_id: int, *, reason: str, result_text: str) -> None:
    """Say why, and how it turned out, of work that recorded itself."""
    require(actor, *WRITERS)
    found = Work.objects.get(pk=work_id)
    before = {"reason": found.reason, "result_text": found.result_text}
    found.reason, found.result_text = reason, result_text
    found.save(update_fields=["reason", "result_text"])
    note(actor, "work.explained", f"work/{found.number}", before=before, reason=reason, result_text=result_text)


@transaction.atomic
def take_run(run: rules.Run) -> Work | None:
    """Keep a run that recorded itself; None when it is here already."""
    if Work.objects.filter(run=run.run).exists():
        return None
    found = Work.objects.create(
        number=numbered(Work, "W", run.started_at),
        run=run.run,
        title=run.title,
        reason=run.reason,
        started_at=run.started_at,
        finished_at=run.finished_at,
        by=run.by,
        hosts=list(run.hosts),
        text="",
        changes=[dict(change) for change in run.changes],
        figures=dict(run.figures),
        result=Work.Result.OK if run.passed else Work.Result.FAILED,
        result_text="\n".join(run.failures),
        check_only=run.check_only,
    )
    note(MACHINE, "work.recorded", f"work/{found.number}", run=run.run)
    return found


def take_inbox() -> int:
    """Read what was delivered to the inbox and keep it; returns how many records were new.

    A file that says nothing we understand is set aside with the ending `.refused`, so that it is seen and stays.
    """
    folder = Path(settings.INBOX)
    taken = 0
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            taken += _take(path.stem, record)
        except FileNotFoundError:
            continue  # another process of the console took it
        except (ValueError, TypeError, KeyError) as error:
            log.warning("%s is refused: %s", path, error)
            path.rename(path.with_suffix(".refused"))
            continue
        path.unlink(missing_ok=True)
    return taken


def _take(name: str, record: Any) -> bool:
    if record["kind"] == "inspection":
        return take_points(name, *rules.points_of(name, record))
    return take_run(rules.run_of(name, record)) is not None
