"""Labels as a PDF, exact to the millimetre: what each label says, set by weasyprint at the places of its layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import barcode
from django.conf import settings

from app.catalog.callnumbers import CallNumber, parse
from app.catalog.models import Item
from app.labels import rules
from app.labels.models import Colour, Layout, Tier
from app.web.context import organisation

START = STOP = "A"


class Styles(dict[str, str]):
    """The styles of a document by short names; the same style twice is one."""

    def name(self, style: str) -> str:
        """The name under which a style stands in the head of the document."""
        return self.setdefault(style, f"s{len(self)}")


@dataclass(frozen=True)
class Placed:
    """One tier of a label, ready to be set: its place, and its text or its bars."""

    place: str
    text: str = ""
    path: str = ""
    width: float = 0
    height: float = 0


@dataclass(frozen=True)
class Label:
    """One label on its sheet. `place` names its style, as `Placed.place` does."""

    place: str
    tiers: tuple[Placed, ...]


def call_number(item: Item) -> CallNumber:
    """The parts on an item's label; those of an earlier system are read from the whole."""
    if item.classification or item.book_mark or item.volume_mark:
        return CallNumber(item.shelf_mark, item.classification, item.book_mark, item.volume_mark)
    parts = parse(item.call_number)
    return CallNumber(item.shelf_mark or parts.shelf_mark, parts.classification, parts.book_mark, parts.volume_mark)


def words_of(item: Item) -> dict[str, str]:
    """What the tiers of an item's label say, and by what it is coloured."""
    mark = call_number(item)
    return {
        **mark.fields,
        "mark_class": mark.shelf_mark + mark.classification,
        "call_number": item.call_number or mark.text,
        "title": f"{item.record.title} {item.record.volume}".strip(),
        "branch": item.branch.short,
        "library": organisation(settings.INVENTORY)["name"],
        "number": item.barcode,
        "bars": item.barcode,
        "class": mark.classification,
        "location": item.location,
        "material_type": item.material_type,
    }


def words_of_number(number: str) -> dict[str, str]:
    """What a label says that belongs to no item yet."""
    return {"number": number, "bars": number, "library": organisation(settings.INVENTORY)["name"]}


def sheet_of(layout: Layout) -> rules.Sheet:
    """The geometry of a layout."""
    names = ("page_width", "page_height", "left", "top", "label_width", "label_height", "gap_x", "gap_y")
    return rules.Sheet(
        columns=layout.columns, rows=layout.rows, **{name: float(getattr(layout, name)) for name in names}
    )


def pattern(number: str) -> str:
    """The NW-7 signs of a number as half units, black 1, white 0."""
    made = barcode.get("codabar", f"{START}{number}{STOP}")
    made.narrow, made.wide = rules.NARROW, rules.WIDE
    return str(made.build()[0])


def context(layout: Layout, words: Sequence[Mapping[str, str]], start: int) -> dict[str, Any]:
    """What `labels/sheet.html` needs to print these labels. DoesNotFit and ValueError as the rules say."""
    tiers = list(layout.tiers.all())
    colours = {one.value: one.colour for one in layout.colours.all()}
    styles = Styles()
    size = f"width:{layout.label_width:f}mm;height:{layout.label_height:f}mm"
    made = [
        [
            Label(
                styles.name(f"left:{x:g}mm;top:{y:g}mm;{size}"),
                (*_band(styles, layout, colours, words[which]), *(_tier(styles, tier, words[which]) for tier in tiers)),
            )
            for which, x, y in page
        ]
        for page in rules.pages(sheet_of(layout), len(words), start)
    ]
    page = f"{layout.page_width:f}mm {layout.page_height:f}mm"
    return {"layout": layout, "pages": made, "size": page, "styles": [(name, style) for style, name in styles.items()]}


def _box(x: Any, y: Any, width: Any, height: Any) -> str:
    return f"left:{x:f}mm;top:{y:f}mm;width:{width:f}mm;height:{height:f}mm"


def _tier(styles: Styles, tier: Tier, words: Mapping[str, str]) -> Placed:
    place = _box(tier.x, tier.y, tier.width, tier.height)
    text = tier.text if tier.content == Tier.Content.TEXT else words.get(tier.content, "")
    if tier.content == Tier.Content.BARS:
        return _bars(tier, styles.name(place), text)
    size = rules.fitting_size(text, float(tier.size), float(tier.width), float(tier.height))
    weight = ";font-weight:700" if tier.bold else ""
    look = f"font-size:{size}pt;line-height:{tier.height:f}mm;text-align:{tier.align}{weight}"
    return Placed(styles.name(f"{place};{look}"), text)


def _bars(tier: Tier, place: str, number: str) -> Placed:
    if not number:
        return Placed(place)
    width, height = float(tier.width), float(tier.height)
    code = rules.bars(pattern(number), width)
    path = "".join(f"M{left:g} 0h{wide:g}v{height:g}h{-wide:g}z" for left, wide in code.bars)
    return Placed(place, path=path, width=width, height=height)


def _band(styles: Styles, layout: Layout, colours: Mapping[str, str], words: Mapping[str, str]) -> list[Placed]:
    """The coloured part of a label, beneath everything else; nothing when its value has no colour."""
    by = layout.colour_by
    colour = by and rules.colour_of(colours, words.get(by, ""), by_beginning=by == Layout.ColourBy.CLASS)
    if not colour:
        return []
    width, height, size = layout.label_width, layout.label_height, layout.band_size
    zero = type(width)(0)
    if layout.band == Layout.Band.FRAME:
        # The line lies inside the label's edge.
        frame = f"{_box(zero, zero, width, height)};box-sizing:border-box;border:{size:f}mm solid {colour}"
        return [Placed(styles.name(frame))]
    place = {
        Layout.Band.TOP: _box(zero, zero, width, size),
        Layout.Band.BOTTOM: _box(zero, height - size, width, size),
        Layout.Band.LEFT: _box(zero, zero, size, height),
        Layout.Band.GROUND: _box(zero, zero, width, height),
    }[Layout.Band(layout.band)]
    return [Placed(styles.name(f"{place};background:{colour}"))]


SAMPLE = {
    "shelf_mark": "K", "classification": "913.6", "book_mark": "ム", "volume_mark": "10", "mark_class": "K913.6",
    "call_number": "K/913.6/ム/10", "title": "見本の書名", "branch": "本館", "number": "2000000019",
    "bars": "2000000019", "class": "913.6", "location": "一般", "material_type": "book",
}  # fmt: skip


def sample(layout: Layout) -> list[dict[str, str]]:
    """A sheet of labels in every colour of the layout, to hold against the paper."""
    words = SAMPLE | {"library": organisation(settings.INVENTORY)["name"]}
    values = [colour.value for colour in Colour.objects.filter(layout=layout)] or [words.get(layout.colour_by, "")]
    by = layout.colour_by
    return [words | ({by: values[place % len(values)]} if by else {}) for place in range(sheet_of(layout).places)]
