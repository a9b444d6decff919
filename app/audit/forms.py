from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from app.web.forms import OfficeForm


class SearchForm(OfficeForm):
    """What to look for in the audit log; by default the last seven days."""

    since = forms.DateField(label="開始日", widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="終了日", widget=forms.DateInput(attrs={"type": "date"}))
    actor = forms.CharField(label="職員番号", max_length=40, required=False)
    operation = forms.CharField(label="操作", max_length=60, required=False, help_text="例 patrons.view、patrons")
    card = forms.CharField(label="利用券番号", max_length=20, required=False, help_text="この利用者についての記録")
    purpose = forms.CharField(label="調べる目的", max_length=200, help_text="検索そのものも記録されます")

    @staticmethod
    def start() -> dict[str, Any]:
        """Initial values."""
        today = timezone.localdate()
        return {"since": today - timedelta(days=6), "until": today}
