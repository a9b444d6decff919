"""Other libraries, and what is borrowed from them. None of it holds a reader; days, never times (see acquisitions)."""

from django.db import models
from django.db.models import Q

from app.branches.models import Branch
from app.catalog.models import Item
from app.holds.models import PurchaseRequest
from app.web.sealed import SealedTextField


class Partner(models.Model):
    """相手館: a library that lends to ours."""

    name = models.CharField("館名", max_length=80, unique=True)
    isil = models.CharField("ISIL", max_length=16, blank=True, default="", db_default="")
    address = models.CharField("所在地", max_length=120, blank=True, default="", db_default="")
    phone = models.CharField("電話", max_length=20, blank=True, default="", db_default="")
    mail = models.EmailField("メール", blank=True, default="", db_default="")
    sending = models.CharField("送付方法", max_length=60, blank=True, default="", db_default="")
    terms = models.CharField("貸出条件", max_length=200, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "相手館"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Borrowing(models.Model):
    """借受: one thing asked of another library, until it is sent back."""

    class State(models.TextChoices):
        ASKED = "asked", "依頼中"
        REFUSED = "refused", "謝絶"
        ARRIVED = "arrived", "到着"
        RETURNED = "returned", "返送済"

    # While the reader waits for the answer; the wish ends as a hold when the thing is there, and goes from here.
    request = models.OneToOneField(
        PurchaseRequest, on_delete=models.SET_NULL, null=True, blank=True, related_name="borrowing"
    )
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="borrowings", verbose_name="相手館")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="受取館")
    title = models.CharField("書名", max_length=200)
    creator = models.CharField("著者", max_length=100, blank=True, default="", db_default="")
    publisher = models.CharField("出版者", max_length=100, blank=True, default="", db_default="")
    isbn13 = models.CharField("ISBN", max_length=13, blank=True, default="", db_default="")
    state = models.CharField("状態", max_length=8, choices=State, default=State.ASKED, db_default=State.ASKED)
    asked_on = models.DateField("依頼日")
    asked_by = models.CharField("依頼者", max_length=40)
    item = models.OneToOneField(
        Item, on_delete=models.SET_NULL, null=True, blank=True, related_name="borrowing", verbose_name="資料"
    )
    arrived_on = models.DateField("到着日", null=True, blank=True)
    due_on = models.DateField("相手館への返却期限", null=True, blank=True)
    ended_on = models.DateField("返送・謝絶日", null=True, blank=True)
    note = SealedTextField("覚え", blank=True, default="", db_default=b"")

    class Meta:
        verbose_name = "借受"
        ordering = ["-asked_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="asked", arrived_on__isnull=True, ended_on__isnull=True)
                | Q(state="refused", arrived_on__isnull=True, ended_on__isnull=False)
                | Q(state="arrived", arrived_on__isnull=False, due_on__isnull=False, ended_on__isnull=True)
                | Q(state="returned", arrived_on__isnull=False, due_on__isnull=False, ended_on__isnull=False),
                name="interlibrary_days_of_state",
            ),
        ]
        indexes = [models.Index(fields=["state", "asked_on"], name="interlibrary_open")]
