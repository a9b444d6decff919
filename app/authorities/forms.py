"""Forms of authorities."""

from typing import Any

from django import forms

from app.authorities.models import Form, Kind, Scheme
from app.web.forms import OfficeForm


class AuthorityForm(OfficeForm):
    """The heading and what is said of it."""

    kind = forms.ChoiceField(label="種類", choices=Kind.choices)
    scheme = forms.ChoiceField(label="一覧", choices=Scheme.choices, initial=Scheme.OWN)
    number = forms.CharField(label="典拠番号", max_length=20, required=False)
    heading = forms.CharField(label="統一形", max_length=300, widget=forms.TextInput(attrs={"autofocus": True}))
    reading = forms.CharField(label="ヨミ", max_length=300, required=False)
    romaji = forms.CharField(label="ローマ字", max_length=300, required=False)
    dates = forms.CharField(label="生没年・存続年", max_length=40, required=False)
    ndc = forms.CharField(label="関連するNDC", max_length=60, required=False, help_text="いくつかは空白で区切ります")
    note = forms.CharField(label="注記", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class FormLine(OfficeForm):
    """Another form that leads to the heading."""

    text = forms.CharField(label="形", max_length=300, required=False)
    reading = forms.CharField(label="ヨミ", max_length=300, required=False)
    kind = forms.ChoiceField(label="種類", choices=Form.Kind.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs["aria-label"] = field.label or name


class RelateForm(OfficeForm):
    """A reference to another authority, by its number here or its heading."""

    target = forms.CharField(label="統一形", max_length=300)
    kind = forms.ChoiceField(label="関係", choices=[("related", "関連"), ("broader", "上位"), ("narrower", "下位")])


class MergeForm(OfficeForm):
    """Which authority stays."""

    target = forms.CharField(label="残す典拠の統一形", max_length=300)


class TableForm(OfficeForm):
    """A table of headings."""

    file = forms.FileField(label="ファイル(CSV、UTF-8)")
