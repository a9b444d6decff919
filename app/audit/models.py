"""The log of what happened, its seals, and its end after the years of keeping. Nothing here points elsewhere by foreign
key, so it outlives all."""

from django.db import models
from django.db.models.functions import Now

from app.web.sealed import WordsField


class AuditEvent(models.Model):
    """One act or one view. The database refuses UPDATE and DELETE to everybody (migration 0002), and TRUNCATE to
    every role but a superuser of the server (0003); the tables' owner would have to remove the triggers first.

    The table is partitioned by month of `at` in the library's time zone (0004): a search of some weeks reads some
    partitions however many years there are, and a month's end of keeping is the end of a partition. Its primary key in
    the database is (id, at); ids come from one sequence, so `id` alone is unique as well.

    A loan or return is recorded as an act at a terminal, without item and without patron: six years of these
    rows beside the views of patron pages must not tell what anybody read. What somebody typed about a person, a reason
    or a purpose, is sealed in `purpose` (actions.typed) before the row is written, hashed and copied elsewhere; the
    program's own words stand there plain.
    """

    at = models.DateTimeField("日時", db_default=Now())
    actor_kind = models.CharField("操作者の種別", max_length=10)
    actor = models.CharField("操作者", max_length=40, blank=True)
    operation = models.CharField("操作", max_length=60)
    outcome = models.CharField("結果", max_length=10, default="done")
    subject_type = models.CharField("対象の種別", max_length=30, blank=True)
    subject_id = models.CharField("対象", max_length=60, blank=True)
    purpose = WordsField("目的", max_length=1200, blank=True)
    terminal = models.GenericIPAddressField("端末", null=True)
    request_id = models.CharField("受付番号", max_length=64, blank=True)
    detail = models.JSONField("詳細", default=dict)

    class Meta:
        verbose_name = "監査記録"
        indexes = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["subject_type", "subject_id", "at"], name="audit_subject"),
            models.Index(fields=["actor", "at"], name="audit_actor"),
        ]
        constraints = [
            models.CheckConstraint(
                name="audit_outcome_known", condition=models.Q(outcome__in=["done", "refused", "viewed"])
            ),
        ]


class AuditSeal(models.Model):
    """The seal of a batch of events of one month: see actions/sealing.py. As append-only as the events."""

    number = models.BigIntegerField("番号", primary_key=True)
    at = models.DateTimeField("封印日時")
    month = models.DateField("月")
    count = models.PositiveIntegerField("件数")
    spans = models.TextField("記録の番号", blank=True)
    top = models.BigIntegerField("最大の番号", help_text="ここまでの番号は、封印済みか、待ちか、使われない")
    root = models.CharField("木の根", max_length=64)
    prints = models.BinaryField("指紋")
    waiting = models.TextField("書き終わりを待つ番号", blank=True)
    previous = models.CharField("前の封印", max_length=64)
    key = models.CharField("鍵", max_length=16, blank=True)
    signature = models.CharField("署名", max_length=100, blank=True)

    class Meta:
        verbose_name = "監査記録の封印"
        ordering = ["number"]
        indexes = [models.Index(fields=["month", "number"], name="audit_seal_month")]
        constraints = [
            models.UniqueConstraint(fields=["previous"], name="audit_seal_chain"),
            models.CheckConstraint(name="audit_seal_first", condition=models.Q(number__gte=1)),
        ]


class SealCopy(models.Model):
    """Up to which seal the keeper elsewhere has answered that it has them: one row."""

    keeper = models.CharField("保管先", max_length=60, primary_key=True)
    number = models.BigIntegerField("封印の番号")
    at = models.DateTimeField("日時")

    class Meta:
        verbose_name = "封印の写し"


class AuditDisposal(models.Model):
    """A month whose events have reached the end of their keeping: who asked, who approved, when it was done.

    The row stays for good; `rows` and `seals` say what was there.
    """

    month = models.DateField("月", unique=True)
    requested_by = models.CharField("申請者", max_length=40)
    requested_at = models.DateTimeField("申請日時", db_default=Now())
    reason = models.CharField("理由", max_length=200)
    approved_by = models.CharField("承認者", max_length=40, blank=True)
    approved_at = models.DateTimeField("承認日時", null=True)
    done_at = models.DateTimeField("廃棄日時", null=True)
    rows = models.BigIntegerField("件数", null=True)

    class Meta:
        verbose_name = "監査記録の廃棄"
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(name="audit_disposal_month", condition=models.Q(month__day=1)),
            models.CheckConstraint(
                name="audit_disposal_two_people", condition=~models.Q(approved_by=models.F("requested_by"))
            ),
            models.CheckConstraint(
                name="audit_disposal_approved_first",
                condition=models.Q(done_at=None) | models.Q(approved_at__isnull=False),
            ),
        ]


class AuditAlert(models.Model):
    """Somebody looked at more people in a short time than work explains (F-AUD-010)."""

    actor = models.CharField("操作者", max_length=40)
    since = models.DateTimeField("開始")
    until = models.DateTimeField("最後")
    people = models.PositiveIntegerField("人数")
    noticed_at = models.DateTimeField("検知日時")
    seen_by = models.CharField("確認者", max_length=40, blank=True)
    seen_at = models.DateTimeField("確認日時", null=True)
    finding = models.CharField("確認結果", max_length=200, blank=True)

    class Meta:
        verbose_name = "大量閲覧の知らせ"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["actor"], condition=models.Q(seen_at=None), name="audit_alert_open_once"),
            models.CheckConstraint(
                name="audit_alert_seen_whole",
                condition=models.Q(seen_at=None, seen_by="")
                | (models.Q(seen_at__isnull=False) & ~models.Q(seen_by="")),
            ),
        ]
