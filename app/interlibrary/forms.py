"""What staff type about borrowings."""

from typing import Any

from django import forms

from app.interlibrary.models import Borrowing, Partner
from app.web.forms import EraDateField, OfficeForm


class AskForm(OfficeForm):
    """Whom to ask."""

    partner = forms.ModelChoiceField(label="相手館", queryset=Partner.objects.none(), empty_label=None)
    note = forms.CharField(label="覚え", max_length=200, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].queryset = Partner.objects.all()


class ArriveForm(OfficeForm):
    """It came: until when, under which number."""

    due_on = EraDateField(label="相手館への返却期限")
    barcode = forms.CharField(
        label="仮の資料番号",
        max_length=20,
        required=False,
        help_text="空なら自動で採番します。",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    inside_only = forms.BooleanField(label="館内だけで利用（貸し出さない）", required=False)


class RefuseForm(OfficeForm):
    """It will not come."""

    note = forms.CharField(label="謝絶の理由", max_length=200, required=False)


class PartnerForm(forms.ModelForm):  # type: ignore[type-arg]
    """A library."""

    class Meta:
        model = Partner
        fields = ["name", "isil", "address", "phone", "mail", "sending", "terms"]


STATES = [*Borrowing.State.choices, ("slow", "14日以上依頼中"), ("late", "返送期限超過"), ("", "すべて")]
