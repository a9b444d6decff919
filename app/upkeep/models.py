"""Work on the appliance: runs that recorded themselves, inspections, treatments, planned stops, updates, levels."""

from django.db import models
from django.db.models import F, Q

from app.upkeep import rules

NAME = 64


class Work(models.Model):
    """One piece of work (作業): a run of a playbook as it recorded itself, or what somebody did by hand."""

    class Result(models.TextChoices):
        OK = "ok", "正常終了"
        FAILED = "failed", "異常終了"
        PARTLY = "partly", "一部完了"

    number = models.CharField("番号", max_length=16, unique=True)
    run = models.CharField(max_length=120, unique=True, null=True, editable=False)  # the evidence it came from
    title = models.CharField("作業名", max_length=200)
    reason = models.TextField("目的・理由", blank=True)
    started_at = models.DateTimeField("開始")
    finished_at = models.DateTimeField("終了")
    by = models.CharField("作業者", max_length=NAME)
    hosts = models.JSONField("対象", default=list, blank=True)
    text = models.TextField("作業内容", blank=True)
    changes = models.JSONField(default=list, editable=False)  # [{"host", "task", "diff"}]
    figures = models.JSONField(default=dict, editable=False)  # changed, failed, unreachable, ok
    result = models.CharField("結果", max_length=6, choices=Result)
    result_text = models.TextField("結果の説明", blank=True)
    check_only = models.BooleanField("確認のみ（変更なし）", default=False, editable=False)

    class Meta:
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="work_ends_after_it_began",
                condition=Q(finished_at__gte=F("started_at")),
                violation_error_message="終了は開始より後の時刻にしてください。",
            )
        ]


class Inspection(models.Model):
    """A periodic inspection (定期点検) of one quarter: its items come from the machine's checks and from people."""

    number = models.CharField("番号", max_length=16, unique=True)
    quarter = models.CharField("四半期", max_length=6, unique=True)
    begun_at = models.DateTimeField("開始")
    begun_by = models.CharField("実施責任者", max_length=NAME)
    finished_at = models.DateTimeField("完了", null=True)
    run = models.CharField(max_length=120, blank=True)  # the evidence its automatic items came from

    class Meta:
        ordering = ["-quarter"]


class InspectionItem(models.Model):
    """One point. `result` empty: not done."""

    class Kind(models.TextChoices):
        MACHINE = "machine", "自動"
        PERSON = "person", "目視・手作業"

    class Result(models.TextChoices):
        GOOD = "good", "良"
        BAD = "bad", "否"

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="items")
    order = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=7, choices=Kind)
    title = models.CharField(max_length=200)
    how = models.CharField(max_length=400, blank=True)
    result = models.CharField(max_length=4, choices=Result, blank=True)
    note = models.TextField(blank=True)
    by = models.CharField(max_length=NAME, blank=True)
    at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["inspection", "title"], name="an_item_once"),
            models.CheckConstraint(
                name="a_result_says_by_whom_and_when",
                condition=Q(result="", at=None) | (~Q(result="") & ~Q(by="") & Q(at__isnull=False)),
            ),
        ]


class Treatment(models.Model):
    """A treatment (処置): something was removed, moved or enlarged; free bytes before and after."""

    number = models.CharField("番号", max_length=16, unique=True)
    host = models.CharField("サーバ", max_length=NAME)
    mountpoint = models.CharField("領域", max_length=120)
    analysis = models.TextField("分析・理由")
    act = models.TextField("処置の内容")
    before_at = models.DateTimeField("処置前の日時")
    before_bytes = models.PositiveBigIntegerField("処置前の空き（バイト）")
    before_source = models.CharField(max_length=10, choices=rules.SOURCES)
    after_at = models.DateTimeField("処置後の日時", null=True)
    after_bytes = models.PositiveBigIntegerField("処置後の空き（バイト）", null=True)
    after_source = models.CharField(max_length=10, choices=rules.SOURCES, blank=True)
    effect = models.TextField("効果", blank=True)
    by = models.CharField("実施者", max_length=NAME)

    class Meta:
        ordering = ["-before_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="a_treatment_ends_with_a_measure_and_its_effect",
                condition=Q(after_at=None, after_bytes=None)
                | (Q(after_at__gte=F("before_at")) & Q(after_bytes__isnull=False) & ~Q(effect="")),
            )
        ]

    @property
    def gained(self) -> int | None:
        """Bytes that became free; negative when it got worse, None while it is not finished."""
        return None if self.after_bytes is None else self.after_bytes - self.before_bytes


