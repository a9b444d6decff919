"""What staff type about orders."""

from typing import Any

from django import forms

from app.acquisitions.actions import Wanted
from app.acquisitions.models import Order, Vendor
from app.branches.models import Branch
from app.web.forms import OfficeForm


class OrderForm(OfficeForm):
    """How many copies, for which library, from whom."""

    branch = forms.ModelChoiceField(label="受入館", queryset=Branch.objects.none(), empty_label=None)
    vendor = forms.ModelChoiceField(label="発注先", queryset=Vendor.objects.none(), empty_label=None)
    copies = forms.IntegerField(label="冊数", min_value=1, max_value=99, initial=1)
    list_price = forms.IntegerField(
        label="定価(円)", min_value=0, max_value=9_999_999, required=False, help_text="税を含む1冊の価格"
    )
    note = forms.CharField(label="覚え", max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = Branch.objects.filter(is_active=True)
        self.fields["vendor"].queryset = Vendor.objects.filter(is_active=True)

    def wanted(self, again: bool) -> Wanted:
        """What was typed, as the action takes it."""
        return Wanted(**self.cleaned_data, again=again)


class ReceiveForm(OfficeForm):
    """One copy: its number is read or drawn."""

    barcode = forms.CharField(
        label="資料番号",
        max_length=20,
        required=False,
        help_text="バーコードを読み取ります。空なら自動で採番します。",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autofocus": True, "autocomplete": "off"}),
    )
    price = forms.IntegerField(label="受入価格(円)", min_value=0, max_value=9_999_999, required=False)
    ready = forms.BooleanField(label="装備済み（すぐに貸し出せる）", required=False)


class CancelForm(OfficeForm):
    """Why what was ordered will not come."""

    why = forms.CharField(
        label="取り消す理由", max_length=100, widget=forms.TextInput(attrs={"placeholder": "品切れ・絶版 など"})
    )


class VendorForm(forms.ModelForm):  # type: ignore[type-arg]
    """A bookseller."""

    class Meta:
        model = Vendor
        fields = ["name", "discount_percent", "person", "phone", "mail", "note", "is_active"]


STATES = [*Order.Status.choices, ("", "すべて")]
