"""Holds, a hold shelf, items on their way and purchase requests of the demonstration, through the real actions."""

from datetime import datetime, timedelta

from app.access.actor import Actor
from app.branches.models import Branch
from app.catalog.models import Item
from app.circulation.models import Loan
from app.demo import places
from app.holds import actions as holds
from app.holds.actions import Asked, Wanted
from app.holds.models import Hold, HoldStatistic, PurchaseRequest, Route
from app.patrons.models import Patron

ROUTES = (Route.WEB, Route.COUNTER, Route.PHONE, Route.WEB, Route.KIOSK, Route.MOBILE)
WISHES = (
    ("天気の子どもたち", "空野 ひかり", "長野の小さな出版社", "雨の日の読み聞かせに使いたい"),
    ("信州の発酵食 百年の知恵", "味噌村 麹子", "", ""),
)


def load(actor: Actor, now: datetime) -> int:
    """Make them once; returns how many were made (none when anybody ever held anything)."""
    if Hold.objects.exists() or HoldStatistic.objects.exists():
        return 0
    there = places.of(Branch.objects.all())
    pickups = [there.main, there.second, there.main]
    patrons = list(Patron.objects.order_by("card_number")[16:34])
    lent = list(Loan.objects.order_by("item__barcode").values_list("item__record_id", flat=True)[:6])
    standing = list(Item.objects.filter(loans=None, reference_only=False).order_by("barcode").exclude(record__in=lent))
    made = 0
    for n, patron in enumerate(patrons):
        waits = n % 3 == 0
        record_id = lent[n % len(lent)] if waits else standing[n * 7].record_id
        at = now - timedelta(hours=90 - n * 4)
        holds.place(actor, patron.pk, Wanted(record_id, pickups[n % 3], "", ROUTES[n % len(ROUTES)]), at)
        made += 1
    for hold in Hold.objects.filter(status="pull").select_related("item__branch", "pickup").order_by("pk")[:7]:
        assert hold.item is not None
        holds.receive(actor, hold.item.barcode, hold.item.branch, now - timedelta(hours=3))
    for title, creator, publisher, wish in WISHES:
        holds.ask(actor, patrons[0].pk, Asked(title, creator, publisher, wish=wish), now - timedelta(days=2))
    return made + PurchaseRequest.objects.count()
