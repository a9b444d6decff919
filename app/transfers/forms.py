"""What staff type about transfers."""

from django import forms

from app.branches.models import Branch
from app.catalog.codes import MaterialType
from app.transfers.models import Reason
from app.web.forms import EraDateField, OfficeForm


class SendForm(OfficeForm):
    """One item on its way by hand."""

    scan = forms.CharField(
        label="資料番号", max_length=40, widget=forms.TextInput(attrs={"inputmode": "numeric", "autofocus": True})
    )
    to_branch = forms.ModelChoiceField(label="行き先", queryset=Branch.objects.filter(is_active=True), empty_label=None)
    reason = forms.ChoiceField(
        label="理由", choices=[(r.value, r.label) for r in Reason if r not in (Reason.HOLD, Reason.HOME)]
    )


class RelocateForm(OfficeForm):
    """Items that stand elsewhere until a day."""

    scan = forms.CharField(
        label="資料番号", max_length=40, widget=forms.TextInput(attrs={"inputmode": "numeric", "autofocus": True})
    )
    to_branch = forms.ModelChoiceField(label="移管先", queryset=Branch.objects.filter(is_active=True), empty_label=None)
    to_location = forms.CharField(label="移管先の所在", max_length=40, required=False)
    until = EraDateField(label="期限")
    purpose = forms.CharField(label="目的", max_length=60)


class RunForm(OfficeForm):
    """One run of the van."""

    code = forms.SlugField(label="符号", max_length=20)
    name = forms.CharField(label="名称", max_length=40)
    leaves_at = forms.TimeField(label="発送時刻", widget=forms.TimeInput(attrs={"placeholder": "9:30"}, format="%H:%M"))
    is_active = forms.BooleanField(label="使用中", required=False, initial=True)


class SettingForm(OfficeForm):
    """When a transfer counts as missed, and what stays where it is returned."""

    overdue_days = forms.IntegerField(label="未着とみなす開館日数", min_value=1, max_value=60)
    floating = forms.MultipleChoiceField(
        label="返却館に置いたままにする資料種別",
        choices=MaterialType.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
