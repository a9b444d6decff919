"""What every template knows."""

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from inventory import load


@lru_cache(maxsize=4)
def organisation(inventory: str) -> dict[str, str]:
    """The names of the library as the inventory gives them (read once per process)."""
    row = load(inventory).organisation
    return {"name": row.name, "name_en": row.name_en, "city": row.city}


def site(request: HttpRequest) -> dict[str, Any]:
    """`library` (names), `release` and, on staff pages, `menu`."""
    menu = getattr(request, "staff_menu", None)
    return {
        "library": organisation(settings.INVENTORY),
        "release": settings.RELEASE,
        "menu": menu() if callable(menu) else [],
    }
