"""What belongs to a record beside its row: contents, cover, digital copies. Each noted in a change set."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from app.access.actions import require
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import pictures, search
from app.catalog.actions import changes
from app.catalog.actions.operations import EDIT_RECORD, CatalogError
from app.catalog.models import BibliographicRecord, ContentsPart, Cover, DigitalLink

PART_FIELDS = ("title", "title_reading", "creator", "creator_reading")
MOST_PARTS = 500
LARGEST_COVER = 512 * 1024
LARGEST_FILE = 4 * 1024 * 1024


def _record(record_id: int) -> BibliographicRecord:
    record = BibliographicRecord.objects.select_for_update().defer("marc").filter(pk=record_id).first()
    if record is None:
        raise CatalogError("書誌が見つかりません。")
    return record


def _noted(actor: Actor, record: BibliographicRecord, what: str) -> None:
    search.index([record.pk])
    audit.record(actor, EDIT_RECORD, subject_type="record", subject_id=record.pk, detail={"details": what})


@transaction.atomic
def put_contents(actor: Actor, record_id: int, parts: Sequence[Mapping[str, str]]) -> int:
    """The pieces of a record in their order, in place of those there were; returns how many. Lines without a title
    are left out. CatalogError for too many."""
    require(actor, EDIT_RECORD)
    record = _record(record_id)
    wanted = [{name: part.get(name, "").strip() for name in PART_FIELDS} for part in parts]
    wanted = [part for part in wanted if part["title"]]
    if len(wanted) > MOST_PARTS:
        raise CatalogError(f"内容細目は{MOST_PARTS}件までです。")
    there = list(ContentsPart.objects.filter(record=record))
    if [{name: getattr(part, name) for name in PART_FIELDS} for part in there] == wanted:
        return len(wanted)
    with changes.open(actor, changes.Kind.EDIT, f"内容細目 {record.title[:80]}") as change_set:
        for part in there:
            change_set.gone(part)
        ContentsPart.objects.filter(record=record).delete()
        new = [ContentsPart(record=record, order=order, **part) for order, part in enumerate(wanted, 1)]
        for part in ContentsPart.objects.bulk_create(new):
            change_set.made(part)
    _noted(actor, record, "contents")
    return len(wanted)


@transaction.atomic
def put_cover(actor: Actor, record_id: int, image: bytes, source: str = "") -> Cover:
    """The picture of a record's cover. CatalogError when it is no picture or too large."""
    require(actor, EDIT_RECORD)
    record = _record(record_id)
    kind = pictures.kind_of(image)
    if kind not in pictures.PICTURES:
        raise CatalogError("書影は、JPEG・PNG・WebP・GIFの画像を選んでください。")
    if len(image) > LARGEST_COVER:
        raise CatalogError(f"書影は{LARGEST_COVER // 1024}KBまでです。縮小してから登録してください。")
    cover = Cover(record=record, image=image, media_type=kind, source=source[:60])
    cover.save(force_insert=not Cover.objects.filter(record=record).exists())
    _noted(actor, record, "cover")
    return cover


@transaction.atomic
def remove_cover(actor: Actor, record_id: int) -> None:
    """Take the cover away; nothing happens without one."""
    require(actor, EDIT_RECORD)
    record = _record(record_id)
    if Cover.objects.filter(record=record).delete()[0]:
        _noted(actor, record, "cover removed")


@transaction.atomic
def put_digital(actor: Actor, record_id: int, fields: Mapping[str, Any], file: bytes | None = None) -> DigitalLink:
    """A digital copy of a record: an address, or a file that is kept here. CatalogError says what is wrong."""
    require(actor, EDIT_RECORD)
    record = _record(record_id)
    if bool(fields.get("url")) == bool(file):
        raise CatalogError("アドレスかファイルの、どちらか一方を指定してください。")
    if file and len(file) > LARGEST_FILE:
        most = LARGEST_FILE // 1024 // 1024
        raise CatalogError(f"ファイルは{most}MBまでです。大きいものは、別に置いてアドレスで結び付けてください。")
    kind = pictures.kind_of(file) if file else ""
    if file and not kind:
        raise CatalogError("画像(JPEG・PNG・WebP・GIF)かPDFのファイルを選んでください。")
    last = DigitalLink.objects.filter(record=record).order_by("-order").values_list("order", flat=True).first() or 0
    link = DigitalLink(record=record, order=last + 1, file=file, media_type=kind, **fields)
    try:
        link.clean_fields(exclude=["record", "file", "media_type"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise CatalogError(f"{DigitalLink._meta.get_field(name).verbose_name}: {messages[0]}") from error
    same = DigitalLink.objects.filter(record=record, label=link.label, url=link.url, file=file).first()
    if same:  # sent twice
        return same
    with changes.open(actor, changes.Kind.EDIT, f"デジタル資料 {record.title[:80]}") as change_set:
        link.save(force_insert=True)
        change_set.made(link)
    _noted(actor, record, "digital copy")
    return link


@transaction.atomic
def remove_digital(actor: Actor, record_id: int, link_id: int) -> None:
    """Take a digital copy away; nothing happens when it is gone."""
    require(actor, EDIT_RECORD)
    record = _record(record_id)
    link = DigitalLink.objects.filter(record=record, pk=link_id).first()
    if link is None:
        return
    with changes.open(actor, changes.Kind.EDIT, f"デジタル資料の削除 {record.title[:80]}") as change_set:
        change_set.gone(link)
        link.delete()
    _noted(actor, record, "digital copy removed")


@transaction.atomic
def put_own_fields(actor: Actor, record_id: int, fields: Mapping[str, str]) -> None:
    """The library's own fields of a record (name and text), in place of those there were."""
    require(actor, EDIT_RECORD)
    record = _record(record_id)
    before, after = {"own_fields": record.own_fields}, {"own_fields": dict(fields)}
    if before == after:
        return
    record.own_fields = dict(fields)
    record.save(update_fields=["own_fields", "updated_at"])
    with changes.open(actor, changes.Kind.EDIT, f"独自項目 {record.title[:80]}") as change_set:
        change_set.note(record, before, after)
    _noted(actor, record, "own fields")
