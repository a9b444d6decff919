"""What staff enter about notices."""

from django import forms

from app.branches.models import Branch
from app.notices import papers
from app.notices.codes import Adapter, CallResult
from app.notices.models import Means
from app.web.forms import OfficeForm

DATE = {"type": "date", "max": "9999-12-31"}
ADDRESSES = [("email", "メール"), ("phone", "電話"), ("address", "住所")]
TIME = {"type": "time", "step": "300"}


class BranchForm(OfficeForm):
    """Whose list."""

    branch = forms.ModelChoiceField(
        label="館", queryset=Branch.objects.filter(is_active=True), required=False, empty_label="すべての館"
    )


class PrintForm(BranchForm):
    """Which cards or letters to print, and how."""

    side = forms.ChoiceField(label="印刷する面", choices=list(papers.SIDES.items()))
    boxes = forms.BooleanField(label="郵便番号の枠も印刷する（私製はがき）", required=False)


class CallForm(OfficeForm):
    """What a call came to."""

    notice = forms.IntegerField(widget=forms.HiddenInput)
    result = forms.ChoiceField(label="結果", choices=[("", "選んでください"), *CallResult.choices])
    promised_on = forms.DateField(label="約束日", required=False, widget=forms.DateInput(attrs=DATE))
    note = forms.CharField(label="覚え", max_length=100, required=False)


class StopForm(OfficeForm):
    """Whom or what to leave out of reminders."""

    number = forms.CharField(
        label="利用券番号または資料番号",
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autofocus": True, "autocomplete": "off"}),
    )
    from_on = forms.DateField(label="開始日", widget=forms.DateInput(attrs=DATE, format="%Y-%m-%d"))
    until_on = forms.DateField(
        label="終了日", widget=forms.DateInput(attrs=DATE), help_text="翌日から督促の対象に戻ります"
    )
    reason = forms.CharField(label="事情", max_length=200)


class WordingForm(OfficeForm):
    """One text."""

    subject = forms.CharField(label="件名", max_length=120)
    body = forms.CharField(label="本文", max_length=4000, widget=forms.Textarea(attrs={"rows": 16}), strip=False)
    line = forms.CharField(label="明細の1行", max_length=200, required=False, strip=False)


class PolicyForm(OfficeForm):
    """When notices of a kind go out."""

    enabled = forms.BooleanField(label="送る", required=False)
    needs_approval = forms.BooleanField(label="承認してから送る", required=False)
    send_from = forms.TimeField(label="送信開始", widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    send_until = forms.TimeField(label="送信終了", widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    on_closed_days = forms.BooleanField(label="休館日も送る", required=False)
    keep_days = forms.IntegerField(label="記録の保存（日）", min_value=14, max_value=3650)


class MeansForm(OfficeForm):
    """A means of reaching patrons."""

    code = forms.SlugField(label="符号", max_length=20, help_text="英小文字と数字。後から変えられません")
    name = forms.CharField(label="名称", max_length=30)
    adapter = forms.ChoiceField(label="方式", choices=Adapter.choices)
    address_field = forms.ChoiceField(
        label="宛先", choices=[("email", "メール"), ("phone", "電話"), ("address", "住所")]
    )
    target = forms.CharField(
        label="送り先", max_length=300, required=False, help_text="HTTP は URL、ファイルはフォルダ名"
    )
    secret = forms.CharField(
        label="認証の鍵",
        max_length=200,
        required=False,
        help_text="空欄なら今の鍵のまま",
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    enabled = forms.BooleanField(label="使う", required=False, initial=True)
    order = forms.IntegerField(label="並び", min_value=1, max_value=999, initial=50)


class WishForm(OfficeForm):
    """What a patron asked for."""

    due_soon = forms.BooleanField(label="返却期限の前に知らせる", required=False)
    prefers = forms.ModelChoiceField(
        label="メールの代わりの手段",
        queryset=Means.objects.filter(enabled=True, adapter__in=[Adapter.HTTP, Adapter.FILE]),
        required=False,
        empty_label="メールのまま",
    )
