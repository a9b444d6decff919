"""Everything that writes about things of other libraries."""

from app.interlibrary.actions.borrowing import arrive, ask_for_wish, put_partner, refuse, send_back
from app.interlibrary.actions.operations import BORROW, PARTNERS, VIEW, BorrowingRefused

__all__ = [
    "BORROW",
    "PARTNERS",
    "VIEW",
    "BorrowingRefused",
    "arrive",
    "ask_for_wish",
    "put_partner",
    "refuse",
    "send_back",
]
