"""What happens to loans: each function one transaction, with permission and audit inside.

Locks are taken in one order, patron before item before holds, so two counters cannot wait for each other; whoever
holds an item's lock alone may make or end its loan.
"""

from app.circulation.actions.cards import RENEW_CARD, renew_card, renew_card_ask
from app.circulation.actions.compensation import (
    CompensationRefused,
    open_compensation,
    settle_compensation,
    stop_compensation,
    write_off,
)
from app.circulation.actions.due import change_due
from app.circulation.actions.in_library import in_library_use
from app.circulation.actions.last_borrower import PolicyRefused, erase_last_borrowers, set_policy, who_had
from app.circulation.actions.lending import lend
from app.circulation.actions.operations import (
    CHANGE_DUE,
    COMPENSATE,
    DAY_REPORT,
    ENQUIRE,
    GIVE_BACK,
    IN_LIBRARY,
    LEND,
    OVERRIDE,
    POLICY,
    RENEW,
    SEE_BORROWER,
    SEE_HOLDER,
    UNDO,
    WITHOUT_CARD,
)
from app.circulation.actions.outcome import Answers, Ask, Choice, NextStep, Outcome
from app.circulation.actions.renewing import renew, renew_all
from app.circulation.actions.returning import give_back
from app.circulation.actions.sealing import forget_old_keys
from app.circulation.actions.statistics import settle_returns, shuffle_figures
from app.circulation.actions.stops import end_all, end_when_all_is_back
from app.circulation.actions.undo import undo_loan, undo_return, who_returned
from app.circulation.actions.without_card import NotIdentified, identify

__all__ = [
    "CHANGE_DUE",
    "COMPENSATE",
    "DAY_REPORT",
    "ENQUIRE",
    "GIVE_BACK",
    "IN_LIBRARY",
    "LEND",
    "OVERRIDE",
    "POLICY",
    "RENEW",
    "RENEW_CARD",
    "SEE_BORROWER",
    "SEE_HOLDER",
    "UNDO",
    "WITHOUT_CARD",
    "Answers",
    "Ask",
    "Choice",
    "CompensationRefused",
    "NextStep",
    "NotIdentified",
    "Outcome",
    "PolicyRefused",
    "change_due",
    "end_all",
    "end_when_all_is_back",
    "erase_last_borrowers",
    "forget_old_keys",
    "give_back",
    "identify",
    "in_library_use",
    "lend",
    "open_compensation",
    "renew",
    "renew_all",
    "renew_card",
    "renew_card_ask",
    "set_policy",
    "settle_compensation",
    "settle_returns",
    "shuffle_figures",
    "stop_compensation",
    "undo_loan",
    "undo_return",
    "who_had",
    "who_returned",
    "write_off",
]
