"""What a scan locks. One order everywhere: patron, then items by id, then a record's holds."""

from dataclasses import dataclass

from django.db.models import Q, Subquery

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import Operation
from app.branches.models import Branch
from app.catalog.models import Item
from app.circulation.actions.outcome import Outcome
from app.circulation.models import CounterPolicy, Loan
from app.patrons.models import Patron
from app.web.wording import wording

# Of the items and records of a patron who has two hundred, what rules and screens need.
LOAN_COLUMNS = (
    *(field.name for field in Loan._meta.concrete_fields),
    "item__barcode",
    "item__material_type",
    "item__location",
    "item__item_set",
    "item__record__title",
    "item__record__volume",
)


@dataclass(frozen=True)
class InHand:
    """The item that was scanned, and everything that goes with it: itself, or every piece of its set."""

    item: Item
    pieces: tuple[Item, ...]

    @property
    def ids(self) -> list[int]:
        return [piece.pk for piece in self.pieces]


def lock_item(barcode: str) -> InHand | None:
    """The item of that number with the pieces of its set, all locked in the order of their ids. One SQL statement.

    `item.keep_days` says how long the library keeps the last borrower (None: it never decided).
    """
    # A row whose branch or set changes while we wait for its lock falls out of the join: then it is looked at again.
    return _locked_item(barcode) or (_locked_item(barcode) if Item.objects.filter(barcode=barcode).exists() else None)


def _locked_item(barcode: str) -> InHand | None:
    own_set = Item.objects.filter(barcode=barcode).values("item_set_id")[:1]
    items = (
        Item.objects.select_for_update(of=("self",), no_key=True)
        .select_related("record", "branch", "item_set")
        .defer("record__marc")
        .filter(Q(barcode=barcode) | Q(item_set_id=Subquery(own_set)))
        .annotate(keep_days=Subquery(CounterPolicy.objects.values("last_borrower_days")[:1]))
        .order_by("pk")
    )
    pieces = tuple(items)
    item = next((piece for piece in pieces if piece.barcode == barcode), None)
    return InHand(item, pieces) if item is not None else None


def lock_patron(patron_id: int) -> Patron:
    """The patron with category and branch, locked. One SQL statement; Patron.DoesNotExist when there is none."""
    patrons = Patron.objects.select_for_update(of=("self",), no_key=True).select_related("category", "branch")
    # As with items: a category or branch that changes while we wait takes the row out of the join.
    return patrons.filter(pk=patron_id).first() or patrons.get(pk=patron_id)


def loans_around(patron_id: int, item_ids: list[int]) -> list[Loan]:
    """The patron's loans, and whoever's loans of these items; of items and records LOAN_COLUMNS. One SQL statement."""
    loans = Loan.objects.filter(Q(patron_id=patron_id) | Q(item_id__in=item_ids))
    return list(loans.select_related("item__record").only(*LOAN_COLUMNS).order_by("due_on", "lent_at", "id"))


def allowed(actor: Actor, operation: Operation, branch: Branch | None = None) -> bool:
    """Whether the actor may perform the operation (at that library), as a question."""
    try:
        access.require(actor, operation, branch)
    except access.NotPermitted:
        return False
    return True


def unknown(barcode: str) -> Outcome:
    """The answer to a number that is nobody's."""
    return Outcome(
        "bad",
        "unknown_item",
        wording(
            "circulation.locking.unknown_item",
            "資料番号 {barcode} は登録されていません。番号を確かめてください。",
            barcode=barcode,
        ),
    )
