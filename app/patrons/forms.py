from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from app.branches.models import Branch
from app.patrons import rules
from app.patrons.actions import Registration
from app.patrons.models import PatronCategory
from app.web.forms import OfficeForm

DATE = {"type": "date", "max": "9999-12-31"}
SHORTEST_KANA = 2


class SearchForm(OfficeForm):
    """What the counter knows of a patron."""

    kana = forms.CharField(
        label="カナ氏名（前方一致）", max_length=80, required=False, widget=forms.TextInput(attrs={"autofocus": True})
    )
    birth_date = forms.DateField(label="生年月日", required=False, widget=forms.DateInput(attrs=DATE))
    number = forms.CharField(
        label="利用券番号", max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    phone = forms.CharField(
        label="電話", max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )

    def clean(self) -> dict[str, Any]:
        """At least one field, and not a reading so short that it lists the town unless another field narrows it."""
        asked = super().clean() or {}
        if self.errors:
            return asked
        narrowed = any(asked.get(name) for name in ("birth_date", "number", "phone"))
        if not asked.get("kana") and not narrowed:
            raise forms.ValidationError("探す条件を1つ以上入力してください。")
        if not narrowed and len(rules.kana_key(asked["kana"])) < SHORTEST_KANA:
            self.add_error("kana", f"カナ氏名だけで探すときは{SHORTEST_KANA}文字以上入力してください。")
        return asked


class RegistrationForm(OfficeForm):
    """A new patron, or the changed registration of one."""

    card_number = forms.CharField(
        label="利用券番号",
        max_length=20,
        help_text="新しい利用券を読み取ってください",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autofocus": True, "autocomplete": "off"}),
    )
    name = forms.CharField(label="氏名", max_length=80)
    kana = forms.CharField(label="カナ氏名", max_length=80, help_text="姓と名の間を空けます。ひらがなでも入力できます")
    birth_date = forms.DateField(label="生年月日", required=False, widget=forms.DateInput(attrs=DATE))
    category = forms.ModelChoiceField(label="利用者区分", queryset=PatronCategory.objects.all(), empty_label=None)
    branch = forms.ModelChoiceField(label="登録館", queryset=Branch.objects.filter(is_active=True), empty_label=None)
    postal_code = forms.RegexField(
        label="郵便番号",
        regex=r"^\d{3}-?\d{4}$",
        required=False,
        error_messages={"invalid": "郵便番号は7桁の数字で入力してください。"},
    )
    address = forms.CharField(label="住所", max_length=200, required=False)
    phone = forms.CharField(label="電話", max_length=20, required=False)
    email = forms.EmailField(label="メール", required=False)

    def clean_card_number(self) -> str:
        """The plain number, sound by its check digit."""
        number = rules.plain_number(self.cleaned_data["card_number"])
        problem = rules.card_problem(number)
        if problem:
            raise forms.ValidationError(problem)
        return number

    def clean_kana(self) -> str:
        """Katakana, whatever was typed."""
        kana = rules.katakana(self.cleaned_data["kana"])
        if not rules.KANA.match(kana):
            raise forms.ValidationError("カナ氏名はカタカナかひらがなで入力してください。")
        return kana

    def clean_birth_date(self) -> date | None:
        """Not in the future."""
        day: date | None = self.cleaned_data["birth_date"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("生年月日が未来の日付です。")
        return day

    def clean(self) -> dict[str, Any]:
        """A person has a birth date; a group need not."""
        asked = super().clean() or {}
        category = asked.get("category")
        if category and not category.is_group and not asked.get("birth_date") and "birth_date" not in self.errors:
            self.add_error("birth_date", "生年月日を入力してください。")
        return asked

    def registration(self) -> Registration:
        """The valid form as actions take it."""
        return Registration(**self.cleaned_data)


class ChangeForm(RegistrationForm):
    """The registration of an existing patron: the card number is shown, not changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["card_number"].disabled = True
        self.fields["card_number"].help_text = ""

    def clean_card_number(self) -> str:
        """As it is: cards issued by an earlier system need not have our check digit."""
        return str(self.cleaned_data["card_number"])
