"""What the library tells patrons: planned once, handed over once, remembered without titles.

A Notice says whom, what kind, which stage, by which means, when and with what result. What it is about stands apart, in
its Lines, each of which points at one loan or one hold; the database deletes a line in the very statement that deletes
its loan or hold (ON DELETE CASCADE, migration 0002). No text is ever stored: it is made from the wording and the lines
when it is shown, printed or sent. So after the return nothing is left that names a patron and an item together.

The same constraint that ties a line to its loan makes each event unique: (kind, loan, stage, due date) and
(kind, hold, attempt) exist once, however often a job runs or is killed.

Times are the other way to a title: a hold-ready mail at 10:05 beside a transfer that arrived at 10:04. Therefore the
log has one event for a run of mails, not one for each, and `actions.settling` cuts a finished notice down to its date.
"""

import uuid

from django.db import models
from django.db.models.functions import Now

from app.branches.models import Branch
from app.catalog.models import Item
from app.circulation.models import Loan
from app.holds.models import Hold, PurchaseRequest
from app.notices.codes import Adapter, BatchState, CallResult, Kind, State
from app.patrons.models import Patron
from app.web.sealed import SealedTextField


class Means(models.Model):
    """A way to reach patrons: a row of the table, so that another is added by setting alone."""

    code = models.SlugField("符号", max_length=20, unique=True)
    name = models.CharField("名称", max_length=30)
    adapter = models.CharField("方式", max_length=10, choices=Adapter)
    address_field = models.CharField(
        "宛先", max_length=10, choices=[("email", "メール"), ("phone", "電話"), ("address", "住所")]
    )
    target = models.CharField(
        "送り先", max_length=300, blank=True, default="", help_text="HTTP は URL、ファイルはフォルダ名"
    )
    secret = SealedTextField("認証の鍵", blank=True, default="")
    enabled = models.BooleanField("使う", default=True)
    order = models.PositiveSmallIntegerField("並び", default=50)

    class Meta:
        verbose_name = "連絡手段"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class Policy(models.Model):
    """When and how notices of one kind go out."""

    kind = models.CharField("種類", max_length=10, choices=Kind, unique=True)
    enabled = models.BooleanField("送る", default=True)
    needs_approval = models.BooleanField("承認してから送る", default=False)
    send_from = models.TimeField("送信開始")
    send_until = models.TimeField("送信終了")
    on_closed_days = models.BooleanField("休館日も送る", default=False)
    keep_days = models.PositiveSmallIntegerField("記録の保存(日)", default=60)

    class Meta:
        verbose_name = "通知の決まり"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="notices_hours_in_order", condition=models.Q(send_from__lt=models.F("send_until"))
            ),
        ]


class Wording(models.Model):
    """One version of one text. The newest of a kind, stage and means is used; earlier ones stay to be seen."""

    kind = models.CharField("種類", max_length=10, choices=Kind)
    stage = models.PositiveSmallIntegerField("段階", default=0)
    means = models.SlugField("手段", max_length=20, blank=True, default="")
    version = models.PositiveIntegerField("版")
    subject = models.CharField("件名", max_length=120)
    body = models.TextField("本文", max_length=4000)
    line = models.CharField("明細の1行", max_length=200)
    made_by = models.CharField("作成者", max_length=40, blank=True, default="")
    made_at = models.DateTimeField("作成日時", db_default=Now())

    class Meta:
        verbose_name = "文面"
        ordering = ["kind", "stage", "means", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "stage", "means", "version"], name="notices_wording_once")
        ]


class Batch(models.Model):
    """One bulk sending: shown as counts, targets and samples, then approved by somebody or given up."""

    kind = models.CharField("種類", max_length=10, choices=Kind)
    on_date = models.DateField("抽出日")
    state = models.CharField("状態", max_length=10, choices=BatchState, default=BatchState.DRAFT)
    made_by = models.CharField("作成", max_length=40)
    seen_by = models.CharField("見本を見た人", max_length=40, blank=True, default="")
    approved_by = models.CharField("承認者番号", max_length=40, blank=True, default="")
    approved_name = models.CharField("承認者", max_length=60, blank=True, default="")
    approved_at = models.DateTimeField("承認日時", null=True)

    class Meta:
        verbose_name = "一斉送信"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(state=BatchState.DRAFT), name="notices_one_draft"
            ),
            models.CheckConstraint(
                name="notices_approved_by_somebody",
                condition=~models.Q(state=BatchState.APPROVED) | ~models.Q(approved_by=""),
            ),
        ]


