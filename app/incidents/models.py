"""Incidents (障害, and accidents with personal data) and inquiries: what came in, and everything done about it."""

from django.db import models
from django.db.models import F, Q

from app.incidents import rules

NAME = 64


class Incident(models.Model):
    """One incident from its reception to its closing. Times are what happened, as people enter them.

    Its eight stages are rows of `Stage`, what was said to whom rows of `Telling`, everything else `Remark`.
    """

    class Kind(models.TextChoices):
        FAULT = "fault", "障害"
        PRIVACY = "privacy", "個人情報の事故"

    class Source(models.TextChoices):
        ALERT = "alert", "監視"
        TELEPHONE = "telephone", "電話"
        MAIL = "mail", "メール"
        PATROL = "patrol", "点検・巡回"

    class Severity(models.TextChoices):
        CRITICAL = "critical", "重大"
        MAJOR = "major", "中"
        MINOR = "minor", "軽微"

    class Measure(models.TextChoices):
        OPEN = "open", "検討中"
        DOING = "doing", "実施中"
        DONE = "done", "実施済"
        NONE = "none", "不要"

    number = models.CharField("番号", max_length=16, unique=True)
    kind = models.CharField("種別", max_length=8, choices=Kind, default=Kind.FAULT)
    title = models.CharField("件名", max_length=200)
    source = models.CharField("受付の方法", max_length=10, choices=Source)
    severity = models.CharField("重さ", max_length=8, choices=Severity)
    host = models.CharField("機器", max_length=NAME, blank=True)
    place = models.CharField("場所", max_length=NAME, blank=True)
    alert = models.CharField("警報", max_length=100, blank=True)
    informant = models.CharField("通報者", max_length=NAME, blank=True)
    received_at = models.DateTimeField("受付")
    received_by = models.CharField("受付者", max_length=NAME)
    responded_at = models.DateTimeField("応答", null=True, blank=True)
    onsite = models.BooleanField("駆けつけ", default=False)
    departed_at = models.DateTimeField("出発", null=True, blank=True)
    arrived_at = models.DateTimeField("到着", null=True, blank=True)
    recovered_at = models.DateTimeField("復旧", null=True, blank=True)
    closed_at = models.DateTimeField("完了", null=True, blank=True)
    assignee = models.CharField("担当", max_length=NAME, blank=True)
    due = models.DateField("期限", null=True, blank=True)
    impact = models.TextField("影響", blank=True)
    cause = models.CharField("原因の区分", max_length=12, choices=list(rules.CAUSES.items()), blank=True)
    cause_text = models.TextField("原因", blank=True)
    measure = models.TextField("再発防止の対策", blank=True)
    measure_state = models.CharField("対策の状況", max_length=5, choices=Measure, default=Measure.OPEN)
    measure_due = models.DateField("対策の期限", null=True, blank=True)
    affected_people = models.PositiveIntegerField("影響を受けた人数", null=True, blank=True)
    responsibility = models.CharField(
        "責任の区分", max_length=10, choices=list(rules.RESPONSIBILITIES.items()), blank=True
    )
    compliance = models.TextField("遵守状況", blank=True)
    cost_yen = models.PositiveBigIntegerField("費用（円）", null=True, blank=True)

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="incident_goes_forward",
                violation_error_message="時刻の順序が逆です（受付 → 応答、受付 → 出発 → 到着）。",
                condition=(Q(responded_at=None) | Q(responded_at__gte=F("received_at")))
                & (Q(departed_at=None) | Q(departed_at__gte=F("received_at")))
                & (Q(arrived_at=None) | Q(departed_at=None) | Q(arrived_at__gte=F("departed_at")))
                & (Q(arrived_at=None) | Q(arrived_at__gte=F("received_at"))),
            ),
            models.UniqueConstraint(
                name="one_open_incident_of_an_alert_and_host",
                fields=["alert", "host"],
                condition=Q(closed_at=None) & ~Q(alert=""),
            ),
        ]
        indexes = [models.Index(fields=["closed_at", "-received_at"], name="open_incidents")]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Stage(models.Model):
    """One of the eight stages of an incident, done."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="stages")
    stage = models.PositiveSmallIntegerField("段階", choices=list(rules.STAGES.items()))
    at = models.DateTimeField("日時")
    by = models.CharField("実施者", max_length=NAME)
    text = models.TextField("内容")

    class Meta:
        ordering = ["stage"]
        constraints = [
            models.UniqueConstraint(fields=["incident", "stage"], name="a_stage_once"),
            models.CheckConstraint(condition=Q(stage__gte=1, stage__lte=8), name="eight_stages"),
        ]


class Remark(models.Model):
    """Something that happened in between; with the stages it makes the course (経過)."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="remarks")
    at = models.DateTimeField("日時")
    by = models.CharField("記入者", max_length=NAME)
    text = models.TextField("内容")

    class Meta:
        ordering = ["at", "pk"]


class Telling(models.Model):
    """A report that was given: which, when, to whom, by whom, how."""

    class Kind(models.TextChoices):
        FIRST = "first", "第一報"
        MORE = "more", "続報"
        FINAL = "final", "最終報"

    class Way(models.TextChoices):
        TELEPHONE = "telephone", "電話"
        MAIL = "mail", "メール"
        PERSON = "person", "対面"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="tellings")
    kind = models.CharField("報告", max_length=5, choices=Kind)
    at = models.DateTimeField("報告の時刻")
    to = models.CharField("報告先", max_length=120)
    way = models.CharField("方法", max_length=9, choices=Way)
    by = models.CharField("報告者", max_length=NAME)
    text = models.TextField("内容", blank=True)

    class Meta:
        ordering = ["at", "pk"]


class Inquiry(models.Model):
    """A question by telephone or mail. Unsolved for two opening days, it needs a visit."""

    class Way(models.TextChoices):
        TELEPHONE = "telephone", "電話"
        MAIL = "mail", "メール"

    number = models.CharField("番号", max_length=16, unique=True)
    way = models.CharField("方法", max_length=9, choices=Way)
    sender = models.CharField("問合せ者", max_length=NAME)
    place = models.CharField("館・部署", max_length=NAME, blank=True)
    subject = models.CharField("件名", max_length=200)
    text = models.TextField("内容")
    received_at = models.DateTimeField("受付")
    received_by = models.CharField("受付者", max_length=NAME)
    responded_at = models.DateTimeField("応答", null=True, blank=True)
    answer = models.TextField("回答", blank=True)
    answered_by = models.CharField("回答者", max_length=NAME, blank=True)
    solved_at = models.DateTimeField("解決", null=True, blank=True)
    visit_at = models.DateTimeField("訪問", null=True, blank=True)
    visit_by = models.CharField("訪問者", max_length=NAME, blank=True)
    visit_text = models.TextField("訪問の結果", blank=True)

    class Meta:
        ordering = ["-received_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="inquiry_goes_forward",
                violation_error_message="時刻の順序が逆です（応答・解決・訪問は受付より後）。",
                condition=(Q(responded_at=None) | Q(responded_at__gte=F("received_at")))
                & (Q(solved_at=None) | Q(solved_at__gte=F("received_at")))
                & (Q(visit_at=None) | Q(visit_at__gte=F("received_at"))),
            ),
            models.CheckConstraint(
                name="a_solved_inquiry_was_answered", condition=Q(solved_at=None) | Q(responded_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"
