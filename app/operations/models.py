"""What the console itself remembers. Its database is one SQLite file: it lives when the library's does not."""

from django.db import models


class AlertEvent(models.Model):
    """One alert from its first notification to its end, as Alertmanager told it.

    `fingerprint` names the set of labels; the same alert that fires again later starts a new row.
    """

    fingerprint = models.CharField(max_length=64)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    name = models.CharField(max_length=100)
    host = models.CharField(max_length=64, blank=True)
    severity = models.CharField(max_length=20)
    summary = models.TextField()
    impact = models.TextField(blank=True)
    first_step = models.TextField(blank=True)
    runbook = models.CharField(max_length=100, blank=True)
    labels = models.JSONField(default=dict)
    notified_at = models.DateTimeField()

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["fingerprint", "starts_at"], name="one_row_per_alert_and_start"),
            models.CheckConstraint(
                condition=models.Q(ends_at__isnull=True) | models.Q(ends_at__gte=models.F("starts_at")),
                name="an_alert_ends_after_it_starts",
            ),
        ]
        indexes = [models.Index(fields=["ends_at", "-starts_at"], name="open_alerts")]

    def __str__(self) -> str:
        return f"{self.name} {self.host} {self.starts_at:%Y-%m-%d %H:%M}"


class SignInMiss(models.Model):
    """A miss at the console's sign-in, by the name that was tried and the address that tried it."""

    name = models.CharField(max_length=64)
    address = models.GenericIPAddressField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["name", "at"], name="misses_of_a_name")]


class Act(models.Model):
    """What somebody changed in the console: never altered, never deleted (the database's own triggers refuse)."""

    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    role = models.CharField(max_length=20, blank=True)
    event = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    detail = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["-at"], name="acts_by_time"),
            models.Index(fields=["subject", "-at"], name="acts_of_a_subject"),
        ]
