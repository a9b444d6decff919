"""What every template knows."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from app.web.doors import audiences_of, door_of, languages_of
from inventory import load


@lru_cache(maxsize=4)
def organisation(inventory: str) -> dict[str, str]:
    """The names of the library as the inventory gives them (read once per process)."""
    row = load(inventory).organisation
    return {"name": row.name, "name_en": row.name_en, "city": row.city}


Knowledge = Callable[[HttpRequest, dict[str, Any]], dict[str, Any]]
_more: list[Knowledge] = []


def add(knowledge: Knowledge) -> None:
    """Let an area above this one tell every staff page more; it gets the request and what is known so far."""
    if knowledge not in _more:
        _more.append(knowledge)


Announced = Callable[[], list[Any]]
_announced: list[Announced] = []


def announce(announced: Announced) -> None:
    """Let an area above this one say at the head of every page which planned stops are near."""
    if announced not in _announced:
        _announced.append(announced)


def site(request: HttpRequest) -> dict[str, Any]:
    """`library` (names), `release`, the `door` the reader came in by and its `page_languages`, the
    `planned_stops` that are near; on staff pages
    `menu` and what areas add."""
    menu = getattr(request, "staff_menu", None)
    known = {
        "library": organisation(settings.INVENTORY),
        "release": settings.RELEASE,
        "practice": settings.PRACTICE,
        "door": door_of(request),
        "page_languages": languages_of(request),
        "first_pages": audiences_of(request),
        "menu": menu() if callable(menu) else [],
        "planned_stops": [stop for announced in _announced for stop in announced()],
    }
    if callable(menu):
        for knowledge in _more:
            known |= knowledge(request, known)
    return known
