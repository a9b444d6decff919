"""An item that nobody has catalogued is lent under a title typed at the counter."""

from dataclasses import replace
from datetime import datetime

from app.access.actor import Actor
from app.branches.models import Branch
from app.catalog import actions as catalog
from app.circulation.actions.lending import lend
from app.circulation.actions.outcome import NOTHING, Answers, Outcome


def lend_temporary(
    actor: Actor,
    patron_id: int,
    title: str,
    barcode: str,
    branch: Branch,
    *,
    now: datetime | None = None,
    answers: Answers = NOTHING,
    without_card: bool = False,
) -> Outcome:
    """Register the item by its title alone and lend it. What `lend` asks about an unknown number is answered so; the
    item stays registered when the loan itself is refused."""
    try:
        catalog.register_temporary(actor, title, barcode, branch)
    except catalog.CatalogError as error:
        return Outcome("bad", "unknown_item", str(error))
    rest = replace(answers, given=answers.given - {"temporary"}, reason="")
    outcome = lend(actor, patron_id, barcode, branch, now=now, answers=rest, without_card=without_card)
    return replace(outcome, notes=(*outcome.notes, "仮登録の資料です。後で書誌に結び付けてください。"))
