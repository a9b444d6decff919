"""Booksellers, orders, what arrived. None of it holds a reader: who waits stands in `holds`, while they wait.

Days, never times: what is bought because somebody wished for it must not be found again by the minute in a log.
"""

from django.db import models
from django.db.models import F, Q

from app.branches.models import Branch
from app.catalog.models import BibliographicRecord, Item
from app.holds.models import PurchaseRequest


class Vendor(models.Model):
    """発注先: whom the library buys from."""

    name = models.CharField("名称", max_length=60, unique=True)
    discount_percent = models.PositiveSmallIntegerField("割引率(%)", default=0, db_default=0)
    phone = models.CharField("電話", max_length=20, blank=True, default="", db_default="")
    mail = models.EmailField("メール", blank=True, default="", db_default="")
    person = models.CharField("担当者", max_length=40, blank=True, default="", db_default="")
    note = models.CharField("覚え", max_length=200, blank=True, default="", db_default="")
    is_active = models.BooleanField("使用中", default=True, db_default=True)

    class Meta:
        verbose_name = "発注先"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(discount_percent__lte=100), name="acquisitions_discount_percent"),
        ]

    def __str__(self) -> str:
        return self.name


class Order(models.Model):
    """発注: so many copies of a record for a library from a bookseller. `arrived` counts its receipts."""

    class Status(models.TextChoices):
        ORDERED = "ordered", "発注中"
        RECEIVED = "received", "受入済"
        CANCELLED = "cancelled", "取消"

    record = models.ForeignKey(
        BibliographicRecord, on_delete=models.PROTECT, related_name="orders", verbose_name="書誌"
    )
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="+", verbose_name="受入館")
    vendor = models.ForeignKey(Vendor, on_delete=models.PROTECT, related_name="orders", verbose_name="発注先")
    copies = models.PositiveSmallIntegerField("冊数")
    arrived = models.PositiveSmallIntegerField("受入数", default=0, db_default=0)
    list_price = models.PositiveIntegerField("定価(円)", null=True, blank=True)
    expected_price = models.PositiveIntegerField("見込単価(円)", null=True, blank=True)
    status = models.CharField("状態", max_length=9, choices=Status, default=Status.ORDERED, db_default=Status.ORDERED)
    ordered_on = models.DateField("発注日")
    ordered_by = models.CharField("発注者", max_length=40)
    ended_on = models.DateField("完了日", null=True, blank=True)
    ended_why = models.CharField("取消の理由", max_length=100, blank=True, default="", db_default="")
    note = models.CharField("覚え", max_length=100, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "発注"
        ordering = ["-ordered_on", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(copies__gt=0), name="acquisitions_order_of_something"),
            models.CheckConstraint(condition=Q(arrived__lte=F("copies")), name="acquisitions_no_more_than_ordered"),
            models.CheckConstraint(
                condition=Q(status="ordered", arrived__lt=F("copies"), ended_on__isnull=True)
                | Q(status="received", arrived=F("copies"), ended_on__isnull=False)
                | Q(status="cancelled", ended_on__isnull=False),
                name="acquisitions_order_ends_when_all_is_there",
            ),
        ]
        indexes = [models.Index(fields=["status", "ordered_on"], name="acquisitions_open")]


class Receipt(models.Model):
    """受入: one copy of an order is an item now."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="receipts", verbose_name="発注")
    item = models.OneToOneField(Item, on_delete=models.SET_NULL, null=True, related_name="receipt", verbose_name="資料")
    received_on = models.DateField("受入日")
    price = models.PositiveIntegerField("受入価格(円)", null=True, blank=True)

    class Meta:
        verbose_name = "受入"


class Wished(models.Model):
    """A purchase request that an order answers. It goes with the request, which ends as a hold when a copy arrives."""

    request = models.OneToOneField(PurchaseRequest, on_delete=models.CASCADE, related_name="ordered")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="wishes")

    class Meta:
        verbose_name = "発注した購入希望"
