"""Change sets: what was changed together, with the values before and after. Also the history of records and items.

Nothing here points at a person but the member of staff who did it. In particular no hold and no loan stands here, not
even by its number: the audit log tells whose that was.
"""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from app.catalog.models.records import BibliographicRecord


class ChangeSet(models.Model):
    """Changes that were made as one and are undone as one. Written by `app.catalog.actions.changes` alone.

    A batch begins as a plan: its changes are there to be looked at and nothing is done yet.
    """

    class Kind(models.TextChoices):
        CREATE = "create", "登録"
        EDIT = "edit", "修正"
        BATCH = "batch", "一括変更"
        IMPORT = "import", "取込み"
        MERGE = "merge", "書誌の統合"
        REPLACE = "replace", "仮書誌の置換"
        HEADING = "heading", "典拠の統合"
        UNDO = "undo", "取消"

    class State(models.TextChoices):
        PLANNED = "planned", "未実行"
        DONE = "done", "実行済"
        UNDONE = "undone", "取消済"

    kind = models.CharField("種類", max_length=8, choices=Kind)
    state = models.CharField("状態", max_length=8, choices=State, default=State.DONE)
    title = models.CharField("内容", max_length=200)
    by_number = models.CharField("職員番号", max_length=40, blank=True)
    by_name = models.CharField("担当", max_length=80, blank=True)
    at = models.DateTimeField("日時", db_default=Now())
    size = models.PositiveIntegerField("件数", default=0)
    remarks = models.JSONField("覚え", default=dict)
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")

    class Meta:
        verbose_name = "変更のまとまり"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="catalog_change_set_undo",
                condition=Q(kind="undo", undoes__isnull=False) | (~Q(kind="undo") & Q(undoes=None)),
            ),
        ]
        indexes = [models.Index(fields=["kind", "-id"], name="catalog_change_set_kind")]

    def __str__(self) -> str:
        return self.title


class Change(models.Model):
    """What a change set did to one row: the fields that differ, by column, as plain JSON.

    `subject` is `record`, `item`, or another model by its label (`catalog.contentspart`). It is no foreign key: the
    history outlives what it tells of. `record_number` is the record that the row belonged to then.
    """

    class Act(models.TextChoices):
        MADE = "made", "作成"
        CHANGED = "changed", "修正"
        GONE = "gone", "削除"

    change_set = models.ForeignKey(ChangeSet, on_delete=models.CASCADE, related_name="changes")
    subject = models.CharField("対象の種類", max_length=60)
    subject_number = models.BigIntegerField("対象")
    record_number = models.BigIntegerField("書誌", null=True)
    label = models.CharField("名称", max_length=100, blank=True)
    act = models.CharField("種別", max_length=8, choices=Act)
    before = models.JSONField("変更前", default=dict)
    after = models.JSONField("変更後", default=dict)

    class Meta:
        verbose_name = "変更"
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["subject", "subject_number", "-id"], name="catalog_change_subject"),
            models.Index(fields=["record_number", "-id"], name="catalog_change_record"),
        ]


class MergedRecord(models.Model):
    """A record that was found to be the same as another: it stays, and stands for that other one until undone.

    Searches leave it out, its address leads to the other, nothing new is hung on it. It never points at a record that
    is merged itself.
    """

    record = models.OneToOneField(
        BibliographicRecord, on_delete=models.CASCADE, primary_key=True, related_name="merged", verbose_name="書誌"
    )
    into = models.ForeignKey(
        BibliographicRecord, on_delete=models.PROTECT, related_name="merged_here", verbose_name="統合先"
    )
    change_set = models.ForeignKey(ChangeSet, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = "統合された書誌"
        constraints = [
            models.CheckConstraint(condition=~Q(record=models.F("into")), name="catalog_merged_into_another"),
        ]