class PlannedStop(models.Model):
    """Work planned ahead (計画停止): asked for with its influence and the way back, decided by another person."""

    class State(models.TextChoices):
        ASKED = "asked", "申請中"
        APPROVED = "approved", "承認"
        REFUSED = "refused", "却下"
        CANCELLED = "cancelled", "取消"
        DONE = "done", "終了"

    number = models.CharField("番号", max_length=16, unique=True)
    title = models.CharField("作業名", max_length=200)
    reason = models.TextField("目的・理由")
    starts_at = models.DateTimeField("開始")
    ends_at = models.DateTimeField("終了")
    stops = models.BooleanField("停止を伴う", default=True)
    hosts = models.CharField("対象", max_length=400)
    impact = models.TextField("影響（利用できなくなること）")
    rollback = models.TextField("戻し方")
    overlap_reason = models.TextField("開館時間に重なる理由", blank=True)
    public_text = models.TextField("利用者への案内", blank=True)
    state = models.CharField("状態", max_length=9, choices=State, default=State.ASKED)
    asked_by = models.CharField("申請者", max_length=NAME)
    asked_at = models.DateTimeField("申請日時")
    decided_by = models.CharField("決裁者", max_length=NAME, blank=True)
    decided_at = models.DateTimeField("決裁日時", null=True)
    told_at = models.DateTimeField(null=True)  # when the library took over the announcement of the present state
    result_text = models.TextField("結果", blank=True)

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="a_stop_ends_after_it_starts",
                condition=Q(ends_at__gt=F("starts_at")),
                violation_error_message="終了は開始より後の時刻にしてください。",
            ),
            models.CheckConstraint(
                name="a_stop_is_decided_by_another", condition=Q(decided_by="") | ~Q(decided_by=F("asked_by"))
            ),
        ]


class Update(models.Model):
    """An update (修正) of servers or of terminals: proved first, then applied, always with a way back."""

    class Target(models.TextChoices):
        SERVER = "server", "サーバ"
        TERMINAL = "terminal", "端末"

    number = models.CharField("番号", max_length=16, unique=True)
    target = models.CharField("対象の種類", max_length=8, choices=Target)
    title = models.CharField("修正の名称", max_length=200, help_text="例: Debian 13 セキュリティ更新 2026-11、DSA-番号")
    content = models.TextField("内容（パッケージ・脆弱性）")
    published_on = models.DateField("公開日")
    hosts = models.CharField("適用先", max_length=400)
    rollback = models.TextField("戻し方")
    verified_at = models.DateTimeField("検証日時", null=True)
    verified_by = models.CharField("検証者", max_length=NAME, blank=True)
    verified_in = models.CharField("検証環境", max_length=200, blank=True)
    verified_text = models.TextField("検証結果", blank=True)
    passed = models.BooleanField("検証の合否", null=True)
    checks = models.JSONField(default=dict)  # a terminal's main tasks: name -> [passed, note]
    applied_at = models.DateTimeField("適用日時", null=True)
    applied_by = models.CharField("適用者", max_length=NAME, blank=True)
    applied_text = models.TextField("適用の記録", blank=True)
    told_at = models.DateTimeField("通知日時", null=True)
    told_to = models.CharField("通知先", max_length=120, blank=True)

    class Meta:
        ordering = ["-published_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="nothing_is_applied_unproved",
                condition=Q(applied_at=None) | (Q(passed=True) & Q(verified_at__isnull=False) & ~Q(rollback="")),
            )
        ]


class Level(models.Model):
    """What a service level was in one month; kept, so that it outlives the measurements it came from."""

    month = models.CharField(max_length=7)
    code = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    unit = models.CharField(max_length=20)
    goal = models.FloatField()
    at_most = models.BooleanField(default=False)
    value = models.FloatField(null=True)
    measured_at = models.DateTimeField()

    class Meta:
        ordering = ["-month", "code"]
        constraints = [models.UniqueConstraint(fields=["month", "code"], name="a_level_once_a_month")]

    @property
    def met(self) -> bool | None:
        """Whether the goal was reached; None when nothing was measured."""
        if self.value is None:
            return None
        return self.value <= self.goal if self.at_most else self.value >= self.goal
