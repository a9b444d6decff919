"""Questions to the library (レファレンス), and events that readers apply for.

What somebody asks and what they are told is sealed, and goes with their registration. Neither points at a record or an
item: what a reader wants to know is nobody's business but the two who answer it.
"""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from app.branches.models import Branch
from app.patrons.models import Patron
from app.web.sealed import SealedTextField


class Question(models.Model):
    """One question, its state, and the answer."""

    class State(models.TextChoices):
        RECEIVED = "received", "受付"
        WORKING = "working", "調査中"
        ANSWERED = "answered", "回答済"
        WITHDRAWN = "withdrawn", "取下げ"

    receipt = models.CharField("受付番号", max_length=14, unique=True)
    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="questions", verbose_name="利用者")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="担当館")
    state = models.CharField("状態", max_length=9, choices=State, default=State.RECEIVED)
    title = SealedTextField("件名")
    body = SealedTextField("内容")
    known = SealedTextField("調べた資料")
    answer = SealedTextField("回答")
    sources = SealedTextField("参考資料")
    note = SealedTextField("職員のメモ")
    asked_at = models.DateTimeField("受付日時", db_default=Now())
    taken_by = models.CharField("担当", max_length=40, blank=True, default="", db_default="")
    answered_by = models.CharField("回答", max_length=40, blank=True, default="", db_default="")
    answered_at = models.DateTimeField("回答日時", null=True)
    seen_at = models.DateTimeField("本人の確認", null=True)
    form = models.UUIDField("送信の印", default=uuid.uuid4, unique=True, editable=False)

    class Meta:
        verbose_name = "調べもの相談"
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="reference_answered_says_when",
                condition=Q(state="answered", answered_at__isnull=False)
                | (~Q(state="answered") & Q(answered_at=None, seen_at=None)),
            ),
        ]
        indexes = [models.Index(fields=["state", "asked_at"], name="reference_question_open")]


class Event(models.Model):
    """A course or story time: when, where, for how many, and how those are chosen."""

    class Choosing(models.TextChoices):
        ORDER = "order", "先着順"
        LOTTERY = "lottery", "抽選"
        NONE = "none", "申込み不要"

    title = models.CharField("催しの名", max_length=100)
    body = models.TextField("案内", max_length=8000)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="館")
    place = models.CharField("会場", max_length=60, blank=True)
    audience = models.CharField("対象", max_length=60, blank=True)
    starts_at = models.DateTimeField("開始")
    ends_at = models.DateTimeField("終了")
    choosing = models.CharField("決め方", max_length=7, choices=Choosing, default=Choosing.ORDER)
    capacity = models.PositiveSmallIntegerField("定員(人)", null=True, blank=True)
    waiting = models.PositiveSmallIntegerField("補欠(人)", default=10, db_default=10)
    opens_at = models.DateTimeField("公開・受付開始")
    closes_at = models.DateTimeField("受付終了", null=True, blank=True)
    is_ready = models.BooleanField("公開してよい", default=False)
    cancelled_at = models.DateTimeField("中止", null=True)
    drawn_at = models.DateTimeField("抽選日時", null=True)
    attended = models.PositiveSmallIntegerField("申込者数(終了後)", null=True)
    made_by = models.CharField("作成", max_length=40)

    class Meta:
        verbose_name = "催し"
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(name="reference_event_ends_later", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(
                name="reference_event_says_for_how_many",
                condition=Q(choosing="none", capacity=None, closes_at=None)
                | (
                    ~Q(choosing="none")
                    & Q(capacity__isnull=False, capacity__gte=1)
                    & Q(closes_at__isnull=False, closes_at__gt=F("opens_at"))
                ),
            ),
            models.CheckConstraint(
                name="reference_only_lots_are_drawn", condition=Q(drawn_at=None) | Q(choosing="lottery")
            ),
        ]


class Application(models.Model):
    """A reader's application for an event; deleted some time after the event."""

    class State(models.TextChoices):
        APPLIED = "applied", "抽選待ち"
        PLACE = "place", "参加できます"
        WAITING = "waiting", "補欠"
        LOST = "lost", "落選"
        CANCELLED = "cancelled", "取消"

    receipt = models.CharField("受付番号", max_length=14, unique=True)
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="applications", verbose_name="催し")
    patron = models.ForeignKey(Patron, on_delete=models.CASCADE, related_name="+", verbose_name="利用者")
    state = models.CharField("状態", max_length=9, choices=State)
    order = models.PositiveSmallIntegerField("順番")
    applied_at = models.DateTimeField("申込日時", db_default=Now())

    class Meta:
        verbose_name = "催しの申込み"
        ordering = ["event", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "patron"], condition=~Q(state="cancelled"), name="reference_applied_once"
            ),
            models.UniqueConstraint(fields=["event", "order"], name="reference_order_once"),
        ]


class Receipts(models.Model):
    """The last receipt number given out in a year, of questions and of events."""

    kind = models.CharField(max_length=1)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "受付番号"
        constraints = [models.UniqueConstraint(fields=["kind", "year"], name="reference_receipts_once")]
