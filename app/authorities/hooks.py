"""What the catalogue, which stands above this area, does for it: it indexes names that have changed, and keeps the
change sets from which merging and tables are undone."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

from django.db import models

from app.access.actor import Actor


class Noting(Protocol):
    """A change set that is being filled (`catalog.actions.changes.Noting`)."""

    @property
    def pk(self) -> int: ...
    def note(self, obj: models.Model, before: Mapping[str, Any], after: Mapping[str, Any]) -> None: ...
    def made(self, obj: models.Model, watched: Iterable[str] = ()) -> None: ...
    def gone(self, obj: models.Model) -> None: ...


# (who, "heading" for a merge or "import" for a table, title) -> the set, inside one transaction.
Keeper = Callable[[Actor, str, str], AbstractContextManager[Noting]]
_keepers: list[Keeper] = []

_followers: list[Callable[[list[str]], object]] = []


def follow(changed: Callable[[list[str]], object]) -> None:
    """Call `changed` with every name whose forms are other than before, in the transaction that changed them."""
    if changed not in _followers:
        _followers.append(changed)


def tell(names: Iterable[str]) -> None:
    """Part of `authorities.actions`."""
    known = sorted({name for name in names if name})
    for changed in _followers if known else ():
        changed(known)


def keep(keeper: Keeper) -> None:
    """Let change sets be kept so."""
    _keepers[:] = [keeper]


def noting(actor: Actor, kind: str, title: str) -> AbstractContextManager[Noting]:
    """A change set to note changes in. Part of `authorities.actions`."""
    return _keepers[0](actor, kind, title)
