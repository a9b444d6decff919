"""Work on many patrons at once, and the register's own tables. Every bulk change is counted before it is made."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from app.access.web import staff_page
from app.audit import actions as audit
from app.patrons import actions, queries
from app.patrons.actions.yearly import school_year
from app.patrons.forms import CategoryForm, PolicyForm, UnusedForm
from app.patrons.models import PatronCategory
from app.patrons.views.common import put_errors

LISTED = 200


@staff_page(actions.WITHDRAW)
def yearly(request: HttpRequest) -> HttpResponse:
    """The change of categories by age: how many would move from where to where, and the button that does it."""
    this = school_year(timezone.localdate())
    years = (this, this + 1)
    text = request.POST.get("year") or request.GET.get("year") or ""
    year = int(text) if text in map(str, years) else this
    if request.method == "POST":
        moved = actions.change_categories(request.actor, year)
        messages.success(request, f"{year}年度の区分に{moved}人を改めました。")
        return redirect("patrons:yearly")
    names = queries.category_names()
    counts = Counter((old, new) for _, old, new in queries.moves(year))
    rows = [{"old": names[old], "new": names[new], "count": count} for (old, new), count in sorted(counts.items())]
    context = {"rows": rows, "total": sum(counts.values()), "year": year, "years": years}
    return render(request, "patrons/yearly.html", context)


@staff_page(actions.WITHDRAW)
def unused(request: HttpRequest) -> HttpResponse:
    """Who has not come for years; the button withdraws those who were counted and still have not."""
    today = timezone.localdate()
    form = UnusedForm(request.POST or None, initial={"years": queries.policy().unused_years})
    ids: list[int] | None = None
    years = 0
    if request.method == "POST" and form.is_valid():
        years = form.cleaned_data["years"]
        ids = queries.unused(years, today)
        if request.POST.get("act") == "withdraw":
            asked = request.POST.get("count", "")
            if asked != str(len(ids)):
                messages.warning(
                    request, f"抽出した後に人数が変わりました（いま{len(ids)}人）。確かめてもう一度押してください。"
                )
            else:
                done = actions.withdraw_unused(request.actor, ids, years)
                messages.success(request, f"抽出{len(ids)}人、退会{done.withdrawn}人。")
                return redirect("patrons:unused")
        shown = queries.shown(ids[:LISTED])
        audit.record_views(request.actor, actions.VIEW, "patron", [one.pk for one in shown], "長期未利用者の抽出")
    else:
        shown = []
    context = {"form": form, "ids": ids, "patrons": shown, "years": years, "listed": LISTED}
    return render(request, "patrons/unused.html", context)


CATEGORY_FIELDS = ("code", "name", "validity_years", "age_from", "age_until", "is_group", "may_hold", "may_ill")


@staff_page(actions.SETTINGS)
def settings(request: HttpRequest) -> HttpResponse:
    """Categories and terms."""
    policy = queries.policy()
    form = PolicyForm(request.POST or None, initial={name: getattr(policy, name) for name in PolicyForm.base_fields})
    if request.method == "POST" and form.is_valid():
        actions.put_policy(request.actor, form.policy())
        messages.success(request, "規程を変更しました。")
        return redirect("patrons:settings")
    context = {"form": form, "categories": PatronCategory.objects.all()}
    return render(request, "patrons/settings.html", context, status=400 if form.is_bound else 200)


@staff_page(actions.SETTINGS)
def category(request: HttpRequest, category_id: int | None = None) -> HttpResponse:
    """One category, new or changed."""
    row = PatronCategory.objects.filter(pk=category_id).first() if category_id else PatronCategory()
    if row is None:
        raise Http404
    form = CategoryForm(request.POST or None, initial={name: getattr(row, name) for name in CATEGORY_FIELDS})
    if category_id:
        form.fields["code"].disabled = True
    if request.method == "POST" and form.is_valid():
        for name, value in form.cleaned_data.items():
            setattr(row, name, value)
        try:
            row.validate_unique()
            actions.put_category(request.actor, row)
        except ValidationError as error:
            put_errors(form, error)
        else:
            messages.success(request, "利用者区分を保存しました。")
            return redirect("patrons:settings")
    context: dict[str, Any] = {"form": form, "row": row}
    return render(request, "patrons/category.html", context, status=400 if form.is_bound else 200)
