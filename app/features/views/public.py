"""What readers see beside the catalogue. No page here asks for a session; each is the same for everybody."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from app.branches.models import Branch
from app.catalog.codes import NDC_CLASSES, material_types
from app.features import markup
from app.features.models import Article, PopularTitle
from app.features.public import public_page
from app.features.queries import opening, plans, shown, titles
from app.features.rules import month_before

PAGE_SIZE = 50
# Months of the calendar that can be asked for, before and after this one.
MONTHS_BACK, MONTHS_AHEAD = 3, 13


def _number(text: str | None, most: int = 10**9) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most else None


def _address(name: str, **chosen: Any) -> str:
    asked = {key: value for key, value in chosen.items() if value}
    return reverse(name) + (f"?{urlencode(asked)}" if asked else "")


@public_page
def new(request: HttpRequest) -> HttpResponse:
    """New arrivals by day, material and class. At most eight SQL statements."""
    asked = request.GET
    try:
        day = date.fromisoformat(asked.get("day", ""))
    except ValueError:
        day = None
    materials = dict(material_types(all_lines=True))
    material = asked.get("material", "") if asked.get("material", "") in materials else ""
    ndc = asked.get("ndc", "") if asked.get("ndc", "") in NDC_CLASSES else ""
    places = list(titles.in_use())
    branch = next((place for place in places if place.code == asked.get("branch")), None)
    page = max(1, _number(asked.get("page"), 100) or 1)
    found = titles.arrivals(
        timezone.localdate(), day=day, material=material, ndc=ndc, branch=branch, page=page, size=PAGE_SIZE
    )
    now = {"day": day and day.isoformat(), "material": material, "ndc": ndc, "branch": branch and branch.code}

    def choices(name: str, values: list[tuple[str, str, int]]) -> list[dict[str, Any]]:
        return [
            {
                "label": label,
                "count": count,
                "on": str(value) == str(now[name] or ""),
                "url": _address("show:new", **{**now, name: "" if str(value) == str(now[name] or "") else value}),
            }
            for value, label, count in values
        ]

    groups = [
        (_("受入日"), choices("day", [(one.isoformat(), f"{one:%Y/%m/%d}", count) for one, count in found.days])),
        (_("資料種別"), choices("material", [(one, materials.get(one, one), n) for one, n in found.materials])),
        (_("分類"), choices("ndc", [(one, NDC_CLASSES[one], count) for one, count in found.classes])),
    ]
    last = -(-found.total // PAGE_SIZE)
    context = {
        "found": found,
        "groups": groups,
        "places": places,
        "branch": branch,
        "days": titles.policy().new_days,
        "chosen": {key: value for key, value in now.items() if value and key != "branch"},
        "previous": _address("show:new", **now, page=page - 1) if page > 1 else "",
        "next": _address("show:new", **now, page=page + 1) if page < last else "",
        "page": page,
    }
    return render(request, "features/new.html", context)


@public_page
def popular(request: HttpRequest) -> HttpResponse:
    """One ranking: by default last month's. Two SQL statements."""
    periods = {
        PopularTitle.Period.MONTH.value: _("先月"),
        PopularTitle.Period.QUARTER.value: _("直近3か月"),
        PopularTitle.Period.YEAR.value: _("直近1年"),
        PopularTitle.Period.HOLDS.value: _("予約の多い本"),
    }
    period = request.GET.get("period", "")
    period = period if period in periods else PopularTitle.Period.MONTH.value
    row = PopularTitle.objects.filter(period=period).first()
    context = {"periods": periods.items(), "period": period, "rows": shown.popular(period), "span": row}
    return render(request, "features/popular.html", context)


@public_page
def lists(request: HttpRequest) -> HttpResponse:
    """The lists that are up. One SQL statement."""
    return render(request, "features/lists.html", {"lists": shown.lists(timezone.now())})


@public_page
def theme(request: HttpRequest, theme_id: int) -> HttpResponse:
    """One list. Three SQL statements."""
    found = get_object_or_404(shown.lists(timezone.now()), pk=theme_id)
    context = {"theme": found, "lead": markup.render(found.lead), "entries": shown.entries(found)}
    return render(request, "features/theme.html", context)


@public_page
def news(request: HttpRequest) -> HttpResponse:
    """Every notice that is up. One SQL statement."""
    return render(request, "features/news.html", {"articles": shown.articles(timezone.now(), Article.Kind.NEWS)[:200]})


