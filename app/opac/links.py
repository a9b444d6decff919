"""From a name on a record to everything of that name (F-OPA-009): addresses in the catalogue, through the reader's
door."""

from dataclasses import replace
from urllib.parse import urlencode

from django.urls import reverse

from app.catalog.asking import Asked, Row
from app.catalog.search import Query

PAGE_SIZE = 20
# What an empty address means: readers ask for what the library has; what it has not is asked for in words.
BASE = Query(scope="held", shown_to="public", size=PAGE_SIZE)


def _to(query: Query, *rows: Row) -> str:
    return reverse("opac:search") + Asked(query, BASE).with_rows(rows).url


def by_author(name: str) -> str:
    """Everything by somebody."""
    return _to(BASE, Row("author", "exact", name))


def by_subject(heading: str) -> str:
    """Everything under a subject heading, with its subdivisions."""
    return _to(BASE, Row("subject", "prefix", heading))


def by_class(number: str) -> str:
    """Everything in a class of one to three digits and below; of a longer number, in its first three."""
    return _to(replace(BASE, classes=(number[:3],)))


def in_series(name: str) -> str:
    """Every part of a series, in the order of the parts."""
    return f"{reverse('opac:series')}?{urlencode({'name': name}, errors='replace')}"
