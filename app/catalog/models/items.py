"""Items (所蔵): the physical things of a record, each with a barcode."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from app.catalog.codes import MaterialType, Restriction, ShelfStatus, material_label, shelf_statuses
from app.catalog.models.records import BibliographicRecord


class ItemSet(models.Model):
    """Items that are lent and come back as one (組): the volumes of a set, each with its own barcode."""

    name = models.CharField("組の名称", max_length=100)

    class Meta:
        verbose_name = "組"

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    """One item (所蔵・資料): a physical thing with a barcode, of a record, at a branch."""

    record = models.ForeignKey(BibliographicRecord, on_delete=models.PROTECT, related_name="items", verbose_name="書誌")
    branch = models.ForeignKey("branches.Branch", on_delete=models.PROTECT, related_name="items", verbose_name="所蔵館")
    barcode = models.CharField("資料番号", max_length=14, unique=True)
    call_number = models.CharField("請求記号", max_length=60, blank=True, default="", db_default="")
    location = models.CharField("所在", max_length=40, blank=True, default="", db_default="")
    material_type = models.CharField(
        "資料区分", max_length=12, choices=MaterialType.choices, default=MaterialType.BOOK, db_default=MaterialType.BOOK
    )
    shelf_mark = models.CharField("別置記号", max_length=10, blank=True, default="", db_default="")
    reference_only = models.BooleanField("禁帯出", default=False, db_default=False)
    restriction = models.CharField(
        "館内利用の別", max_length=10, choices=Restriction.choices, blank=True, default="", db_default=""
    )
    item_set = models.ForeignKey(
        ItemSet, on_delete=models.SET_NULL, null=True, blank=True, related_name="items", verbose_name="組"
    )
    attachments = models.CharField(
        "付属物", max_length=200, blank=True, default="", db_default="", help_text="例: CD 1枚、地図 1枚"
    )
    attachment_count = models.PositiveSmallIntegerField("付属物の点数", default=0, db_default=0)
    condition = models.CharField("汚破損メモ", max_length=200, blank=True, default="", db_default="")
    condition_on = models.DateField("メモの日付", null=True, blank=True)
    status = models.CharField(
        "状態",
        max_length=12,
        choices=ShelfStatus.choices,
        default=ShelfStatus.IN_STOCK,
        db_default=ShelfStatus.IN_STOCK,
    )
    acquired_on = models.DateField("受入日", null=True, blank=True)
    price = models.PositiveIntegerField("価格(円)", null=True, blank=True)
    created_at = models.DateTimeField("作成", auto_now_add=True, db_default=Now())
    updated_at = models.DateTimeField("更新", auto_now=True, db_default=Now())

    class Meta:
        verbose_name = "所蔵"
        constraints = [
            models.CheckConstraint(condition=Q(barcode__regex=r"^[0-9]{4,14}$"), name="item_barcode_digits"),
            # What the counter asks about must have a name, and what has a name must be asked about.
            models.CheckConstraint(
                condition=Q(attachments="", attachment_count=0) | (~Q(attachments="") & Q(attachment_count__gt=0)),
                name="item_attachments_counted",
            ),
            models.CheckConstraint(
                condition=Q(condition="", condition_on=None) | (~Q(condition="") & Q(condition_on__isnull=False)),
                name="item_condition_dated",
            ),
        ]

    def __str__(self) -> str:
        return self.barcode

    def get_material_type_display(self) -> str:
        """As the library's own table calls it, not as the code does."""
        return material_label(self.material_type)

    def get_status_display(self) -> str:
        """As the library's own table calls it, not as the code does."""
        return dict(shelf_statuses()).get(self.status, self.status)
