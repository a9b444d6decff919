"""Rankings by the night, from counts by month that hold no patron; and how popular each record is, for the search."""

from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Sum

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.catalog import search
from app.circulation.models import ItemTally
from app.features import rules
from app.features.actions.operations import POLICY
from app.features.models import Policy, PopularTitle
from app.features.queries import titles
from app.holds.models import OPEN, Hold

# How long a loan speaks for a title when search results are put in order.
POPULARITY_MONTHS = 36
Period = PopularTitle.Period


def _loans(first: date, last: date) -> list[tuple[int, int]]:
    """Loans by record in whole months, the most first."""
    tallies = ItemTally.objects.filter(
        month__gte=first,
        month__lte=last,
        item__visibility__in=titles.SEEN,
        item__record__visibility__in=titles.SEEN,
    )
    by_record = tallies.values("item__record").annotate(total=Sum("loans"))
    return [(row["item__record"], row["total"]) for row in by_record.order_by("-total", "item__record")]


def _holds() -> list[tuple[int, int]]:
    """Holds that wait now, by record, the most first."""
    waiting = Hold.objects.filter(status__in=OPEN, record__visibility__in=titles.SEEN)
    by_record = waiting.values("record").annotate(total=Count("pk"))
    return [(row["record"], row["total"]) for row in by_record.order_by("-total", "record")]


@transaction.atomic
def count_popular(today: date) -> int:
    """Make every ranking anew; returns how many places there are. For the nightly job.

    A title below the library's least number (never under three) is in none: a handful of loans may be one reader's.
    """
    chosen = titles.policy()
    made = []
    for period in Period.values:
        if period == Period.HOLDS:
            first = last = today
            found = _holds()
        else:
            first, last = rules.span(period, today)
            found = _loans(first, last)
        kept = [row for row in found if row[1] >= chosen.popular_least]
        placed = zip(rules.ranks(count for _, count in kept), kept, strict=True)
        made += [
            PopularTitle(period=period, rank=rank, record_id=record, count=count, first=first, last=last)
            for rank, (record, count) in list(placed)[: chosen.popular_size]
        ]
    PopularTitle.objects.all().delete()
    PopularTitle.objects.bulk_create(made)
    return len(made)


def tell_search(today: date) -> int:
    """Give the search service every record's loans of the last three years; returns how many records have any."""
    first = rules.month_before(today, POPULARITY_MONTHS)
    by_record = ItemTally.objects.filter(month__gte=first).values_list("item__record").annotate(total=Sum("loans"))
    loans = dict(by_record.order_by())
    search.set_popularity(loans)
    return len(loans)


@transaction.atomic
def set_policy(actor: Actor, *, new_days: int, popular_least: int, popular_size: int) -> Policy:
    """Decide how long a title is new and what the rankings show. ValidationError outside the limits."""
    access.require(actor, POLICY)
    if not 1 <= new_days <= 180:
        raise ValidationError({"new_days": "新着とする日数は1日から180日までです。"})
    if popular_least < 3:
        raise ValidationError({"popular_least": "個人が推測されないよう、3回より少なくはできません。"})
    if not 20 <= popular_size <= 100:
        raise ValidationError({"popular_size": "件数は20件から100件までです。"})
    before = titles.policy()
    after = {"new_days": new_days, "popular_least": popular_least, "popular_size": popular_size}
    row, _ = Policy.objects.update_or_create(pk=1, defaults=after)
    detail = audit.changes({name: getattr(before, name) for name in after}, after)
    audit.record(actor, POLICY, subject_type="features_policy", subject_id=1, detail=detail)
    # What is now too small to be shown goes at once, not at night.
    PopularTitle.objects.filter(count__lt=popular_least).delete()
    return row
