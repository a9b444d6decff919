"""The mobile library's round, and loans of past months from which the rankings are made."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from app.access.actor import Actor
from app.branches.models import Branch, MobileCourse
from app.catalog.models import Item
from app.circulation.models import ItemTally
from app.demo.places import Places
from app.features.actions import mobile, popular
from app.features.models import PopularTitle
from app.features.rules import every, month_before, read_stops

STOPS = """10:00-10:40 若槻団地 集会所前（若槻団地1-1）
11:00-11:30 浅川公民館（浅川2丁目）
13:30-14:10 古里小学校 正門前（古里100）
14:40-15:20 柳原団地（柳原20-3）"""


def load(actor: Actor, there: Places, now: datetime) -> int:
    """Make what is missing; how much that was."""
    today = timezone.localdate(now)
    van = next((branch for branch in there.rooms if branch.kind == "mobile"), None)
    made = 0
    if van is not None and not MobileCourse.objects.exists():
        made += _round(actor, van, today)
    if not ItemTally.objects.exists():
        made += _past_loans(today)
    if not Item.objects.filter(acquired_on__isnull=False).exists():
        made += _arrivals(today)
    return made


def _round(actor: Actor, van: Branch, today: date) -> int:
    course = mobile.save_course(actor, van, "北部コース", read_stops(STOPS))
    next_wednesday = today + timedelta(days=(2 - today.weekday()) % 7)
    return mobile.add_days(actor, course.pk, every(next_wednesday, next_wednesday + timedelta(weeks=24), 2))


def _past_loans(today: date) -> int:
    """Counts by month, as returns leave them; the rankings of the night at once, so that there is something to see."""
    items = list(Item.objects.filter(reference_only=False).order_by("barcode")[:40])
    ItemTally.objects.bulk_create(
        ItemTally(item=item, month=month_before(today, back), loans=2 + (place * 7 + back * 3) % 13)
        for place, item in enumerate(items)
        for back in (1, 2, 3)
    )
    popular.count_popular(today)
    return PopularTitle.objects.count()


def _arrivals(today: date) -> int:
    """Some items came in the last two weeks."""
    items = list(Item.objects.order_by("-barcode")[:24])
    for place, item in enumerate(items):
        item.acquired_on = today - timedelta(days=1 + place % 12)
    return Item.objects.bulk_update(items, ["acquired_on"])
