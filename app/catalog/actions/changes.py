"""Change sets: every edit of a record or an item is noted in one, with the values before and after.

    with changes.open(actor, Kind.EDIT, "書誌の修正") as change_set:
        ...change and save the rows...
        change_set.note(record, {"title": old}, {"title": new})   # only what differs is kept
        change_set.made(item)                                     # a new row
        change_set.gone(item)                                     # before it is deleted: all its values are kept

Inside the action's transaction (the block is one itself). A set in which nothing was noted leaves no trace. Names are
those of the model's columns. What is noted can be undone (`undoing.undo`) and is the history of the row
(`app.catalog.history`). No value may tell of a person: the counter's acts on items (loans, damage notes, temporary
records) are not noted here.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import F
from django.utils import timezone

from app.access.actor import Actor
from app.catalog.actions.operations import CatalogError
from app.catalog.models import BibliographicRecord, Change, ChangeSet, Item

Kind = ChangeSet.Kind
_SHORT: dict[str, type[models.Model]] = {"record": BibliographicRecord, "item": Item}
_BATCH = 1000


class SetUndone(CatalogError):
    """An earlier part of this work was taken back meanwhile; the rest is not done."""


# Derived by the database or by saving; restoring them would say nothing.
_CLOCKS = {"created_at", "updated_at"}


def subject_of(model: type[models.Model]) -> str:
    """How changes name a model: `record`, `item`, else its label."""
    return next((short for short, known in _SHORT.items() if known is model), model._meta.label_lower)


def model_of(subject: str) -> type[models.Model]:
    """The model that changes name so. LookupError when it is gone from this release."""
    return _SHORT.get(subject) or apps.get_model(subject)


def plain(value: Any) -> Any:
    """A column's value as JSON that `restored` reads again: days and amounts as text, bytes in base64, rows by id."""
    if isinstance(value, memoryview | bytes | bytearray):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return value


def restored(field: "models.Field[Any, Any]", value: Any) -> Any:
    """The value of a column that `plain` wrote down."""
    made = field.to_python(value)
    return bytes(made) if isinstance(made, memoryview) else made


class Noting:
    """The change set that is being filled. Its row appears with the first note, or when its number is asked for."""

    def __init__(self, row: ChangeSet) -> None:
        self._row = row
        self._changes: list[Change] = []
        self._subjects: set[tuple[str, int]] = set()

    @property
    def row(self) -> ChangeSet:
        """The row, saved."""
        if self._row.pk is None:
            self._row.save(force_insert=True)
        return self._row

    @property
    def pk(self) -> int:
        """Its number."""
        return self.row.pk

    def note(self, obj: models.Model, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """This row had these values and has those now; what is the same in both is left out."""
        old, new = (_columns(obj, values) for values in (before, after))
        names = [name for name in old if name in new and old[name] != new[name]]
        if names:
            self._add(obj, Change.Act.CHANGED, {n: old[n] for n in names}, {n: new[n] for n in names})

    def made(self, obj: models.Model, watched: Iterable[str] = ()) -> None:
        """This row is new. Its values stand in the row itself and are not kept twice, but for those `watched`: when
        others change these without a change set, the row is no longer what was made, and its making not undone."""
        self._add(obj, Change.Act.MADE, {}, _columns(obj, {name: getattr(obj, name) for name in watched}))

    def gone(self, obj: models.Model) -> None:
        """This row is about to be deleted: every value is kept."""
        fields = [field for field in obj._meta.concrete_fields if not field.generated]
        values = {field.attname: getattr(obj, field.attname) for field in fields}
        self._add(obj, Change.Act.GONE, _columns(obj, values), {})

    def remark(self, **remarks: Any) -> None:
        """What else the set's page says of it; plain values."""
        self._row.remarks = {**self._row.remarks, **remarks}

    def _add(self, obj: models.Model, act: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        subject = subject_of(type(obj))
        number = obj.pk if subject == "record" else getattr(obj, "record_id", None)
        self._subjects.add((subject, obj.pk))
        self._changes.append(
            Change(
                subject=subject,
                subject_number=obj.pk,
                record_number=number,
                label=label_of(obj),
                act=act,
                before=before,
                after=after,
            )
        )

    def close(self) -> None:
        """Write what was noted. For `open`."""
        if not self._changes:
            if self._row.pk is not None:
                self._row.save(update_fields=["remarks"])
            return
        row = self.row
        for change in self._changes:
            change.change_set = row
        Change.objects.bulk_create(self._changes, batch_size=_BATCH)
        ChangeSet.objects.filter(pk=row.pk).update(size=F("size") + len(self._subjects), remarks=row.remarks)
        row.refresh_from_db(fields=["size"])


@contextmanager
def open(actor: Actor, kind: str, title: str, *, into: int | None = None, **more: Any) -> Iterator[Noting]:
    """A change set to note changes in; when the block ends well, they are written. Inside one transaction.

    `into` goes on with an earlier set, for work that commits in pieces (an import). `more` are further columns.
    """
    with transaction.atomic():
        if into is not None:
            row = ChangeSet.objects.select_for_update().get(pk=into)
            if row.state == ChangeSet.State.UNDONE:
                raise SetUndone("この取込みは途中で取り消されました。続きは取り込みません。")
        else:
            row = ChangeSet(
                kind=kind,
                title=title[:200],
                by_number=actor.number[:40],
                by_name=(actor.name or actor.number)[:80],
                at=now(),
                **more,
            )
        noting = Noting(row)
        yield noting
        noting.close()


def now() -> datetime:
    """The moment that a change set carries."""
    return timezone.now()


def label_of(obj: models.Model) -> str:
    """What a row is called in a list of changes."""
    if isinstance(obj, BibliographicRecord):
        return f"{obj.title} {obj.volume}".strip()[:100]
    return str(obj)[:100]


def _columns(obj: models.Model, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values by column, as plain JSON."""
    found = {obj._meta.get_field(name).attname: value for name, value in values.items()}  # type: ignore[union-attr]
    return {name: plain(value) for name, value in found.items() if name not in _CLOCKS}
