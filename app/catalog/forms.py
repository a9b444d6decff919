"""Forms of records."""

from typing import Any

from django import forms
from django.contrib.postgres.fields import ArrayField
from django.db import models

from app.branches import codes
from app.catalog import columns, rules
from app.catalog.actions.records import EDITABLE, GROUPS
from app.catalog.codes import LANGUAGES, material_types
from app.catalog.models import BibliographicRecord

_HELP = {
    "title_reading": "カタカナで、語の間を空けて(例: ワガハイ ワ ネコ デ アル)",
    "creators": "1行に1人",
    "creator_readings": "著者と同じ順に",
    "issued": "例: 2026.4、令和8年4月",
}
_LONG = {"summary", "toc", "author_note", "contents", "notes"}
# What a copy does not take over: it is another volume or edition, with numbers of its own.
NOT_COPIED = {"isbn13", "other_isbns", "volume", "issued"}


class Lines(forms.CharField):
    """One value a line."""

    def __init__(self, rows: int = 2, **kwargs: Any) -> None:
        super().__init__(required=False, widget=forms.Textarea(attrs={"rows": rows}), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        return [line.strip() for line in text.splitlines() if line.strip()]


class Kept(forms.MultipleChoiceField):
    """Names of fields; in the order of the alphabet, as the record keeps them."""

    def to_python(self, value: Any) -> list[str]:
        return sorted(one for one in super().to_python(value) if one)


class RecordForm(forms.Form):
    """The fields of a record that staff edit, in groups; each says whether MARC updates leave it alone."""

    def __init__(self, *args: Any, record: BibliographicRecord | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.record = record or BibliographicRecord(material_type=codes.default_of(codes.MATERIAL_TYPE) or "book")
        for name in EDITABLE:
            self.fields[name] = self._field(name)
            # A copy and a candidate come with values of their own.
            self.initial.setdefault(name, getattr(self.record, name))
        self.fields["title"].widget.attrs["autofocus"] = True
        if record is not None:
            choices = [(name, self.fields[name].label) for name in EDITABLE]
            self.fields["keep"] = Kept(label="MARCの訂正から守る項目", choices=choices, required=False)
            self.initial["keep"] = [name for name in record.kept_fields if name in EDITABLE]

    def _field(self, name: str) -> forms.Field:
        column = BibliographicRecord._meta.get_field(name)
        given: dict[str, Any] = {"label": columns.label(BibliographicRecord, name)}
        given["help_text"] = _HELP.get(name, str(getattr(column, "help_text", "")))
        if name == "isbn13":  # room for hyphens; what is kept are the 13 digits
            return forms.CharField(max_length=20, required=False, **given)
        if isinstance(column, ArrayField):
            return Lines(rows=3 if name in _LONG else 2, **given)
        if name == "material_type":
            return forms.ChoiceField(choices=self._offered(material_types(), name), **given)
        if name == "language":
            return forms.ChoiceField(choices=self._offered(list(LANGUAGES.items()), name), required=False, **given)
        if column.choices:
            return forms.ChoiceField(choices=column.choices, required=False, **given)
        if isinstance(column, models.IntegerField):
            return forms.IntegerField(min_value=0, max_value=32_767, required=False, **given)
        if name in _LONG:
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False, **given)
        return forms.CharField(max_length=column.max_length or 2_000, required=name == "title", **given)

    def _offered(self, choices: list[tuple[str, str]], name: str) -> list[tuple[str, str]]:
        value = getattr(self.record, name)
        if not value or value in dict(choices):
            return choices
        return [*choices, (value, columns.shown(BibliographicRecord, name, value))]

    def clean_isbn13(self) -> str:
        """The 13 digits."""
        text = self.cleaned_data["isbn13"]
        if not text:
            return ""
        isbn = rules.isbn13(text)
        if not isbn:
            raise forms.ValidationError("ISBNの検査数字が合いません。")
        return isbn

    def groups(self) -> list[tuple[str, list[forms.BoundField], bool]]:
        """The fields as the page shows them: title of the group, fields, and whether it stands open."""
        first = list(GROUPS)[:3]
        made = []
        for title, names in GROUPS.items():
            said = any(self.errors.get(name) or self[name].value() not in (None, "", [], ()) for name in names)
            made.append((title, [self[name] for name in names], title in first or said))
        return made

    def kept(self) -> list[str]:
        """The names whose box of protection is ticked on the page, for the template."""
        return list(self["keep"].value() or ()) if "keep" in self.fields else []

    def changes(self) -> dict[str, Any]:
        """The cleaned values of the fields that were sent; what a page does not have stays as it is."""
        sent = {name: self.cleaned_data[name] for name in EDITABLE if self.add_prefix(name) in self.data}
        for name, value in list(sent.items()):
            column = BibliographicRecord._meta.get_field(name)
            if value == "" and column.choices and "" not in dict(column.flatchoices):
                del sent[name]
        return sent
