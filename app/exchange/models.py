"""What an import did and how far it is, and the records that it had to set aside."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class ImportRun(models.Model):
    """One imported file: when, by whom, how far, and what became of its records.

    `offset` and `position` are committed with the records before them, so that a run that was cut goes on exactly
    where it stopped. `digest` recognises the file.
    """

    class State(models.TextChoices):
        RUNNING = "running", "取込み中"
        STOPPED = "stopped", "中断"
        DONE = "done", "終了"

    file_name = models.CharField("ファイル名", max_length=200)
    actor = models.CharField("実施者", max_length=60)
    started_at = models.DateTimeField("開始", auto_now_add=True)
    touched_at = models.DateTimeField("最後に進んだ時刻", auto_now=True, db_default=Now())
    state = models.CharField("状態", max_length=8, choices=State, default=State.RUNNING, db_default=State.DONE)
    digest = models.CharField("ファイルの指紋", max_length=64, blank=True, default="", db_default="")
    size = models.BigIntegerField("バイト数", default=0, db_default=0)
    offset = models.BigIntegerField("済んだバイト数", default=0, db_default=0)
    position = models.IntegerField("済んだ件数", default=0, db_default=0)
    created = models.IntegerField("新規", default=0)
    updated = models.IntegerField("訂正", default=0)
    unchanged = models.IntegerField("変更なし", default=0)
    deleted = models.IntegerField("削除", default=0, db_default=0)
    set_aside = models.IntegerField("取込不可", default=0)
    change_set = models.BigIntegerField("変更のまとまり", null=True)

    class Meta:
        verbose_name = "取込記録"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["digest"], name="exchange_run_digest")]
        constraints = [
            # The same file twice at once would race itself; a cut run is gone on with instead.
            models.UniqueConstraint(
                fields=["digest"], condition=~Q(state="done") & ~Q(digest=""), name="exchange_one_open_run_a_file"
            )
        ]

    @property
    def percent(self) -> int:
        """How far it is."""
        return 100 if self.state == self.State.DONE else 100 * self.offset // max(self.size, 1)


class ImportFile(models.Model):
    """An uploaded file whose import is not finished; it goes with the end of its run."""

    run = models.OneToOneField(ImportRun, on_delete=models.CASCADE, primary_key=True, related_name="file")
    content = models.BinaryField("内容")

    class Meta:
        verbose_name = "取込み中のファイル"


class LoadedPart(models.Model):
    """A part of a file that the first load has finished, committed with its records."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="loaded_parts")
    offset = models.BigIntegerField("先頭からのバイト数")
    parents = models.JSONField("親書誌の番号", default=dict)

    class Meta:
        verbose_name = "一括登録の済んだ部分"
        constraints = [models.UniqueConstraint(fields=["run", "offset"], name="exchange_part_once")]


class SetAsideRecord(models.Model):
    """A record that could not be taken in: where it stands in the file, why, and its bytes for repair."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="set_aside_records")
    position = models.IntegerField("何件目")
    offset = models.BigIntegerField("先頭からのバイト数")
    reason = models.TextField("理由")
    data = models.BinaryField("元のデータ")

    class Meta:
        verbose_name = "取り込めなかった書誌"
        ordering = ["position"]
