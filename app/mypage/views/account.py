"""A forgotten password, the mail address, and what one wants to be told."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from app.access.web import anonymous
from app.mypage import actions, queries
from app.mypage.actions import LinkOver, MailRefused
from app.mypage.forms import MailForm, NewPasswordForm, ResetForm
from app.mypage.web import actor_of, patron_page
from app.notices import queries as notices
from app.notices.actions import setting
from app.notices.codes import AUTOMATIC, CHOOSABLE, Kind
from app.notices.models import Wish
from app.patrons import actions as patrons
from app.patrons.models import Patron
from app.patrons.web import open_session

TITLES = {
    Kind.DUE: _("返却期限の前"),
    Kind.CARD: _("利用券の期限"),
    Kind.REQUEST: _("リクエストの結果"),
    Kind.ARRIVAL: _("登録語の新着"),
}
WAYS = (
    (Patron.ContactBy.MAIL, _("メール")),
    (Patron.ContactBy.PHONE, _("電話")),
    (Patron.ContactBy.POST, _("はがき")),
    (Patron.ContactBy.NONE, _("不要")),
)


@never_cache
def ask_reset(request: HttpRequest) -> HttpResponse:
    """Card number and registered mail address; the answer is the same for everybody."""
    form = ResetForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        if actions.ask_reset(anonymous(request), values["number"], values["address"]):
            return redirect("mypage:reset_asked")
        form.add_error(None, gettext("申出が多すぎます。1時間ほどたってから、もう一度お試しください。"))
        return render(request, "mypage/reset_ask.html", {"form": form}, status=429)
    return render(request, "mypage/reset_ask.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
def reset_asked(request: HttpRequest) -> HttpResponse:
    """What happens next, for whoever it is."""
    return render(request, "mypage/reset_asked.html")


@never_cache
@sensitive_post_parameters("new", "again")
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail: choose a new password, once, within thirty minutes."""
    if queries.reset_of(token, timezone.now()) is None:
        return render(request, "mypage/link_over.html", {"again": "mypage:ask_reset"}, status=410)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            patron = actions.use_reset(anonymous(request), token, form.cleaned_data["new"])
        except LinkOver:
            return render(request, "mypage/link_over.html", {"again": "mypage:ask_reset"}, status=410)
        except ValidationError as error:
            form.take(error)
        else:
            open_session(request, patron)
            messages.success(request, gettext("パスワードを変更しました。"))
            return redirect("opac:my")
    return render(request, "mypage/reset.html", {"form": form}, status=422 if form.errors else 200)


@patron_page
def settings_page(request: HttpRequest, patron: Patron) -> HttpResponse:
    """The mail address, what is told by which way, and what is kept."""
    return _settings(request, patron, MailForm())


def _settings(request: HttpRequest, patron: Patron, mail: MailForm, status: int = 200) -> HttpResponse:
    wishes = notices.kind_wishes(patron.pk)
    due = Wish.objects.filter(patron=patron.pk, due_soon=True).exists()
    means = [one for one in notices.means_table().values() if one.adapter in AUTOMATIC]
    kinds = [
        {
            "code": kind.value,
            "title": TITLES[kind],
            "wanted": due if kind == Kind.DUE else (kind not in wishes or wishes[kind].wanted),
            "means": wishes[kind].means_id if kind in wishes else None,
        }
        for kind in CHOOSABLE
    ]
    context = {
        "patron": patron,
        "mail": mail,
        "waiting": queries.waiting_mail(patron.pk, timezone.now()),
        "kinds": kinds,
        "means": means,
        "ways": WAYS,
        "shares": queries.shares(patron.pk),
        "tab": "settings",
    }
    return render(request, "mypage/settings.html", context, status=status)


@require_POST
@patron_page
def save_notices(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Store which kinds are wanted and by which way. Nothing is stored unless all of it can be."""
    actor, table = actor_of(request, patron), notices.means_table()
    ids = {str(one.pk): one.pk for one in table.values()}
    try:
        if "contact_by" in request.POST:
            patrons.choose_contact(actor, patron.pk, request.POST["contact_by"])
        for kind in CHOOSABLE:
            wanted = request.POST.get(kind.value) == "on"
            means_id = ids.get(request.POST.get(f"{kind.value}_means", ""))
            setting.wish_kind(actor, patron.pk, kind, wanted=wanted, means_id=means_id)
    except ValidationError as error:
        messages.error(request, "".join(error.messages))
    else:
        messages.success(request, gettext("お知らせの設定を変えました。"))
    return redirect("mypage:settings")


@require_POST
@patron_page
def ask_mail(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Send the question to a new address."""
    form = MailForm(request.POST)
    if not form.is_valid():
        return _settings(request, patron, form, status=422)
    try:
        actions.ask_mail(actor_of(request, patron), patron.pk, form.cleaned_data["address"])
    except MailRefused as refused:
        form.add_error("address", str(refused))
        return _settings(request, patron, form, status=422)
    messages.success(request, gettext("確認のメールを送ります。メールの中のページを開いて確認すると、登録されます。"))
    return redirect("mypage:settings")


@require_POST
@patron_page
def give_up_mail(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Take the question back."""
    actions.give_up_mail(actor_of(request, patron), patron.pk)
    messages.success(request, gettext("メールアドレスの変更をやめました。"))
    return redirect("mypage:settings")


@never_cache
def confirm_mail(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail. Looking changes nothing (programs look at links too); the button does."""
    found = queries.mail_change_of(token, timezone.now())
    if request.method == "POST" and found is not None and actions.confirm_mail(anonymous(request), token):
        return render(request, "mypage/mail_done.html")
    if found is None or request.method == "POST":
        return render(request, "mypage/link_over.html", {"again": "mypage:settings"}, status=410)
    return render(request, "mypage/mail_confirm.html", {"address": found.address})
