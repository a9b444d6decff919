"""Whom the demonstration library buys and borrows from."""

from app.access.actor import Actor
from app.acquisitions import actions as acquisitions
from app.acquisitions.models import Vendor
from app.interlibrary import actions as interlibrary
from app.interlibrary.models import Partner

VENDORS = (
    {"name": "信濃書房", "discount_percent": 10, "person": "営業担当", "note": "実演用"},
    {"name": "善光寺前書店", "discount_percent": 5, "note": "実演用"},
)
PARTNERS = (
    {"name": "県立図書館", "sending": "週一便", "terms": "30日・3冊まで"},
    {"name": "となりの市の図書館", "sending": "郵送", "terms": "21日・館内のみの資料あり"},
)


def load(actor: Actor) -> int:
    """Booksellers and libraries, unless they are there; returns how many were new."""
    made = 0
    for fields in VENDORS:
        if not Vendor.objects.filter(name=fields["name"]).exists():
            acquisitions.put_vendor(actor, None, fields)
            made += 1
    for words in PARTNERS:
        if not Partner.objects.filter(name=words["name"]).exists():
            interlibrary.put_partner(actor, None, words)
            made += 1
    return made
