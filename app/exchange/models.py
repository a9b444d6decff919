"""What an import did, and the records that it had to set aside."""

from django.db import models


class ImportRun(models.Model):
    """One imported file: when, by whom, how many records were new, changed, unchanged and set aside."""

    file_name = models.CharField("ファイル名", max_length=200)
    actor = models.CharField("実施者", max_length=60)
    started_at = models.DateTimeField("開始", auto_now_add=True)
    created = models.IntegerField("新規", default=0)
    updated = models.IntegerField("訂正", default=0)
    unchanged = models.IntegerField("変更なし", default=0)
    set_aside = models.IntegerField("取込不可", default=0)

    class Meta:
        verbose_name = "取込記録"
        ordering = ["-pk"]


class SetAsideRecord(models.Model):
    """A record that could not be read: where it stands in the file, why, and its bytes for repair."""

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="set_aside_records")
    position = models.IntegerField("何件目")
    offset = models.BigIntegerField("先頭からのバイト数")
    reason = models.TextField("理由")
    data = models.BinaryField("元のデータ")

    class Meta:
        verbose_name = "取り込めなかった書誌"
        ordering = ["position"]
