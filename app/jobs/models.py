"""The history of work by the clock."""

from django.db import models


class JobRun(models.Model):
    """One attempt at the run that was due at `slot`. The first attempt is the clock's; later ones follow a process
    that died or somebody's wish. `line` is the job's own sentence and names nobody."""

    class State(models.TextChoices):
        ASKED = "asked", "再実行待ち"
        RUNNING = "running", "実行中"
        DONE = "done", "完了"
        FAILED = "failed", "失敗"
        INTERRUPTED = "interrupted", "中断"

    job = models.CharField("処理", max_length=60)
    slot = models.DateTimeField("予定時刻")
    attempt = models.PositiveSmallIntegerField("回", default=1)
    state = models.CharField("状態", max_length=12, choices=State.choices)
    started_at = models.DateTimeField("開始", null=True, blank=True)
    finished_at = models.DateTimeField("終了", null=True, blank=True)
    line = models.TextField("結果", blank=True)
    host = models.CharField("実行した機器", max_length=64, blank=True)
    asked_by = models.CharField("再実行を指示した職員", max_length=40, blank=True)

    class Meta:
        verbose_name = "定時処理の記録"
        ordering = ["-slot", "-attempt"]
        constraints = [
            models.UniqueConstraint(fields=["job", "slot", "attempt"], name="jobs_attempt_once"),
            models.UniqueConstraint(
                fields=["job"], condition=models.Q(state="running"), name="jobs_one_running_at_a_time"
            ),
            models.UniqueConstraint(fields=["job"], condition=models.Q(state="asked"), name="jobs_asked_once"),
            models.CheckConstraint(
                name="jobs_finished_has_time",
                condition=models.Q(finished_at__isnull=False) | models.Q(state__in=["asked", "running"]),
            ),
        ]
        indexes = [models.Index(fields=["job", "state", "-finished_at"], name="jobs_latest")]

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it runs."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()
