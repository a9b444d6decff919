"""What an import would do: done for real, shown, and taken back before anybody else can see it."""

from dataclasses import dataclass, field

from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.catalog import history
from app.catalog.actions import IMPORT
from app.catalog.models import Change
from app.exchange import formats
from app.exchange.actions.marc import fingerprint, take_batch
from app.exchange.models import ImportRun

MOST = 300
SHOWN = 100


@dataclass(frozen=True)
class Preview:
    """The counts of the first records of a file, the differences in words, and what cannot be read."""

    run: ImportRun
    seen: int
    more: bool
    changes: list[history.Told] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)


@transaction.atomic
def preview(actor: Actor, content: bytes, file_name: str) -> Preview:
    """Import the first MOST records of a file, look, and roll back: nothing of it stays."""
    require(actor, IMPORT)
    batch = []
    more = False
    for raw in formats.split(content):
        if len(batch) == MOST:
            more = True
            break
        batch.append(raw)
    run = ImportRun.objects.create(
        file_name=file_name[-200:], actor=actor.number or actor.kind, size=len(content), digest=fingerprint(content)
    )
    if batch:
        take_batch(actor, run, batch)
    changes = Change.objects.filter(change_set=run.change_set).select_related("change_set").order_by("pk")
    shown = Preview(
        run,
        len(batch),
        more,
        history.in_words(changes[:SHOWN]),
        list(run.set_aside_records.order_by("position").values_list("position", "reason")[:SHOWN]),
    )
    transaction.set_rollback(True)
    return shown
