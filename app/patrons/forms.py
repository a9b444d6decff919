"""The register's forms."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from app.branches.models import Branch
from app.patrons import rules
from app.patrons.actions import Registration
from app.patrons.actions.registering import MAILS, PHONES, PLAIN
from app.patrons.models import Patron, PatronCard, PatronCategory, PatronNote, PatronPolicy, PatronStop
from app.web.forms import EraDateField, OfficeForm

SHORTEST = 2  # characters of a reading or a town that may stand alone
DIGITS = {"inputmode": "numeric", "autocomplete": "off"}
NOT_A_PHONE = "電話番号は10桁か11桁の数字で入力してください。"


class SearchForm(OfficeForm):
    """What the counter knows of a patron."""

    kana = forms.CharField(
        label="カナ氏名（前方一致）", max_length=80, required=False, widget=forms.TextInput(attrs={"autofocus": True})
    )
    birth_date = EraDateField(label="生年月日", required=False)
    number = forms.CharField(
        label="利用券番号（旧番号も）", max_length=40, required=False, widget=forms.TextInput(attrs=DIGITS)
    )
    phone = forms.CharField(
        label="電話", max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
    )
    address = forms.CharField(label="町名（前方一致）", max_length=60, required=False)

    def clean(self) -> dict[str, Any]:
        """At least one field, and not a reading so short that it lists the town unless another field narrows it."""
        asked = super().clean() or {}
        if self.errors:
            return asked
        narrowed = any(asked.get(name) for name in ("birth_date", "number", "phone"))
        if not narrowed and not asked.get("kana") and not asked.get("address"):
            raise forms.ValidationError("探す条件を1つ以上入力してください。")
        narrowed = narrowed or len(rules.town_key(asked["address"])) >= SHORTEST
        if not narrowed and asked["kana"] and len(rules.kana_key(asked["kana"])) < SHORTEST:
            self.add_error("kana", f"カナ氏名だけで探すときは{SHORTEST}文字以上入力してください。")
        elif not narrowed and not asked["kana"]:
            self.add_error("address", f"町名だけで探すときは、市区町村の後に{SHORTEST}文字以上入力してください。")
        return asked


def _phone(value: str) -> str:
    digits = rules.plain_phone(value)
    if value.strip() and not 10 <= len(digits) <= 11:
        raise forms.ValidationError(NOT_A_PHONE)
    return digits


class PersonForm(OfficeForm):
    """What a person tells of herself: the part that is the same at home and at the counter."""

    name = forms.CharField(label=_("氏名"), max_length=80)
    kana = forms.CharField(
        label=_("カナ氏名"), max_length=80, help_text=_("姓と名の間を空けます。ひらがなでも入力できます")
    )
    birth_date = EraDateField(label=_("生年月日"), required=False)
    postal_code = forms.RegexField(
        label=_("郵便番号"),
        regex=r"^\d{3}-?\d{4}$",
        required=False,
        error_messages={"invalid": "郵便番号は7桁の数字で入力してください。"},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "data-postcode": "address district"}),
    )
    address = forms.CharField(label=_("住所"), max_length=200, required=False)

    def clean_kana(self) -> str:
        """Katakana, whatever was typed."""
        kana = rules.katakana(self.cleaned_data["kana"])
        if not rules.KANA.match(kana):
            raise forms.ValidationError("カナ氏名はカタカナかひらがなで入力してください。")
        return kana

    def clean_birth_date(self) -> date | None:
        """Not in the future, and of somebody who may be alive."""
        day: date | None = self.cleaned_data["birth_date"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("生年月日が未来の日付です。")
        if day and day.year < 1880:
            raise forms.ValidationError("生年月日が古すぎます。")
        return day


class RegistrationForm(PersonForm):
    """A new patron, or the changed registration of one.

    Contact lines are `phone_1` … and `mail_1` …; `use` names the line (or はがき, 不要) by which the library gets in
    touch.
    """

    card_number = forms.CharField(
        label="利用券番号",
        max_length=40,
        help_text="新しい利用券を読み取ってください",
        widget=forms.TextInput(attrs={**DIGITS, "autofocus": True}),
    )
    category = forms.ModelChoiceField(label="利用者区分", queryset=PatronCategory.objects.all(), empty_label=None)
    branch = forms.ModelChoiceField(label="登録館", queryset=Branch.objects.filter(is_active=True), empty_label=None)
    residence = forms.ChoiceField(label="在住・在勤・在学", choices=Patron.Residence, required=False)
    district = forms.CharField(label="地区", max_length=12, required=False, help_text="郵便番号から入ります")
    guardian_name = forms.CharField(label="保護者氏名", max_length=80, required=False)
    guardian_phone = forms.CharField(label="保護者の電話", max_length=20, required=False)
    representative = forms.CharField(label="代表者（団体）", max_length=80, required=False)
    group_kind = forms.ChoiceField(label="団体の種別", choices=[("", "―"), *Patron.GroupKind.choices], required=False)
    use = forms.ChoiceField(label="連絡に使う", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, PHONES + 1):
            self.fields[f"phone_{number}"] = forms.CharField(
                label=f"電話{number}", max_length=20, required=False, widget=forms.TextInput(attrs={"inputmode": "tel"})
            )
            self.fields[f"phone_{number}_label"] = forms.CharField(
                label=f"電話{number}の種類",
                max_length=10,
                required=False,
                widget=forms.TextInput(attrs={"list": "phone-labels", "placeholder": "自宅"}),
            )
        for number in range(1, MAILS + 1):
            self.fields[f"mail_{number}"] = forms.EmailField(label=f"メール{number}", required=False)
        use = self.fields["use"]
        assert isinstance(use, forms.ChoiceField)
        use.choices = [
            *((f"phone_{n}", f"電話{n}") for n in range(1, PHONES + 1)),
            *((f"mail_{n}", f"メール{n}") for n in range(1, MAILS + 1)),
            ("phone", "電話"),
            ("mail", "メール"),
            ("post", "はがき"),
            ("none", "不要"),
        ]

    def lines(self) -> list[dict[str, Any]]:
        """The contact lines as the template sets them."""
        lines = []
        for kind, most in (("phone", PHONES), ("mail", MAILS)):
            for number in range(1, most + 1):
                name = f"{kind}_{number}"
                lines.append(
                    {
                        "field": self[name],
                        "label": self[f"{name}_label"] if kind == "phone" else None,
                        "name": name,
                        "used": self["use"].value() in (name, kind if number == 1 else ""),
                    }
                )
        return lines

    def clean_card_number(self) -> str:
        """The plain number, sound by its check digit."""
        number = rules.plain_number(self.cleaned_data["card_number"])
        problem = rules.card_problem(number)
        if problem:
            raise forms.ValidationError(problem)
        return number

    def clean_guardian_phone(self) -> str:
        """Digits only."""
        return _phone(self.cleaned_data["guardian_phone"])

    def clean(self) -> dict[str, Any]:
        """A person has a birth date, a group need not; the line in use is one that was filled in."""
        asked = super().clean() or {}
        category = asked.get("category")
        if category and not category.is_group and not asked.get("birth_date") and "birth_date" not in self.errors:
            self.add_error("birth_date", "生年月日を入力してください。")
        for number in range(1, PHONES + 1):
            try:
                asked[f"phone_{number}"] = _phone(asked.get(f"phone_{number}") or "")
            except forms.ValidationError as error:
                self.add_error(f"phone_{number}", error)
        asked["residence"] = asked.get("residence") or Patron.Residence.CITY
        lines = [f"phone_{n}" for n in range(1, PHONES + 1)] + [f"mail_{n}" for n in range(1, MAILS + 1)]
        if not any(asked.get(name) for name in lines) and "_" in (asked.get("use") or ""):
            asked["use"] = "post"  # nothing else is left
        use = asked.get("use") or ""
        if "_" in use and not asked.get(use) and use not in self.errors:
            self.add_error(use, "連絡に使う番号・アドレスを入力してください。")
        return asked

    def registration(self) -> Registration:
        """The valid form as actions take it."""
        given = self.cleaned_data
        contacts = [
            {"kind": "phone", "label": given[f"phone_{n}_label"].strip(), "value": given[f"phone_{n}"]}
            for n in range(1, PHONES + 1)
            if given[f"phone_{n}"]
        ]
        contacts += [
            {"kind": "mail", "label": "", "value": given[f"mail_{n}"]}
            for n in range(1, MAILS + 1)
            if given[f"mail_{n}"]
        ]
        first = {row["kind"]: row["value"] for row in reversed(contacts)}
        use = given.get("use") or "post"
        kind = use.partition("_")[0]
        if "_" in use:
            first[kind] = given[use]
        return Registration(
            card_number=given["card_number"],
            phone=first.get("phone", ""),
            email=first.get("mail", ""),
            contacts=tuple(contacts),
            contact_by=kind,
            **{name: given[name] for name in PLAIN},
        )


class ChangeForm(RegistrationForm):
    """The registration of an existing patron: the card number is shown, not changed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["card_number"].disabled = True
        self.fields["card_number"].help_text = "再発行・追加は利用者の画面で行います"

    def clean_card_number(self) -> str:
        """As it is: cards issued by an earlier system need not have our check digit."""
        return str(self.cleaned_data["card_number"])


