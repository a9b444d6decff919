"""Lists by theme (テーマ別一覧)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog.models import BibliographicRecord
from app.features.actions.operations import LISTS
from app.features.models import ListEntry, ThemeList
from app.features.queries.titles import records_named
from app.web import versions

MOST = 200
EDITABLE = ("title", "lead", "opens_at", "closes_at", "is_ready")


def values_of(theme: ThemeList) -> dict[str, Any]:
    """What the edit page is made from."""
    return {name: getattr(theme, name) for name in EDITABLE}


def _check(opens_at: datetime, closes_at: datetime | None) -> None:
    if closes_at is not None and closes_at <= opens_at:
        raise ValidationError({"closes_at": "終了日時は公開日時より後にしてください。"})


@transaction.atomic
def begin(actor: Actor, values: Mapping[str, Any]) -> ThemeList:
    """Begin a list. ValidationError when it would end before it begins."""
    access.require(actor, LISTS)
    _check(values["opens_at"], values["closes_at"])
    made = ThemeList.objects.create(made_by=actor.number, **{name: values[name] for name in EDITABLE})
    audit.record(actor, LISTS, subject_type="theme_list", subject_id=made.pk, detail={"title": made.title})
    return made


@transaction.atomic
def change(actor: Actor, theme_id: int, values: Mapping[str, Any], seen: str) -> ThemeList:
    """Change what a list is called and when it is shown. ValidationError; versions.Conflict."""
    access.require(actor, LISTS)
    theme = ThemeList.objects.select_for_update().get(pk=theme_id)
    before = values_of(theme)
    versions.check(seen, before)
    after = {name: values[name] for name in EDITABLE}
    _check(after["opens_at"], after["closes_at"])
    for name, value in after.items():
        setattr(theme, name, value)
    theme.save(update_fields=EDITABLE)
    audit.record(actor, LISTS, subject_type="theme_list", subject_id=theme.pk, detail=audit.changes(before, after))
    return theme


@dataclass
class Added:
    """What became of the lines that were typed or scanned."""

    added: list[BibliographicRecord] = field(default_factory=list)
    there: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


@transaction.atomic
def add(actor: Actor, theme_id: int, lines: Sequence[str]) -> Added:
    """Put titles at the end of a list: item numbers, ISBNs or record numbers, one a line. What is there stays where it
    is; what is unknown, or more than 200 titles, is said and left out."""
    access.require(actor, LISTS)
    theme = ThemeList.objects.select_for_update().get(pk=theme_id)
    there = set(theme.entries.values_list("record_id", flat=True))
    last = theme.entries.aggregate(last=Max("order"))["last"] or 0
    done, entries = Added(), []
    for line, record in records_named(lines):
        if record is None:
            done.unknown.append(line)
        elif record.pk in there:
            done.there.append(line)
        elif len(there) >= MOST:
            done.left_out.append(line)
        else:
            there.add(record.pk)
            done.added.append(record)
            entries.append(ListEntry(theme=theme, record=record, order=last + len(done.added)))
    ListEntry.objects.bulk_create(entries)
    if entries:
        audit.record(actor, LISTS, subject_type="theme_list", subject_id=theme.pk, detail={"added": len(entries)})
    return done


@dataclass(frozen=True)
class Line:
    """One title of the list as the page sent it back."""

    entry_id: int
    order: int
    comment: str
    remove: bool


@transaction.atomic
def arrange(actor: Actor, theme_id: int, lines: Sequence[Line]) -> int:
    """Order the titles anew, change what is said of them, take some off; returns how many are left. Titles that were
    added meanwhile stay."""
    access.require(actor, LISTS)
    theme = ThemeList.objects.select_for_update().get(pk=theme_id)
    asked = {line.entry_id: line for line in lines}
    entries = {entry.pk: entry for entry in theme.entries.all()}
    gone = [pk for pk, line in asked.items() if line.remove and pk in entries]
    ListEntry.objects.filter(pk__in=gone).delete()
    left = [entry for pk, entry in entries.items() if pk not in gone]
    left.sort(key=lambda entry: (asked[entry.pk].order if entry.pk in asked else entry.order, entry.order, entry.pk))
    for place, entry in enumerate(left, 1):
        entry.order = place
        if entry.pk in asked:
            entry.comment = asked[entry.pk].comment
    ListEntry.objects.bulk_update(left, ["order", "comment"])
    audit.record(
        actor, LISTS, subject_type="theme_list", subject_id=theme.pk, detail={"left": len(left), "removed": len(gone)}
    )
    return len(left)


@transaction.atomic
def drop(actor: Actor, theme_id: int) -> None:
    """Throw a list away."""
    access.require(actor, LISTS)
    theme = ThemeList.objects.select_for_update().filter(pk=theme_id).first()
    if theme is None:
        return
    audit.record(
        actor, LISTS, subject_type="theme_list", subject_id=theme_id, detail={"title": theme.title, "deleted": True}
    )
    theme.delete()
