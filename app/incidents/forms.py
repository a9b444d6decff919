"""Forms of incidents and inquiries."""

from __future__ import annotations

from django import forms
from django.utils import timezone

from app.incidents import rules
from app.incidents.models import Incident, Inquiry, Telling
from app.operations.forms import MomentField, RecordForm, text
from app.web.forms import OfficeForm


class OpenForm(RecordForm):
    """An incident as it comes in."""

    class Meta:
        model = Incident
        fields = ["kind", "title", "source", "severity", "host", "place", "informant", "received_at", "responded_at",
                  "onsite", "assignee", "impact"]  # fmt: skip


class ChangeForm(RecordForm):
    """What is known of an incident."""

    class Meta:
        model = Incident
        fields = [
            "kind", "title", "severity", "host", "place", "informant", "assignee", "due", "received_at", "responded_at",
            "onsite", "departed_at", "arrived_at", "recovered_at", "impact", "affected_people", "cause", "cause_text",
            "responsibility", "measure", "measure_state", "measure_due", "compliance", "cost_yen",
        ]  # fmt: skip


class StageForm(OfficeForm):
    """One of the eight stages."""

    stage = forms.TypedChoiceField(label="段階", choices=list(rules.STAGES.items()), coerce=int)
    at = MomentField(label="日時")
    text = text("内容")


class RemarkForm(OfficeForm):
    """Something that happened."""

    at = MomentField(label="日時")
    text = text("内容", rows=2)


class TellForm(RecordForm):
    """A report that was given."""

    class Meta:
        model = Telling
        fields = ["kind", "at", "to", "way", "text"]


class TakeForm(RecordForm):
    """An inquiry as it comes in."""

    class Meta:
        model = Inquiry
        fields = ["way", "sender", "place", "subject", "text", "received_at"]


class AnswerForm(OfficeForm):
    """The answer, and whether it solved the matter."""

    responded_at = MomentField(label="応答の時刻")
    answer = text("回答")
    solved_at = MomentField(label="解決の時刻", required=False)


class VisitForm(OfficeForm):
    """The visit an inquiry is handed over to."""

    at = MomentField(label="訪問の日時")
    by = forms.CharField(label="訪問者", max_length=64)
    text = text("訪問の結果", required=False)
    solved_at = MomentField(label="解決の時刻", required=False)


def now_local() -> str:
    """Now, as the browser's control writes it."""
    return f"{timezone.localtime():%Y-%m-%dT%H:%M}"
