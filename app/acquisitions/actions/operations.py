"""What may be done with orders, as permissions."""

from app.access.operations import LIBRARIAN, declare

VIEW = declare("acquisitions.view", "発注の一覧を見る", (LIBRARIAN,), kind="view")
ORDER = declare("acquisitions.order", "発注・取消をする", (LIBRARIAN,), kind="add")
RECEIVE = declare("acquisitions.receive", "届いた資料を受け入れる", (LIBRARIAN,), kind="add")
VENDORS = declare("acquisitions.vendors", "発注先を決める", (LIBRARIAN,))


class OrderRefused(Exception):
    """It cannot be done; the text is a sentence for the screen. `code` is for programs: "twice" may be done again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
