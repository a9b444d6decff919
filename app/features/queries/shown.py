"""What is shown to readers at a moment: lists, notices and pages, popular titles."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery

from app.catalog.models import BibliographicRecord
from app.features.models import Article, ArticleVersion, ListEntry, PopularTitle, ThemeList
from app.features.queries import titles


def lists(now: datetime) -> QuerySet[ThemeList]:
    """The lists that are up, the newest first. One SQL statement."""
    up = Q(closes_at=None) | Q(closes_at__gt=now)
    found = ThemeList.objects.filter(up, is_ready=True, opens_at__lte=now)
    return found.annotate(size=Count("entries")).order_by("-opens_at", "-pk")


def entries(theme: ThemeList) -> list[ListEntry]:
    """The titles of a list that anybody may see, in order. Two SQL statements."""
    found = list(theme.entries.all())
    records = titles.by_id(entry.record_id for entry in found)
    shown = []
    for entry in found:
        if entry.record_id in records:
            entry.record = records[entry.record_id]
            shown.append(entry)
    return shown


def articles(now: datetime, kind: str) -> QuerySet[ArticleVersion]:
    """The text of each notice or page that is up, the newest first: of an article's approved texts the one whose time
    began last, unless that one is over. One SQL statement."""
    begun = ArticleVersion.objects.filter(
        article=OuterRef("article"), state=ArticleVersion.State.APPROVED, publish_at__lte=now
    ).order_by("-publish_at", "-number")
    current = ArticleVersion.objects.filter(
        Q(ends_at=None) | Q(ends_at__gt=now),
        state=ArticleVersion.State.APPROVED,
        publish_at__lte=now,
        article__kind=kind,
        pk=Subquery(begun.values("pk")[:1]),
    )
    return current.select_related("article__branch").order_by("-publish_at", "-pk")


def pages(now: datetime) -> QuerySet[ArticleVersion]:
    """The pages that are up, by title. One SQL statement."""
    return articles(now, Article.Kind.PAGE).order_by("title")


@dataclass(frozen=True)
class Popular:
    """One place of a ranking."""

    rank: int
    record: BibliographicRecord
    count: int


def popular(period: str) -> list[Popular]:
    """A ranking as the night left it, without what readers may not see. Two SQL statements."""
    rows = list(PopularTitle.objects.filter(period=period))
    records = titles.by_id(row.record_id for row in rows)
    return [Popular(row.rank, records[row.record_id], row.count) for row in rows if row.record_id in records]
