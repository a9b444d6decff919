"""Forms of the console's own pages, and what forms of its areas share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from app.operations.access import TITLES
from app.web.forms import OfficeForm


class MomentField(forms.DateTimeField):
    """A moment by the browser's own control, in the library's time zone; to the minute."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(**{"widget": widget, "input_formats": ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"], **kwargs})
        self.error_messages["invalid"] = "日時として読み取れません。例: 2026-11-23T09:30"


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """The fields of a record. It checks what was entered and saves nothing: actions do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            choose = isinstance(field, forms.ChoiceField)
            sentence = "{label}を選んでください。" if choose else "{label}を入力してください。"
            field.error_messages["required"] = sentence.format(label=field.label)
            if isinstance(field, forms.DateTimeField):
                field.widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
                field.input_formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
                field.error_messages["invalid"] = "日時として読み取れません。例: 2026-11-23T09:30"
            elif isinstance(field, forms.DateField):
                field.widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            elif isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 3


def text(label: str, *, rows: int = 3, required: bool = True, **kwargs: Any) -> forms.CharField:
    """A few lines of text."""
    kwargs.setdefault("max_length", 4000)
    return forms.CharField(label=label, required=required, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)


class AccountForm(OfficeForm):
    """One account. The password stays as it was when none is given."""

    name = forms.SlugField(label="利用者名", max_length=64, help_text="半角の英数字とハイフン")
    role = forms.ChoiceField(label="役割", choices=[(str(role), title) for role, title in TITLES.items()])
    password = forms.CharField(
        label="パスワード",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="12文字以上。変えないときは空欄",
    )
    active = forms.BooleanField(label="使用中", required=False, initial=True)

    def clean_password(self) -> str:
        """Long enough and not a common one."""
        given = str(self.cleaned_data["password"])
        if given:
            validate_password(given)
        return given


class SilenceForm(OfficeForm):
    """Silence one alert for some hours, with the reason."""

    alert = forms.RegexField(r"^[A-Za-z0-9_]+$", label="警報の名前", max_length=100)
    host = forms.RegexField(r"^[a-z0-9-]*$", label="サーバ", required=False, max_length=64, help_text="空欄ならすべて")
    hours = forms.IntegerField(label="時間", min_value=1, max_value=72, initial=2)
    reason = forms.CharField(label="理由", max_length=200)