class ApplicationForm(PersonForm):
    """The public form. Nothing in it is believed before the counter has seen a document."""

    phone = forms.CharField(label=_("電話"), max_length=20, widget=forms.TextInput(attrs={"inputmode": "tel"}))
    email = forms.EmailField(label=_("メール"), required=False)
    guardian_name = forms.CharField(
        label=_("保護者氏名"), max_length=80, required=False, help_text=_("小学生以下の方は入力してください")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("birth_date", "postal_code", "address"):
            self.fields[name].required = True

    def clean_phone(self) -> str:
        """Digits only."""
        return _phone(self.cleaned_data["phone"])

    def content(self) -> dict[str, Any]:
        """What is kept, as plain values under the registration form's names."""
        given = self.cleaned_data
        return {
            "name": given["name"],
            "kana": given["kana"],
            "birth_date": given["birth_date"].isoformat(),
            "postal_code": given["postal_code"],
            "address": given["address"],
            "phone_1": given["phone"],
            "mail_1": given["email"],
            "guardian_name": given["guardian_name"],
            "use": "mail_1" if given["email"] else "phone_1",
        }


class ApplicationNumberForm(OfficeForm):
    """The number that somebody brings from home."""

    application = forms.CharField(label="仮登録番号", max_length=20, widget=forms.TextInput(attrs=DIGITS))


class StopForm(OfficeForm):
    """A stop."""

    kinds = forms.MultipleChoiceField(
        label="停止する対象", choices=PatronStop.Kind, widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(label="理由", max_length=100)
    until = EraDateField(label="終了日", required=False, help_text="空なら解除するまで")
    until_returned = forms.BooleanField(label="借りている資料が全点返却されたら解く", required=False)


class NoteForm(OfficeForm):
    """A message for the counter."""

    text = forms.CharField(label="連絡事項", max_length=200)
    importance = forms.TypedChoiceField(label="重要度", choices=PatronNote.Importance, coerce=int, initial=2)
    until = EraDateField(label="表示期限", required=False, help_text="この日まで表示。空なら済にするまで")


class CardForm(OfficeForm):
    """One more card, or a new one in place of the old."""

    number = forms.CharField(label="番号", max_length=40, widget=forms.TextInput(attrs=DIGITS))
    kind = forms.ChoiceField(label="券種", choices=PatronCard.Kind)
    replaces = forms.BooleanField(label="再発行（いまの利用券を止める）", required=False)

    def clean_number(self) -> str:
        """The plain digits; the action judges them."""
        number = rules.plain_number(self.cleaned_data["number"])
        if not number:
            raise forms.ValidationError("番号は数字で入力してください。")
        return number


class FamilyForm(OfficeForm):
    """Whom to tie to a patron's family."""

    number = forms.CharField(label="家族の利用券番号", max_length=40, widget=forms.TextInput(attrs=DIGITS))
    consent = forms.BooleanField(label="家族全員の同意を確かめた", required=False)


class PurposeForm(OfficeForm):
    """Why something personal is opened or printed."""

    purpose = forms.CharField(label="目的", max_length=200)


class CategoryForm(OfficeForm):
    """A row of the code table."""

    code = forms.SlugField(label="符号", max_length=20)
    name = forms.CharField(label="名称", max_length=40)
    validity_years = forms.IntegerField(label="有効年数", min_value=1, max_value=20)
    age_from = forms.IntegerField(label="年齢から", min_value=0, max_value=200, required=False)
    age_until = forms.IntegerField(label="年齢まで", min_value=0, max_value=200, required=False)
    is_group = forms.BooleanField(label="団体", required=False)
    may_hold = forms.BooleanField(label="予約できる", required=False)
    may_ill = forms.BooleanField(label="相互貸借を申し込める", required=False)


class PolicyForm(OfficeForm):
    """The register's terms."""

    expiry_notice_days = forms.IntegerField(label="有効期限の案内（日前から）", min_value=0, max_value=92)
    unused_years = forms.IntegerField(label="長期未利用（年）", min_value=1, max_value=50)
    erase_after_days = forms.IntegerField(label="退会から消去まで（日）", min_value=0, max_value=3660)
    applications_days = forms.IntegerField(label="仮登録を残す（日）", min_value=1, max_value=366)
    guardian_until_age = forms.IntegerField(label="「保護者様」を宛名に添える年齢（まで）", min_value=0, max_value=20)

    def policy(self) -> PatronPolicy:
        """The valid form as a row."""
        return PatronPolicy(**self.cleaned_data)


class UnusedForm(OfficeForm):
    """How long somebody must not have come."""

    years = forms.IntegerField(label="最終利用から（年）", min_value=1, max_value=50)
