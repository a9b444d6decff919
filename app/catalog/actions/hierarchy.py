"""Sets and their volumes, serials with issues and articles: what stands below what, and in which order."""

from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import rules, search
from app.catalog.actions import changes
from app.catalog.actions.operations import EDIT_RECORD, CatalogError
from app.catalog.codes import PARTS_OF, Level
from app.catalog.models import BibliographicRecord

MOST_VOLUMES = 300
# What a volume has from its set; the rest is its own.
_SHARED = ("title", "title_reading", "title_translit", "statement", "creators", "creator_readings", "creator_translits",
           "place", "publisher", "publisher_reading", "ndc", "ndc_edition", "other_classes", "language",
           "material_type", "audience", "visibility", "subjects", "subject_readings", "rules_used", "content_type",
           "media_type", "carrier_type", "local_class")  # fmt: skip
_BELOW = {Level.SET: Level.VOLUME, Level.SERIAL: Level.ISSUE, Level.ISSUE: Level.ARTICLE}


@transaction.atomic
def place_below(actor: Actor, record_id: int, parent_id: int | None, order: int | None = None) -> None:
    """Put a record below a set or serial (None: take it out), at a place in it. CatalogError says why it cannot be.

    An import leaves the place alone from then on. A single work that gets volumes becomes a set.
    """
    require(actor, EDIT_RECORD)
    ids = sorted({record_id, parent_id} - {None})  # type: ignore[type-var]
    locked = BibliographicRecord.objects.select_for_update().defer("marc").order_by("pk").in_bulk(ids)
    record, parent = locked.get(record_id), locked.get(parent_id) if parent_id else None
    if record is None or (parent_id and parent is None):
        raise CatalogError("書誌が見つかりません。")
    if parent is not None:
        _check_place(record, parent)
    with changes.open(actor, changes.Kind.EDIT, f"書誌の階層 {record.title[:80]}") as change_set:
        if parent is not None and parent.level == Level.SINGLE:
            change_set.note(parent, {"level": parent.level}, {"level": Level.SET})
            _keep(parent, level=Level.SET)
        level = _level_below(parent, record)
        values = {"parent_id": parent_id, "part_order": _order(record, order) if parent else None, "level": level}
        before = {name: getattr(record, name) for name in values}
        _keep(record, **values)
        change_set.note(record, before, values)
    search.index(ids)
    audit.record(
        actor, EDIT_RECORD, subject_type="record", subject_id=record_id, detail={"parent": parent_id, "level": level}
    )


@transaction.atomic
def add_volumes(actor: Actor, parent_id: int, first: int, last: int, pattern: str = "{}") -> list[int]:
    """Make the volumes of a set (the issues of a serial) from one number to another; returns their record numbers.

    `pattern` says how the number is written ("第{}巻"). A volume that is there already is left as it is.
    """
    require(actor, EDIT_RECORD)
    parent = BibliographicRecord.objects.select_for_update().defer("marc").filter(pk=parent_id).first()
    if parent is None:
        raise CatalogError("書誌が見つかりません。")
    if not 0 < first <= last or last - first >= MOST_VOLUMES:
        raise CatalogError(f"巻の番号は、小さい方から大きい方へ、一度に{MOST_VOLUMES}件までです。")
    if "{}" not in pattern:
        raise CatalogError("巻次の書き方に、番号の入る所 {} がありません。")
    level = Level.SET if parent.level == Level.SINGLE else parent.level
    if level not in _BELOW:
        raise CatalogError(f"「{parent.get_level_display()}」の書誌に、各巻は作れません。")
    there = set(BibliographicRecord.objects.filter(parent=parent).values_list("part_order", flat=True))
    shared = {name: getattr(parent, name) for name in _SHARED}
    with changes.open(actor, changes.Kind.CREATE, f"各巻の登録 {parent.title[:80]}") as change_set:
        if parent.level != level:
            change_set.note(parent, {"level": parent.level}, {"level": level})
            _keep(parent, level=level)
        volumes = [
            BibliographicRecord(
                **shared,
                parent=parent,
                part_order=number,
                level=_BELOW[level],
                volume=pattern.replace("{}", str(number)),
            )
            for number in range(first, last + 1)
            if number not in there
        ]
        for made in BibliographicRecord.objects.bulk_create(volumes):
            change_set.made(made)
    made_ids = [volume.pk for volume in volumes]
    search.index([parent.pk, *made_ids])
    audit.record(
        actor, EDIT_RECORD, subject_type="record", subject_id=parent.pk, detail={"volumes": [first, last, len(volumes)]}
    )
    return made_ids


def _check_place(record: BibliographicRecord, parent: BibliographicRecord) -> None:
    """CatalogError when the parent cannot have this below it, or is itself below the record."""
    level = Level.SET if parent.level == Level.SINGLE else parent.level
    if level not in PARTS_OF:
        raise CatalogError(f"「{parent.get_level_display()}」の書誌の下には置けません。")
    above: BibliographicRecord | None = parent
    while above is not None:
        if above.pk == record.pk:
            raise CatalogError("自分自身や、自分の下にある書誌の下には置けません。")
        above = (
            BibliographicRecord.objects.defer("marc").filter(pk=above.parent_id).first() if above.parent_id else None
        )


def _level_below(parent: BibliographicRecord | None, record: BibliographicRecord) -> str:
    if parent is None:
        return Level.SINGLE if record.level in (Level.VOLUME, Level.ISSUE) else record.level
    level = Level.SET if parent.level == Level.SINGLE else parent.level
    fits = PARTS_OF[Level(level)]
    return record.level if record.level in fits and record.level != Level.SINGLE else _BELOW[Level(level)]


def _order(record: BibliographicRecord, order: int | None) -> int | None:
    return order or rules.order_of(record.volume)


def _keep(record: BibliographicRecord, **values: object) -> None:
    """Save these, and have imports leave them alone."""
    for name, value in values.items():
        setattr(record, name, value)
    names = {name.removesuffix("_id") for name in values}
    record.kept_fields = sorted({*record.kept_fields, *names})
    record.save(update_fields=[*names, "kept_fields", "updated_at"])
