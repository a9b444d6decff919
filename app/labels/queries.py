"""Reads for labels."""

from collections.abc import Sequence
from datetime import date

from app.catalog.actions import range_of_row
from app.catalog.models import Item, NumberRange
from app.labels.models import Layout, NumberRun


def layouts(kind: str) -> list[Layout]:
    """The layouts in use of one kind. One SQL statement."""
    return list(Layout.objects.filter(kind=kind, in_use=True))


def items_numbered(numbers: Sequence[str]) -> dict[str, Item]:
    """The items with these numbers, by number. One SQL statement."""
    found = Item.objects.filter(barcode__in=numbers).select_related("record", "branch").defer("record__marc")
    return {item.barcode: item for item in found}


def items_acquired(branch_id: int, first: date, last: date, location: str, most: int) -> list[Item]:
    """What a place acquired in these days, in shelf order. One SQL statement."""
    found = Item.objects.filter(branch_id=branch_id, acquired_on__range=(first, last))
    if location:
        found = found.filter(location=location)
    rows = found.select_related("record", "branch").defer("record__marc").order_by("call_key", "barcode")
    return list(rows[:most])


def runs(most: int = 20) -> list[NumberRun]:
    """The last runs of numbers that were drawn for printing. One SQL statement."""
    return list(NumberRun.objects.select_related("number_range")[:most])


def numbers_of(run: NumberRun) -> list[str]:
    """Every number of a run, in order."""
    known = range_of_row(run.number_range)
    first = known.serial(run.first)
    return [known.number(first + step) for step in range(run.count)]


def ranges() -> list[NumberRange]:
    """The ranges from which numbers may be drawn. One SQL statement."""
    return list(NumberRange.objects.filter(in_use=True).select_related("branch").order_by("pk"))
