"""An expired card is made valid again at the counter, on the way to the next loan."""

from datetime import date

from app.access.actor import Actor
from app.circulation.actions.locking import allowed
from app.circulation.actions.outcome import Ask, Choice
from app.patrons import actions as patrons
from app.patrons.models import Patron
from app.patrons.rules import is_valid
from app.web.wording import wording

RENEW_CARD = "renew_card"


def renew_card_ask(actor: Actor, patron: Patron, today: date) -> tuple[Ask, ...]:
    """Was the address confirmed? Nothing when the card is good, or the actor may not change the register."""
    if is_valid(patron.valid_until, today) or patron.withdrawn_on or not allowed(actor, patrons.CHANGE):
        return ()
    text = wording(
        "circulation.cards.renew_card_ask",
        "利用券の有効期限（{valid_until}）が切れています。現住所を確かめましたか。",
        valid_until=f"{patron.valid_until:%Y/%m/%d}",
    )
    return (Ask(RENEW_CARD, text, (Choice(RENEW_CARD, "住所を確かめた。更新して続ける"),)),)


def renew_card(actor: Actor, patron: Patron, today: date) -> Patron:
    """The patron with a card that is valid again; one whose card is good is left as it is."""
    if is_valid(patron.valid_until, today) or patron.withdrawn_on:
        return patron
    return patrons.renew(actor, patron, address_confirmed=True, today=today)
