"""Forms of items."""

from typing import Any

from django import forms

from app.branches import codes
from app.branches.models import Branch
from app.catalog.codes import material_types


class ItemForm(forms.Form):
    """A new item of a record."""

    barcode = forms.CharField(
        label="資料番号", max_length=14, widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})
    )
    branch = forms.ModelChoiceField(Branch.objects.filter(is_active=True), label="所蔵館")
    call_number = forms.CharField(
        label="請求記号", max_length=60, required=False, help_text="空なら分類と著者ヨミから作ります"
    )
    location = forms.ChoiceField(label="所在", required=False)
    material_type = forms.ChoiceField(label="資料区分", required=False)
    reference_only = forms.BooleanField(label="禁帯出", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"].choices = [("", "―"), *codes.choices(codes.LOCATION)]  # type: ignore[attr-defined]
        self.fields["location"].initial = codes.default_of(codes.LOCATION)
        self.fields["material_type"].choices = [("", "書誌と同じ"), *material_types()]  # type: ignore[attr-defined]
