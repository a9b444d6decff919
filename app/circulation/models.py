"""Loans while they last, and what remains of them: figures without a person.

Who has what is known only while the item is out. Giving back deletes the Loan row, and nothing that stays says both a
patron and an item. Nor may anything be laid side by side by its time: a patron's page seen at 10:00:05, a loan logged
at 10:00:07, an item's row written at 10:00:07 would tell as much as a name. Therefore

- LoanStatistic has a patron's category and a date, but no item, and a random key;
- the audit event of a loan or return has terminal and time, but no item and no patron;
- an item is written about only when it comes back (ReturnToday), and the next day that becomes a count by month
  (ItemTally), all of a day at once and in the items' own order. Even the transaction numbers that PostgreSQL keeps
  beside each row then tell nothing.
"""

import uuid

from django.db import models
from django.db.models.functions import Now

from app.branches.models import Branch
from app.catalog.models import Item
from app.patrons.models import Patron, PatronCategory


class LoanRule(models.Model):
    """One row of the rule table. An empty branch, category or material type means any."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, null=True, blank=True, verbose_name="館")
    category = models.ForeignKey(
        PatronCategory, on_delete=models.CASCADE, null=True, blank=True, verbose_name="利用者区分"
    )
    material_type = models.CharField("資料種別", max_length=20, blank=True, default="")
    limit = models.PositiveSmallIntegerField("点数", help_text="この規則に当たる資料を同時に借りられる点数")
    period_days = models.PositiveSmallIntegerField("期間(日)")
    renewals = models.PositiveSmallIntegerField("延長回数", default=1)
    overdue_block_days = models.PositiveSmallIntegerField(
        "延滞停止(日)", null=True, blank=True, help_text="この日数以上の延滞があれば新しい貸出を止める。空なら止めない"
    )
    reference_allowed = models.BooleanField("禁帯出も貸す", default=False)

    class Meta:
        verbose_name = "貸出規則"
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "category", "material_type"], name="circulation_rule_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                name="circulation_rule_lends",
                condition=models.Q(period_days__gte=1) & models.Q(period_days__lte=366),
            ),
        ]


class Loan(models.Model):
    """An item that is out, with whom and until when. Deleted when it comes back."""

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="loans", verbose_name="資料")
    patron = models.ForeignKey(Patron, on_delete=models.PROTECT, related_name="loans", verbose_name="利用者")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name="貸出館")
    lent_at = models.DateTimeField("貸出日時", db_default=Now())
    due_on = models.DateField("返却期限")
    renewed = models.PositiveSmallIntegerField("延長回数", default=0, db_default=0)

    class Meta:
        verbose_name = "貸出"
        ordering = ["due_on", "id"]
        constraints = [
            # Whatever two counters do at once, an item is out once.
            models.UniqueConstraint(fields=["item"], name="circulation_item_out_once"),
            models.CheckConstraint(
                name="circulation_due_after_loan", condition=models.Q(due_on__gte=models.F("lent_at__date"))
            ),
        ]
        indexes = [models.Index(fields=["due_on"], name="circulation_due")]


class LoanStatistic(models.Model):
    """One loan, renewal or return as a figure. The key is random so that its order tells nothing."""

    class Act(models.TextChoices):
        LEND = "lend", "貸出"
        RENEW = "renew", "延長"
        RETURN = "return", "返却"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    act = models.CharField(max_length=6, choices=Act)
    on_date = models.DateField("日付")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name="館")
    category = models.CharField("利用者区分", max_length=20)
    age_band = models.CharField("年齢層", max_length=6, blank=True)
    material_type = models.CharField("資料種別", max_length=20)

    class Meta:
        verbose_name = "貸出統計"
        indexes = [models.Index(fields=["on_date", "branch", "act"], name="circulation_statistic_day")]


class ItemTally(models.Model):
    """How often an item was lent in a month, counted when it is back: for rankings and weeding."""

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="tallies")
    month = models.DateField("月")
    loans = models.PositiveIntegerField("貸出回数", default=1)

    class Meta:
        verbose_name = "資料別貸出回数"
        constraints = [
            models.UniqueConstraint(fields=["item", "month"], name="circulation_tally_once"),
            models.CheckConstraint(name="circulation_tally_month", condition=models.Q(month__day=1)),
        ]


class ReturnToday(models.Model):
    """An item that came back today: tells a double scan from a mistake, and waits to be counted.

    `actions.settle_returns` turns the rows of past days into tallies and deletes them.
    """

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    lent_month = models.DateField("貸出月")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "当日の返却"
        indexes = [models.Index(fields=["at"], name="circulation_return_at")]
