"""Lists by theme, and the policy of the automatic lists, on the staff's screen."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from app.access.web import staff_page
from app.features import actions
from app.features.actions import lists, popular
from app.features.forms import PolicyForm, ThemeForm, TitlesForm
from app.features.models import ThemeList
from app.features.queries import titles
from app.web import versions


@require_GET
@staff_page(actions.VIEW)
def index(request: HttpRequest) -> HttpResponse:
    """Every list, the newest first."""
    found = ThemeList.objects.annotate(size=Count("entries")).order_by("-opens_at", "-pk")
    page = Paginator(found, 50).get_page(request.GET.get("page"))
    return render(request, "features/staff_lists.html", {"page": page, "now": timezone.now()})


@staff_page(actions.LISTS)
def new(request: HttpRequest) -> HttpResponse:
    """Begin a list."""
    form = ThemeForm(request.POST or None, initial={"opens_at": timezone.localtime().replace(minute=0)})
    if request.method == "POST" and form.is_valid():
        try:
            made = lists.begin(request.actor, form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return redirect("features:list", made.pk)
    return render(request, "features/staff_list_new.html", {"form": form}, status=422 if form.errors else 200)


@staff_page(actions.LISTS)
def edit(request: HttpRequest, theme_id: int) -> HttpResponse:
    """One list: what it is called, its titles, more titles."""
    theme = get_object_or_404(ThemeList, pk=theme_id)
    values = lists.values_of(theme)
    form = ThemeForm(request.POST if request.method == "POST" else None, initial=values)
    context = {"seen": versions.token(values)}
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            lists.change(request.actor, theme_id, form.cleaned_data, request.POST.get(versions.FIELD, ""))
        except versions.Conflict as conflict:
            context, status = versions.told(form, conflict), 409
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "保存しました。")
            return redirect("features:list", theme_id)
    if form.errors:
        status = 422
    return _page(request, theme, status, form=form, **context)


def _page(request: HttpRequest, theme: ThemeList, status: int = 200, **given: object) -> HttpResponse:
    values = lists.values_of(theme)
    context = {
        "theme": theme,
        "entries": theme.entries.select_related("record").defer("record__marc"),
        "form": ThemeForm(initial=values),
        "seen": versions.token(values),
        "titles_form": TitlesForm(),
        "now": timezone.now(),
        **given,
    }
    return render(request, "features/staff_list.html", context, status=status)


@require_POST
@staff_page(actions.LISTS)
def add(request: HttpRequest, theme_id: int) -> HttpResponse:
    """Put titles on a list; what is not understood stays in the field."""
    theme = get_object_or_404(ThemeList, pk=theme_id)
    form = TitlesForm(request.POST)
    if not form.is_valid():
        return _page(request, theme, 422, titles_form=form)
    done = lists.add(request.actor, theme_id, form.lines())
    if done.added:
        messages.success(request, f"{len(done.added)}点を加えました。")
    if done.there:
        messages.info(request, f"すでにある資料 {len(done.there)}点はそのままです。")
    if done.left_out:
        messages.warning(request, f"1つの一覧は{lists.MOST}点までです。{len(done.left_out)}点は加えていません。")
    if done.unknown:
        messages.error(request, f"見つからない番号が{len(done.unknown)}件あります。下の欄で直してください。")
        left = TitlesForm(initial={"numbers": "\n".join(done.unknown)})
        return _page(request, theme, 422, titles_form=left)
    return redirect("features:list", theme_id)


@require_POST
@staff_page(actions.LISTS)
def arrange(request: HttpRequest, theme_id: int) -> HttpResponse:
    """Order, remarks, removals."""
    get_object_or_404(ThemeList, pk=theme_id)
    lines = []
    for text in request.POST.getlist("entry"):
        order = request.POST.get(f"order-{text}", "")
        if text.isascii() and text.isdigit():
            place = int(order) if order.isascii() and order.isdigit() and len(order) < 5 else 9999
            comment = request.POST.get(f"comment-{text}", "").strip()[:200]
            lines.append(lists.Line(int(text), place, comment, f"remove-{text}" in request.POST))
    left = lists.arrange(request.actor, theme_id, lines)
    messages.success(request, f"並びを保存しました（{left}点）。")
    return redirect("features:list", theme_id)


@require_POST
@staff_page(actions.LISTS)
def delete(request: HttpRequest, theme_id: int) -> HttpResponse:
    """Throw a list away."""
    lists.drop(request.actor, theme_id)
    messages.success(request, "一覧を消しました。")
    return redirect("features:lists")


@staff_page(actions.POLICY)
def policy(request: HttpRequest) -> HttpResponse:
    """How long a title is new, and what the rankings show."""
    now = titles.policy()
    names = ("new_days", "popular_least", "popular_size")
    form = PolicyForm(request.POST or None, initial={name: getattr(now, name) for name in names})
    if request.method == "POST" and form.is_valid():
        popular.set_policy(request.actor, **form.cleaned_data)
        messages.success(request, "保存しました。人気の一覧は、次の未明に作り直します。")
        return redirect("features:policy")
    return render(request, "features/staff_policy.html", {"form": form}, status=422 if form.errors else 200)
