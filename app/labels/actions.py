"""Writes about labels: layouts, and the numbers that are drawn to be printed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from app.access.actions import require
from app.access.actor import Actor
from app.access.operations import LIBRARIAN, declare
from app.audit import actions as audit
from app.catalog.actions import CatalogError, take
from app.catalog.models import NumberRange
from app.labels import rules, sheets
from app.labels.models import Colour, Layout, NumberRun, Tier

PRINT = declare("labels.print", "ラベルを印刷する", kind="view")
DRAW = declare("labels.draw", "資料番号を払い出してラベルに印刷する", roles=(LIBRARIAN,), kind="add")
DESIGN = declare("labels.design", "ラベルの様式を変える", roles=(LIBRARIAN,))
MOST_LABELS = 1000
# One for each class of NDC, far enough apart on a shelf.
FIRST_COLOURS = (
    "#6b7280", "#7c3aed", "#b45309", "#b91c1c", "#15803d",
    "#0369a1", "#4d7c0f", "#be185d", "#0f766e", "#1d4ed8",
)  # fmt: skip


class LabelError(Exception):
    """The request cannot be carried out; the text is for the screen."""


@transaction.atomic
def draw_numbers(actor: Actor, token: UUID, range_id: int, count: int) -> NumberRun:
    """Take so many numbers to print; the same token gives the same numbers again. LabelError when there are none."""
    require(actor, DRAW)
    if count > MOST_LABELS:
        raise LabelError(f"一度に印刷できるのは{MOST_LABELS}枚までです。")
    # The range first: whoever presses twice waits here, and then finds what the first press drew.
    NumberRange.objects.select_for_update().filter(pk=range_id).first()
    there = NumberRun.objects.filter(pk=token).first()
    if there:
        return there
    try:
        drawn = take(range_id, count)
    except CatalogError as error:
        raise LabelError(str(error)) from error
    run = NumberRun.objects.create(
        token=token, number_range_id=range_id, first=drawn[0], last=drawn[-1], count=count, by_number=actor.number[:40]
    )
    detail = {"first": run.first, "last": run.last, "count": count}
    audit.record(actor, DRAW, subject_type="numbers", subject_id=range_id, detail=detail)
    return run


@transaction.atomic
def put_layout(
    actor: Actor,
    values: Mapping[str, Any],
    tiers: Sequence[Mapping[str, Any]],
    colours: Mapping[str, str],
    layout_id: int | None = None,
) -> Layout:
    """Add a layout or change one: its sheet, its tiers from top to bottom, its colours by value. LabelError says what
    does not fit."""
    require(actor, DESIGN)
    layout = Layout.objects.select_for_update().filter(pk=layout_id).first() if layout_id else Layout()
    if layout is None:
        raise LabelError("様式が見つかりません。")
    before = described(layout) if layout.pk else {}
    for name, value in values.items():
        setattr(layout, name, value)
    _check(layout, tiers, colours)
    try:
        with transaction.atomic():
            layout.save()
    except IntegrityError as error:
        raise LabelError(f"「{layout.name}」という様式はすでにあります。") from error
    layout.tiers.all().delete()
    Tier.objects.bulk_create(Tier(layout=layout, **tier) for tier in tiers)
    layout.colours.all().delete()
    Colour.objects.bulk_create(Colour(layout=layout, value=value, colour=colour) for value, colour in colours.items())
    after = described(layout)
    if before != after:
        detail = audit.changes(before or dict.fromkeys(after, ""), after)
        audit.record(actor, DESIGN, subject_type="layout", subject_id=layout.name[:60], detail=detail)
    return layout


def described(layout: Layout) -> dict[str, str]:
    """A layout in words for the log. Two SQL statements."""
    names = ("kind", "page_width", "page_height", "columns", "rows", "left", "top", "label_width", "label_height")
    own = {name: str(getattr(layout, name)) for name in (*names, "gap_x", "gap_y", "colour_by", "band", "in_use")}
    tiers = [f"{t.content}@{t.x},{t.y} {t.width}x{t.height} {t.size}pt" for t in Tier.objects.filter(layout=layout)]
    colours = [f"{c.value}={c.colour}" for c in Colour.objects.filter(layout=layout)]
    return {"name": layout.name, **own, "tiers": "; ".join(tiers), "colours": " ".join(colours)}


def _check(layout: Layout, tiers: Sequence[Mapping[str, Any]], colours: Mapping[str, str]) -> None:
    problem = rules.sheet_problem(sheets.sheet_of(layout))
    if problem:
        raise LabelError(problem)
    if not tiers:
        raise LabelError("ラベルに印字する段を1つ以上入力してください。")
    for tier in tiers:
        right, bottom = Decimal(tier["x"]) + tier["width"], Decimal(tier["y"]) + tier["height"]
        if right > layout.label_width or bottom > layout.label_height:
            raise LabelError(f"「{Tier.Content(tier['content']).label}」の段がラベルからはみ出します。")
        if tier["content"] == Tier.Content.BARS:
            try:
                rules.bars(sheets.pattern(sheets.SAMPLE["bars"]), float(tier["width"]))
            except rules.DoesNotFit as error:
                raise LabelError(str(error)) from error
    for value, colour in colours.items():
        if not value or not rules.HEX.match(colour):
            raise LabelError(f"「{value}」の色は #rrggbb で入力してください。")


def seed() -> None:
    """What a new library starts with: spine labels of three tiers, barcode labels, on A4."""
    if Layout.objects.exists():
        return
    spine = Layout.objects.create(
        kind=Layout.Kind.SPINE, name="背ラベル 3段 A4 50面", columns=5, rows=10, left=Decimal(15), top=Decimal("13.5"),
        label_width=Decimal(34), label_height=Decimal(25), gap_x=Decimal("2.5"), gap_y=Decimal("2.5"),
        colour_by=Layout.ColourBy.CLASS,
    )  # fmt: skip
    lines = (("mark_class", "2"), ("book_mark", "9.3"), ("volume_mark", "16.6"))
    Tier.objects.bulk_create(
        Tier(layout=spine, content=content, x=2, y=Decimal(y), width=30, height=Decimal("6.4"), size=14)
        for content, y in lines
    )
    Colour.objects.bulk_create(Colour(layout=spine, value=str(n), colour=c) for n, c in enumerate(FIRST_COLOURS))
    code = Layout.objects.create(
        kind=Layout.Kind.BARCODE, name="バーコード A4 44面", columns=4, rows=11, left=Decimal("8.4"),
        top=Decimal("8.8"), label_width=Decimal("48.3"), label_height=Decimal("25.4"),
    )  # fmt: skip
    Tier.objects.create(layout=code, content=Tier.Content.LIBRARY, x=2, y=2, width=Decimal("44.3"), height=4, size=8)
    Tier.objects.create(layout=code, content=Tier.Content.BARS, x=2, y=Decimal("6.5"), width=Decimal("44.3"), height=11)
    Tier.objects.create(layout=code, content=Tier.Content.NUMBER, x=2, y=18, width=Decimal("44.3"), height=5, size=11)
