"""What the console remembers about the archive of records; the records themselves are files (archive.py)."""

from django.db import models


class Disposal(models.Model):
    """Records that may be disposed of after their years: asked for by one, approved by another, done at night.

    `through` is the last day of arrival that goes. `days`, `lines` and `bytes` are what really went.
    """

    through = models.DateField()
    reason = models.TextField()
    asked_by = models.CharField(max_length=150)
    asked_at = models.DateTimeField()
    approved_by = models.CharField(max_length=150, blank=True)
    approved_at = models.DateTimeField(null=True)
    withdrawn_by = models.CharField(max_length=150, blank=True)
    withdrawn_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    first = models.CharField(max_length=16, blank=True)
    last = models.CharField(max_length=16, blank=True)
    days = models.PositiveIntegerField(default=0)
    lines = models.PositiveBigIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(approved_by="") | ~models.Q(approved_by=models.F("asked_by")),
                name="nobody_approves_their_own_disposal",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at__isnull=True)
                | (models.Q(approved_at__isnull=False) & models.Q(withdrawn_at__isnull=True)),
                name="only_approved_disposals_are_done",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.through}"
