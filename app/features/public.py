"""What every public page of the house that is the same for everybody answers with."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

View = Callable[..., HttpResponse]

# A closure that is registered now must be on the page within a minute, through every cache on the way.
SECONDS = 30


def public_page(view: View) -> View:
    """A page that is the same for every reader: no session is asked for, caches may keep it for half a minute."""

    @require_safe
    @wraps(view)
    def cached(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if response.status_code == 200:
            response["Cache-Control"] = f"public, max-age={SECONDS}"
        return response

    return cached
