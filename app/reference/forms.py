"""What readers ask, and what staff answer and announce."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from app.branches.models import Branch
from app.features.forms import MARKS, moment
from app.reference.models import Event
from app.web.forms import OfficeForm


def _desks() -> Any:
    return Branch.objects.filter(is_active=True, kind="main")


class QuestionForm(OfficeForm):
    """A reader's question. `form` marks the sheet, so that sending it twice is one question."""

    title = forms.CharField(label=_("件名"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    body = forms.CharField(
        label=_("お調べになりたいこと"), max_length=4000, widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("何のために、いつごろまでに必要かも書いていただくと、調べやすくなります。"),
    )  # fmt: skip
    known = forms.CharField(
        label=_("すでに調べた資料"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    branch = forms.ModelChoiceField(label=_("お答えする館"), queryset=Branch.objects.none(), empty_label=None)
    form = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].queryset = _desks()


class AnswerForm(OfficeForm):
    """The staff's answer."""

    answer = forms.CharField(
        label="回答(利用者に見えます)", max_length=8000, required=False, widget=forms.Textarea(attrs={"rows": 10})
    )
    sources = forms.CharField(
        label="参考にした資料(利用者に見えます)", max_length=4000, required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    note = forms.CharField(
        label="職員のメモ(利用者に見えません)", max_length=4000, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


class EventForm(OfficeForm):
    """An event."""

    title = forms.CharField(label="催しの名", max_length=100)
    body = forms.CharField(label="案内", max_length=8000, widget=forms.Textarea(attrs={"rows": 8}), help_text=MARKS)
    branch = forms.ModelChoiceField(label="館", queryset=Branch.objects.filter(is_active=True))
    place = forms.CharField(label="会場", max_length=60, required=False)
    audience = forms.CharField(label="対象", max_length=60, required=False, help_text="例: 3歳から小学生と保護者")
    starts_at = moment("開始")
    ends_at = moment("終了")
    choosing = forms.ChoiceField(label="決め方", choices=Event.Choosing.choices)
    capacity = forms.IntegerField(label="定員(人)", min_value=1, max_value=5000, required=False)
    waiting = forms.IntegerField(label="補欠(人)", min_value=0, max_value=5000, initial=10)
    opens_at = moment("公開・受付開始")
    closes_at = moment("受付終了", required=False)
    is_ready = forms.BooleanField(label="公開してよい", required=False)
