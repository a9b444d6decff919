"""Forms of records."""

from typing import Any

from django import forms

from app.branches import codes
from app.catalog import rules
from app.catalog.actions import EDITABLE
from app.catalog.codes import material_types
from app.catalog.models import BibliographicRecord

_LISTS = ("creators", "creator_readings", "series", "subjects", "contents", "notes")


class Lines(forms.CharField):
    """One value a line."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False, widget=forms.Textarea(attrs={"rows": 2}))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        return [line.strip() for line in text.splitlines() if line.strip()]


class RecordForm(forms.ModelForm):
    """The fields of a record that staff edit."""

    creators = Lines("著者(1行に1人)")
    creator_readings = Lines("著者ヨミ(著者と同じ順)")
    series = Lines("シリーズ(1行に1つ)")
    subjects = Lines("件名(1行に1つ)")
    contents = Lines("内容細目(1行に1つ)")
    notes = Lines("注記(1行に1つ)")

    class Meta:
        model = BibliographicRecord
        fields = EDITABLE
        # The columns are of any length, but what goes in is one line.
        widgets = {
            name: forms.TextInput
            for name in EDITABLE
            if name not in (*_LISTS, "isbn13", "ndc", "language", "material_type")
        }
        help_texts = {"title_reading": "カタカナで、語の間を空けて入力します(例: ワガハイ ワ ネコ デ アル)"}

    def clean_isbn13(self) -> str:
        text = self.cleaned_data["isbn13"]
        if not text:
            return ""
        isbn = rules.isbn13(text)
        if not isbn:
            raise forms.ValidationError("ISBNの検査数字が合いません。")
        return isbn

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Room for hyphens; what is kept are the 13 digits.
        self.fields["isbn13"] = forms.CharField(label="ISBN", max_length=20, required=False)
        self.fields["isbn13"].initial = self.instance.isbn13
        choices = material_types()
        if self.instance.material_type not in dict(choices):
            choices += [(self.instance.material_type, self.instance.get_material_type_display())]
        self.fields["material_type"] = forms.ChoiceField(
            label="資料種別", choices=choices, initial=codes.default_of(codes.MATERIAL_TYPE)
        )

    def changes(self) -> dict[str, Any]:
        """The cleaned values by field name."""
        return {name: self.cleaned_data[name] for name in EDITABLE}

    def _post_clean(self) -> None:
        """The action checks and saves; the form only reads."""
