"""One table: what happened, by whom, to whom, from where. It points at nothing by foreign key, so it outlives all."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now


class AuditEvent(models.Model):
    """One act or one view. The database refuses UPDATE and DELETE to everybody (migration 0002), and TRUNCATE to
    every role but a superuser of the server (0003); the tables' owner would have to remove the triggers first.

    A loan or return is recorded as an act at a terminal, without item and without patron: six years of these
    rows beside the views of patron pages must not tell what anybody read.
    """

    at = models.DateTimeField("日時", db_default=Now())
    actor_kind = models.CharField("操作者の種別", max_length=10)
    actor = models.CharField("操作者", max_length=40, blank=True)
    operation = models.CharField("操作", max_length=60)
    outcome = models.CharField("結果", max_length=10, default="done")
    subject_type = models.CharField("対象の種別", max_length=30, blank=True)
    subject_id = models.CharField("対象", max_length=60, blank=True)
    purpose = models.CharField("目的", max_length=200, blank=True)
    terminal = models.GenericIPAddressField("端末", null=True)
    request_id = models.CharField("受付番号", max_length=64, blank=True)
    detail = models.JSONField("詳細", default=dict)

    class Meta:
        verbose_name = "監査記録"
        indexes = [
            # Rows arrive in order of time: a block range index finds a month in six years for a few kilobytes.
            BrinIndex(fields=["at"], name="audit_at_brin"),
            models.Index(fields=["subject_type", "subject_id", "at"], name="audit_subject"),
            models.Index(fields=["actor", "at"], name="audit_actor"),
        ]
        constraints = [
            models.CheckConstraint(
                name="audit_outcome_known", condition=models.Q(outcome__in=["done", "refused", "viewed"])
            ),
        ]
