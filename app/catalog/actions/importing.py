"""Records from an exchange format: made, brought up to date or deleted in batches, each part of one change set."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import rules, search
from app.catalog.actions import changes
from app.catalog.actions.merging import describe_items
from app.catalog.actions.operations import IMPORT
from app.catalog.codes import Origin
from app.catalog.models import BibliographicRecord, CataloguePolicy, ContentsPart, Cover, DigitalLink, SearchDocument

# What a field brings along: who corrected the one keeps the others too.
TOGETHER = {"ndc": ("ndc_edition", "other_classes"), "issued": ("year",), "isbn13": ("other_isbns",)}
# Rows of these go with their record; any other row that points at it keeps it from being deleted.
_OWN = (ContentsPart, Cover, DigitalLink, SearchDocument)
PARENT = "parent_number"


@dataclass(frozen=True)
class ImportOutcome:
    """How many records a batch made, changed, deleted and found unchanged."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    change_set: int | None = None
    """The change set of what it did; None when it did nothing."""
    deleted: int = 0

    def __add__(self, other: "ImportOutcome") -> "ImportOutcome":
        return ImportOutcome(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            other.change_set or self.change_set,
            self.deleted + other.deleted,
        )


@transaction.atomic
def import_records(
    actor: Actor, batch: Iterable[Mapping[str, Any]], *, title: str = "書誌の取込み", into: int | None = None
) -> ImportOutcome:
    """Create or update records from an exchange format, matched by national number, then by control number.

    Rows are fields of BibliographicRecord, and under PARENT the control number of the record above. The same record
    again (same original bytes) is left untouched; fields that staff corrected are kept. The only temporary record with
    its ISBN becomes what the row says, with its items and holds (F-CAT-010). One change set of that title
    with its audit event; `into` goes on with an earlier batch's, whose event stands for it.
    """
    require(actor, IMPORT)
    edition = CataloguePolicy.objects.values_list("ndc_edition", flat=True).first() or 0
    rows = [_classed(row, edition) for row in batch]
    there = _known(rows)
    waiting = _waiting(rows)
    replaced: list[BibliographicRecord] = []
    fresh: dict[str, BibliographicRecord] = {}
    changed: dict[int, tuple[BibliographicRecord, dict[str, Any]]] = {}
    parents: list[tuple[BibliographicRecord, str]] = []
    unchanged = 0
    for row in rows:
        keys = _keys(row)
        fields = {name: value for name, value in row.items() if name != PARENT}
        known = next((there[key] for key in keys if key in there), None)
        if known is None and row.get("isbn13") in waiting:
            known = waiting.pop(row["isbn13"])
            replaced.append(known)
            changed[known.pk] = known, {name: getattr(known, name) for name in (*fields, "parent_id", "kept_fields")}
            known.kept_fields = []  # what was known before the record came was provisional
            _update(known, fields)
        elif known is None:
            known = BibliographicRecord(**fields)
            # The same record twice in one file: the later one is the newer one.
            fresh = {k: r for k, r in fresh.items() if k not in keys} | {keys[0] if keys else f"row {id(row)}": known}
        elif bytes(known.marc or b"") == row["marc"]:
            unchanged += 1
            continue
        else:
            before = {name: getattr(known, name) for name in (*fields, "parent_id")}
            _update(known, fields)
            # The same record twice in one file: what counts is how it was before the first.
            changed.setdefault(known.pk, (known, before))
        if row.get(PARENT):
            parents.append((known, row[PARENT]))
    created = BibliographicRecord.objects.bulk_create(fresh.values())
    _hang(parents)
    with changes.open(actor, changes.Kind.IMPORT, title, into=into) as change_set:
        for record in created:
            change_set.made(record)
        for record, before in changed.values():
            change_set.note(record, before, {name: getattr(record, name) for name in before})
        for record in replaced:
            describe_items(change_set, record)
        number = change_set.pk if created or changed else into
    search.index([record.pk for record in created] + list(changed))
    if number and into is None:
        audit.record(actor, IMPORT, subject_type="record", detail={"change_set": number, "title": title})
    return ImportOutcome(len(created), len(changed), unchanged, number)


