"""What numbers and marks items get: ranges of item numbers, rules for call numbers."""

from django.db import models
from django.db.models import F, Q


class NumberRange(models.Model):
    """A range of item numbers (番号帯): prefix, serial, check digit; which items draw from it; the next serial.

    An item's number must fit a range in use. The row is locked while numbers are drawn, so no two are the same.
    """

    class Check(models.TextChoices):
        """How the last digit is made from the others."""

        MOD10_W21 = "m10w21", "モジュラス10 ウェイト2・1(分割)"
        MOD10_W31 = "m10w31", "モジュラス10 ウェイト3・1"
        MOD11 = "m11", "モジュラス11 ウェイト2～7"
        SEVEN_DR = "7dr", "7DR"
        SEVEN_DSR = "7dsr", "7DSR"
        NONE = "none", "なし"

    name = models.CharField("名称", max_length=40)
    prefix = models.CharField("先頭の数字", max_length=6, blank=True, default="")
    length = models.PositiveSmallIntegerField("桁数(検査数字を含む)", default=10)
    check_digit = models.CharField("検査数字", max_length=6, choices=Check.choices, default=Check.MOD10_W21)
    first = models.BigIntegerField("連番の初め", default=1)
    last = models.BigIntegerField("連番の終わり")
    next_serial = models.BigIntegerField("次の連番", default=1)
    material_type = models.CharField("資料区分", max_length=12, blank=True, default="", db_default="")
    branch = models.ForeignKey(
        "branches.Branch", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="館"
    )
    in_use = models.BooleanField("使用中", default=True)

    class Meta:
        verbose_name = "番号帯"
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=Q(prefix__regex=r"^[0-9]*$"), name="numbers_prefix_digits"),
            models.CheckConstraint(condition=Q(length__range=(4, 14)), name="numbers_length"),
            models.CheckConstraint(condition=Q(first__gte=0, last__gte=F("first")), name="numbers_forward"),
            models.CheckConstraint(
                condition=Q(next_serial__gte=F("first"), next_serial__lte=F("last") + 1), name="numbers_next_inside"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CallNumberRule(models.Model):
    """One line of the table that makes call numbers: which records it fits, and what they get.

    Of the lines that fit, the one with the longest beginning of the class wins, then the one that names the material.
    """

    class Source(models.TextChoices):
        """From whose reading the book mark comes; without one the title's is taken."""

        CREATOR = "creator", "著者ヨミ"
        PERSON = "person", "被伝者(件名の人名)のヨミ"
        TITLE = "title", "書名ヨミ"
        NONE = "none", "付けない"

    class Script(models.TextChoices):
        """In which letters the book mark is written."""

        KATAKANA = "katakana", "カタカナ"
        HIRAGANA = "hiragana", "ひらがな"

    ndc_prefix = models.CharField("分類の初め", max_length=12, blank=True, default="")
    material_type = models.CharField("資料区分", max_length=12, blank=True, default="")
    shelf_mark = models.CharField("別置記号", max_length=10, blank=True, default="")
    class_places = models.PositiveSmallIntegerField(
        "分類の桁数", null=True, blank=True, help_text="空なら書誌の分類のまま、0なら分類を付けません"
    )
    source = models.CharField("図書記号のもと", max_length=8, choices=Source.choices, default=Source.CREATOR)
    letters = models.PositiveSmallIntegerField("図書記号の字数", default=1)
    script = models.CharField("図書記号の文字", max_length=8, choices=Script.choices, default=Script.KATAKANA)
    with_volume = models.BooleanField("巻冊を付ける", default=True)
    note = models.CharField("備考", max_length=60, blank=True, default="")

    class Meta:
        verbose_name = "請求記号の規則"
        ordering = ["ndc_prefix", "material_type"]
        constraints = [
            models.UniqueConstraint(fields=["ndc_prefix", "material_type"], name="callnumber_rule_once"),
            models.CheckConstraint(condition=Q(letters__range=(1, 4)), name="callnumber_rule_letters"),
        ]

    def __str__(self) -> str:
        return f"{self.ndc_prefix or 'すべて'} {self.material_type}".strip()
