"""Items on their way, items lent to another shelf for a while, requests to the closed stack.

A transfer is a row only while the item is on its way: arriving deletes it and counts it in TransferStatistic. What is
on its way for a hold says nothing of the hold here; the hold says which item it has.
"""

from django.db import models
from django.db.models.functions import Now

from app.branches.models import Branch
from app.catalog.codes import MaterialType
from app.catalog.models import Item


class Reason(models.TextChoices):
    """Why an item travels."""

    HOLD = "hold", "予約"
    HOME = "home", "帰館"
    RELOCATE = "relocate", "移管"
    REQUEST = "request", "取寄せ"


class Run(models.Model):
    """便: one round of the library's van. `leaves_at` tells which run an item misses."""

    code = models.SlugField("符号", max_length=20, unique=True)
    name = models.CharField("名称", max_length=40)
    leaves_at = models.TimeField("発送時刻")
    is_active = models.BooleanField("使用中", default=True)

    class Meta:
        verbose_name = "便"
        ordering = ["leaves_at", "code"]

    def __str__(self) -> str:
        return self.name


class Transfer(models.Model):
    """One item between two places; waiting for its run while `sent_at` is empty."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="transfers", verbose_name="資料")
    from_branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="発送館")
    to_branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="行き先")
    reason = models.CharField("理由", max_length=8, choices=Reason)
    note = models.CharField("覚え", max_length=60, blank=True, default="", db_default="")
    run = models.ForeignKey(Run, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name="便")
    decided_at = models.DateTimeField("決定日時", db_default=Now())
    sent_at = models.DateTimeField("発送日時", null=True)
    expected_on = models.DateField("到着見込日", null=True)

    class Meta:
        verbose_name = "回送"
        ordering = ["to_branch__number", "run__leaves_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["item"], name="transfers_item_travels_once"),
            models.CheckConstraint(
                name="transfers_goes_somewhere", condition=~models.Q(from_branch=models.F("to_branch"))
            ),
        ]


class TransferStatistic(models.Model):
    """How many items went from where to where on a day, by reason."""

    on_date = models.DateField("到着日")
    from_branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="発送館")
    to_branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="行き先")
    reason = models.CharField("理由", max_length=8, choices=Reason)
    items = models.PositiveIntegerField("点数", default=1)

    class Meta:
        verbose_name = "回送統計"
        constraints = [
            models.UniqueConstraint(
                fields=["on_date", "from_branch", "to_branch", "reason"], name="transfers_statistic_once"
            ),
        ]


class Relocation(models.Model):
    """一時移管: an item that stands elsewhere until a date. Ending it deletes the row."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="relocations", verbose_name="資料")
    home_branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="元の館")
    home_location = models.CharField("元の所在", max_length=40, blank=True, default="", db_default="")
    to_branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="移管先")
    to_location = models.CharField("移管先の所在", max_length=40, blank=True, default="", db_default="")
    until = models.DateField("期限")
    purpose = models.CharField("目的", max_length=60)
    ended_at = models.DateTimeField("戻し開始", null=True)

    class Meta:
        verbose_name = "一時移管"
        ordering = ["until", "id"]
        constraints = [models.UniqueConstraint(fields=["item"], name="transfers_item_relocated_once")]


class Floating(models.Model):
    """Items of this material type stay where they were returned. An empty branch means any place of return."""

    material_type = models.CharField("資料種別", max_length=12, choices=MaterialType)
    branch = models.ForeignKey(
        Branch, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name="返却館"
    )

    class Meta:
        verbose_name = "返却館への定着"
        constraints = [
            models.UniqueConstraint(
                fields=["material_type", "branch"], name="transfers_floats_once", nulls_distinct=False
            ),
        ]


class StackRequest(models.Model):
    """出納: an item asked for from the closed stack. It says for which desk, never for whom; putting back ends it."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="stack_requests", verbose_name="資料")
    desk = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="請求館")
    requested_at = models.DateTimeField("請求日時", db_default=Now())
    printed_at = models.DateTimeField("印刷日時", null=True)
    fetched_at = models.DateTimeField("出庫日時", null=True)

    class Meta:
        verbose_name = "書庫出納"
        ordering = ["requested_at", "id"]
        constraints = [models.UniqueConstraint(fields=["item"], name="transfers_stack_once")]


class TransferSetting(models.Model):
    """What a library decides about its transfers; one row."""

    overdue_days = models.PositiveSmallIntegerField(
        "未着とみなす開館日数", default=3, help_text="発送からこの開館日数を過ぎても着かない資料を一覧に出す"
    )

    class Meta:
        verbose_name = "回送の設定"
        constraints = [models.CheckConstraint(name="transfers_one_setting", condition=models.Q(pk=1))]
