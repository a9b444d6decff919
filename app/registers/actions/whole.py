"""Acts on a register as a whole: closing it, taking in a sheet, following the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from app.operations.access import ADMINISTRATOR, MACHINE, WRITERS, Actor, require
from app.operations.actions import Unsuitable, note
from app.registers import queries
from app.registers.actions.rows import Hand, Refused, last_of
from app.registers.models import Closing, Entry
from app.registers.schema import definitions


@transaction.atomic
def close(actor: Actor, register: str, *, person: str, on: date) -> Closing:
    """Declare a register complete. Unsuitable, with what is wanting, as long as anything is."""
    require(actor, *ADMINISTRATOR)
    definition = definitions()[register]
    if not definition.closing:
        raise Unsuitable("この台帳に締めはありません。")
    if queries.closing(register):
        raise Unsuitable("すでに締めてあります。")
    if not person.strip():
        raise Unsuitable("確認した人を入力してください。")
    look = queries.desk()
    wanting = sum(len(missing) for _, missing in look.lacks(register))
    rows = look.all(register)
    open_rows = sum(not seen.settled or any(f.level in ("late", "bad") for f in seen.findings) for seen in rows)
    if wanting or open_rows or not rows:
        raise Unsuitable(
            f"締められません。済んでいない行・不備のある行が{open_rows}件、台帳に足りないものが{wanting}件あります。"
        )
    head = f"{definition.prefix}-CLOSE-{timezone.localdate():%Y}-"
    taken = Closing.objects.filter(number__startswith=head).values_list("number", flat=True)
    number = f"{head}{last_of(head, taken) + 1:03d}"
    found = Closing.objects.create(
        register=register, number=number, on=on, person=person.strip(), at=timezone.now(), by=actor.name
    )
    note(actor, "register.closed", f"register/{register}", number=number, person=person.strip(), on=on.isoformat())
    return found


@transaction.atomic
def reopen(actor: Actor, register: str, reason: str) -> None:
    """Open a closed register again; the closing stays on record with the reason."""
    require(actor, *ADMINISTRATOR)
    found = queries.closing(register)
    if found is None:
        raise Unsuitable("締めていません。")
    if not reason.strip():
        raise Unsuitable("締めを解く理由を入力してください。")
    found.reopened_at, found.reason = timezone.now(), reason.strip()[:400]
    found.save()
    note(actor, "register.reopened", f"register/{register}", number=found.number, reason=found.reason)


@transaction.atomic
def take_in(actor: Actor, register: str, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[int, int, int]:
    """Take in a whole sheet or nothing: (number, values), an empty number is a new row. Returns new, changed, same.

    Refused names the row of the sheet that cannot stand.
    """
    require(actor, *WRITERS)
    known = {entry.number: entry for entry in Entry.objects.filter(register=register)}
    hand = Hand(actor, definitions()[register])
    new = changed = 0
    for line, (number, values) in enumerate(rows, start=2):
        try:
            if not number:
                hand.new(values, "一覧からの取込み")
                new += 1
            elif number not in known:
                raise Refused(f"番号{number}の行はこの台帳にありません。")
            else:
                changed += hand.alter(known[number], values, "一覧からの取込み")
        except Refused as error:
            raise Refused(f"{line}行目：{error}") from error
    hand.finish()
    return new, changed, len(rows) - new - changed


@transaction.atomic
def seed(register: str, truth: Sequence[Mapping[str, Any]]) -> tuple[int, int]:
    """Bring the rows that follow from the truth up to date. Returns how many are new and changed.

    Rows whose truth is gone stay: the register's own checks name them.
    """
    definition = definitions()[register]
    rule = definition.seed
    if rule is None:
        return 0, 0
    known = {entry.seed: entry for entry in Entry.objects.filter(register=register).exclude(seed="")}
    hand = Hand(MACHINE, definition)
    new = changed = 0
    for row in truth:
        name = str(row[rule.follow[rule.key]])
        follow = {key: _truth(row, source) for key, source in rule.follow.items()}
        if name in known:
            changed += hand.alter(known[name], follow)
        else:
            begin = {key: _truth(row, source) for key, source in rule.begin.items()}
            hand.new({**begin, **follow}, "構成情報から", name)
            new += 1
    hand.finish()
    return new, changed


def _truth(row: Mapping[str, Any], source: str) -> Any:
    """`=text` is that text, `true` is true, anything else a key of the fact; what is empty there is nothing."""
    if source == "true":
        return True
    return source[1:] if source.startswith("=") else row[source] or None
