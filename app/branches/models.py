"""Places that hold items and lend them, and the days they are closed."""

from django.db import models


class Branch(models.Model):
    """One place of the inventory (places.yml is the source; `manage sync_branches` copies it)."""

    code = models.SlugField("符号", max_length=30, unique=True)
    number = models.PositiveSmallIntegerField("番号", unique=True)
    kind = models.CharField("種別", max_length=12)
    name = models.CharField("名称", max_length=60)
    kana = models.CharField("ヨミ", max_length=60, blank=True)
    short = models.CharField("略称", max_length=20)
    closed_weekdays = models.CharField(
        "定期休館曜日", max_length=7, blank=True, default="1", help_text="月=0 … 日=6 の数字を並べる。火曜休館は 1"
    )
    is_active = models.BooleanField("使用中", default=True)

    class Meta:
        verbose_name = "館"
        ordering = ["number"]
        constraints = [
            # A place that never opens would leave a due date nowhere to go.
            models.CheckConstraint(
                name="branches_weekdays_known", condition=models.Q(closed_weekdays__regex=r"^[0-6]{0,6}$")
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ClosedDay(models.Model):
    """A date on which one branch, or (without branch) every branch, is closed."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, null=True, blank=True, verbose_name="館")
    date = models.DateField("休館日")
    reason = models.CharField("事由", max_length=60)

    class Meta:
        verbose_name = "休館日"
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "date"], name="branches_closed_once", nulls_distinct=False),
        ]
