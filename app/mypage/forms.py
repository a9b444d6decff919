"""What readers type in My Page."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from app.branches.models import Branch
from app.holds.models import Contact, HoldSet
from app.mypage.actions.favourites import LONGEST_COMMENT
from app.mypage.actions.watching import LONGEST
from app.mypage.models import Favourite, Watch

# The words of the trade, once more where they can be translated.
CONTACTS = (
    (Contact.MAIL, _("メール")),
    (Contact.PHONE, _("電話")),
    (Contact.POSTCARD, _("はがき")),
    (Contact.NONE, _("連絡不要")),
)
SETS = (
    (HoldSet.Kind.SERIES, _("巻順")),
    (HoldSet.Kind.TOGETHER, _("まとめて受取")),
    (HoldSet.Kind.ANY, _("いずれか1点")),
)


class PatronSignInForm(forms.Form):
    """Card number and password."""

    card_number = forms.CharField(
        label=_("利用券番号"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("パスワード"), max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class NewPasswordForm(forms.Form):
    """A new password, typed twice."""

    new = forms.CharField(
        label=_("新しいパスワード"),
        max_length=200,
        help_text=_("12文字以上"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("新しいパスワード（確認）"),
        max_length=200,
        help_text=_("確認のため、もう一度入力します"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_again(self) -> str:
        again = str(self.cleaned_data["again"])
        if "new" in self.cleaned_data and again != self.cleaned_data["new"]:
            raise forms.ValidationError(gettext("新しいパスワードと一致しません。もう一度入力してください。"))
        return again

    def take(self, error: ValidationError) -> None:
        """Show what an action refused beside the fields it belongs to."""
        fields = error.message_dict if hasattr(error, "error_dict") else {"new": error.messages}
        for name, problems in fields.items():
            for problem in problems:
                self.add_error(name if name in self.fields else None, problem)


class PasswordForm(NewPasswordForm):
    """A patron's own change of password."""

    old = forms.CharField(
        label=_("現在のパスワード"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("old", "new", "again")


class ResetForm(forms.Form):
    """Who forgot a password."""

    number = forms.CharField(
        label=_("利用券番号"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "username", "autofocus": True}),
    )
    address = forms.EmailField(
        label=_("登録したメールアドレス"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class MailForm(forms.Form):
    """A new mail address."""

    address = forms.EmailField(
        label=_("新しいメールアドレス"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class BasketForm(forms.Form):
    """One place and way for everything in the basket."""

    pickup = forms.ModelChoiceField(label=_("受取館"), queryset=Branch.objects.filter(is_active=True), empty_label=None)
    contact = forms.ChoiceField(label=_("連絡方法"), choices=CONTACTS)
    together = forms.ChoiceField(
        label=_("受け取り方"),
        choices=[("", _("1件ずつ")), *SETS],
        required=False,
    )


class SetForm(forms.Form):
    """Which holds belong together, and how."""

    kind = forms.ChoiceField(label=_("まとめ方"), choices=SETS)


class FavouriteForm(forms.Form):
    """On which list, and a word about it."""

    shelf = forms.ChoiceField(label=_("一覧"), choices=Favourite.Shelf.choices)
    comment = forms.CharField(
        label=_("感想・覚え"),
        max_length=LONGEST_COMMENT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class WatchForm(forms.Form):
    """Words to be told of."""

    field = forms.ChoiceField(label=_("対象"), choices=Watch.Field.choices)
    text = forms.CharField(label=_("語（空白で区切ると、すべてを含むもの）"), max_length=LONGEST)
