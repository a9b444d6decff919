from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from app.audit import subjects
from app.web.forms import OfficeForm

OUTCOMES = {"done": "実行", "viewed": "閲覧", "refused": "拒否"}


class SearchForm(OfficeForm):
    """What to look for in the audit log; by default the last seven days."""

    since = forms.DateField(label="開始日", widget=forms.DateInput(attrs={"type": "date", "autofocus": True}))
    until = forms.DateField(label="終了日", widget=forms.DateInput(attrs={"type": "date"}))
    actor = forms.CharField(label="職員番号", max_length=40, required=False)
    operation = forms.CharField(
        label="操作",
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"list": "operations", "autocomplete": "off"}),
        help_text="名称の一部か符号（例 patrons）",
    )
    outcome = forms.ChoiceField(label="結果", choices=[("", "すべて"), *OUTCOMES.items()], required=False)
    subject_type = forms.ChoiceField(label="対象の種別", required=False)
    subject = forms.CharField(
        label="対象", max_length=60, required=False, help_text="利用券番号・資料番号・職員番号など"
    )
    terminal = forms.GenericIPAddressField(label="端末", required=False, help_text="例 10.81.1.70")
    purpose = forms.CharField(label="調べる目的", max_length=200, help_text="検索そのものも記録されます")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(subject.kind, subject.title) for subject in subjects.subjects()]
        self.fields["subject_type"].choices = [("", "すべて"), *kinds]

    @staticmethod
    def start() -> dict[str, Any]:
        """Initial values."""
        today = timezone.localdate()
        return {"since": today - timedelta(days=6), "until": today}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("since") and given.get("until") and given["since"] > given["until"]:
            self.add_error("until", "終了日は開始日以後にしてください。")
        given["subject_id"] = ""
        if given.get("subject") and not given.get("subject_type"):
            self.add_error("subject_type", "対象を指定するときは、種別も選んでください。")
        elif given.get("subject"):
            kind = subjects.of(given["subject_type"])
            found = kind.find(given["subject"])
            if found is None:
                self.add_error("subject", f"この番号の{kind.title}は登録されていません。")
            given["subject_id"] = found or ""
        return given
