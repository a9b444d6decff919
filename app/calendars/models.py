"""Closures and other changes of many dates at once, and exactly what each of them moved.

A moved loan or hold is noted by its key for as long as it lasts: the database takes the note away with the row it is
about (ON DELETE CASCADE in migration 0002, so that a return needs no statement for it). A note names neither patron nor
item.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from app.branches.models import Branch
from app.circulation.models import Loan
from app.holds.models import Hold


class Redating(models.Model):
    """One change of dates: which branches, which days, why, how far it has come, and whether it was undone."""

    class Kind(models.TextChoices):
        CLOSURE = "closure", "臨時休館"
        EXTENSION = "extension", "期限の一括変更"
        CALENDAR = "calendar", "開館日の変更"

    class State(models.TextChoices):
        RUNNING = "running", "処理中"
        DONE = "done", "済"
        UNDOING = "undoing", "取消中"
        UNDONE = "undone", "取消済"

    kind = models.CharField("種類", max_length=9, choices=Kind)
    branches = models.ManyToManyField(Branch, related_name="+", verbose_name="館")
    first = models.DateField("初日")
    last = models.DateField("最終日")
    reason = models.CharField("事由", max_length=60)
    due_to = models.DateField("新しい返却期限", null=True, blank=True)
    hold_days = models.PositiveSmallIntegerField("取置の延長(開館日)", default=0)
    state = models.CharField("状態", max_length=7, choices=State, default=State.RUNNING)
    made_by = models.CharField("登録者", max_length=40)
    made_at = models.DateTimeField("登録日時", db_default=Now())
    loans_total = models.PositiveIntegerField("対象の貸出", default=0)
    loans_moved = models.PositiveIntegerField("変更した貸出", default=0)
    holds_moved = models.PositiveIntegerField("変更した取置", default=0)
    finished_at = models.DateTimeField("完了日時", null=True)
    undone_by = models.CharField("取消者", max_length=40, blank=True, default="")
    undone_at = models.DateTimeField("取消日時", null=True)
    loans_back = models.PositiveIntegerField("戻した貸出", default=0)
    holds_back = models.PositiveIntegerField("戻した取置", default=0)

    class Meta:
        verbose_name = "期限の一括変更"
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(name="calendars_span_forward", condition=Q(last__gte=F("first"))),
            # A date moved into the span again would be moved for ever.
            models.CheckConstraint(
                name="calendars_due_behind_span", condition=Q(due_to=None) | Q(due_to__gt=F("last"))
            ),
            models.CheckConstraint(
                name="calendars_extension_says_when", condition=~Q(kind="extension") | Q(due_to__isnull=False)
            ),
        ]

    @property
    def source(self) -> str:
        """How the closed days that this change made are marked."""
        return f"closure:{self.pk}"


class RedatedLoan(models.Model):
    """A due date that a change moved, while the loan lasts."""

    redating = models.ForeignKey(Redating, on_delete=models.CASCADE, related_name="loans")
    loan = models.ForeignKey(Loan, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    before = models.DateField()
    after = models.DateField()

    class Meta:
        verbose_name = "変更した返却期限"
        constraints = [models.UniqueConstraint(fields=["redating", "loan"], name="calendars_loan_once")]


class RedatedHold(models.Model):
    """A hold-shelf date that a change moved, while the hold lasts."""

    redating = models.ForeignKey(Redating, on_delete=models.CASCADE, related_name="holds")
    hold = models.ForeignKey(Hold, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+")
    before = models.DateField()
    after = models.DateField()

    class Meta:
        verbose_name = "変更した取置期限"
        constraints = [models.UniqueConstraint(fields=["redating", "hold"], name="calendars_hold_once")]