class Notice(models.Model):
    """One message to one patron by one means. `token` is its name outside: Message-ID, envelope sender, file name."""

    token = models.UUIDField(default=uuid.uuid4, unique=True, null=True, editable=False)
    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="notices", verbose_name="利用者")
    kind = models.CharField("種類", max_length=10, choices=Kind)
    stage = models.PositiveSmallIntegerField("段階", default=0)
    means = models.ForeignKey(Means, on_delete=models.PROTECT, verbose_name="手段")
    state = models.CharField("状態", max_length=10, choices=State)
    on_date = models.DateField("日付")
    batch = models.ForeignKey(Batch, on_delete=models.SET_NULL, null=True, related_name="notices")
    branch = models.ForeignKey(Branch, on_delete=models.SET_NULL, null=True, verbose_name="担当館")
    not_before = models.DateTimeField("これより後", null=True)
    handed_at = models.DateTimeField("引渡し", null=True)
    attempts = models.PositiveSmallIntegerField("試み", default=0)
    next_call_on = models.DateField("次に電話する日", null=True)
    result = models.CharField("結果", max_length=40, blank=True, default="")
    by = models.CharField("担当", max_length=60, blank=True, default="")
    replaces = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="replaced_by")

    class Meta:
        verbose_name = "通知"
        ordering = ["-on_date", "-id"]
        constraints = [
            models.CheckConstraint(
                name="notices_open_have_token",
                condition=~models.Q(state__in=["planned", "ready", "handing"]) | models.Q(token__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["state", "not_before"], name="notices_open"),
            models.Index(fields=["patron", "-on_date"], name="notices_of_patron"),
        ]


class Line(models.Model):
    """What a notice is about: one loan, one hold, one purchase request or, by `key`, another event. Gone when that is.

    `stage` is the overdue stage reached, 1 for what has no stages, 0 for a loan that is only mentioned along.
    `due_on` is the day that makes the event another one: the due date (a renewed loan begins again), the day on
    which the hold was ready.
    """

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=10, choices=Kind)
    stage = models.PositiveSmallIntegerField(default=0)
    loan = models.ForeignKey(
        Loan, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="notice_lines"
    )
    hold = models.ForeignKey(
        Hold, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="notice_lines"
    )
    request = models.ForeignKey(
        PurchaseRequest, on_delete=models.DO_NOTHING, null=True, db_constraint=False, related_name="notice_lines"
    )
    due_on = models.DateField(null=True)
    key = models.CharField(max_length=80, blank=True, default="")

    class Meta:
        verbose_name = "通知の明細"
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "loan", "stage", "due_on"], condition=models.Q(stage__gt=0), name="notices_loan_once"
            ),
            models.UniqueConstraint(fields=["kind", "hold", "due_on"], name="notices_hold_once"),
            models.UniqueConstraint(fields=["kind", "request"], name="notices_request_once"),
            models.UniqueConstraint(fields=["key"], condition=~models.Q(key=""), name="notices_key_once"),
        ]


class Stop(models.Model):
    """Until when a patron or an item is left out of reminders, and why."""

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, null=True, related_name="notice_stops")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, null=True, related_name="notice_stops")
    from_on = models.DateField("開始日")
    until_on = models.DateField("終了日")
    reason = SealedTextField("事情")
    by = models.CharField("担当", max_length=60)

    class Meta:
        verbose_name = "督促の停止"
        ordering = ["until_on", "id"]
        constraints = [
            # Never both: a stop must not say who has what.
            models.CheckConstraint(
                name="notices_stop_one",
                condition=models.Q(patron__isnull=False, item__isnull=True)
                | models.Q(patron__isnull=True, item__isnull=False),
            ),
            models.CheckConstraint(name="notices_stop_order", condition=models.Q(until_on__gte=models.F("from_on"))),
        ]


class Wish(models.Model):
    """What a patron asked for: the notice before the due date is for those who want it, `prefers` instead of mail."""

    patron = models.OneToOneField(Patron, on_delete=models.CASCADE, related_name="notice_wish")
    due_soon = models.BooleanField("期限前の知らせ", default=False)
    prefers = models.ForeignKey(
        Means, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="希望する手段"
    )

    class Meta:
        verbose_name = "通知の希望"


class KindWish(models.Model):
    """A patron's own word about one kind of notice: not wanted, or by this means. Without a row: wanted, as usual."""

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="kind_wishes")
    kind = models.CharField("種類", max_length=10, choices=Kind)
    wanted = models.BooleanField("受け取る", default=True)
    means = models.ForeignKey(
        Means, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="手段"
    )

    class Meta:
        verbose_name = "通知の種類ごとの希望"
        constraints = [models.UniqueConstraint(fields=["patron", "kind"], name="notices_kind_wish_once")]


class BadAddress(models.Model):
    """An address that came back. It counts until the patron's address is another (`mark` is its keyed digest)."""

    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="bad_addresses")
    field = models.CharField("宛先", max_length=10)
    mark = models.CharField(max_length=64)
    code = models.CharField("理由", max_length=12, blank=True, default="")
    since = models.DateField("判明日")

    class Meta:
        verbose_name = "届かない宛先"
        constraints = [models.UniqueConstraint(fields=["patron", "field", "mark"], name="notices_bad_once")]


class Call(models.Model):
    """One telephone call and what it came to."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="calls")
    on_date = models.DateField("日付")
    result = models.CharField("結果", max_length=10, choices=CallResult)
    promised_on = models.DateField("約束日", null=True)
    note = SealedTextField("覚え", blank=True, default="")
    by = models.CharField("担当", max_length=60)

    class Meta:
        verbose_name = "電話の結果"
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="notices_promise_has_day",
                condition=~models.Q(result="promised") | models.Q(promised_on__isnull=False),
            ),
        ]
