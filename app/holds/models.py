"""Holds while they last, and what remains of them: figures without a person.

A hold says patron and record until it is handed over, cancelled or expired. Handing over leaves the row only as long as
the loan can be undone, and never longer than the loan lasts (`handed`); a cancelled hold stays visible to its patron
for a number of days (`HoldSetting`) and is then deleted. What stays is HoldStatistic, without patron and record.

Nor may the rest be laid side by side by transaction numbers: a foreign key that is written leaves the number of its
transaction on the row it points at (`xmax`), and the same number stands on the audit event. Touched therefore notes
which records and items were pointed at, and the night locks them once more and forgets them (`actions.settle`).
"""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan

from app.branches.models import Branch
from app.catalog.models import BibliographicRecord, Item
from app.patrons.models import Patron
from app.web.sealed import SealedTextField


class Route(models.TextChoices):
    """受付経路."""

    COUNTER = "counter", "窓口"
    PHONE = "phone", "電話"
    KIOSK = "kiosk", "館内OPAC"
    WEB = "web", "Web"
    MOBILE = "mobile", "移動図書館"
    LETTER = "letter", "郵便・FAX"


class Contact(models.TextChoices):
    """連絡方法."""

    MAIL = "mail", "メール"
    PHONE = "phone", "電話"
    POSTCARD = "postcard", "はがき"
    NONE = "none", "連絡不要"


class Status(models.TextChoices):
    """予約状態. What the shelf and the van know of it."""

    WAITING = "waiting", "予約中"
    PULL = "pull", "書架で準備中"
    TRANSIT = "transit", "回送中"
    READY = "ready", "受取可"
    HANDED = "handed", "受渡済"
    CANCELLED = "cancelled", "取消"
    EXPIRED = "expired", "期限切れ"


OPEN = (Status.WAITING, Status.PULL, Status.TRANSIT, Status.READY)
HAS_ITEM = (Status.PULL, Status.TRANSIT, Status.READY)
OVER = (Status.CANCELLED, Status.EXPIRED)


class HoldSet(models.Model):
    """Holds of one patron that belong together."""

    class Kind(models.TextChoices):
        SERIES = "series", "巻順"
        TOGETHER = "together", "まとめて受取"
        ANY = "any", "いずれか1点"

    kind = models.CharField("種類", max_length=8, choices=Kind)
    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="+")

    class Meta:
        verbose_name = "予約の組"


class Hold(models.Model):
    """One patron's wish for a record, or with `only_item` for one item. The queue is `queue_at`, then id."""

    patron = models.ForeignKey(Patron, on_delete=models.PROTECT, related_name="holds", verbose_name="利用者")
    record = models.ForeignKey(BibliographicRecord, on_delete=models.PROTECT, related_name="holds", verbose_name="書誌")
    only_item = models.ForeignKey(
        Item, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="指定資料"
    )
    status = models.CharField("状態", max_length=9, choices=Status, default=Status.WAITING)
    item = models.ForeignKey(
        Item, on_delete=models.PROTECT, null=True, blank=True, related_name="holds", verbose_name="割当資料"
    )
    received_at = models.DateTimeField("受付日時")
    queue_at = models.DateTimeField("順位の基準")
    route = models.CharField("受付経路", max_length=8, choices=Route)
    pickup = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="受取館")
    contact = models.CharField("連絡方法", max_length=8, choices=Contact)
    belongs_to = models.ForeignKey(HoldSet, on_delete=models.SET_NULL, null=True, related_name="holds")
    set_order = models.PositiveSmallIntegerField("組の順", default=0, db_default=0)
    suspended_from = models.DateField("休止開始", null=True, blank=True)
    suspended_until = models.DateField("休止終了", null=True, blank=True)
    ready_at = models.DateTimeField("用意済み日時", null=True)
    contacted_on = models.DateField("連絡日", null=True)
    keep_until = models.DateField("取置期限", null=True)
    shelf_number = models.PositiveIntegerField("棚番号", null=True)
    ended_at = models.DateTimeField("終了日時", null=True)
    ended_why = models.CharField("終了の理由", max_length=60, blank=True, default="", db_default="")
    note = SealedTextField("覚え", blank=True, default="", db_default=b"")

    class Meta:
        verbose_name = "予約"
        ordering = ["queue_at", "id"]
        constraints = [
            # Whatever two counters do at once: one item for one hold, one place on the shelf for one item.
            models.UniqueConstraint(
                fields=["item"], condition=Q(status__in=["pull", "transit", "ready"]), name="holds_item_once"
            ),
            models.UniqueConstraint(
                fields=["pickup", "shelf_number"], condition=Q(shelf_number__isnull=False), name="holds_shelf_once"
            ),
            models.UniqueConstraint(
                fields=["patron", "record"],
                condition=Q(status__in=["waiting", "pull", "transit", "ready"], only_item__isnull=True),
                name="holds_record_once",
            ),
            models.UniqueConstraint(
                fields=["patron", "only_item"],
                condition=Q(status__in=["waiting", "pull", "transit", "ready"], only_item__isnull=False),
                name="holds_copy_once",
            ),
            models.CheckConstraint(
                name="holds_item_when_allotted",
                condition=Q(status__in=["pull", "transit", "ready", "handed"], item__isnull=False)
                | Q(status__in=["waiting", "cancelled", "expired"], item__isnull=True),
            ),
            models.CheckConstraint(
                name="holds_shelf_when_ready",
                condition=Q(status="ready", ready_at__isnull=False)
                | Q(keep_until__isnull=True, shelf_number__isnull=True, contacted_on__isnull=True),
            ),
            models.CheckConstraint(
                name="holds_over_has_end",
                condition=Q(status__in=["handed", "cancelled", "expired"], ended_at__isnull=False)
                | Q(status__in=["waiting", "pull", "transit", "ready"], ended_at__isnull=True),
            ),
            models.CheckConstraint(
                name="holds_suspension_in_order",
                condition=Q(suspended_from__isnull=True, suspended_until__isnull=True)
                | Q(suspended_until__gte=F("suspended_from")),
            ),
            models.CheckConstraint(
                name="holds_only_that_item",
                condition=Q(only_item__isnull=True) | Q(item__isnull=True) | Q(item=F("only_item")),
            ),
        ]
        indexes = [
            models.Index(fields=["record", "queue_at"], name="holds_queue"),
            models.Index(fields=["pickup", "status"], name="holds_pickup"),
            models.Index(fields=["status", "keep_until"], name="holds_expiry"),
        ]


