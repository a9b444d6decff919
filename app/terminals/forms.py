"""Forms of the terminals."""

from typing import Any

from django import forms

from app.branches.models import Branch
from app.terminals.actions import FIELDS
from app.terminals.context import usual_keys
from app.terminals.models import CounterSetting, Terminal
from app.terminals.rules import COMMANDS, key_problem
from app.web.forms import OfficeForm


class TerminalForm(forms.ModelForm):
    """One terminal. The action checks and saves; the form only reads."""

    class Meta:
        model = Terminal
        fields = FIELDS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = Branch.objects.filter(is_active=True)
        for name in ("name", "branch"):
            self.fields[name].error_messages["required"] = f"{self.fields[name].label}を入力してください。"
        self.fields["address"].error_messages["invalid"] = "アドレスは 10.81.1.70 のように入力してください。"

    def _post_clean(self) -> None:
        """Left to the action."""


class CopyForm(OfficeForm):
    """Which terminal's settings to take over."""

    source = forms.ModelChoiceField(Terminal.objects.select_related("branch"), label="写す元の端末", empty_label=None)

    def __init__(self, *args: Any, target: Terminal, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["source"]
        field.queryset = field.queryset.exclude(pk=target.pk)
        field.label_from_instance = lambda one: f"{one.branch.short} {one.name}"


class SettingForm(OfficeForm):
    """A library's receipt words and keys."""

    message = forms.CharField(label="レシートに載せる知らせ", max_length=200, required=False)
    with_name = forms.BooleanField(label="レシートに氏名を載せる", required=False, help_text="ふつうは載せません")

    def __init__(self, *args: Any, setting: CounterSetting, titles: dict[str, str], **kwargs: Any) -> None:
        kwargs["initial"] = {"message": setting.receipt_message, "with_name": setting.receipt_name}
        super().__init__(*args, **kwargs)
        self.usual = usual_keys()
        for name, usual in self.usual.items():
            if name not in titles:
                continue
            field = forms.CharField(
                label=titles[name], max_length=10, required=False, help_text=f"ふつうは {usual}" if usual else ""
            )
            field.initial = setting.keys.get(name, usual)
            self.fields[f"key:{name}"] = field

    def keys(self) -> dict[str, str]:
        """Name → key, of those that differ from the usual one."""
        given = {name.removeprefix("key:"): value for name, value in self.cleaned_data.items() if ":" in name}
        return {name: key for name, key in given.items() if key != self.usual[name]}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        keys = {name.removeprefix("key:"): value for name, value in values.items() if ":" in name}
        if problem := key_problem(keys):
            raise forms.ValidationError(problem)
        return values

    @property
    def key_fields(self) -> list[forms.BoundField]:
        """The fields of the keys."""
        return [self[name] for name in self.fields if name.startswith("key:")]


def titles_of_keys(pages: dict[str, str]) -> dict[str, str]:
    """What a key opens or does, by name: pages that have a title, then the counter's commands."""
    return pages | {name: title for name, (title, _) in COMMANDS.items()}


class NoteForm(OfficeForm):
    """A library's own words under a page's guide."""

    text = forms.CharField(
        label="館からの追記", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
