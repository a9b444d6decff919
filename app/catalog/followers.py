"""Who else hangs on records, and follows when two become one: the areas above the catalogue register here.

Each in its own `followers.py`, found by name. Rows that tell of nobody need no more than their model; the catalogue
moves them itself and notes it in the change set:

    put(Follower("features.listentry", "テーマリスト"))

Rows that tell of a person must not stand in a change set, not even by number. Their area moves them, remembers with
them what it needs to give them back, and forgets that when they go:

    put(Follower("holds.hold", "予約", merge=actions.follow_merge, split=actions.follow_split, count=queries.waiting))

Both run inside the catalogue's transaction, with the records locked. A test compares what is registered with every
foreign key that points at a record, so that nobody is forgotten.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.apps import apps
from django.db import models

from app.catalog.models import BibliographicRecord

# (record that goes, record that stays, number of the change set) -> how many followed.
Merge = Callable[[int, int, int], int]
# (number of the change set that is undone, its items and records are back already) -> how many went back.
Split = Callable[[int], int]
# (number of a record) -> how many hang on it, for the screen.
Count = Callable[[int], int]


@dataclass(frozen=True)
class Follower:
    """Rows of one model that point at a record. `model` is its label, as in `holds.hold`."""

    model: str
    title: str
    merge: Merge | None = None
    split: Split | None = None
    count: Count | None = None


_followers: dict[str, Follower] = {}


def put(follower: Follower) -> Follower:
    """Register; ValueError for a model that has a follower already."""
    if follower.model in _followers:
        raise ValueError(f"{follower.model} follows twice")
    _followers[follower.model] = follower
    return follower


def followers() -> tuple[Follower, ...]:
    """All of them, by model."""
    return tuple(_followers[model] for model in sorted(_followers))


def columns_of(model: type[models.Model]) -> list[str]:
    """The foreign keys by which a model points at records."""
    return [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.remote_field.model is BibliographicRecord
    ]


def rows_of(follower: Follower, record_id: int) -> "models.QuerySet[models.Model]":
    """What of this model hangs on the record."""
    model = apps.get_model(follower.model)
    on_it = models.Q()
    for name in columns_of(model):
        on_it |= models.Q(**{name: record_id})
    return model._default_manager.filter(on_it)


def how_many(record_id: int) -> list[tuple[str, int]]:
    """What hangs on a record, by title, without what has none. One SQL statement each."""
    found = [(f.title, f.count(record_id) if f.count else rows_of(f, record_id).count()) for f in followers()]
    return [(title, number) for title, number in found if number]
