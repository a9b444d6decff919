"""Lists that each member of staff arranges for themselves: rows on a page, order, columns (F-GEN-014).

A view says what the list can show, takes the arrangement, and renders `terminals/list_head.html` and
`terminals/list_tools.html` with it:

    LIST = Listing("catalog.items", columns=(Column("title", "書名", "record__title"), …), sort="-acquired_on")
    arranged = arranged(request, LIST)
    rows = Paginator(queryset.order_by(*arranged.order), arranged.size)
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from app.access.rules import may
from app.terminals import actions, queries, rules
from app.terminals.rules import Arrangement, Column

SIZES = (30, 100, 300)


@dataclass(frozen=True)
class Listing:
    """What one list can show. `name` identifies it for good; `sort` is a column's name, `-` first for descending."""

    name: str
    columns: tuple[Column, ...]
    sort: str
    sizes: tuple[int, ...] = SIZES

    @property
    def usual(self) -> Arrangement:
        """The arrangement of somebody who changed nothing."""
        return Arrangement(tuple(column.name for column in self.columns if column.shown), self.sort, self.sizes[0])


@dataclass(frozen=True)
class Head:
    """One column's head: where a press on it leads, and how it is sorted now (ascending, descending or none)."""

    name: str
    title: str
    url: str
    sorted: str


@dataclass(frozen=True)
class Arranged:
    """A list as this person sees it."""

    listing: Listing
    choice: Arrangement
    kept: tuple[tuple[str, str], ...]
    """The rest of the address: what is searched, without arrangement and page."""

    @property
    def query(self) -> str:
        """The same, for an address."""
        return urlencode(self.kept)

    @property
    def size(self) -> int:
        return self.choice.size

    @property
    def sizes(self) -> tuple[int, ...]:
        return self.listing.sizes

    @property
    def order(self) -> tuple[str, str]:
        """For `order_by`: the sorted column's field, and the key to make it definite."""
        down = "-" if self.choice.sort.startswith("-") else ""
        by_name = {column.name: column.order for column in self.listing.columns}
        return f"{down}{by_name[self.choice.sort.removeprefix('-')]}", f"{down}pk"

    @property
    def heads(self) -> list[Head]:
        """The heads of the shown columns, in the listing's order."""
        return [self._head(column) for column in self.listing.columns if column.name in self.choice.columns]

    @property
    def all_columns(self) -> list[tuple[Column, bool]]:
        """Every column and whether it is shown."""
        return [(column, column.name in self.choice.columns) for column in self.listing.columns]

    def shows(self, name: str) -> bool:
        """Whether a column is shown."""
        return name in self.choice.columns

    def _head(self, column: Column) -> Head:
        now = self.choice.sort
        way = {column.name: "ascending", f"-{column.name}": "descending"}.get(now, "none")
        then = f"-{column.name}" if now == column.name else column.name
        extra = urlencode({"sort": then})
        url = f"?{self.query}&{extra}" if self.query else f"?{extra}"
        return Head(column.name, column.title, url if column.order else "", way)


def arranged(request: HttpRequest, listing: Listing) -> Arranged:
    """The list as this person wants it; what the address asks anew (`size`, `sort`, `columns`) is remembered.

    One SQL statement; four more when something changes.
    """
    kept = queries.preference(request.user.pk, listing.name)
    wanted: dict[str, Any] = {}
    if kept:
        wanted = {"columns": kept.columns, "sort": kept.sort, "size": kept.size}
    before = rules.arrangement(listing.columns, listing.sizes, listing.usual, wanted)
    for name in ("size", "sort"):
        if name in request.GET:
            wanted[name] = request.GET[name]
    if "columns" in request.GET:
        wanted["columns"] = request.GET.getlist("columns")
    choice = rules.arrangement(listing.columns, listing.sizes, listing.usual, wanted)
    if choice != before and may(request.actor.operations, actions.ARRANGE.code):
        actions.arrange(request.actor, listing.name, size=choice.size, sort=choice.sort, columns=list(choice.columns))
    rest = tuple(
        (name, value)
        for name, values in request.GET.lists()
        if name not in ("size", "sort", "columns", "page")
        for value in values
    )
    return Arranged(listing, choice, rest)
