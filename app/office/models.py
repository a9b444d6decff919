"""How the system stands, messages to staff, manuals with their versions, maintainers' access."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from app.access.models import Role, StaffUser
from app.branches.models import Branch


class Check(models.Model):
    """What the last look at one part of the system found, and since when it is so."""

    class Level(models.TextChoices):
        OK = "ok", "正常"
        WARN = "warn", "注意"
        BAD = "bad", "異常"
        UNKNOWN = "unknown", "未確認"

    code = models.CharField(max_length=80, primary_key=True)
    group = models.CharField(max_length=20)
    title = models.CharField(max_length=80)
    level = models.CharField(max_length=8, choices=Level.choices)
    text = models.CharField(max_length=200, blank=True)
    since = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        verbose_name = "稼働の確認"
        ordering = ["group", "code"]


class StaffMessage(models.Model):
    """A message to staff: to everybody, or to those of some libraries and of some roles."""

    title = models.CharField("件名", max_length=80)
    body = models.TextField("本文", max_length=4000)
    branches = models.ManyToManyField(Branch, blank=True, verbose_name="館")
    roles = models.ManyToManyField(Role, blank=True, verbose_name="役割")
    since = models.DateField("掲載開始日")
    until = models.DateField("掲載終了日")
    by = models.ForeignKey(StaffUser, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "職員への知らせ"
        ordering = ["-since", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="office_message_ends_after_it_begins", condition=models.Q(until__gte=models.F("since"))
            ),
        ]


class MessageRead(models.Model):
    """Somebody has read a message."""

    message = models.ForeignKey(StaffMessage, on_delete=models.CASCADE, related_name="reads")
    staff = models.ForeignKey(StaffUser, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "staff"], name="office_read_once")]


class ManualRevision(models.Model):
    """One version of one page of the manual. Versions are kept; the highest is in force."""

    slug = models.SlugField("符号", max_length=40)
    version = models.PositiveSmallIntegerField("版")
    title = models.CharField("表題", max_length=80)
    body = models.TextField("本文", max_length=40000)
    revised_on = models.DateField("改訂日")
    note = models.CharField("改訂の内容", max_length=200, blank=True)
    by = models.CharField("改訂した職員", max_length=40, blank=True)
    source = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = "手引き"
        ordering = ["slug", "-version"]
        constraints = [models.UniqueConstraint(fields=["slug", "version"], name="office_manual_version_once")]


class MaintenanceWindow(models.Model):
    """A maintainer asks for access to hosts for a time; somebody else allows it; afterwards they say what was done.

    Hosts let the key in only while the window is allowed and open (roles/maintenance), and record the session.
    """

    class State(models.TextChoices):
        ASKED = "asked", "申請中"
        ALLOWED = "allowed", "承認"
        REFUSED = "refused", "却下"
        ENDED = "ended", "終了"

    company = models.CharField("会社", max_length=60)
    person = models.CharField("作業者", max_length=60)
    key = models.TextField("公開鍵", max_length=1000)
    hosts = ArrayField(models.CharField(max_length=30), verbose_name="対象サーバ")
    purpose = models.CharField("作業の内容", max_length=400)
    opens_at = models.DateTimeField("開始")
    closes_at = models.DateTimeField("終了")
    state = models.CharField("状態", max_length=8, choices=State.choices, default=State.ASKED)
    asked_by = models.CharField("申請", max_length=40)
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.CharField("承認・却下", max_length=40, blank=True)
    decided_at = models.DateTimeField(null=True)
    report = models.TextField("作業報告", max_length=4000, blank=True)
    reported_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "保守接続"
        ordering = ["-opens_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="office_window_closes_after_it_opens", condition=models.Q(closes_at__gt=models.F("opens_at"))
            ),
            models.CheckConstraint(
                name="office_window_allowed_by_another",
                condition=models.Q(decided_by="") | ~models.Q(decided_by=models.F("asked_by")),
            ),
        ]


class PlannedStop(models.Model):
    """A planned stop as the console on the monitoring host told it: announced on every page from seven days before.

    Kept here, so that no page asks another host; the console tells every change, and this is never edited.
    """

    number = models.CharField("番号", max_length=16, unique=True)
    title = models.CharField("作業名", max_length=200)
    text = models.TextField("利用者への案内", max_length=4000)
    starts_at = models.DateTimeField("開始")
    ends_at = models.DateTimeField("終了")
    up = models.BooleanField("掲示する", default=True)
    told_at = models.DateTimeField("受取", default=timezone.now)

    class Meta:
        verbose_name = "計画停止"
        ordering = ["starts_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="office_stop_ends_after_it_starts", condition=models.Q(ends_at__gt=models.F("starts_at"))
            ),
        ]
