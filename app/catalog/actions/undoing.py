"""Taking a change set back: every value as it was before, or a refusal that names the later changes standing on it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, connection, models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.authorities import hooks
from app.authorities.actions import EDIT as EDIT_AUTHORITY
from app.authorities.queries import names_of
from app.catalog import search
from app.catalog.actions import changes
from app.catalog.actions.operations import EDIT_ITEM, EDIT_RECORD, UNDO, CatalogError
from app.catalog.followers import followers
from app.catalog.models import Change, ChangeSet, Item

# Sets of values: undoing takes out what the change put in and puts back what it took out.
SETS = {"kept_fields"}
MOST_SHOWN = 20


@dataclass(frozen=True)
class Obstacle:
    """Why one row cannot go back: in words, and the later change set, if it was one."""

    label: str
    why: str
    later: int | None = None


class UndoRefused(CatalogError):
    """Nothing was undone. `obstacles` says row by row why, the first of them only when there are many."""

    def __init__(self, obstacles: list[Obstacle]) -> None:
        super().__init__(f"この変更の後に別の変更があるため、取り消せません({len(obstacles)}件)。")
        self.obstacles = obstacles[:MOST_SHOWN]


@dataclass
class Past:
    """What a set did to one row altogether: its values before the first and after the last change, by column."""

    subject: str
    number: int
    label: str
    act: str
    last: int
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, int]:
        return self.subject, self.number

    @property
    def model(self) -> type[models.Model]:
        return changes.model_of(self.subject)


def composed(rows: Iterable[Change]) -> list[Past]:
    """The changes of one set, one entry a row, in the order of the first. Pure but for the rows' own fields."""
    found: dict[tuple[str, int], Past] = {}
    for row in rows:
        key = (row.subject, row.subject_number)
        past = found.setdefault(key, Past(row.subject, row.subject_number, row.label, row.act, row.pk))
        past.last = row.pk
        past.before = {**row.before, **past.before}
        past.after = {**past.after, **row.after}
        if row.act == Change.Act.GONE:
            past.act = Change.Act.GONE
    return list(found.values())


@transaction.atomic
def undo(actor: Actor, change_set_id: int) -> ChangeSet:
    """Put everything back that the set changed; returns the change set of the undoing. Asking again changes nothing.

    UndoRefused when later changes stand on any of it; CatalogError for a set that cannot be undone at all. New rows
    are deleted again unless something hangs on them. Holds and what else followed a merge go back as well.
    """
    require(actor, UNDO)
    row = ChangeSet.objects.select_for_update().filter(pk=change_set_id).first()
    if row is None:
        raise CatalogError("変更の記録が見つかりません。")
    if row.state == ChangeSet.State.UNDONE:
        return row.undone_by
    if row.state == ChangeSet.State.PLANNED:
        raise CatalogError("まだ実行していない変更です。")
    if row.kind == ChangeSet.Kind.UNDO:
        raise CatalogError("取消しを取り消すことはできません。もう一度変更してください。")
    pasts = composed(row.changes.order_by("pk"))
    there = locked(pasts)
    _may(actor, pasts, there)
    obstacles = _obstacles(row, pasts, there)
    if obstacles:
        raise UndoRefused(obstacles)
    authorities = _authorities(pasts, there)
    names = names_of(authorities)
    try:
        with changes.open(actor, changes.Kind.UNDO, f"取消: {row.title}", undoes=row) as change_set:
            records = _put_back(change_set, pasts, there)
            number = change_set.pk
            connection.check_constraints()  # what PostgreSQL would find at the end of the transaction only
    except (IntegrityError, ProtectedError) as error:
        raise CatalogError("ほかの資料やデータが使っているため、取り消せません。") from error
    for follower in followers():
        if follower.split:
            follower.split(row.pk)
    ChangeSet.objects.filter(pk=row.pk).update(state=ChangeSet.State.UNDONE)
    search.index(records)
    hooks.tell(names | names_of(authorities))
    audit.record(actor, UNDO, subject_type="change_set", subject_id=row.pk, detail={"rows": len(pasts), "by": number})
    return ChangeSet.objects.get(pk=number)


def locked(pasts: list[Past]) -> dict[tuple[str, int], models.Model]:
    """The rows as they are now, locked: items before records, by number. One SQL statement a model."""
    by_model: dict[str, list[int]] = {}
    for past in pasts:
        by_model.setdefault(past.subject, []).append(past.number)
    there: dict[tuple[str, int], models.Model] = {}
    for subject in sorted(by_model, key=lambda name: (name != "item", name != "record", name)):
        model = changes.model_of(subject)
        rows = model._default_manager.select_for_update().filter(pk__in=by_model[subject]).order_by("pk")
        there.update({(subject, obj.pk): obj for obj in rows})
    return there


