"""Forms of the staff room."""

from typing import Any

from django import forms
from django.conf import settings

from app.access.models import Role
from app.branches.models import Branch
from app.web.forms import OfficeForm
from inventory import load


def _day(label: str) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


def _moment(label: str) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])


class MessageForm(OfficeForm):
    """A message to staff."""

    title = forms.CharField(label="件名", max_length=80)
    body = forms.CharField(label="本文", max_length=4000, widget=forms.Textarea(attrs={"rows": 6}))
    since = _day("掲載開始日")
    until = _day("掲載終了日")
    branches = forms.ModelMultipleChoiceField(
        label="館", queryset=Branch.objects.filter(is_active=True), required=False,
        widget=forms.CheckboxSelectMultiple, help_text="選ばなければ全館",
    )  # fmt: skip
    roles = forms.ModelMultipleChoiceField(
        label="役割", queryset=Role.objects.all(), required=False, widget=forms.CheckboxSelectMultiple,
        help_text="選ばなければ全員",
    )  # fmt: skip


class ManualForm(OfficeForm):
    """A revision of a page."""

    title = forms.CharField(label="表題", max_length=80)
    body = forms.CharField(
        label="本文",
        max_length=40000,
        widget=forms.Textarea(attrs={"rows": 24}),
        help_text="## 見出し、1. 手順、- 箇条、`ボタン`、[文字](ページの符号) が使えます。",
    )
    note = forms.CharField(label="改訂の内容", max_length=200)


class MaintenanceForm(OfficeForm):
    """A request for maintainers' access."""

    company = forms.CharField(label="会社", max_length=60)
    person = forms.CharField(label="作業者", max_length=60)
    key = forms.CharField(label="作業者の公開鍵", max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))
    purpose = forms.CharField(label="作業の内容", max_length=400, widget=forms.Textarea(attrs={"rows": 3}))
    hosts = forms.MultipleChoiceField(label="対象サーバ", widget=forms.CheckboxSelectMultiple)
    opens_at = _moment("開始")
    closes_at = _moment("終了")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Maintainers enter where the console is, and nowhere else (playbooks/site.yml, roles/maintenance).
        gates = load(settings.INVENTORY).service("console").hosts
        self.fields["hosts"].choices = [(host.name, f"{host.name} {host.purpose}") for host in gates]


class ReportForm(OfficeForm):
    """What was done."""

    report = forms.CharField(label="作業報告", max_length=4000, widget=forms.Textarea(attrs={"rows": 5}))
