"""What the demonstration's first reader keeps in My Page, and the seats that can be booked."""

from app.access.actor import Actor
from app.catalog.codes import Origin
from app.catalog.models import BibliographicRecord
from app.demo.places import Places
from app.mypage import actions
from app.mypage.actions.seats import put_seat
from app.mypage.models import Favourite, Seat, Watch
from app.patrons.models import Patron

SEATS = (
    *(("study", f"学習席{number}") for number in range(1, 5)),
    *(("terminal", f"インターネット{number}") for number in range(1, 3)),
)
COMMENT = "友だちにすすめられた。"


def load(actor: Actor, there: Places, card: str) -> int:
    """Seats of the main library, two titles and a word of the reader with that card; returns what was new."""
    made = 0
    for kind, name in SEATS:
        if not Seat.objects.filter(branch=there.main, name=name).exists():
            put_seat(actor, there.main, kind, name)
            made += 1
    reader = Patron.objects.filter(card_number=card).first()
    if reader is None:
        return made
    titles = BibliographicRecord.objects.filter(origin=Origin.DEMO).order_by("pk")[:2]
    if not Favourite.objects.filter(patron=reader).exists():
        for record, shelf, comment in zip(titles, Favourite.Shelf.values, (COMMENT, ""), strict=False):
            actions.keep(actor, reader.pk, record, shelf, comment)
            made += 1
    if not Watch.objects.filter(patron=reader).exists():
        actions.watch(actor, reader.pk, Watch.Field.AUTHOR, "宮沢 賢治")
        made += 1
    return made
