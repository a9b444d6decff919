"""What holds have to say at the counter: who may take an item, and where it goes when it comes back."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.catalog.models import Item
from app.circulation.actions.locking import InHand, allowed
from app.circulation.actions.operations import SEE_HOLDER
from app.circulation.actions.outcome import NextStep
from app.circulation.rules import Objection
from app.holds import actions as holds
from app.holds import queries as held
from app.patrons.models import Patron
from app.patrons.queries import by_id
from app.terminals.slips import Slip
from app.web.wording import wording

# One look, taken after the items are locked: a lock's own statement may have read before it had to wait.
_CONCERNED = """
SELECT EXISTS (SELECT FROM holds_hold
               WHERE record_id = ANY(%(records)s) AND status IN ('waiting', 'pull', 'transit', 'ready'))
    OR EXISTS (SELECT FROM holds_hold WHERE item_id = ANY(%(items)s))
    OR EXISTS (SELECT FROM transfers_transfer WHERE item_id = ANY(%(items)s))
    OR EXISTS (SELECT FROM holds_toclear WHERE item_id = ANY(%(items)s))
    OR EXISTS (SELECT FROM holds_missed WHERE item_id = ANY(%(items)s))
"""


def concerned(hand: InHand) -> bool:
    """Whether any hold or way has to do with these items. One SQL statement; most scans need no other."""
    values = {"records": sorted({piece.record_id for piece in hand.pieces}), "items": hand.ids}
    with connection.cursor() as cursor:
        cursor.execute(_CONCERNED, values)
        return bool(cursor.fetchone()[0])


def against_lending(actor: Actor, hand: InHand, patron: Patron, today: date) -> Objection | None:
    """What holds of others say against lending this to the patron. For items that are `concerned`.

    An item kept for somebody else is never lent; their name is told to whoever may see it, and that is recorded.
    At most two SQL statements a piece when it is kept or free.
    """
    for piece in hand.pieces:
        kept = held.kept_for(piece.pk)
        if kept is not None and kept.patron_id != patron.pk:
            where = f"取置棚 {kept.shelf_number} 番の" if kept.shelf_number else ""
            return Objection(
                "kept",
                wording(
                    "circulation.holding.kept", "ほかの予約者に確保した{where}資料です。貸し出せません。", where=where
                ),
                _holder(actor, kept.patron_id),
            )
        if kept is None and not held.free_to_lend(piece.record_id, piece.pk, patron.pk, today):
            return Objection(
                "wanted",
                wording(
                    "circulation.holding.wanted",
                    "予約者が待っている資料です。返却として読み取り、予約に回してください。",
                ),
            )
    return None


def _holder(actor: Actor, patron_id: int) -> str:
    if not allowed(actor, SEE_HOLDER):
        return ""
    audit.record(actor, SEE_HOLDER, outcome="viewed", subject_type="patron", subject_id=patron_id, purpose="取置の確認")
    holder = by_id(patron_id)
    return f"予約者: {holder.name}" if holder else ""


def handed_over(actor: Actor, hand: InHand, patron: Patron, now: datetime) -> bool:
    """The items are lent to the patron; whether a hold of theirs was completed by it. For items that are concerned."""
    completed = [holds.handed_over(actor, piece, patron, now) for piece in hand.pieces]
    return any(completed)


def waiting(item: Item) -> int:
    """How many wait for this item. One SQL statement."""
    return held.waiting(item.record_id, item.pk)


@dataclass(frozen=True)
class Way:
    """Where an item in hand goes."""

    step: NextStep
    slips: tuple[Slip, ...] = ()

    @property
    def plain(self) -> bool:
        return self.step.kind == holds.SHELF


def way_of(actor: Actor, item: Item, branch: Branch, now: datetime) -> Way:
    """Where the item goes from here; a hold that waits for it has it from now on. Three SQL statements when nobody
    waits and it is at home."""
    answer = holds.in_hand(actor, item, branch, now)
    place = answer.to_branch.name if answer.to_branch else ""
    number = str(answer.shelf_number) if answer.shelf_number is not None else ""
    return Way(NextStep(answer.kind, answer.message, place, number), (answer.slip,) if answer.slip else ())
