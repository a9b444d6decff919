"""Whatever is sent, no view meets a string that cannot be kept: the one place that looks at all of them.

PostgreSQL keeps neither NUL nor half a surrogate pair. In an address a NUL is read as nothing, for a search with it
is still a search. In a form it is refused, for nothing may be recorded otherwise than it was sent. What is longer or
greater than its column is found by PostgreSQL itself; whatever was begun is taken back, and the page says so.
"""

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import DataError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import RawPostDataException, UnreadablePostError

from app.web import pages, views

log = logging.getLogger(__name__)
UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
NUL_IN_ADDRESS = re.compile("%00|\0")


def keepable(text: str) -> bool:
    """Whether PostgreSQL can keep the text: no NUL, no half of a surrogate pair."""
    return UNKEEPABLE.search(text) is None


def posted_json(request: HttpRequest) -> Any:
    """The body as JSON. ValueError for what is none, is nested too deeply or says what cannot be kept."""
    try:
        value = json.loads(request.body)
        if not all(map(keepable, _strings(value))):
            raise ValueError("the text has characters that cannot be kept")
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except RawPostDataException as error:
        raise ValueError("a form, not JSON") from error
    return value


def _strings(value: Any) -> Iterator[str]:
    """Every string of what JSON can say, names of members too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield name
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)


def _posted(request: HttpRequest) -> Iterable[str]:
    try:
        return [text for name, values in request.POST.lists() for text in (name, *values)]
    except UnreadablePostError:  # the sender went away; nobody reads the answer
        return ()


class HarmlessInput:
    """Cleans addresses and cookies, refuses forms, and answers 400 where the database refuses a value."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if NUL_IN_ADDRESS.search(query):
            request.META["QUERY_STRING"] = NUL_IN_ADDRESS.sub("", query)
        for name in [name for name, value in request.COOKIES.items() if not keepable(name + value)]:
            del request.COOKIES[name]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """404 for an address no page can have, 400 for a form that cannot be kept. Before the CSRF check, so that
        the sentence names what is wrong."""
        if not all(keepable(part) for part in kwargs.values() if isinstance(part, str)):
            raise Http404
        if request.method == "POST" and not all(map(keepable, _posted(request))):
            return views.unreadable(request)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """400 where a value is too long or too great for its column; the log says which view let it through."""
        if not isinstance(exception, DataError):
            return None
        page = pages.page_of(request)
        log.warning("%s %s: a value that cannot be kept", request.method, page, exc_info=exception)
        return views.too_much(request)
