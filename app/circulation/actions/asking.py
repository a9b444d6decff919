"""The questions of the counter, each with its answers' codes."""

from collections.abc import Iterable

from app.access.actor import Actor
from app.catalog.actions import TEMPORARY
from app.catalog.models import Item
from app.catalog.naming import number_ranges
from app.catalog.numbers import problem
from app.circulation.actions.locking import allowed
from app.circulation.actions.outcome import Ask, Choice
from app.circulation.rules import Objection
from app.web.wording import wording


def override_ask(objection: Objection, act: str = "貸し出す") -> Ask:
    """May this objection be let pass? The reason is asked for and recorded."""
    return Ask(
        objection.code,
        wording("circulation.asking.override_ask", "{message} 理由を記録して続けますか。", message=objection.message),
        (Choice(objection.code, f"理由を記録して{act}"),),
        field="理由",
    )


def attachments_ask(pieces: Iterable[Item], act: str) -> tuple[Ask, ...]:
    """Is everything there that belongs to the item? Asked when lending and when giving back."""
    having = [piece for piece in pieces if piece.attachment_count]
    if not having:
        return ()
    count = sum(piece.attachment_count for piece in having)
    names = "、".join(piece.attachments for piece in having)
    choices = [Choice("attachments", "そろっている")]
    if act == "返却":
        choices.append(Choice("attachments_missing", "足りない（汚破損メモに残す）"))
    return (
        Ask(
            "attachments",
            wording(
                "circulation.asking.attachments",
                "付属物 {count}点（{names}）はそろっていますか。",
                count=count,
                names=names,
            ),
            tuple(choices),
        ),
    )


def restore_ask(item: Item) -> Ask:
    """A missing or withdrawn item came back: is it in stock again?"""
    state = item.get_status_display()
    return Ask(
        "restore",
        wording("circulation.asking.restore", "「{state}」の資料です。在架へ戻しますか。", state=state),
        (Choice("restore", "在架へ戻す"), Choice("leave", f"「{state}」のままにする")),
    )


def temporary_ask(actor: Actor, barcode: str) -> tuple[Ask, ...]:
    """Shall an item without a record be lent under a title typed now? Only for a number that could be an item's."""
    if problem(number_ranges(), barcode) or not allowed(actor, TEMPORARY):
        return ()
    return (
        Ask(
            "temporary",
            wording(
                "circulation.asking.temporary",
                "資料番号 {barcode} は登録されていません。題名だけで仮登録して貸しますか。",
                barcode=barcode,
            ),
            (Choice("temporary", "仮登録して貸し出す"),),
            field="題名",
        ),
    )
