"""What may be done with things of other libraries, as permissions."""

from app.access.operations import LIBRARIAN, declare

VIEW = declare("interlibrary.view", "相互貸借の一覧を見る", (LIBRARIAN,), kind="view")
BORROW = declare("interlibrary.borrow", "他館から借り受ける", (LIBRARIAN,), kind="add")
PARTNERS = declare("interlibrary.partners", "相手館を決める", (LIBRARIAN,))


class BorrowingRefused(Exception):
    """It cannot be done; the text is a sentence for the screen."""