class HoldEntry(models.Model):
    """What happened to one hold while it lasts: contacts, changes, moves in the queue. Goes with the hold."""

    class Kind(models.TextChoices):
        CONTACT = "contact", "連絡"
        MOVE = "move", "順位変更"
        CHANGE = "change", "変更"
        EXTEND = "extend", "期限延長"
        MISS = "miss", "見当たらない"

    class Result(models.TextChoices):
        SENT = "sent", "送信・投函"
        TOLD = "told", "本人に連絡"
        MESSAGE = "message", "伝言・留守番電話"
        ABSENT = "absent", "不在"
        FAILED = "failed", "不達"

    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="entries")
    at = models.DateTimeField("日時")
    by = models.CharField("担当", max_length=40, blank=True)
    kind = models.CharField("種類", max_length=8, choices=Kind)
    method = models.CharField("連絡方法", max_length=8, choices=Contact, blank=True, default="", db_default="")
    result = models.CharField("結果", max_length=8, choices=Result, blank=True, default="", db_default="")
    text = SealedTextField("内容", blank=True, default="", db_default=b"")

    class Meta:
        verbose_name = "予約の経過"
        ordering = ["at", "id"]


class Followed(models.Model):
    """How a hold stood before two records became one: so the merge can be undone. Goes with the hold.

    The change set is known by its number here and knows nothing of holds itself: it stays, and the log says whose
    hold a number was.
    """

    hold = models.ForeignKey(Hold, on_delete=models.CASCADE, related_name="followed")
    change_set = models.BigIntegerField("変更の番号")
    record_number = models.BigIntegerField("前の書誌")
    queue_at = models.DateTimeField("前の順位の基準")
    ended = models.BooleanField("統合で一つにした", default=False, db_default=False)

    class Meta:
        verbose_name = "統合に伴う予約の移動"
        constraints = [models.UniqueConstraint(fields=["change_set", "hold"], name="holds_followed_once")]


class Missed(models.Model):
    """An item that was looked for on the shelf and not found: no candidate until it is seen again, or for some days."""

    class Kind(models.TextChoices):
        NOT_THERE = "not_there", "見当たらない"
        OUT = "out", "貸出中・利用中"

    item = models.OneToOneField(Item, on_delete=models.CASCADE, primary_key=True, related_name="missed")
    kind = models.CharField("結果", max_length=9, choices=Kind)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+")
    since = models.DateField("日付")

    class Meta:
        verbose_name = "見当たらない資料"


