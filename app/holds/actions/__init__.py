"""Everything that writes about holds. What each part may do stands in `operations`."""

from app.holds.actions.allocation import HOLD_SHELF, SHELF, TRANSFER, Next, in_hand, look_on_shelves, receive
from app.holds.actions.changing import cancel, change, follow_merge, join, reorder, suspend
from app.holds.actions.operations import (
    CHANGE,
    CONTACT,
    HANDLE,
    OVERRIDE,
    PLACE,
    REORDER,
    RUN,
    SELECT,
    SET,
    VIEW,
    WHO,
    HoldRefused,
)
from app.holds.actions.placing import Wanted, defaults_of, place, refusal, refused_copy
from app.holds.actions.serving import handed_over, undo_handed_over

__all__ = [
    "CHANGE",
    "CONTACT",
    "HANDLE",
    "HOLD_SHELF",
    "OVERRIDE",
    "PLACE",
    "REORDER",
    "RUN",
    "SELECT",
    "SET",
    "SHELF",
    "TRANSFER",
    "VIEW",
    "WHO",
    "HoldRefused",
    "Next",
    "Wanted",
    "cancel",
    "change",
    "defaults_of",
    "follow_merge",
    "handed_over",
    "in_hand",
    "join",
    "look_on_shelves",
    "place",
    "receive",
    "refusal",
    "refused_copy",
    "reorder",
    "suspend",
    "undo_handed_over",
]
