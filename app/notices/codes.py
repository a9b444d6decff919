"""Words of the trade for notices. Values are stored; titles are shown."""

from django.db import models


class Kind(models.TextChoices):
    """What a notice is about."""

    READY = "ready", "予約資料の用意"
    DUE = "due", "返却期限の前"
    OVERDUE = "overdue", "督促"
    CARD = "card", "利用券の期限"
    REQUEST = "request", "リクエストの結果"
    ARRIVAL = "arrival", "登録語の新着"
    RESET = "reset", "パスワードの再設定"
    MAIL_CHECK = "mailcheck", "メールアドレスの確認"


class State(models.TextChoices):
    """Where a notice stands.

    planned → ready → handing → handed → delivered | bounced; dropped when there is nothing left to say.
    Phone lists and paper go ready → handed by a person's hand.
    """

    PLANNED = "planned", "承認待ち"
    READY = "ready", "発送待ち"
    HANDING = "handing", "引渡し中"
    HANDED = "handed", "発送済み"
    DELIVERED = "delivered", "届いた"
    BOUNCED = "bounced", "届かない"
    FAILED = "failed", "発送できない"
    DROPPED = "dropped", "取りやめ"


OPEN_STATES = (State.PLANNED, State.READY, State.HANDING)


class Adapter(models.TextChoices):
    """How a means carries a notice: by the library's mail path, by people, on paper, or to another system."""

    MAIL = "mail", "電子メール"
    CALL = "call", "電話の一覧"
    POSTCARD = "postcard", "はがき印刷"
    LETTER = "letter", "窓付き封筒印刷"
    HTTP = "http", "外部サービス(HTTP)"
    FILE = "file", "ファイル受け渡し"


# What is said to one address or not at all: never by telephone, never on paper.
PERSONAL = (Kind.ARRIVAL, Kind.RESET, Kind.MAIL_CHECK)
# What a patron may do without, or have by another means than the usual one.
CHOOSABLE = (Kind.DUE, Kind.CARD, Kind.REQUEST, Kind.ARRIVAL)

AUTOMATIC = (Adapter.MAIL, Adapter.HTTP, Adapter.FILE)
PAPER = (Adapter.POSTCARD, Adapter.LETTER)
MAIL, PHONE, POSTCARD, LETTER = "mail", "phone", "postcard", "letter"


class CallResult(models.TextChoices):
    """What a telephone call came to. The first three end the matter; the others bring it back to the list."""

    TOLD = "told", "本人に伝えた"
    FAMILY = "family", "家族に伝言した"
    NO_NEED = "no_need", "連絡不要"
    PROMISED = "promised", "返却の約束"
    ABSENT = "absent", "不在"
    MACHINE = "machine", "留守番電話"
    WRONG = "wrong", "番号違い・不通"


CALL_ENDS = (CallResult.TOLD, CallResult.FAMILY, CallResult.NO_NEED)


class BatchState(models.TextChoices):
    """A bulk sending: made, then approved or given up."""

    DRAFT = "draft", "承認待ち"
    APPROVED = "approved", "承認済み"
    CANCELLED = "cancelled", "取りやめ"
