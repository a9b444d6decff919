"""The rule table of the house. A row in force is never changed: a change is a new row from a later day."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from app.branches.models import Branch
from app.patrons.models import PatronCategory

_DAYS = {"null": True, "blank": True}


class Regulation(models.Model):
    """One row: for whom, what and where it speaks (empty means any), since when, and the values that it names.

    A null value means that the row says nothing about it (see rules.COLUMNS for the columns' meaning and default).
    """

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, null=True, blank=True, verbose_name="館")
    category = models.ForeignKey(
        PatronCategory, on_delete=models.CASCADE, null=True, blank=True, verbose_name="利用者区分"
    )
    material_type = models.CharField("資料種別", max_length=20, blank=True, default="", db_default="")
    location = models.CharField("所在", max_length=40, blank=True, default="", db_default="")
    effective_from = models.DateField("開始日")
    effective_until = models.DateField("終了日", null=True, blank=True)
    note = models.CharField("変更の理由", max_length=200, blank=True, default="", db_default="")

    total_limit = models.PositiveSmallIntegerField(**_DAYS)
    loan_limit = models.PositiveSmallIntegerField(**_DAYS)
    period_days = models.PositiveSmallIntegerField(**_DAYS)
    fixed_due = models.DateField(null=True, blank=True)
    reference_allowed = models.BooleanField(null=True, blank=True)
    lending_refused = models.BooleanField(null=True, blank=True)
    latest_refused = models.BooleanField(null=True, blank=True)
    renewals = models.PositiveSmallIntegerField(**_DAYS)
    renew_days = models.PositiveSmallIntegerField(**_DAYS)
    renew_after_days = models.PositiveSmallIntegerField(**_DAYS)
    renew_from_due = models.BooleanField(null=True, blank=True)
    renew_when_waiting = models.BooleanField(null=True, blank=True)
    renew_when_late = models.BooleanField(null=True, blank=True)
    overdue_stages = models.JSONField(null=True, blank=True)
    hold_limit = models.PositiveSmallIntegerField(**_DAYS)
    total_hold_limit = models.PositiveSmallIntegerField(**_DAYS)
    hold_shelf_days = models.PositiveSmallIntegerField(**_DAYS)
    holds_refused = models.BooleanField(null=True, blank=True)
    holds_refused_days = models.PositiveSmallIntegerField(**_DAYS)
    holds_refused_latest = models.BooleanField(null=True, blank=True)
    same_title_note = models.BooleanField(null=True, blank=True)
    request_limit = models.PositiveSmallIntegerField(**_DAYS)
    busy_from = models.PositiveSmallIntegerField(**_DAYS)
    busy_period_days = models.PositiveSmallIntegerField(**_DAYS)
    busy_renewals = models.PositiveSmallIntegerField(**_DAYS)
    due_soon_days = models.PositiveSmallIntegerField(**_DAYS)
    reminder_stages = models.JSONField(null=True, blank=True)
    waiting_reminder_days = models.PositiveSmallIntegerField(**_DAYS)
    updated_at = models.DateTimeField("更新", db_default=Now())

    class Meta:
        verbose_name = "利用規則"
        constraints = [
            models.UniqueConstraint(
                fields=["branch", "category", "material_type", "location", "effective_from", "effective_until"],
                name="regulations_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="regulations_span_forward",
                condition=Q(effective_until=None) | Q(effective_until__gte=models.F("effective_from")),
            ),
            models.CheckConstraint(
                name="regulations_period",
                condition=(Q(period_days=None) | Q(period_days__range=(1, 366)))
                & (Q(renew_days=None) | Q(renew_days__range=(1, 366)))
                & (Q(busy_period_days=None) | Q(busy_period_days__range=(1, 366))),
            ),
            # A fixed due date ends with its span, else loans of next year would be due in the past.
            models.CheckConstraint(
                name="regulations_fixed_due_in_span",
                condition=Q(fixed_due=None)
                | (Q(effective_until__isnull=False) & Q(fixed_due__gte=models.F("effective_until"))),
            ),
            # The row for everybody and everything always gives a loan period.
            models.CheckConstraint(
                name="regulations_general_has_period",
                condition=Q(branch__isnull=False)
                | Q(category__isnull=False)
                | ~Q(material_type="")
                | ~Q(location="")
                | Q(effective_until__isnull=False)
                | Q(period_days__isnull=False),
            ),
        ]
