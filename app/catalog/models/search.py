"""The search index. Written and read by `app.catalog.search` alone; app/catalog/README.md explains it.

A document stands for a record: folded texts and what facets and orders need. Most documents are also numbered: the
posting lists, facets and orders of a slot are bitmaps of these numbers. There are two slots, "a" and "b"; one is in
use while the other is built anew. A document that changed since is `fresh`: it is read as text, and its former
number is passed over until a merge or a rebuild gives it a new one.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from app.catalog.models.records import BibliographicRecord


class BitmapField(models.Field):
    """A set of document numbers, as the extension roaringbitmap keeps it; read and written in SQL only."""

    def db_type(self, connection: Any) -> str:
        """The type's name in PostgreSQL."""
        return "roaringbitmap"


class SearchDocument(models.Model):
    """What the search service knows of one record.

    Texts are folded values, each with a line end before and behind it. `revision` grows with every change, `digest`
    is of all that the document says, `number` is the document number that a fresh document replaces. `branches` hold
    items that everybody may see, `inside_branches` and `staff_branches` further ones that only readers inside and
    staff see; `held` says who sees an item at all: 0 everybody, 1 inside, 2 staff, 3 nobody. `visibility` counts
    alike. `arrived` is the day of the newest item, in days since 1970.
    """

    record = models.OneToOneField(
        BibliographicRecord, on_delete=models.CASCADE, primary_key=True, related_name="search_document"
    )
    version = models.SmallIntegerField()
    revision = models.BigIntegerField()
    digest = models.BigIntegerField()
    fresh = models.BooleanField(default=True, db_default=True)
    number = models.IntegerField(null=True)
    title = models.TextField()
    author = models.TextField()
    publisher = models.TextField()
    subject = models.TextField()
    series = models.TextField()
    contents = models.TextField()
    numbers = models.TextField()
    classes = models.TextField()
    title_order = models.CharField(max_length=200)
    author_order = models.CharField(max_length=200)
    material_type = models.CharField(max_length=12)
    ndc = models.CharField(max_length=3)
    year = models.SmallIntegerField(null=True)
    language = models.CharField(max_length=3)
    audience = models.CharField(max_length=8)
    visibility = models.SmallIntegerField()
    branches = ArrayField(models.IntegerField(), default=list)
    inside_branches = ArrayField(models.IntegerField(), default=list)
    staff_branches = ArrayField(models.IntegerField(), default=list)
    held = models.SmallIntegerField()
    arrived = models.IntegerField()
    popularity = models.IntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = "検索文書"
        indexes = [models.Index(fields=["record"], condition=models.Q(fresh=True), name="search_fresh")]


class SearchPending(models.Model):
    """A record whose document is still to be made: it came in bulk."""

    record_id = models.BigIntegerField(primary_key=True)

    class Meta:
        verbose_name = "検索文書の待ち"


class SearchGone(models.Model):
    """A record that is no more, though a slot still has its number. Written by a trigger."""

    record_id = models.BigIntegerField(primary_key=True)

    class Meta:
        verbose_name = "検索から消えた書誌"


class SearchMoved(models.Model):
    """An item that was lent, came back, was held or sent since the bitmaps of SearchAvailable were made, perhaps
    several times. Written by triggers of the tables that say so, so that no question compares them whole."""

    item_id = models.BigIntegerField()

    class Meta:
        verbose_name = "動いた所蔵"


class SearchState(models.Model):
    """The one row that says which slot is in use and how its numbers run.

    `runs` are [first, last] ranges of numbers, each ranked in itself: the rebuild's, then one for each merge. `dead`
    are numbers that count no more. `borders` divide documents by title and author, for sorting. `away` are the
    items that nobody could borrow when the bitmaps of SearchAvailable were made.
    """

    slot = models.CharField(max_length=1, default="a")
    version = models.SmallIntegerField(default=0)
    runs = models.JSONField(default=list)
    parts = models.SmallIntegerField(default=0)
    borders = models.JSONField(default=dict)
    dead = BitmapField()
    away = BitmapField()
    built_at = models.DateTimeField(null=True)
    seconds = models.IntegerField(default=0)

    class Meta:
        verbose_name = "検索索引の状態"


class _Posting(models.Model):
    """The documents of one part that have a gram in a field; field 0 says that a long gram is in the dictionary."""

    pk = models.CompositePrimaryKey("gram", "field", "part")
    gram = models.TextField(db_collation="C")
    field = models.SmallIntegerField()
    part = models.SmallIntegerField()
    count = models.IntegerField()
    docs = BitmapField()

    class Meta:
        abstract = True


class SearchPostingA(_Posting):
    """Posting lists of slot a."""


class SearchPostingB(_Posting):
    """Posting lists of slot b."""


class _Facet(models.Model):
    """The documents of one part that have a value; `place` is the value's place in an order that it serves."""

    pk = models.CompositePrimaryKey("kind", "value", "part")
    kind = models.CharField(max_length=12, db_collation="C")
    value = models.CharField(max_length=16, db_collation="C")
    part = models.SmallIntegerField()
    place = models.IntegerField()
    docs = BitmapField()

    class Meta:
        abstract = True


class SearchFacetA(_Facet):
    """Facets of slot a."""


class SearchFacetB(_Facet):
    """Facets of slot b."""


class _Number(models.Model):
    """Which record a document number stands for."""

    number = models.IntegerField(primary_key=True)
    record_id = models.BigIntegerField(db_index=True)

    class Meta:
        abstract = True


class SearchNumberA(_Number):
    """Document numbers of slot a."""


class SearchNumberB(_Number):
    """Document numbers of slot b."""


class SearchAvailable(models.Model):
    """The documents of a slot with an item to borrow at a branch (0: at any), as of SearchState.away."""

    pk = models.CompositePrimaryKey("slot", "branch_id")
    slot = models.CharField(max_length=1)
    branch_id = models.IntegerField()
    docs = BitmapField()

    class Meta:
        verbose_name = "在架の索引"
