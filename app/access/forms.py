"""Forms of signing in and of the administrators' pages."""

from typing import Any

from django import forms

from app.access.models import Role, Scope, SignInPolicy, StaffUser
from app.branches.models import Branch
from app.web.forms import OfficeForm


def _secret(label: str, autocomplete: str, **attrs: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete, **attrs})
    return forms.CharField(label=label, max_length=128, strip=False, widget=widget)


class SignInForm(OfficeForm):
    """Staff number and password."""

    number = forms.CharField(
        label="職員番号",
        max_length=30,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}),
    )
    password = _secret("パスワード", "current-password")


class CodeForm(OfficeForm):
    """Six digits of the authenticator, or a code on paper."""

    code = forms.CharField(
        label="確認コード",
        max_length=24,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "one-time-code", "inputmode": "text"}),
    )


class NewPasswordForm(OfficeForm):
    """A new password, twice."""

    password = _secret("新しいパスワード", "new-password", autofocus=True)
    again = _secret("新しいパスワード(もう一度)", "new-password")

    def clean_again(self) -> str:
        """The same twice."""
        if self.cleaned_data.get("password") != self.cleaned_data["again"]:
            raise forms.ValidationError("2回の入力が違います。")
        return self.cleaned_data["again"]


class _Proven(OfficeForm):
    """A form that asks for the password in force."""

    current = _secret("今のパスワード", "current-password")

    def __init__(self, *args: Any, user: StaffUser, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_current(self) -> str:
        """The password in force."""
        if not self.user.check_password(self.cleaned_data["current"]):
            raise forms.ValidationError("今のパスワードが違います。")
        return self.cleaned_data["current"]


class OwnPasswordForm(_Proven, NewPasswordForm):
    """One's own new password."""

    field_order = ("current", "password", "again")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs.pop("autofocus", None)


class PinForm(_Proven):
    """One's own PIN; empty takes it away."""

    pin = forms.CharField(
        label="暗証番号",
        max_length=8,
        required=False,
        widget=forms.PasswordInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
        help_text="操作者の交替と離席保護の解除に使う数字。空欄にすると使えなくなります。",
    )


def _day(label: str, required: bool = True) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget)


class StaffForm(OfficeForm):
    """What the register says of one person."""

    number = forms.CharField(label="職員番号", max_length=30, help_text="一度使った番号は、別の人に使えません。")
    name = forms.CharField(label="氏名", max_length=60)
    branch = forms.ModelChoiceField(label="所属館", queryset=Branch.objects.filter(is_active=True))
    roles = forms.ModelMultipleChoiceField(
        label="役割", queryset=Role.objects.all(), widget=forms.CheckboxSelectMultiple
    )
    valid_from = _day("有効開始日", required=False)
    valid_until = _day("有効終了日", required=False)
    card = forms.CharField(label="職員証番号", max_length=20, required=False)
    active = forms.BooleanField(label="有効", required=False, initial=True)


class TableForm(OfficeForm):
    """A spreadsheet."""

    table = forms.FileField(label="表(xlsxまたはCSV)")


class PostingForm(TableForm):
    """A table of postings and its day."""

    title = forms.CharField(label="件名", max_length=60)
    effective_on = _day("発令日")
    field_order = ("title", "effective_on", "table")


class AppointmentForm(OfficeForm):
    """A further role for a time."""

    role = forms.ModelChoiceField(label="役割", queryset=Role.objects.all(), to_field_name="code")
    branch = forms.ModelChoiceField(
        label="館", queryset=Branch.objects.filter(is_active=True), required=False, empty_label="所属館"
    )
    since = _day("開始日")
    until = _day("終了日")


class RoleForm(OfficeForm):
    """A new role."""

    code = forms.SlugField(label="符号", max_length=30, help_text="半角の英小文字・数字・ハイフン。変えられません。")
    name = forms.CharField(label="名称", max_length=40)
    like = forms.ModelChoiceField(
        label="権限の写し元", queryset=Role.objects.all(), to_field_name="code", required=False, empty_label="なし"
    )
    second_factor = forms.BooleanField(label="二要素認証を必須にする", required=False)


SCOPES = [("", "不可"), *Scope.choices]


class PolicyForm(forms.ModelForm):
    """The policy of signing in."""

    class Meta:
        model = SignInPolicy
        fields = (
            "min_length",
            "remember",
            "max_age_days",
            "max_failures",
            "lock_minutes",
            "pin_length",
            "pin_hours",
        )
