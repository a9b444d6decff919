"""What staff type about holds."""

from typing import Any

from django import forms

from app.branches.models import Branch
from app.holds.models import Contact, HoldEntry, HoldSetting, PurchaseRequest, Route
from app.web.forms import EraDateField, OfficeForm


class BranchField(forms.ModelChoiceField):
    """A place of collection that is in use."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(queryset=Branch.objects.filter(is_active=True), empty_label=None, **kwargs)


class PlaceForm(OfficeForm):
    """How one hold is to be collected and told of."""

    pickup = BranchField(label="受取館")
    contact = forms.ChoiceField(label="連絡方法", choices=Contact.choices)
    route = forms.ChoiceField(label="受付経路", choices=Route.choices, initial=Route.COUNTER)
    note = forms.CharField(label="覚え", max_length=100, required=False)


class ChangeForm(OfficeForm):
    """Another place or way for a hold."""

    pickup = BranchField(label="受取館")
    contact = forms.ChoiceField(label="連絡方法", choices=Contact.choices)
    note = forms.CharField(label="覚え", max_length=100, required=False)


class SuspendForm(OfficeForm):
    """From when to when a hold is passed over."""

    since = EraDateField(label="休止開始", required=False)
    until = EraDateField(label="休止終了", required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and until < since:
            self.add_error("until", "休止の終了日は開始日より後にしてください。")
        return data


class MoveForm(OfficeForm):
    """A new place in the queue."""

    place = forms.IntegerField(label="新しい順位", min_value=1, max_value=9999)
    reason = forms.CharField(label="理由", max_length=100)


class ContactForm(OfficeForm):
    """One try to tell the patron."""

    method = forms.ChoiceField(label="連絡方法", choices=[c for c in Contact.choices if c[0] != Contact.NONE])
    result = forms.ChoiceField(label="結果", choices=HoldEntry.Result.choices)
    text = forms.CharField(label="内容", max_length=200, required=False)


class ExtendForm(OfficeForm):
    """Keep it so many open days longer."""

    days = forms.IntegerField(label="今日から（開館日数）", min_value=1, max_value=60, initial=3)


class RequestForm(OfficeForm):
    """What a patron wishes the library had."""

    card = forms.CharField(label="利用券", max_length=40, widget=forms.TextInput(attrs={"inputmode": "numeric"}))
    title = forms.CharField(label="書名", max_length=200)
    creator = forms.CharField(label="著者", max_length=100, required=False)
    publisher = forms.CharField(label="出版者", max_length=100, required=False)
    isbn = forms.CharField(label="ISBN", max_length=20, required=False)
    wish = forms.CharField(label="本人の覚え", max_length=200, required=False)
    route = forms.ChoiceField(label="受付経路", choices=Route.choices, initial=Route.COUNTER)


class DecideForm(OfficeForm):
    """The selection's result, with a reason for the file and an answer for the patron."""

    status = forms.ChoiceField(
        label="結果", choices=[(s.value, s.label) for s in PurchaseRequest.Status if s in ("buy", "borrow", "declined")]
    )
    reason = forms.CharField(label="理由（館内の記録）", max_length=200)
    answer = forms.CharField(
        label="利用者への回答",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="空のままなら定型の文を作ります",
    )


class SettingForm(forms.ModelForm):
    """What the library decides about its holds."""

    class Meta:
        model = HoldSetting
        fields = ("order", "slip_name", "cancel_after_days", "show_over_days", "missing_days")
