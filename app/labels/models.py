"""Labels (背ラベル・バーコードラベル): how a label looks, where it stands on its sheet, which numbers were printed."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


def _mm(label: str, **options: object) -> models.DecimalField:
    return models.DecimalField(label, max_digits=6, decimal_places=2, **options)


class Layout(models.Model):
    """One kind of label on one kind of sheet. All lengths in millimetres, from the sheet's upper left corner."""

    class Kind(models.TextChoices):
        """What is printed."""

        SPINE = "spine", "背ラベル"
        BARCODE = "barcode", "バーコードラベル"

    class ColourBy(models.TextChoices):
        """What decides the colour of a label."""

        NONE = "", "なし"
        CLASS = "class", "分類の初め"
        SHELF_MARK = "shelf_mark", "別置記号"
        LOCATION = "location", "所在"
        MATERIAL = "material_type", "資料区分"

    class Band(models.TextChoices):
        """Where the colour is."""

        FRAME = "frame", "枠"
        TOP = "top", "上の帯"
        BOTTOM = "bottom", "下の帯"
        LEFT = "left", "左の帯"
        GROUND = "ground", "地色"

    kind = models.CharField("種類", max_length=8, choices=Kind.choices)
    name = models.CharField("名称", max_length=60, unique=True)
    page_width = _mm("用紙の幅", default=210)
    page_height = _mm("用紙の高さ", default=297)
    columns = models.PositiveSmallIntegerField("横の枚数")
    rows = models.PositiveSmallIntegerField("縦の枚数")
    left = _mm("左の余白")
    top = _mm("上の余白")
    label_width = _mm("ラベルの幅")
    label_height = _mm("ラベルの高さ")
    gap_x = _mm("横の間隔", default=0)
    gap_y = _mm("縦の間隔", default=0)
    colour_by = models.CharField("色分け", max_length=16, choices=ColourBy.choices, blank=True, default="")
    band = models.CharField("色の位置", max_length=8, choices=Band.choices, default=Band.FRAME)
    band_size = _mm("色の太さ", default=1)
    in_use = models.BooleanField("使用中", default=True)

    class Meta:
        verbose_name = "ラベルの様式"
        ordering = ["kind", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(columns__gt=0, rows__gt=0, label_width__gt=0, label_height__gt=0), name="layout_has_labels"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Tier(models.Model):
    """One line or picture of a label (段): what it shows and where, from the label's upper left corner."""

    class Content(models.TextChoices):
        """What stands there."""

        MARK_CLASS = "mark_class", "別置記号と分類"
        SHELF_MARK = "shelf_mark", "別置記号"
        CLASS = "classification", "分類"
        BOOK_MARK = "book_mark", "図書記号"
        VOLUME = "volume_mark", "巻冊"
        CALL_NUMBER = "call_number", "請求記号(1行)"
        TITLE = "title", "書名"
        BRANCH = "branch", "所蔵館"
        LIBRARY = "library", "館名"
        NUMBER = "number", "資料番号"
        BARS = "bars", "バーコード(NW-7)"
        TEXT = "text", "決まった文字"

    class Align(models.TextChoices):
        """Where in its place."""

        CENTRE = "center", "中央"
        LEFT = "left", "左"
        RIGHT = "right", "右"

    layout = models.ForeignKey(Layout, on_delete=models.CASCADE, related_name="tiers", verbose_name="様式")
    content = models.CharField("内容", max_length=16, choices=Content.choices)
    text = models.CharField("決まった文字", max_length=40, blank=True, default="")
    x = _mm("左から", default=0)
    y = _mm("上から")
    width = _mm("幅")
    height = _mm("高さ")
    size = models.DecimalField("文字の大きさ(pt)", max_digits=4, decimal_places=1, default=11)
    align = models.CharField("寄せ", max_length=6, choices=Align.choices, default=Align.CENTRE)
    bold = models.BooleanField("太字", default=False)

    class Meta:
        verbose_name = "ラベルの段"
        ordering = ["y", "pk"]
        constraints = [models.CheckConstraint(condition=Q(width__gt=0, height__gt=0), name="tier_has_room")]


class Colour(models.Model):
    """The colour of labels with that class, mark, place or material; the longest beginning of a class wins."""

    layout = models.ForeignKey(Layout, on_delete=models.CASCADE, related_name="colours", verbose_name="様式")
    value = models.CharField("値", max_length=40)
    colour = models.CharField("色", max_length=7)

    class Meta:
        verbose_name = "ラベルの色"
        ordering = ["value"]
        constraints = [
            models.UniqueConstraint(fields=["layout", "value"], name="label_colour_once"),
            models.CheckConstraint(condition=Q(colour__regex=r"^#[0-9a-f]{6}$"), name="label_colour_hex"),
        ]


class NumberRun(models.Model):
    """Numbers that were drawn to be printed: the same request again prints them again, and draws none."""

    token = models.UUIDField(primary_key=True, default=uuid.uuid4)
    number_range = models.ForeignKey("catalog.NumberRange", on_delete=models.PROTECT, verbose_name="番号帯")
    first = models.CharField("初め", max_length=14)
    last = models.CharField("終わり", max_length=14)
    count = models.PositiveIntegerField("枚数")
    by_number = models.CharField("職員", max_length=40)
    at = models.DateTimeField("日時", db_default=Now())

    class Meta:
        verbose_name = "番号の払い出し"
        ordering = ["-at"]