def _may(actor: Actor, pasts: list[Past], there: dict[tuple[str, int], models.Model]) -> None:
    """Whoever may not change an item at its library, or a record at all, may not change it back either."""
    branches = {obj.branch_id for obj in there.values() if isinstance(obj, Item)}
    for branch in branches:
        require(actor, EDIT_ITEM, branch)
    if any(past.subject.startswith("authorities.") for past in pasts):
        require(actor, EDIT_AUTHORITY)
    if any(past.subject != "item" and not past.subject.startswith("authorities.") for past in pasts):
        require(actor, EDIT_RECORD)


def _obstacles(row: ChangeSet, pasts: list[Past], there: dict[tuple[str, int], models.Model]) -> list[Obstacle]:
    later = _later(row, pasts)
    hanging = _hanging([past for past in pasts if past.act == Change.Act.MADE and past.key not in later], there)
    back = {past.key for past in pasts if past.act == Change.Act.GONE}
    found: list[Obstacle] = []
    for past in pasts:
        obj = there.get(past.key)
        names = set(past.after) - SETS
        on_it = later.get(past.key, [])
        if past.act == Change.Act.CHANGED and obj is not None:
            on_it = [change for change in on_it if names & set(change.after) or change.act == Change.Act.GONE]
        if past.act == Change.Act.GONE:
            found += _unrestorable(past, back)
        elif on_it:
            found += [_told(past, change) for change in on_it]
        elif obj is None:
            found.append(Obstacle(past.label, "すでに削除されています"))
        elif past.act == Change.Act.MADE:
            found += hanging.get(past.key, []) + _differing(past, obj, names)
        else:
            found += _differing(past, obj, names) + _unrestorable(past, back)
    return found


def _told(past: Past, change: Change) -> Obstacle:
    title = change.change_set.title
    return Obstacle(past.label, f"後の変更「{title}」があります", change.change_set_id)


def _later(row: ChangeSet, pasts: list[Past]) -> dict[tuple[str, int], list[Change]]:
    """Changes after this set that still stand, by row; what was hung on a new record counts as the record's.

    One SQL statement.
    """
    known = {past.key: past for past in pasts}
    wanted = models.Q(record_number__in=[p.number for p in pasts if p.subject == "record" and p.act == Change.Act.MADE])
    for subject in {past.subject for past in pasts}:
        wanted |= models.Q(subject=subject, subject_number__in=[p.number for p in pasts if p.subject == subject])
    last = min((past.last for past in pasts), default=0)  # a set may have changed nothing
    standing = Change.objects.filter(wanted, change_set__state=ChangeSet.State.DONE, pk__gt=last)
    standing = standing.exclude(change_set=row).exclude(change_set__kind=ChangeSet.Kind.UNDO)
    found: dict[tuple[str, int], list[Change]] = {}
    for change in standing.select_related("change_set").order_by("-pk"):
        key = (change.subject, change.subject_number)
        if key not in known:
            key = ("record", change.record_number or 0)
        if key in known and change.pk > known[key].last:
            found.setdefault(key, []).append(change)
    return found


def _hanging(made: list[Past], there: dict[tuple[str, int], models.Model]) -> dict[tuple[str, int], list[Obstacle]]:
    """What other areas keep of new rows: it must not go with them. A SQL statement for each kind of row that may."""
    found: dict[tuple[str, int], list[Obstacle]] = {}
    for subject in {past.subject for past in made}:
        new = {past.number: past for past in made if past.subject == subject and past.key in there}
        for relation in changes.model_of(subject)._meta.get_fields(include_hidden=True):
            if not (relation.auto_created and not relation.concrete and (relation.one_to_many or relation.one_to_one)):
                continue
            model: type[models.Model] = relation.related_model  # type: ignore[assignment]
            if model._meta.app_label == "catalog":
                continue  # a record's own details go with it; its items are changes of this set or later ones
            name = relation.field.attname
            own = [past.number for past in made if past.subject == changes.subject_of(model)]
            rows = model._base_manager.filter(**{f"{name}__in": list(new)}).exclude(pk__in=own)
            for number in set(rows.values_list(name, flat=True)):
                past = new[number]
                used = Obstacle(past.label, f"{model._meta.verbose_name}で使われています")
                found.setdefault(past.key, []).append(used)
    return found


