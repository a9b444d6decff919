"""Forms of batches: which items or records, and what they get."""

from typing import Any

from django import forms

from app.branches import codes
from app.branches.models import Branch
from app.catalog import columns
from app.catalog.actions.batching import RECORD_TEXTS, Exchange
from app.catalog.codes import LANGUAGES, Audience, Level, Restriction, Visibility, material_types, shelf_statuses
from app.catalog.models import BibliographicRecord
from app.catalog.search import Query
from app.catalog.selecting import ItemCondition, numbers_in_file, numbers_typed
from app.web.forms import EraDateField, EraYearField

LARGEST_FILE = 1024 * 1024
_KEEP = ("", "変更しない")
_NONE = "-"
"""Stands for the empty value in a choice whose empty line means no change."""


def _choice(label: str, choices: list[tuple[str, str]], *, clear: str = "", first: tuple[str, str] = _KEEP) -> Any:
    offered = [first, *([(_NONE, clear)] if clear else []), *[one for one in choices if one[0] != ""]]
    return forms.ChoiceField(label=label, choices=offered, required=False)


class NumbersForm(forms.Form):
    """The numbers: read one after the other, or a file of them."""

    numbers = forms.CharField(
        label="番号",
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 8, "inputmode": "numeric", "autocomplete": "off", "autofocus": True}),
        help_text="続けて読み取ります。1行に1点、5,000件まで",
    )
    file = forms.FileField(label="番号のファイル", required=False, help_text="CSVの1列目、または1行に1番号のテキスト")

    def clean_file(self) -> Any:
        """The file, not larger than a list of numbers can be."""
        upload = self.cleaned_data["file"]
        if upload and upload.size > LARGEST_FILE:
            raise forms.ValidationError("ファイルは1MBまでです。")
        return upload

    def given(self) -> list[str]:
        """The numbers that were typed and those of the file."""
        upload = self.cleaned_data.get("file")
        typed = numbers_typed(self.cleaned_data.get("numbers", ""))
        return list(dict.fromkeys([*typed, *(numbers_in_file(upload.read()) if upload else [])]))


class ItemConditionForm(forms.Form):
    """Which items, by what they are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="where", **kwargs)
        every = ("", "すべて")
        self.fields["text"] = forms.CharField(label="書名・著者・ISBNなど", max_length=200, required=False)
        self.fields["branch"] = forms.ModelChoiceField(
            Branch.objects.filter(is_active=True), label="所蔵館", required=False, empty_label="すべて"
        )
        self.fields["location"] = _choice("所在", codes.choices(codes.LOCATION, all_lines=True), first=every)
        self.fields["material_type"] = _choice("資料区分", material_types(all_lines=True), first=every)
        self.fields["status"] = _choice("状態", shelf_statuses(), first=every)
        self.fields["shelf_mark"] = forms.CharField(label="別置記号", max_length=10, required=False)
        self.fields["call_number"] = forms.CharField(label="請求記号の始め", max_length=60, required=False)
        self.fields["acquired_from"] = EraDateField(label="受入日から", required=False)
        self.fields["acquired_to"] = EraDateField(label="受入日まで", required=False)

    def condition(self) -> ItemCondition:
        """What was asked for."""
        given = {name: value for name, value in self.cleaned_data.items() if value and name != "branch"}
        branch = self.cleaned_data["branch"]
        return ItemCondition(branch_id=branch.pk if branch else None, **given)


class ItemValuesForm(forms.Form):
    """What items get; a line left alone changes nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="to", **kwargs)
        self.fields["branch_id"] = forms.ModelChoiceField(
            Branch.objects.filter(is_active=True), label="所蔵館", required=False, empty_label="変更しない"
        )
        self.fields["location"] = _choice("所在", codes.choices(codes.LOCATION), clear="(空にする)")
        self.fields["shelf_mark"] = _choice("別置記号", codes.choices(codes.SHELF_MARK), clear="(なしにする)")
        self.fields["status"] = _choice("状態", shelf_statuses())
        self.fields["material_type"] = _choice("資料区分", material_types())
        self.fields["restriction"] = _choice("館内利用の別", Restriction.choices, clear="なし")
        self.fields["reference_only"] = _choice("禁帯出", [("1", "する"), ("0", "しない")])
        self.fields["visibility"] = _choice("公開区分", Visibility.choices)
        self.fields["acquisition"] = _choice("受入区分", codes.choices(codes.ACQUISITION), clear="(空にする)")

    def values(self) -> dict[str, Any]:
        """The columns that change, with their new values."""
        found = {name: value for name, value in self.cleaned_data.items() if value not in ("", None)}
        values: dict[str, Any] = {name: "" if value == _NONE else value for name, value in found.items()}
        if "branch_id" in values:
            values["branch_id"] = values["branch_id"].pk
        if "reference_only" in values:
            values["reference_only"] = values["reference_only"] == "1"
        return values


class RecordConditionForm(forms.Form):
    """Which records, by searching."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="where", **kwargs)
        self.fields["text"] = forms.CharField(label="書名・著者・件名など", max_length=200, required=False)
        self.fields["ndc"] = forms.CharField(label="分類の始め(3桁まで)", max_length=3, required=False)
        self.fields["material_type"] = _choice("資料種別", material_types(all_lines=True), first=("", "すべて"))
        self.fields["year_from"] = EraYearField(label="出版年から", required=False)
        self.fields["year_to"] = EraYearField(label="出版年まで", required=False)

    def query(self) -> Query | None:
        """What was asked for; None for nothing."""
        given = self.cleaned_data
        if not any(given.values()):
            return None
        return Query(
            text=given["text"],
            classes=(given["ndc"],) if given["ndc"] else (),
            materials=(given["material_type"],) if given["material_type"] else (),
            year_from=given["year_from"],
            year_to=given["year_to"],
        )


class RecordValuesForm(forms.Form):
    """What records get; a line left alone changes nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, prefix="to", **kwargs)
        self.fields["material_type"] = _choice("資料種別", material_types())
        self.fields["language"] = _choice("言語", list(LANGUAGES.items()))
        self.fields["audience"] = _choice("利用対象", Audience.choices, clear="一般")
        self.fields["visibility"] = _choice("公開区分", Visibility.choices)
        self.fields["level"] = _choice("書誌の階層", Level.choices)
        names = [(name, columns.label(BibliographicRecord, name)) for name in RECORD_TEXTS]
        self.fields["in_field"] = forms.ChoiceField(
            label="語を置き換える項目", choices=[("", "置き換えない"), *names], required=False
        )
        self.fields["old"] = forms.CharField(label="置き換える前の語", max_length=200, required=False)
        self.fields["new"] = forms.CharField(
            label="置き換えた後の語", max_length=200, required=False, help_text="空なら取り除きます"
        )

    def values(self) -> dict[str, Any]:
        """The columns that change, with their new values."""
        names = ("material_type", "language", "audience", "visibility", "level")
        found = {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}
        return {name: "" if value == _NONE else value for name, value in found.items()}

    def exchange(self) -> Exchange | None:
        """The text that is exchanged, if any."""
        given = self.cleaned_data
        return Exchange(given["in_field"], given["old"], given["new"]) if given["in_field"] else None