@public_page
def notice(request: HttpRequest, article_id: int) -> HttpResponse:
    """One notice. One SQL statement."""
    found = get_object_or_404(shown.articles(timezone.now(), Article.Kind.NEWS), article_id=article_id)
    return render(request, "features/article.html", {"version": found, "body": markup.render(found.body)})


@public_page
def pages(request: HttpRequest) -> HttpResponse:
    """Every page of the site. One SQL statement."""
    return render(request, "features/pages.html", {"articles": shown.pages(timezone.now())})


@public_page
def page(request: HttpRequest, slug: str) -> HttpResponse:
    """One page. One SQL statement."""
    found = get_object_or_404(shown.articles(timezone.now(), Article.Kind.PAGE), article__slug=slug)
    return render(request, "features/article.html", {"version": found, "body": markup.render(found.body)})


@public_page
def shelf(request: HttpRequest) -> HttpResponse:
    """The titles that stand beside an item (`at`), or beside a record's first item (`record`). Three SQL statements."""
    record, at = _number(request.GET.get("record")), _number(request.GET.get("at"))
    if record:
        items = plans.items_of(record)
        code = request.GET.get("branch", "")
        items = [item for item in items if item.branch.code == code] or items
        if not items:
            raise Http404
        return redirect(_address("show:shelf", at=items[0].pk))
    item = plans.item_at(at) if at else None
    if item is None or not item.call_number:
        raise Http404
    return render(request, "features/shelf.html", {"shelf": plans.shelf(item), "item": item})


@public_page
def maps(request: HttpRequest) -> HttpResponse:
    """The libraries whose floors are drawn; with `record` those of them that have it. Two SQL statements."""
    drawn = Branch.objects.filter(is_active=True, floor_plans__isnull=False).distinct().order_by("number")
    record = _number(request.GET.get("record"))
    if not record:
        return render(request, "features/maps.html", {"places": drawn})
    places = set(drawn.values_list("pk", flat=True))
    shelves = {(item.branch_id, item.location, item.call_key): item for item in plans.items_of(record)}
    items = [item for item in shelves.values() if item.branch_id in places]
    if len(items) == 1:
        return redirect(reverse("show:floor", args=[items[0].branch.code]) + f"?item={items[0].pk}")
    return render(request, "features/maps.html", {"record": record, "items": items})


@public_page
def floor(request: HttpRequest, code: str) -> HttpResponse:
    """A library's floors; with `item` its shelf is marked. Five SQL statements."""
    branch = get_object_or_404(Branch, code=code, is_active=True)
    number = _number(request.GET.get("item"))
    item = plans.item_at(number) if number else None
    if number and (item is None or item.branch_id != branch.pk):
        raise Http404
    drawn = plans.plans_of(branch.pk, item)
    if not drawn:
        raise Http404
    marked = [plan for plan in drawn if plan.found]
    context = {
        "branch": branch,
        "item": item,
        "marked": marked,
        "plans": marked + [plan for plan in drawn if not plan.found],
    }
    return render(request, "features/floor.html", context)


@public_page
def calendar(request: HttpRequest) -> HttpResponse:
    """Every library today. Four SQL statements while no calendar changed."""
    today = timezone.localdate()
    return render(request, "features/calendar.html", {"places": opening.today_everywhere(today), "today": today})


@public_page
def calendar_of(request: HttpRequest, code: str) -> HttpResponse:
    """Three months of a library, and the stops of a mobile one. Four SQL statements while no calendar changed."""
    branch = get_object_or_404(titles.in_use(), code=code)
    today = timezone.localdate()
    this = today.replace(day=1)
    first = _asked_month(request.GET.get("month", ""), this)
    months = [opening.month(branch, month_before(first, -ahead)) for ahead in range(3)]
    end = month_before(first, -3) - timedelta(days=1)
    visits = opening.visits_between(max(today, first), end, branch).get(branch.pk, []) if today <= end else []
    context = {
        "branch": branch,
        "months": months,
        "today": today,
        "weekdays": [_("日"), _("月"), _("火"), _("水"), _("木"), _("金"), _("土")],
        "visits": visits,
        "hours": opening.usual_hours(branch, today),
        "previous": month_before(first, 1) if month_before(this, MONTHS_BACK) < first else None,
        "next": month_before(first, -1) if first < month_before(this, -MONTHS_AHEAD) else None,
        "updated": timezone.localtime(),
    }
    return render(request, "features/calendar_of.html", context)


def _asked_month(text: str, this: date) -> date:
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        return this
    return min(max(asked, month_before(this, MONTHS_BACK)), month_before(this, -MONTHS_AHEAD))
