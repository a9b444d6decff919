"""What the library decides about its catalogue as a whole, and the work that follows from it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BooleanField, Exists, OuterRef
from django.db.models.deletion import ProtectedError
from django.db.models.expressions import RawSQL

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import rules, search, showing
from app.catalog.actions import changes
from app.catalog.actions.importing import needed_by
from app.catalog.actions.operations import IMPORT, POLICY, CatalogError
from app.catalog.models import BibliographicRecord, CataloguePolicy, Item

# Withdrawn by mistake is put right within this time.
EMPTIED_DAYS = 30
_CLASS = ("ndc", "ndc_edition", "other_classes")
_SEVERAL_EDITIONS = RawSQL(
    "EXISTS (SELECT FROM unnest(other_classes) AS c WHERE c LIKE 'NDC%%')", (), output_field=BooleanField()
)
FIELDS = ("ndc_edition", "counted_class", "emptied", "show_cover", "show_toc", "show_summary", "show_author_note")
BATCH = 200


@transaction.atomic
def put_policy(actor: Actor, fields: Mapping[str, Any]) -> CataloguePolicy:
    """Decide anew. CatalogError for a value that cannot be. What follows is done by the nightly job, except that
    records without items appear or disappear as soon as they are indexed again."""
    require(actor, POLICY)
    now = CataloguePolicy.objects.select_for_update().filter(pk=1).first() or CataloguePolicy()
    before = {name: getattr(now, name) for name in FIELDS}
    after = {name: fields.get(name, before[name]) for name in FIELDS}
    if before == after:
        return now
    for name, value in after.items():
        setattr(now, name, value)
    try:
        now.clean_fields()
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise CatalogError(f"{CataloguePolicy._meta.get_field(name).verbose_name}: {messages[0]}") from error
    if before["ndc_edition"] != now.ndc_edition:
        now.reclass_from = 0
    now.save()
    if before["emptied"] != now.emptied:
        search.index(showing.emptied_records())
    audit.record(actor, POLICY, subject_type="policy", subject_id="catalog", detail=audit.changes(before, after))
    return now


def reclass(actor: Actor, most: int = 5000) -> int:
    """After another edition was chosen: put its numbers in front, record by record; returns how many changed.

    Batches are committed one by one with the place reached; a run that was cut goes on there. Two statements when
    nothing is to be done.
    """
    require(actor, IMPORT)
    changed = 0
    while changed < most:
        with transaction.atomic():
            decided = CataloguePolicy.objects.select_for_update().filter(pk=1, reclass_from__isnull=False).first()
            if decided is None:
                return changed
            several = BibliographicRecord.objects.select_for_update().defer("marc").order_by("pk")
            batch = list(several.filter(_SEVERAL_EDITIONS, pk__gt=decided.reclass_from)[:BATCH])
            decided.reclass_from = batch[-1].pk if batch else None
            decided.save(update_fields=["reclass_from"])
            changed += _reclassed(actor, batch, decided.ndc_edition)
    return changed


def _reclassed(actor: Actor, batch: Sequence[BibliographicRecord], wanted: int) -> int:
    moved: list[BibliographicRecord] = []
    with changes.open(actor, changes.Kind.BATCH, "分類の版の入替え") as change_set:
        for record in batch:
            chosen = rules.chosen_class(record.ndc, record.ndc_edition, record.other_classes, wanted)
            before = {name: getattr(record, name) for name in _CLASS}
            after = dict(zip(_CLASS, chosen, strict=True))
            if before["ndc"] == after["ndc"] and before["ndc_edition"] == after["ndc_edition"]:
                continue
            for name, value in after.items():
                setattr(record, name, value)
            change_set.note(record, before, after)
            moved.append(record)
    BibliographicRecord.objects.bulk_update(moved, _CLASS)
    search.index([record.pk for record in moved])
    return len(moved)


def clear_emptied(actor: Actor, today: date, most: int = BATCH) -> int:
    """Delete records whose last item was withdrawn a while ago, when the library decided so; returns how many.

    With them go their withdrawn items; the change set keeps both. What is still pointed at stays.
    """
    require(actor, IMPORT)
    if showing.policy().emptied != CataloguePolicy.Emptied.DELETE:
        return 0
    young = Item.objects.filter(record=OuterRef("pk"), updated_at__date__gt=today - timedelta(days=EMPTIED_DAYS))
    gone: list[int] = []
    for record_id in (
        BibliographicRecord.objects.filter(showing.emptied())
        .exclude(Exists(young))
        .order_by("pk")
        .values_list("pk")[:most]
    ):
        try:
            with transaction.atomic():
                gone += _cleared(actor, record_id[0])
        except ProtectedError:
            continue
    return len(gone)


def _cleared(actor: Actor, record_id: int) -> list[int]:
    record = BibliographicRecord.objects.select_for_update().filter(showing.emptied(), pk=record_id).first()
    if record is None or needed_by(record, besides=(Item,)):
        return []
    with changes.open(actor, changes.Kind.BATCH, f"所蔵のなくなった書誌の削除 {record.title[:80]}") as change_set:
        for item in Item.objects.select_for_update().filter(record=record):
            change_set.gone(item)
            item.delete()
        change_set.gone(record)
        record.delete()
    search.index([record_id])
    audit.record(actor, IMPORT, subject_type="record", subject_id=record_id, detail={"deleted": record.title[:80]})
    return [record_id]
