"""The library's own sentences: from the table into the process."""

from collections.abc import Callable
from contextlib import suppress

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from app.branches.models import Wording
from app.branches.revisions import kept
from app.web import wording


def refresh() -> None:
    """Say from now on what the table says. At most two SQL statements; none while it is unchanged and just read."""
    wording.use(kept("wordings", "all", lambda: dict(Wording.objects.values_list("code", "text"))))


class CurrentWordings:
    """Every request speaks in the words that hold now; without a database, in those that held last.

    Where versions are not kept for a time (tests, REVISION_SECONDS 0) words change by `refresh` alone.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.REVISION_SECONDS:
            with suppress(DatabaseError):
                refresh()
        return self.get_response(request)
