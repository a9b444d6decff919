"""After how long without work a staff screen is hidden. Terminals know better than the setting, by their kind."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest

Minutes = Callable[[HttpRequest], int | None]
_asked: list[Minutes] = []


def provide(minutes: Minutes) -> None:
    """Let an area above this one say it for a request; None leaves it to the setting."""
    if minutes not in _asked:
        _asked.append(minutes)


def lock_minutes(request: HttpRequest) -> int:
    """Minutes without work after which this request's screen counts as left."""
    for minutes in _asked:
        found = minutes(request)
        if found:
            return found
    return settings.STAFF_LOCK_MINUTES