def _differing(past: Past, obj: models.Model, names: Iterable[str]) -> list[Obstacle]:
    """Values that somebody changed outside of the catalogue's screens, at the counter for instance."""
    wrong = [name for name in sorted(names) if changes.plain(getattr(obj, name)) != past.after[name]]
    words = "、".join(str(obj._meta.get_field(name).verbose_name) for name in wrong)  # type: ignore[union-attr]
    return [Obstacle(past.label, f"{words}がその後に変わりました")] if wrong else []


def _unrestorable(past: Past, back: set[tuple[str, int]]) -> list[Obstacle]:
    """Rows that a former value points at and that are gone; those that come `back` by the same undoing are there."""
    for name, value in past.before.items():
        column = past.model._meta.get_field(name)
        if isinstance(column, models.ForeignKey) and value is not None:
            target = column.remote_field.model
            if (changes.subject_of(target), value) in back:
                continue
            if not target._base_manager.filter(pk=value).exists():
                return [Obstacle(past.label, f"変更前の{column.verbose_name}がもうありません")]
    return []


def _put_back(change_set: changes.Noting, pasts: list[Past], there: dict[tuple[str, int], models.Model]) -> set[int]:
    """Write the former values; returns the records whose index is to be made anew."""
    records: set[int] = set()
    columns: dict[type[models.Model], set[str]] = {}
    altered: dict[type[models.Model], list[models.Model]] = {}
    for past in pasts:
        if past.act == Change.Act.GONE:
            values = {n: changes.restored(past.model._meta.get_field(n), v) for n, v in past.before.items()}
            obj = past.model(**values)
            obj.save(force_insert=True)
            change_set.made(obj)
            records |= _record_of(obj)
        elif past.act == Change.Act.CHANGED:
            obj = there[past.key]
            records |= _record_of(obj)
            was = {name: getattr(obj, name) for name in past.after}
            for name in past.before:
                setattr(obj, name, _former(past, obj, name))
            change_set.note(obj, was, {name: getattr(obj, name) for name in past.after})
            records |= _record_of(obj)
            columns.setdefault(past.model, set()).update(past.before)
            altered.setdefault(past.model, []).append(obj)
    for model, rows in altered.items():
        write(model, rows, sorted(columns[model]))
    for past in reversed([past for past in pasts if past.act == Change.Act.MADE]):
        obj = there[past.key]
        records |= _record_of(obj)
        change_set.gone(obj)
        obj.delete()
    return records


def write(model: type[models.Model], rows: list[models.Model], names: list[str]) -> None:
    """Save these columns of the rows. A number that two of them exchange is free for a moment first."""
    unique = {n for c in model._meta.constraints if isinstance(c, models.UniqueConstraint) for n in c.fields}
    for name in unique.intersection(names):
        if model._meta.get_field(name).null:  # type: ignore[union-attr]
            model._default_manager.filter(pk__in=[row.pk for row in rows]).update(**{name: None})
    clocks = [field.name for field in model._meta.concrete_fields if getattr(field, "auto_now", False)]
    for row in rows:
        for name in clocks:
            setattr(row, name, timezone.now())
    model._default_manager.bulk_update(rows, [*names, *clocks], batch_size=500)


def _former(past: Past, obj: models.Model, name: str) -> Any:
    if name in SETS:
        came = set(past.after[name]) - set(past.before[name])
        went = set(past.before[name]) - set(past.after[name])
        return sorted((set(getattr(obj, name)) - came) | went)
    return changes.restored(obj._meta.get_field(name), past.before[name])  # type: ignore[arg-type]


def _authorities(pasts: list[Past], there: dict[tuple[str, int], models.Model]) -> set[int]:
    """The authorities that change, or whose other forms do: the records with their names are indexed anew."""
    own = {past.number for past in pasts if past.subject == "authorities.authority"}
    forms = [past for past in pasts if past.subject == "authorities.form"]
    own |= {past.before["authority_id"] for past in forms if "authority_id" in past.before}
    return own | {there[past.key].authority_id for past in forms if past.key in there}  # type: ignore[attr-defined]


def _record_of(obj: models.Model) -> set[int]:
    """The record whose index tells of this row."""
    number = obj.pk if changes.subject_of(type(obj)) == "record" else getattr(obj, "record_id", None)
    return {number} if number else set()
