"""Writes about terminals and what stands around them."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.models import StaffUser
from app.access.operations import LIBRARIAN, declare
from app.audit import actions as audit
from app.branches.models import Branch
from app.terminals import rules
from app.terminals.models import CounterSetting, GuideNote, ListPreference, Terminal

MANAGE = declare("terminals.manage", "端末と窓口の設定を変える", roles=())
TUNE = declare("terminals.tune", "端末の音を変える")
ARRANGE = declare("terminals.arrange", "一覧の表示を覚えさせる")
READ = declare("terminals.read", "手引きと符号の一覧を開く", kind="view")
ANNOTATE = declare("terminals.annotate", "手引きに館の追記をする", roles=(LIBRARIAN,))

FIELDS = (
    "name", "branch", "address", "kind", "receipt_paper", "receipt_printer", "list_paper", "list_printer",
    "auto_print", "confirm_print", "sound", "volume", "lock_minutes",
)  # fmt: skip
COPIED = tuple(name for name in FIELDS if name not in ("name", "address", "branch"))


@transaction.atomic
def put_terminal(actor: Actor, values: Mapping[str, Any], terminal_id: int | None = None) -> Terminal:
    """Register a terminal or change it. ValidationError (by field) for what the table refuses."""
    access.require(actor, MANAGE)
    terminal = Terminal.objects.select_for_update().get(pk=terminal_id) if terminal_id else Terminal()
    before = Terminal.objects.filter(pk=terminal_id).first() or Terminal(branch=values.get("branch"))
    changed = [name for name in FIELDS if name in values and getattr(before, name) != values[name]]
    for name in FIELDS:
        if name in values:
            setattr(terminal, name, values[name])
    terminal.full_clean()
    terminal.save()
    was = {name: getattr(before, name) for name in changed} if terminal_id else {}
    told = audit.changes(was, {name: values[name] for name in changed})
    audit.record(actor, MANAGE, subject_type="terminal", subject_id=terminal.pk, detail=told)
    return terminal


@transaction.atomic
def copy_settings(actor: Actor, source_id: int, target_id: int) -> Terminal:
    """Give a terminal the paper, sound and lock settings of another; name, library and address stay its own.
    ValidationError when it is the same terminal."""
    access.require(actor, MANAGE)
    if source_id == target_id:
        raise ValidationError("同じ端末です。写す元に別の端末を選んでください。")
    both = {row.pk: row for row in Terminal.objects.select_for_update().filter(pk__in=[source_id, target_id])}
    source, target = both[source_id], both[target_id]
    for name in COPIED:
        setattr(target, name, getattr(source, name))
    target.save(update_fields=COPIED)
    audit.record(actor, MANAGE, subject_type="terminal", subject_id=target.pk, detail={"copied_from": source.pk})
    return target


@transaction.atomic
def remove_terminal(actor: Actor, terminal_id: int) -> None:
    """Take a terminal off the list; its address works on as an unregistered one."""
    access.require(actor, MANAGE)
    Terminal.objects.filter(pk=terminal_id).delete()
    audit.record(actor, MANAGE, subject_type="terminal", subject_id=terminal_id, detail={"removed": True})


@transaction.atomic
def tune(actor: Actor, address: str | None, *, sound: bool, volume: int) -> bool:
    """Keep what somebody at the terminal set with the slider or the mute key; False where it is not registered.
    Not worth a line in the log: it tells nothing of anybody."""
    access.require(actor, TUNE)
    if address is None:
        return False
    loud = max(0, min(100, volume))
    return bool(Terminal.objects.filter(address=address).update(sound=sound, volume=loud))


@transaction.atomic
def put_setting(actor: Actor, branch: Branch, *, message: str, with_name: bool, keys: Mapping[str, str]) -> None:
    """A library's receipt words and keys. ValidationError when a key is not one, or stands twice."""
    access.require(actor, MANAGE)
    if problem := rules.key_problem(keys):
        raise ValidationError(problem)
    CounterSetting.objects.update_or_create(
        branch=branch,
        defaults={"receipt_message": message, "receipt_name": with_name, "keys": rules.assigned(keys)},
    )
    audit.record(actor, MANAGE, subject_type="branch", subject_id=branch.code, detail={"keys": dict(keys)})


@transaction.atomic
def arrange(actor: Actor, screen: str, *, size: int, sort: str, columns: list[str]) -> None:
    """Remember how somebody wants a list. Nothing a person reads depends on it, so the log has no line."""
    access.require(actor, ARRANGE)
    staff = StaffUser.objects.get(number=actor.number)
    ListPreference.objects.update_or_create(
        staff=staff, screen=screen, defaults={"size": size, "sort": sort, "columns": columns}
    )


@transaction.atomic
def annotate(actor: Actor, page: str, branch: Branch | None, text: str) -> None:
    """Put a library's own words under a page's guide; empty words take them away."""
    access.require(actor, ANNOTATE)
    words = text.strip()[:2000]
    if words:
        GuideNote.objects.update_or_create(
            page=page, branch=branch, defaults={"text": words, "updated_at": timezone.now()}
        )
    else:
        GuideNote.objects.filter(page=page, branch=branch).delete()
    audit.record(actor, ANNOTATE, subject_type="page", subject_id=page[:60])
