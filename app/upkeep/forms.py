"""Forms of work, inspections, treatments, planned stops and updates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings

from app.operations.forms import MomentField, RecordForm, text
from app.operations.health import site
from app.upkeep import rules
from app.upkeep.models import InspectionItem, PlannedStop, Update, Work
from app.web.forms import OfficeForm

GIB = 1024**3


class WorkForm(RecordForm):
    """Work that was done by hand. Hosts are separated by spaces or commas."""

    hosts = forms.CharField(label="対象", max_length=400, help_text="空白か読点で区切る")

    class Meta:
        model = Work
        fields = ["title", "reason", "started_at", "finished_at", "by", "text", "result", "result_text"]

    field_order = ["title", "by", "started_at", "finished_at", "hosts", "reason", "text", "result", "result_text"]

    def clean_hosts(self) -> list[str]:
        """The names."""
        return str(self.cleaned_data["hosts"]).replace("、", " ").replace(",", " ").split()


class ExplainForm(OfficeForm):
    """Why a recorded run was made and how it turned out."""

    reason = text("目的・理由", rows=2)
    result_text = text("結果の説明", rows=2, required=False)


class JudgeForm(OfficeForm):
    """What somebody saw at one point of an inspection."""

    item = forms.IntegerField(widget=forms.HiddenInput)
    result = forms.ChoiceField(label="結果", choices=InspectionItem.Result.choices)
    note = forms.CharField(label="所見", max_length=1000, required=False)
    by = forms.CharField(label="実施者", max_length=64)


class SpaceForm(OfficeForm):
    """Free space: measured when Prometheus answers, else as entered (GiB)."""

    free_gib = forms.FloatField(
        label="空き容量（GiB）", min_value=0, required=False, help_text="空欄なら監視の測定値を記録します"
    )

    @property
    def free(self) -> int | None:
        """Bytes as entered; None: to be measured."""
        given = self.cleaned_data.get("free_gib")
        return None if given is None else round(given * GIB)


class TreatForm(SpaceForm):
    """A treatment that begins."""

    host = forms.ChoiceField(label="サーバ")
    mountpoint = forms.RegexField(r"^/[A-Za-z0-9._/-]*$", label="領域", initial="/", max_length=120)
    analysis = text("分析・理由", rows=2)
    act = text("処置の内容", rows=2)
    field_order = ["host", "mountpoint", "analysis", "act", "free_gib"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        servers = [host for host in site(settings.INVENTORY).hosts if host.kind != "terminal"]
        self.fields["host"].choices = [(host.name, f"{host.name}（{host.purpose}）") for host in servers]  # type: ignore[attr-defined]


class TreatedForm(SpaceForm):
    """A treatment that ended."""

    effect = text("効果", rows=2)


class StopForm(RecordForm):
    """A planned stop that is asked for."""

    class Meta:
        model = PlannedStop
        fields = ["title", "hosts", "starts_at", "ends_at", "stops", "reason", "impact", "rollback", "overlap_reason",
                  "public_text"]  # fmt: skip


class UpdateForm(RecordForm):
    """An update of servers or terminals."""

    class Meta:
        model = Update
        fields = ["target", "title", "published_on", "hosts", "content", "rollback"]


class VerifyForm(OfficeForm):
    """What the proof of an update showed; for terminals task by task."""

    at = MomentField(label="検証の日時")
    where = forms.CharField(label="検証環境", max_length=200, help_text="例: 双子環境、検証用の端末")
    text = text("検証結果", rows=2)

    def __init__(self, target: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        good = [("", "―"), ("yes", "合格"), ("no", "不合格")]
        self.tasks = list(rules.TERMINAL_TASKS) if target == Update.Target.TERMINAL else []
        for number, task in enumerate(self.tasks):
            self.fields[f"task{number}"] = forms.ChoiceField(label=task, choices=good, required=False)
        if not self.tasks:
            self.fields["passed"] = forms.ChoiceField(label="合否", choices=good)

    @property
    def passed(self) -> bool | None:
        """The verdict that was chosen; None for a terminal, whose tasks decide."""
        return {"yes": True, "no": False}.get(self.cleaned_data.get("passed", ""))

    @property
    def checks(self) -> dict[str, list[Any]]:
        """Task by task, those that were tried."""
        words = {"yes": True, "no": False}
        given = {task: self.cleaned_data.get(f"task{number}", "") for number, task in enumerate(self.tasks)}
        return {task: [words[word]] for task, word in given.items() if word}


class ApplyForm(OfficeForm):
    """An update was applied."""

    at = MomentField(label="適用の日時")
    text = text("適用の記録", rows=2)


class ToldForm(OfficeForm):
    """The result was made known."""

    at = MomentField(label="通知の日時")
    to = forms.CharField(label="通知先", max_length=120)
