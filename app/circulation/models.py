"""Loans while they last, and what remains of them: figures without a person.

Who has what is known only while the item is out. Giving back deletes the Loan row, and nothing that stays says both a
patron and an item. Nor may anything be laid side by side by its time: a patron's page seen at 10:00:05, a loan logged
at 10:00:07, an item's row written at 10:00:07 would tell as much as a name. Therefore

- LoanStatistic has a patron's category and a date, but no item, and a random key; at night a day's rows are written
  anew in random order under new keys and without terminal;
- the audit event of a loan or return has terminal and time, but no item and no patron;
- an item is written about only when it comes back (HandledToday), and the next day that becomes a count by month
  (ItemTally), all of a day at once and in the items' own order. Even the transaction numbers that PostgreSQL keeps
  beside each row then tell nothing;
- whatever a return takes away and its undoing needs again is in the counter's page alone, sealed (actions/undo.py);
- the last borrower of an item is kept only where the library chose so, for days, sealed (LastBorrower).
"""

import uuid

from django.db import models
from django.db.models.functions import Now

from app.branches.models import Branch
from app.catalog.models import Item
from app.patrons.models import Patron
from app.web.sealed import SealedTextField


class Loan(models.Model):
    """An item that is out, with whom and until when. Deleted when it comes back.

    A lost or spoilt item stays on loan while its compensation (弁償) goes on. Once that is settled the loan waits for
    the night, which ends it and withdraws the item (actions/compensation.py): no moment of the day says both.
    """

    class Compensation(models.TextChoices):
        LOST = "lost", "紛失"
        SPOILT = "spoilt", "汚破損"

    class Settled(models.TextChoices):
        SAME = "same", "同じ資料の納入"
        OTHER = "other", "代わりの資料の納入"
        MONEY = "money", "実費の納付"
        WAIVED = "waived", "免除"

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="loans", verbose_name="資料")
    patron = models.ForeignKey(Patron, on_delete=models.PROTECT, related_name="loans", verbose_name="利用者")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name="貸出館")
    lent_at = models.DateTimeField("貸出日時", db_default=Now())
    due_on = models.DateField("返却期限")
    renewed = models.PositiveSmallIntegerField("延長回数", default=0, db_default=0)
    terminal = models.GenericIPAddressField("貸出端末", null=True, blank=True)
    without_card = models.BooleanField("券なし", default=False, db_default=False)
    due_changed_by = models.CharField("期限変更者", max_length=40, blank=True, default="", db_default="")
    due_reason = SealedTextField("期限変更の理由", blank=True, default="", db_default=b"")

    compensation = models.CharField(
        "弁償の事由", max_length=6, choices=Compensation, blank=True, default="", db_default=""
    )
    compensation_on = models.DateField("弁償の手続きの開始日", null=True, blank=True)
    settled = models.CharField("弁償の方法", max_length=6, choices=Settled, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "貸出"
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(
                name="circulation_compensation_whole",
                condition=models.Q(compensation="", compensation_on=None, settled="")
                | (~models.Q(compensation="") & models.Q(compensation_on__isnull=False)),
            ),
            # Whatever two counters do at once, an item is out once.
            models.UniqueConstraint(fields=["item"], name="circulation_item_out_once"),
            models.CheckConstraint(
                name="circulation_due_after_loan", condition=models.Q(due_on__gte=models.F("lent_at__date"))
            ),
        ]
        indexes = [models.Index(fields=["due_on"], name="circulation_due")]


class LoanStatistic(models.Model):
    """One act at a counter as a figure. The key is random so that its order tells nothing.

    `terminal` is for the day's own report and gone the next day. In-library use and requests from the closed stack
    have neither category nor age: nobody's card is read for them.
    """

    class Act(models.TextChoices):
        LEND = "lend", "貸出"
        RENEW = "renew", "延長"
        RETURN = "return", "返却"
        USE = "use", "館内利用"
        STACK = "stack", "書庫出納"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    act = models.CharField(max_length=6, choices=Act)
    on_date = models.DateField("日付")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name="館")
    category = models.CharField("利用者区分", max_length=20, blank=True)
    age_band = models.CharField("年齢層", max_length=6, blank=True)
    district = models.CharField("地区", max_length=20, blank=True, default="", db_default="")
    material_type = models.CharField("資料種別", max_length=20)
    without_card = models.BooleanField("券なし", default=False, db_default=False)
    terminal = models.GenericIPAddressField("端末", null=True, blank=True)

    class Meta:
        verbose_name = "貸出統計"
        indexes = [
            models.Index(fields=["on_date", "branch", "act"], name="circulation_statistic_day"),
            # The figures that the night has not shuffled yet.
            models.Index(fields=["on_date"], name="circulation_statistic_new", condition=~models.Q(terminal=None)),
        ]


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


class HandledToday(models.Model):
    """An item that passed the counter today: tells a double scan from a mistake, and a return waits to be counted.

    `actions.settle_returns` turns the returns of past days into tallies and deletes all rows of past days. A loan
    that was undone leaves a row too: so the night writes over the item's lock of that transaction as well.
    """

    class What(models.TextChoices):
        RETURN = "return", "返却"
        UNDONE = "undone", "取消"
        USE = "use", "館内利用"
        STACK = "stack", "書庫出納"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    what = models.CharField(max_length=6, choices=What, default=What.RETURN, db_default=What.RETURN)
    lent_month = models.DateField("貸出月", null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "当日の取扱い"
        indexes = [models.Index(fields=["at"], name="circulation_return_at")]
        constraints = [
            # Only what came back from a loan is counted by the month it was lent in.
            models.CheckConstraint(
                name="circulation_handled_counts",
                condition=models.Q(what="return", lent_month__isnull=False)
                | (~models.Q(what="return") & models.Q(lent_month=None)),
            ),
        ]


class UndoKey(models.Model):
    """The random part of the key that seals undo tokens for a few minutes; then the row is deleted.

    The table is UNLOGGED (migration 0003): it is in no write-ahead log, no archive and on no standby.
    """

    epoch = models.BigIntegerField(primary_key=True)
    secret = models.BinaryField()

    class Meta:
        verbose_name = "取消の鍵"


class CounterPolicy(models.Model):
    """What the library decided about its counters as a whole: one row."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    same_title_note = models.BooleanField("同じ書誌を重ねて借りるときに知らせる", default=True, db_default=True)
    last_borrower_days = models.PositiveSmallIntegerField(
        "直前の借受者を保つ日数", default=0, db_default=0, help_text="0 は保たない。汚破損の確認のために14日まで"
    )

    class Meta:
        verbose_name = "窓口の方針"
        constraints = [
            models.CheckConstraint(name="circulation_policy_single", condition=models.Q(id=1)),
            models.CheckConstraint(name="circulation_policy_days", condition=models.Q(last_borrower_days__lte=14)),
        ]


class LastBorrower(models.Model):
    """Who had an item last, for as many days as the library chose (none unless it did). Sealed: whoever reads the
    database reads no patron here. One row an item; the nightly job deletes what is past its days."""

    item = models.OneToOneField(Item, on_delete=models.CASCADE, primary_key=True, related_name="+")
    patron = SealedTextField("利用者")
    returned_on = models.DateField("返却日")

    class Meta:
        verbose_name = "直前の借受者"
        indexes = [models.Index(fields=["returned_on"], name="circulation_last_day")]
