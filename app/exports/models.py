"""Files with personal data that staff took out of the system: who, why, when, and until when they exist."""

from django.db import models
from django.db.models.functions import Now

from app.access.models import StaffUser


class Export(models.Model):
    """One written list of persons. The row stays after its file is erased; it holds nobody's data itself."""

    name = models.CharField("一覧", max_length=60)
    operation = models.CharField("操作", max_length=60)
    purpose = models.CharField("目的", max_length=200)
    format = models.CharField("形式", max_length=8)
    titles = models.JSONField("項目", default=list)
    rows = models.PositiveIntegerField("件数")
    replaced = models.PositiveIntegerField("置き換えた文字", default=0)
    needs_approval = models.BooleanField("承認が必要", default=False)
    requested_by = models.ForeignKey(StaffUser, models.PROTECT, related_name="+", verbose_name="作成者")
    requested_at = models.DateTimeField("作成日時", db_default=Now())
    decided_by = models.ForeignKey(StaffUser, models.PROTECT, null=True, related_name="+", verbose_name="承認者")
    decided_at = models.DateTimeField("承認日時", null=True)
    approved = models.BooleanField("承認", null=True)
    fetched_at = models.DateTimeField("最後に受け取った日時", null=True)
    erase_on = models.DateField("消去予定日")
    erased_at = models.DateTimeField("消去日時", null=True)

    class Meta:
        verbose_name = "個人情報の書出し"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="exports_purpose_given", condition=~models.Q(purpose="")),
            models.CheckConstraint(
                name="exports_decided_by_another",
                condition=models.Q(decided_by=None) | ~models.Q(decided_by=models.F("requested_by")),
            ),
            models.CheckConstraint(
                name="exports_decision_whole",
                condition=models.Q(decided_by=None, decided_at=None, approved=None)
                | models.Q(decided_by__isnull=False, decided_at__isnull=False, approved__isnull=False),
            ),
            models.CheckConstraint(
                name="exports_fetched_when_approved",
                condition=models.Q(fetched_at=None) | models.Q(needs_approval=False) | models.Q(approved=True),
            ),
        ]
        indexes = [models.Index(fields=["erase_on"], name="exports_due", condition=models.Q(erased_at=None))]


class ExportFile(models.Model):
    """The file itself, sealed under a key of its own, which the ring of the application hosts seals in turn."""

    export = models.OneToOneField(Export, models.CASCADE, primary_key=True, related_name="file")
    key = models.BinaryField("鍵")
    content = models.BinaryField("内容")

    class Meta:
        verbose_name = "書出しファイル"
