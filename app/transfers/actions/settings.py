"""Runs, floating collections and the days after which a transfer is missed."""

from datetime import time
from typing import Any

from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import LIBRARIAN, declare
from app.audit import actions as audit
from app.branches.models import Branch
from app.transfers.models import Floating, Run, TransferSetting

SET = declare("transfers.set", "便と回送の設定を変える", roles=(LIBRARIAN,))


@transaction.atomic
def put_run(actor: Actor, code: str, name: str, leaves_at: time, is_active: bool = True) -> Run:
    """Create or change a run of the van."""
    access.require(actor, SET)
    run, _ = Run.objects.update_or_create(
        code=code, defaults={"name": name, "leaves_at": leaves_at, "is_active": is_active}
    )
    audit.record(actor, SET, subject_type="run", subject_id=code, detail={"leaves_at": str(leaves_at)})
    return run


@transaction.atomic
def set_floating(actor: Actor, material_types: list[str], branch: Branch | None = None) -> None:
    """Items of these types stay where they are returned (F-TRF-010); the others go home."""
    access.require(actor, SET)
    Floating.objects.filter(branch=branch).exclude(material_type__in=material_types).delete()
    for kind in material_types:
        Floating.objects.get_or_create(material_type=kind, branch=branch)
    audit.record(actor, SET, subject_type="floating", detail={"types": sorted(material_types)})


@transaction.atomic
def set_overdue_days(actor: Actor, days: int) -> TransferSetting:
    """After how many open days a transfer counts as missed (F-TRF-005)."""
    access.require(actor, SET)
    row, _ = TransferSetting.objects.update_or_create(pk=1, defaults={"overdue_days": days})
    audit.record(actor, SET, subject_type="transfers", detail={"overdue_days": days})
    return row


def seed() -> None:
    """The two runs that a library usually has."""
    if not Run.objects.exists():
        Run.objects.create(code="am", name="午前便", leaves_at=time(9, 30))
        Run.objects.create(code="pm", name="午後便", leaves_at=time(14, 0))


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: a new library has runs."""
    if using == "default":
        seed()
