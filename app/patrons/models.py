"""The register of patrons."""

from django.db import models
from django.db.models.functions import Now

from app.branches.models import Branch


class PatronCategory(models.Model):
    """利用者区分: a row of the code table that loan rules and statistics refer to."""

    code = models.SlugField("符号", max_length=20, unique=True)
    name = models.CharField("名称", max_length=40)
    validity_years = models.PositiveSmallIntegerField("有効年数", default=3)
    is_group = models.BooleanField("団体", default=False)
    order = models.PositiveSmallIntegerField("並び", default=0)

    class Meta:
        verbose_name = "利用者区分"
        ordering = ["order", "code"]

    def __str__(self) -> str:
        return self.name


class Patron(models.Model):
    """One person or group. The number on the card identifies it at the counter, `id` everywhere inside."""

    card_number = models.CharField("利用券番号", max_length=14, unique=True)
    name = models.CharField("氏名", max_length=80)
    kana = models.CharField("カナ氏名", max_length=80)
    kana_key = models.CharField("検索用カナ", max_length=80)
    birth_date = models.DateField("生年月日", null=True, blank=True)
    category = models.ForeignKey(PatronCategory, on_delete=models.PROTECT, verbose_name="利用者区分")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name="登録館")
    postal_code = models.CharField("郵便番号", max_length=8, blank=True, default="", db_default="")
    address = models.CharField("住所", max_length=200, blank=True, default="", db_default="")
    phone = models.CharField("電話", max_length=20, blank=True, default="", db_default="")
    email = models.EmailField("メール", blank=True, default="", db_default="")
    registered_on = models.DateField("登録日")
    valid_until = models.DateField("有効期限", null=True, blank=True)
    stopped_until = models.DateField("停止終了日", null=True, blank=True)
    stop_reason = models.CharField("停止理由", max_length=100, blank=True, default="", db_default="")
    message = models.CharField("窓口への連絡", max_length=200, blank=True, default="", db_default="")
    password = models.CharField("パスワード", max_length=200, blank=True, default="", db_default="")
    must_change_password = models.BooleanField(default=True, db_default=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "利用者"
        ordering = ["kana_key", "birth_date", "id"]
        constraints = [
            models.CheckConstraint(name="patrons_card_digits", condition=models.Q(card_number__regex=r"^[0-9]{8,14}$")),
        ]
        indexes = [
            models.Index(fields=["kana_key"], name="patrons_kana", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["birth_date"], name="patrons_birth"),
            models.Index(fields=["phone"], name="patrons_phone"),
        ]

    def __str__(self) -> str:
        return self.card_number
