"""Small real records for the tests."""

from typing import Any

from app.access.actor import system
from app.branches.models import Branch
from app.catalog import actions, rules
from app.catalog.models import BibliographicRecord, Item

CATALOGUER = system("test")
_NEXT = iter(range(1, 10**7))


def branch(code: str = "nagano", number: int = 1, name: str = "長野図書館") -> Branch:
    """The branch of that code, made when it is not there."""
    return Branch.objects.get_or_create(
        code=code, defaults={"number": number, "kind": "main", "name": name, "short": name}
    )[0]


def record(
    title: str, reading: str = "", creator: str = "", creator_reading: str = "", **more: Any
) -> BibliographicRecord:
    """A record made through the catalogue's own action."""
    fields: dict[str, Any] = {"title": title, "title_reading": reading, **more}
    if creator:
        fields |= {"creators": [creator], "creator_readings": [creator_reading]}
    return actions.create_record(CATALOGUER, fields)


def item(of: BibliographicRecord, at: Branch | None = None, **more: Any) -> Item:
    """An item of a record with a fresh number."""
    return actions.add_item(CATALOGUER, of.pk, at or branch(), rules.item_barcode(next(_NEXT)), **more)