class ToClear(models.Model):
    """An item that stands on the hold shelf for nobody any more; its number is free when it is taken off."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, primary_key=True, related_name="to_clear")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+")
    shelf_number = models.PositiveIntegerField("棚番号")
    since = models.DateField("日付")

    class Meta:
        verbose_name = "取置棚から抜く資料"
        ordering = ["branch__number", "shelf_number"]
        constraints = [models.UniqueConstraint(fields=["branch", "shelf_number"], name="holds_to_clear_once")]


class HoldStatistic(models.Model):
    """One hold placed, handed over, cancelled or expired, as a figure. The key is random."""

    class Act(models.TextChoices):
        PLACE = "place", "受付"
        HAND_OVER = "hand_over", "受渡"
        CANCEL = "cancel", "取消"
        EXPIRE = "expire", "期限切れ"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    act = models.CharField(max_length=9, choices=Act)
    on_date = models.DateField("日付")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="受取館")
    route = models.CharField("受付経路", max_length=8, choices=Route)
    category = models.CharField("利用者区分", max_length=20)

    class Meta:
        verbose_name = "予約統計"
        indexes = [models.Index(fields=["on_date", "branch", "act"], name="holds_statistic_day")]


class Touched(models.Model):
    """A record or item that a hold pointed at today: the night wipes the transaction number this left on its row."""

    record_id = models.BigIntegerField(null=True)
    item_id = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = "夜間処理の対象"


# Sealed as it is, a reason has a length.
SAID = GreaterThan(Length("reason"), 0)


class PurchaseRequest(models.Model):
    """リクエスト: a wish for what the library has not. Ends as a hold, or is deleted after its answer was visible.

    What was written about the person is sealed. The title is not, as a hold's record is not: it is looked up to find
    out whether others wish for the same.
    """

    class Status(models.TextChoices):
        RECEIVED = "received", "受付"
        BUY = "buy", "購入"
        BORROW = "borrow", "他館借受"
        ORDERED = "ordered", "手配中"
        DECLINED = "declined", "見送り"

    patron = models.ForeignKey(Patron, on_delete=models.PROTECT, related_name="purchase_requests")
    title = models.CharField("書名", max_length=200)
    creator = models.CharField("著者", max_length=100, blank=True, default="", db_default="")
    publisher = models.CharField("出版者", max_length=100, blank=True, default="", db_default="")
    isbn13 = models.CharField("ISBN", max_length=13, blank=True, default="", db_default="")
    wish = SealedTextField("本人の覚え", blank=True, default="", db_default=b"")
    status = models.CharField("状態", max_length=8, choices=Status, default=Status.RECEIVED)
    received_at = models.DateTimeField("受付日時")
    route = models.CharField("受付経路", max_length=8, choices=Route)
    pickup = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="受取館")
    contact = models.CharField("連絡方法", max_length=8, choices=Contact)
    reason = SealedTextField("選定の理由", blank=True, default="", db_default=b"")
    answer = SealedTextField("利用者への回答", blank=True, default="", db_default=b"")
    decided_on = models.DateField("選定日", null=True)
    decided_by = models.CharField("選定者", max_length=40, blank=True, default="", db_default="")
    told_at = models.DateTimeField("回答連絡日時", null=True)

    class Meta:
        verbose_name = "購入希望"
        ordering = ["received_at", "id"]
        constraints = [
            models.CheckConstraint(
                name="holds_request_decided_with_reason",
                condition=Q(status="received") | (Q(decided_on__isnull=False) & SAID),
            ),
            models.CheckConstraint(
                name="holds_request_isbn", condition=Q(isbn13="") | Q(isbn13__regex=r"^97[89][0-9]{10}$")
            ),
        ]


class Neighbour(models.Model):
    """同一館: a place whose copies count as nearly on the spot for holds picked up at another place."""

    pickup = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="+", verbose_name="受取館")
    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="+", verbose_name="同じ館とみなす館")

    class Meta:
        verbose_name = "割当の近い館"
        constraints = [
            models.UniqueConstraint(fields=["pickup", "branch"], name="holds_neighbour_once"),
            models.CheckConstraint(name="holds_neighbour_other", condition=~Q(pickup=F("branch"))),
        ]


class HoldSetting(models.Model):
    """What a library decides about its holds; one row."""

    class Order(models.TextChoices):
        NEAR = "pickup,near,other", "受取館 → 同一館 → 他館"
        FLAT = "pickup,other,near", "受取館 → 他館 → 同一館"
        ANY = "any", "館を問わない（館の番号順）"

    class Names(models.TextChoices):
        NUMBER = "number", "照合番号だけ"
        INITIAL = "initial", "照合番号とカナの頭1字"

    order = models.CharField("割当の順", max_length=20, choices=Order, default=Order.NEAR)
    slip_name = models.CharField("取置票の氏名", max_length=8, choices=Names, default=Names.NUMBER)
    cancel_after_days = models.PositiveSmallIntegerField(
        "期限切れの自動取消(日)",
        null=True,
        blank=True,
        help_text="期限からこの日数で取り消す。空なら自動では取り消さない",
    )
    show_over_days = models.PositiveSmallIntegerField("取消後に本人へ見せる日数", default=14)
    missing_days = models.PositiveSmallIntegerField("見当たらない資料を割り当てない日数", default=14)

    class Meta:
        verbose_name = "予約の設定"
        constraints = [models.CheckConstraint(name="holds_one_setting", condition=Q(pk=1))]
