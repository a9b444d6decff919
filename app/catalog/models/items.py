"""Items (所蔵): the physical things of a record, each with a barcode."""

from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Now

from app.branches import codes
from app.catalog.codes import MaterialType, Restriction, ShelfStatus, Visibility, material_label, shelf_statuses
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
    # The call number as it is read, and its parts; a row of an earlier system may have only the whole.
    call_number = models.CharField("請求記号", max_length=60, blank=True, default="", db_default="")
    shelf_mark = models.CharField("別置記号", max_length=10, blank=True, default="", db_default="")
    classification = models.CharField("分類", max_length=24, blank=True, default="", db_default="")
    book_mark = models.CharField("図書記号", max_length=12, blank=True, default="", db_default="")
    volume_mark = models.CharField("巻冊", max_length=12, blank=True, default="", db_default="")
    # Shelf order, made by the database (migration `callnumbers`) so that whatever writes an item, it is right.
    call_key = models.GeneratedField(
        verbose_name="書架順",
        expression=Func(
            F("shelf_mark"),
            F("classification"),
            F("book_mark"),
            F("volume_mark"),
            F("call_number"),
            function="catalog_call_key",
        ),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )
    location = models.CharField("所在", max_length=40, blank=True, default="", db_default="")
    material_type = models.CharField(
        "資料区分", max_length=12, choices=MaterialType.choices, default=MaterialType.BOOK, db_default=MaterialType.BOOK
    )
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
    visibility = models.CharField(
        "公開区分", max_length=8, choices=Visibility.choices, default=Visibility.PUBLIC, db_default=Visibility.PUBLIC
    )
    acquired_on = models.DateField("受入日", null=True, blank=True)
    acquisition = models.CharField("受入区分", max_length=12, blank=True, default="", db_default="")
    acquired_from = models.CharField("受入先", max_length=60, blank=True, default="", db_default="")
    price = models.PositiveIntegerField("価格(円)", null=True, blank=True)
    loans_before = models.PositiveIntegerField(
        "移行前の貸出回数", default=0, db_default=0, help_text="前のシステムでの累計"
    )
    note = models.CharField("所蔵注記", max_length=200, blank=True, default="", db_default="", help_text="業務用")
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
            # The whole is its parts, unless it has none.
            models.CheckConstraint(
                condition=Q(classification="", book_mark="", volume_mark="")
                | Q(
                    call_number=Func(
                        F("shelf_mark"),
                        F("classification"),
                        F("book_mark"),
                        F("volume_mark"),
                        function="catalog_call_text",
                        output_field=models.TextField(),
                    )
                ),
                name="item_call_number_of_parts",
            ),
        ]
        indexes = [
            models.Index(fields=["branch", "call_key"], name="item_shelf_order"),
            # 新着: the last weeks of a million items.
            models.Index(fields=["acquired_on"], name="item_acquired_on"),
        ]

    def __str__(self) -> str:
        return self.barcode

    def get_material_type_display(self) -> str:
        """As the library's own table calls it, not as the code does."""
        return material_label(self.material_type)

    def get_status_display(self) -> str:
        """As the library's own table calls it, not as the code does."""
        return dict(shelf_statuses()).get(self.status, self.status)

    def get_acquisition_display(self) -> str:
        """As the library's own table calls it."""
        return codes.label(codes.ACQUISITION, self.acquisition) if self.acquisition else ""
