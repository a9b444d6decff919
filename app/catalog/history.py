"""What was changed: of one record or item newest first, of one set, and the list of sets."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from app.catalog import columns
from app.catalog.actions.changes import model_of
from app.catalog.models import Change, ChangeSet

NAMES = {"record": "書誌", "item": "所蔵", "catalog.mergedrecord": "統合", "catalog.contentspart": "内容細目"}


@dataclass(frozen=True)
class Line:
    """One column that changed."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Told:
    """One change as the page shows it."""

    change: Change
    change_set: ChangeSet
    what: str
    lines: tuple[Line, ...]

    @property
    def record_id(self) -> int | None:
        """The record whose page tells of the row."""
        return self.change.record_number


def told(change: Change) -> Told:
    """A change in words. Branches and records among the values cost one SQL statement each."""
    try:
        model = model_of(change.subject)
        what = NAMES.get(change.subject) or str(model._meta.verbose_name)
    except LookupError:
        return Told(change, change.change_set, change.subject, ())
    # Of a new row only what it says; empty columns were watched for what may come.
    new = change.act == Change.Act.MADE
    names = [name for name, value in change.after.items() if not new or value not in (None, "", [], {})]

    def line(name: str) -> Line:
        before, after = change.before.get(name), change.after.get(name)
        was = "" if new else columns.shown(model, name, before)
        return Line(columns.label(model, name), was, columns.shown(model, name, after))

    return Told(change, change.change_set, what, tuple(line(name) for name in names if not _hidden(name, change.after)))


def _hidden(name: str, after: dict[str, Any]) -> bool:
    """What follows from another column of the same change."""
    return (name == "year" and "issued" in after) or name == "marc_format"


def of_record(record_id: int) -> "QuerySet[Change]":
    """The changes of a record and of what belongs to it, newest first; plans are no history."""
    mine = Q(record_number=record_id) | Q(subject="record", subject_number=record_id)
    return _done(Change.objects.filter(mine))


def of_item(item_id: int) -> "QuerySet[Change]":
    """The changes of an item, newest first."""
    return _done(Change.objects.filter(subject="item", subject_number=item_id))


def _done(rows: "QuerySet[Change]") -> "QuerySet[Change]":
    return rows.exclude(change_set__state=ChangeSet.State.PLANNED).select_related("change_set").order_by("-pk")


def in_words(rows: Iterable[Change]) -> list[Told]:
    """The changes of a page."""
    return [told(row) for row in rows]


def sets(kind: str = "", by: str = "") -> "QuerySet[ChangeSet]":
    """The sets, newest first; of one kind, of one member of staff."""
    rows = ChangeSet.objects.select_related("undone_by", "undoes")
    if kind in ChangeSet.Kind.values:
        rows = rows.filter(kind=kind)
    if by:
        rows = rows.filter(Q(by_number=by) | Q(by_name__contains=by))
    return rows
