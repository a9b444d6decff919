"""Where things stand: floor plans, the shelf of an item, and its neighbours in the order of call numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from app.catalog.models import BibliographicRecord, Item
from app.features.models import FloorPlan, PlanPart
from app.features.queries.titles import public_items
from app.features.rules import Standing, closeness, holds, shelf_key


def keys_of(texts: Sequence[str]) -> dict[str, str]:
    """The shelf key of each call number, by the same function of the database that makes the items' keys. One SQL
    statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT given, catalog_call_key('', '', '', '', given) FROM unnest(%s::text[]) AS given",
            [list(dict.fromkeys(texts))],
        )
        return {given: shelf_key(key) for given, key in cursor.fetchall()}


@dataclass(frozen=True)
class Drawn:
    """One part of a plan, and whether it is the one that is looked for."""

    part: PlanPart
    holds: str
    found: bool

    @property
    def middle(self) -> tuple[float, float]:
        """Where its name is written."""
        return self.part.x + self.part.width / 2, self.part.y + self.part.height / 2


@dataclass(frozen=True)
class Plan:
    """A floor as it is drawn."""

    plan: FloorPlan
    parts: list[Drawn]
    found: list[Drawn]


def plans_of(branch_id: int, item: Item | None = None) -> list[Plan]:
    """The floors of a library; with an item the shelves are marked on which it stands: of all that might hold it those
    that are described most exactly. Three SQL statements."""
    floors = list(FloorPlan.objects.filter(branch=branch_id).prefetch_related("parts__ranges"))
    where: dict[int, tuple[bool, int]] = {}
    if item is not None:
        key = shelf_key(item.call_key)
        for floor in floors:
            for part in floor.parts.all():
                fits = [shelf for shelf in _standings(part) if holds(shelf, item.location, key)]
                if fits:
                    where[part.pk] = max(map(closeness, fits))
    best = max(where.values(), default=None)
    shown = []
    for floor in floors:
        parts = [
            Drawn(part, _said(part), best is not None and where.get(part.pk) == best) for part in floor.parts.all()
        ]
        shown.append(Plan(floor, parts, [drawn for drawn in parts if drawn.found]))
    return shown


def _standings(part: PlanPart) -> list[Standing]:
    return [Standing(one.location, one.key_from, one.key_to) for one in part.ranges.all()]


def _said(part: PlanPart) -> str:
    """What stands on a shelf, in words."""
    said = []
    for one in part.ranges.all():
        numbers = one.call_from if one.call_from == one.call_to else f"{one.call_from}～{one.call_to}"
        said.append(" ".join(filter(None, (one.location, numbers))))
    return "、".join(said)


@dataclass(frozen=True)
class Neighbour:
    """A place on the shelf: an item, and the title that it is a copy of."""

    item: Item
    record: BibliographicRecord
    here: bool


@dataclass(frozen=True)
class Shelf:
    """A stretch of shelf around an item, and the items with which it goes on to the left and right."""

    at: Item
    row: list[Neighbour]
    left: int | None
    right: int | None


# Copies of one title stand beside each other: so many items are read to find enough titles.
COPIES = 4


def shelf(at: Item, each_side: int = 4) -> Shelf:
    """The titles that stand beside an item, in its library and location, in the order of call numbers; copies that
    stand together are shown once. Two SQL statements."""
    beside = public_items().filter(branch_id=at.branch_id, location=at.location).select_related("record")
    beside = beside.defer("record__marc", "record__contents", "record__notes", "record__toc")
    left = Q(call_key__lt=at.call_key) | Q(call_key=at.call_key, pk__lt=at.pk)
    right = Q(call_key__gt=at.call_key) | Q(call_key=at.call_key, pk__gt=at.pk)
    many = (each_side + 1) * COPIES
    before = _titles(beside.filter(left).order_by("-call_key", "-pk")[:many], {at.record_id})
    after = _titles(beside.filter(right).order_by("call_key", "pk")[:many], {at.record_id})
    row = [*reversed(before[:each_side]), at, *after[:each_side]]
    return Shelf(
        at,
        [Neighbour(item, item.record, item.pk == at.pk) for item in row],
        before[each_side - 1].pk if len(before) >= each_side else None,
        after[each_side - 1].pk if len(after) >= each_side else None,
    )


def _titles(items: Iterable[Item], known: set[int]) -> list[Item]:
    seen, found = set(known), []
    for item in items:
        if item.record_id not in seen:
            seen.add(item.record_id)
            found.append(item)
    return found


def items_of(record_id: int) -> list[Item]:
    """The items of a record that stand on a shelf that readers may look at, by library. One SQL statement."""
    items = public_items().filter(record_id=record_id).exclude(call_number="")
    return list(items.select_related("branch").order_by("branch__number", "call_key", "pk"))


def item_at(item_id: int) -> Item | None:
    """An item that anybody may see, with its record and library, or None. One SQL statement."""
    return public_items().filter(pk=item_id).select_related("record", "branch").defer("record__marc").first()
