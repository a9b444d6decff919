"""What may be done with holds, as permissions."""

from app.access.operations import LIBRARIAN, declare

VIEW = declare("holds.view", "予約の一覧と取置を見る", kind="view")
PLACE = declare("holds.place", "予約を受け付ける", kind="add")
REQUEST = declare("holds.request", "購入希望を受け付ける", kind="add")
OVERRIDE = declare("holds.override", "予約の上限・条件を理由を付けて超える", roles=(LIBRARIAN,))
CHANGE = declare("holds.change", "予約を変更・取消する")
REORDER = declare("holds.reorder", "予約の順位を入れ替える", roles=(LIBRARIAN,))
HANDLE = declare("holds.handle", "予約資料を抜き出す・受け入れる・取置棚を扱う")
CONTACT = declare("holds.contact", "予約者に連絡した結果を記録する")
WHO = declare("holds.who", "書誌の予約者を見る", roles=(LIBRARIAN,), kind="view")
SELECT = declare("holds.select", "購入希望を選定する", roles=(LIBRARIAN,))
SET = declare("holds.set", "予約・割当の設定を変える", roles=(LIBRARIAN,))


class HoldRefused(Exception):
    """The request cannot be carried out; the text is a sentence for the screen. `code` is for programs.

    `may_override`: somebody with OVERRIDE may go on with a reason.
    """

    def __init__(self, code: str, message: str, *, why: str = "", may_override: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.why = why
        self.may_override = may_override
