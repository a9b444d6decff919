from django import forms

from app.web.forms import OfficeForm


class SignInForm(OfficeForm):
    """Staff number and password."""

    number = forms.CharField(
        label="職員番号",
        max_length=30,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label="パスワード",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