@transaction.atomic
def delete_records(
    actor: Actor, orders: Sequence[Mapping[str, Any]], *, title: str = "書誌の取込み", into: int | None = None
) -> tuple[ImportOutcome, dict[int, str]]:
    """Delete the records with these numbers; returns the outcome, and for those that must stay why, by their place.

    A record stays while it has items or parts, while somebody holds it, or anything else points at it. One that is
    not there counts as unchanged.
    """
    require(actor, IMPORT)
    there = _known(list(orders))
    reasons: dict[int, str] = {}
    gone: list[int] = []
    unchanged = 0
    with changes.open(actor, changes.Kind.IMPORT, title, into=into) as change_set:
        for place, order in enumerate(orders):
            record = next((there[key] for key in _keys(order) if key in there), None)
            if record is None or record.pk is None:
                unchanged += 1
            elif reason := needed_by(record):
                reasons[place] = f"削除を指示していますが、{reason}があるため残しました(書誌番号 {record.pk})"
            else:
                gone.append(record.pk)
                change_set.gone(record)
                record.delete()
        number = change_set.pk if gone else into
    search.index(gone)
    if number and into is None:
        audit.record(actor, IMPORT, subject_type="record", detail={"change_set": number, "title": title})
    return ImportOutcome(unchanged=unchanged, deleted=len(gone), change_set=number), reasons


def needed_by(record: BibliographicRecord, besides: tuple[type[models.Model], ...] = ()) -> str:
    """What points at a record and so keeps it, in words; "" when nothing does. A statement for each kind of row."""
    for relation in BibliographicRecord._meta.related_objects:
        model = relation.related_model
        if isinstance(model, str) or issubclass(model, (*_OWN, *besides)):
            continue
        if model._default_manager.filter(**{relation.field.name: record}).exists():
            return "各巻" if model is BibliographicRecord else str(model._meta.verbose_name)
    return ""


def _classed(row: Mapping[str, Any], edition: int) -> dict[str, Any]:
    """The row with the number of the edition in front by which this library searches."""
    ndc, number, others = rules.chosen_class(
        row.get("ndc", ""), row.get("ndc_edition"), row.get("other_classes", ()), edition
    )
    return {**row, "ndc": ndc, "ndc_edition": number, "other_classes": others} if row.get("ndc") else dict(row)


def _update(known: BibliographicRecord, fields: Mapping[str, Any]) -> None:
    kept = {name for field in known.kept_fields for name in (field, *TOGETHER.get(field, ()))}
    for name, value in fields.items():
        if name not in kept:
            setattr(known, name, value)
    known.save()


def _hang(parents: Sequence[tuple[BibliographicRecord, str]]) -> None:
    """Put records below those whose numbers they name, as far as these are there. Two statements when there are any."""
    numbers = {number for _, number in parents}
    found = dict(
        BibliographicRecord.objects.filter(control_number__in=numbers).values_list("control_number", "pk")
        if numbers
        else ()
    )
    hung: list[BibliographicRecord] = []
    for record, number in parents:
        above = found.get(number)
        if above and above != record.pk and "parent" not in record.kept_fields:
            record.parent_id = above
            record.part_order = record.part_order or rules.order_of(record.volume)
            hung.append(record)
    if hung:
        BibliographicRecord.objects.bulk_update(hung, ["parent", "part_order"])


def _waiting(rows: Sequence[Mapping[str, Any]]) -> dict[str, BibliographicRecord]:
    """Temporary records by the ISBN that a row has, locked; an ISBN of several is nobody's. One SQL statement."""
    isbns = {row["isbn13"] for row in rows if row.get("isbn13")}
    temporary = BibliographicRecord.objects.select_for_update(of=("self",)).order_by("pk")
    found: dict[str, list[BibliographicRecord]] = {}
    for record in temporary.filter(origin=Origin.TEMPORARY, isbn13__in=isbns, merged__isnull=True):
        found.setdefault(record.isbn13, []).append(record)
    return {isbn: records[0] for isbn, records in found.items() if len(records) == 1}


def _keys(row: Mapping[str, Any]) -> list[str]:
    """What a record is recognised by, best first."""
    return [f"{name}:{row[name]}" for name in ("national_number", "control_number") if row.get(name)]


def _known(rows: Sequence[Mapping[str, Any]]) -> dict[str, BibliographicRecord]:
    """The records that these rows would meet, locked, by key. Two SQL statements."""
    found: dict[str, BibliographicRecord] = {}
    by_id: dict[int, BibliographicRecord] = {}
    for name in ("national_number", "control_number"):
        numbers = [row[name] for row in rows if row.get(name)]
        locked = BibliographicRecord.objects.select_for_update(of=("self",)).order_by("pk")
        for record in locked.filter(**{f"{name}__in": numbers}):
            # The same row met by its other key must stay the same object.
            found[f"{name}:{getattr(record, name)}"] = by_id.setdefault(record.pk, record)
    return found
