"""Rows of the registers. What a row means stands in its register's definition; here is what never changes with it."""

from django.db import models


class Entry(models.Model):
    """One row. `values` by the definition's keys; `seed` names the truth it follows from; voided rows stay readable."""

    register = models.CharField(max_length=40)
    number = models.CharField(max_length=24, unique=True)
    values = models.JSONField(default=dict)
    version = models.PositiveIntegerField(default=1)
    stage = models.CharField(max_length=10, default="none")
    steps_done = models.PositiveSmallIntegerField(default=0)
    applied_by = models.CharField(max_length=150, blank=True)
    approval_number = models.CharField(max_length=40, blank=True)
    approved_on = models.DateField(null=True, blank=True)
    seed = models.CharField(max_length=120, blank=True)
    voided = models.BooleanField(default=False)
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["register", "number"]
        indexes = [models.Index(fields=["register", "voided", "number"], name="rows_of_a_register")]
        constraints = [
            models.UniqueConstraint(
                fields=["approval_number"], condition=~models.Q(approval_number=""), name="one_row_per_approval_number"
            ),
            models.UniqueConstraint(
                fields=["register", "seed"], condition=~models.Q(seed=""), name="one_row_per_truth"
            ),
            models.CheckConstraint(
                condition=models.Q(stage__in=["none", "applied", "approved", "rejected"]), name="a_known_stage"
            ),
            models.CheckConstraint(
                condition=~models.Q(stage="approved")
                | (~models.Q(approval_number="") & models.Q(approved_on__isnull=False)),
                name="approved_with_number_and_day",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number


class Revision(models.Model):
    """What a row said from then on, who made it so, and why. Never altered, never deleted (triggers refuse)."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    what = models.CharField(max_length=40)
    note = models.CharField(max_length=400, blank=True)
    values = models.JSONField()

    class Meta:
        ordering = ["entry", "number"]
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="revisions_in_order")]


class Attachment(models.Model):
    """A small file beside a row: a photograph, a signed paper. Kept in the database, which is backed up as one."""

    entry = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    size = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    class Meta:
        ordering = ["pk"]


class Issued(models.Model):
    """A paper that was handed out: its number and the copy that stays (控え)."""

    register = models.CharField(max_length=40)
    entry = models.ForeignKey(Entry, null=True, on_delete=models.PROTECT, related_name="issued")
    paper = models.CharField(max_length=40)
    number = models.CharField(max_length=40, unique=True)
    content = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)

    class Meta:
        ordering = ["number"]


class Closing(models.Model):
    """A register declared complete: from then on its rows stay as they are, until it is opened again with a reason."""

    register = models.CharField(max_length=40)
    number = models.CharField(max_length=40, unique=True)
    on = models.DateField()
    person = models.CharField(max_length=120)
    at = models.DateTimeField()
    by = models.CharField(max_length=150)
    reopened_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["register"], condition=models.Q(reopened_at__isnull=True), name="closed_once_at_a_time"
            )
        ]
