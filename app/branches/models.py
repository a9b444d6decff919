"""Places that hold items and lend them, the days they are closed, and the words and codes of the house."""

import uuid

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


class CalendarYear(models.Model):
    """A fiscal year (from 1 April) whose opening days are laid out for a branch, and the rules they came from.

    In such a year the branch is closed on its own ClosedDay rows and on no other day; in other years on its weekly
    closing days and on the days common to all.
    """

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="years", verbose_name="館")
    year = models.PositiveSmallIntegerField("年度")
    pattern = models.JSONField("休館の規則", default=dict)

    class Meta:
        verbose_name = "開館暦"
        constraints = [models.UniqueConstraint(fields=["branch", "year"], name="branches_year_once")]


class ClosedDay(models.Model):
    """A date on which one branch, or (without branch) every branch, is closed."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, null=True, blank=True, verbose_name="館")
    date = models.DateField("休館日")
    reason = models.CharField("事由", max_length=60)
    source = models.CharField(
        "由来", max_length=20, default="hand", db_default="hand", help_text="rule, hand または closure:番号"
    )

    class Meta:
        verbose_name = "休館日"
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "date"], name="branches_closed_once", nulls_distinct=False),
        ]


class DayHours(models.Model):
    """Opening hours of one branch on one date that differ from its weekly hours."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, verbose_name="館")
    date = models.DateField("日付")
    opens = models.TimeField("開館")
    closes = models.TimeField("閉館")
    reason = models.CharField("事由", max_length=60, blank=True)

    class Meta:
        verbose_name = "臨時の開館時間"
        ordering = ["date"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "date"], name="branches_hours_once"),
            models.CheckConstraint(name="branches_hours_forward", condition=models.Q(closes__gt=models.F("opens"))),
        ]


class DeliveryDay(models.Model):
    """A weekday (Monday 0 … Sunday 6) on which the van calls at a branch."""

    branch = models.ForeignKey(Branch, on_delete=models.CASCADE, related_name="deliveries", verbose_name="館")
    weekday = models.PositiveSmallIntegerField("曜日")

    class Meta:
        verbose_name = "便の曜日"
        ordering = ["weekday"]
        constraints = [
            models.UniqueConstraint(fields=["branch", "weekday"], name="branches_delivery_once"),
            models.CheckConstraint(name="branches_delivery_weekday", condition=models.Q(weekday__lte=6)),
        ]


class CodeEntry(models.Model):
    """One line of a code table (`material_type`, `location` …): what it is called and where it stands in choices."""

    table = models.CharField("表", max_length=20)
    code = models.CharField("符号", max_length=40)
    label = models.CharField("名称", max_length=40)
    order = models.PositiveSmallIntegerField("並び", default=0)
    in_use = models.BooleanField("使用中", default=True)
    is_default = models.BooleanField("既定", default=False)

    class Meta:
        verbose_name = "コード"
        ordering = ["table", "order", "code"]
        constraints = [
            models.UniqueConstraint(fields=["table", "code"], name="branches_code_once"),
            models.UniqueConstraint(
                fields=["table"], condition=models.Q(is_default=True), name="branches_code_one_default"
            ),
            models.CheckConstraint(
                name="branches_code_default_in_use", condition=models.Q(is_default=False) | models.Q(in_use=True)
            ),
        ]


class Wording(models.Model):
    """A sentence of the screens as this library wants to say it, in place of the one in the code."""

    code = models.CharField("符号", max_length=60, primary_key=True)
    text = models.CharField("文言", max_length=500)

    class Meta:
        verbose_name = "文言"


class Revision(models.Model):
    """The version of a group of tables that processes keep in memory; written by database triggers alone."""

    name = models.CharField(max_length=20, primary_key=True)
    stamp = models.UUIDField(default=uuid.uuid4)

    class Meta:
        verbose_name = "版"


class MobileCourse(models.Model):
    """A round of the mobile library: its stops in order, and the days on which it is driven."""

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="courses", verbose_name="移動図書館")
    name = models.CharField("コース", max_length=40)

    class Meta:
        verbose_name = "巡回コース"
        ordering = ["branch", "name"]
        constraints = [models.UniqueConstraint(fields=["branch", "name"], name="branches_course_once")]

    def __str__(self) -> str:
        return self.name


class MobileStop(models.Model):
    """A place where the mobile library stands for a time on each day of its course."""

    course = models.ForeignKey(MobileCourse, on_delete=models.CASCADE, related_name="stops")
    name = models.CharField("巡回場所", max_length=60)
    address = models.CharField("所在地", max_length=100, blank=True)
    arrives = models.TimeField("から")
    leaves = models.TimeField("まで")

    class Meta:
        verbose_name = "巡回場所"
        ordering = ["arrives", "pk"]
        constraints = [
            models.CheckConstraint(name="branches_stop_forward", condition=models.Q(leaves__gt=models.F("arrives"))),
            models.UniqueConstraint(fields=["course", "name", "arrives"], name="branches_stop_once"),
        ]


class MobileDay(models.Model):
    """A date on which a course is driven, or is not driven after all. On closed days of its branch none is driven."""

    course = models.ForeignKey(MobileCourse, on_delete=models.CASCADE, related_name="days")
    date = models.DateField("巡回日")
    cancelled = models.CharField("運休の事由", max_length=60, blank=True, default="", db_default="")

    class Meta:
        verbose_name = "巡回日"
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["course", "date"], name="branches_mobile_day_once")]
