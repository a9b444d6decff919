"""The search index. Written and read by `app.catalog.search` alone."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from app.catalog.models.records import BibliographicRecord


class SearchDocument(models.Model):
    """What the search service knows of one record. Written and read by `app.catalog.search` alone."""

    record = models.OneToOneField(
        BibliographicRecord, on_delete=models.CASCADE, primary_key=True, related_name="search_document"
    )
    version = models.SmallIntegerField()
    title_key = models.CharField(max_length=200)
    reading_key = models.CharField(max_length=200)
    title_text = models.TextField()
    author_text = models.TextField()
    body_text = models.TextField()
    tokens = ArrayField(models.IntegerField())
    material_type = models.CharField(max_length=12)
    ndc1 = models.CharField(max_length=1)
    year = models.SmallIntegerField(null=True)
    language = models.CharField(max_length=3)
    branches = ArrayField(models.IntegerField(), default=list)
    held = models.BooleanField(default=False)
    popularity = models.IntegerField(default=0, db_default=0)

    class Meta:
        verbose_name = "検索索引"
        indexes = [
            GinIndex(fields=["tokens"], name="search_tokens", fastupdate=False),
            models.Index(fields=["title_key"], name="search_title_key", opclasses=["text_pattern_ops"]),
            models.Index(fields=["reading_key"], name="search_reading_key", opclasses=["text_pattern_ops"]),
            models.Index(fields=["version"], name="search_version"),
        ]
