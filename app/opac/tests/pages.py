"""Every public address, read from the URLconf: a new page is in the list, or the list is refused for its parameter."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.urls import URLPattern, URLResolver, reverse

PUBLIC = "app.urls.public"


@dataclass(frozen=True)
class Address:
    """One address of the public site: its full name and the parameters that it needs."""

    name: str
    needs: tuple[str, ...]
    route: str

    def path(self, values: Mapping[str, Any]) -> str:
        """The address with its parameters, from "name parameter" or else from "parameter". KeyError names the
        parameter that is not there."""
        given = {need: values.get(f"{self.name} {need}", values.get(need)) for need in self.needs}
        missing = [need for need, value in given.items() if value is None]
        if missing:
            raise KeyError(f"{self.name}: say where the tests find {', '.join(missing)}")
        return reverse(self.name, PUBLIC, kwargs=given)


def addresses(patterns: Any = None, space: str = "", route: str = "/") -> Iterator[Address]:
    """Every named address of the public site."""
    for pattern in import_module(PUBLIC).urlpatterns if patterns is None else patterns:
        here = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, f"{pattern.namespace}:" if pattern.namespace else space, here)
        elif isinstance(pattern, URLPattern):
            yield Address(f"{space}{pattern.name}", tuple(pattern.pattern.converters), here)
