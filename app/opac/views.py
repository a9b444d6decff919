"""Public pages. Reading needs no session and no cookie; My Page knows its patron by the patrons' own session."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from app.access.actions import SignInRefused
from app.access.actor import Actor
from app.access.web import anonymous
from app.catalog.codes import LANGUAGES, NDC_CLASSES, material_types
from app.catalog.search import Query, Result, search, suggest
from app.catalog.search.query import DEEPEST_PAGE
from app.circulation.queries import loans_of
from app.holds.queries import counts, of_patron
from app.holds.reports import requests_of
from app.opac import queries
from app.opac.forms import SCOPES, SORTS, PasswordForm, PatronSignInForm, address, read_query
from app.patrons import actions as patrons
from app.patrons.models import Patron
from app.patrons.web import close_session, current_patron, open_session

# Long enough to take a crawler's or a class's repeated requests off the database, short enough that a loan at the
# counter shows within seconds (F-OPA-007).
CACHE_SECONDS = 2
CACHE_CONTROL = f"public, max-age={CACHE_SECONDS}"
SHOWN_FACETS = 12

# Pages to which signing in may lead back.
RETURN_TO = ("hold", "request")

View = Callable[..., HttpResponse]


def _cached(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = CACHE_CONTROL
    return response


def _facets(query: Query, result: Result, branches: dict[int, str]) -> list[dict[str, Any]]:
    """The groups to narrow by: each value with its count, its address, and whether it is chosen (then it undoes)."""
    groups = (
        ("material", "資料種別", query.materials, dict(material_types(all_lines=True)), str),
        ("class", "分類", query.classes, NDC_CLASSES, str),
        ("branch", "所蔵館", query.branches, branches, int),
    )
    keys = {"material": "material", "class": "ndc", "branch": "branch"}
    shown = []
    for name, title, chosen, labels, kind in groups:
        values = []
        for facet in result.facets.get(keys[name], ()):
            value = kind(facet.value)
            if value in labels and value not in chosen:
                values.append(
                    {
                        "label": labels[value],
                        "count": facet.count,
                        "on": False,
                        "url": address(query, **{name: (*chosen, value)}),
                    }
                )
        on = [
            {
                "label": labels[value],
                "count": None,
                "on": True,
                "url": address(query, **{name: tuple(v for v in chosen if v != value)}),
            }
            for value in chosen
            if value in labels
        ]
        if on or len(values) > 1:
            shown.append(
                {
                    "title": title,
                    "values": on + values[:SHOWN_FACETS],
                    "more": on + values[SHOWN_FACETS:] if len(values) > SHOWN_FACETS else [],
                }
            )
    return shown


def _pages(query: Query, total: int) -> list[dict[str, Any]]:
    last = min(max(1, -(-total // query.size)), DEEPEST_PAGE)
    if last == 1:
        return []
    near = sorted({1, last, *range(max(1, query.page - 2), min(last, query.page + 2) + 1)})
    return [{"number": n, "url": address(query, page=n), "current": n == query.page} for n in near]


@require_GET
def search_page(request: HttpRequest) -> HttpResponse:
    """The start page, and with a query its results. At most ten SQL statements with results, none without
    a query."""
    query = read_query(request.GET)
    asked = bool(query.text.strip()) or query.narrowed
    if not asked:
        return _cached(render(request, "opac/start.html", {"query": query, "scopes": SCOPES, "classes": _classes()}))
    result = search(query)
    elsewhere = 0
    if not result.total and query.scope == "held" and not query.branches:
        elsewhere = search(read_query_all(query)).total
    branches = queries.branch_names() if result.total else {}
    context = {
        "query": query,
        "result": result,
        "lines": queries.record_lines([hit.record_id for hit in result.hits]),
        "first": (query.page - 1) * query.size + 1,
        "facets": _facets(query, result, branches),
        "pages": _pages(query, result.total),
        "scopes": SCOPES,
        "sorts": [(name, label, address(query, sort=name)) for name, label in SORTS],
        "elsewhere": elsewhere,
        "everything_url": address(query, scope="all"),
    }
    return _cached(render(request, "opac/results.html", context))


def read_query_all(query: Query) -> Query:
    """The same question over every record, for the hint under an empty result."""
    return replace(query, scope="all", branches=(), page=1, size=1)


def _classes() -> list[tuple[str, str]]:
    return [(label, address(Query(scope="held", classes=(digit,)))) for digit, label in NDC_CLASSES.items()]


@require_GET
def record_page(request: HttpRequest, record_id: int) -> HttpResponse:
    """One record with its items as they are now. At most four SQL statements."""
    record = queries.record_of(record_id)
    if record is None:
        raise Http404
    lines = queries.item_lines([record.pk]).get(record.pk, [])
    creators = [(name, address(Query(text=name, scope="held"))) for name in record.creators]
    subjects = [(name, address(Query(text=name.replace("--", " "), scope="held"))) for name in record.subjects]
    context = {
        "record": record,
        "items": lines,
        "available": sum(line.available for line in lines),
        "creators": creators,
        "subjects": subjects,
        "language": LANGUAGES.get(record.language, record.language),
        "ndc_class": NDC_CLASSES.get(record.ndc[:1], ""),
        "now": timezone.localtime(),
        "waiting": counts([record.pk]).get(record.pk, 0),
    }
    return _cached(render(request, "opac/record.html", context))


@require_GET
def suggestions(request: HttpRequest) -> HttpResponse:
    """Titles that begin with `q`, as JSON for the page's script. One SQL statement."""
    titles = suggest(request.GET.get("q", ""))
    return _cached(JsonResponse({"titles": titles}, json_dumps_params={"ensure_ascii": False}))


@require_GET
def robots(request: HttpRequest) -> HttpResponse:
    """Crawlers may index records; endless result pages and My Page are not for them."""
    text = "User-agent: *\nDisallow: /my/\nDisallow: /suggest\nDisallow: /*?\nAllow: /records/\nCrawl-delay: 1\n"
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "public, max-age=86400"
    return response


def actor_of(request: HttpRequest, patron: Patron) -> Actor:
    """The signed-in patron as an actor."""
    return Actor("patron", str(patron.pk), terminal=request.terminal, request_id=request.id)


def patron_page(view: View) -> View:
    """Let in only a signed-in patron; a temporary password must be changed first. The view gets the patron."""

    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        patron = current_patron(request)
        if patron is None:
            wanted = request.path if request.method == "GET" and request.resolver_match.url_name in RETURN_TO else ""
            return redirect(reverse("opac:sign_in") + (f"?{urlencode({'next': wanted})}" if wanted else ""))
        if patron.must_change_password and request.resolver_match.url_name != "password":
            return redirect("opac:password")
        return view(request, patron, *args, **kwargs)

    return guarded


@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for card number and password; on success the session is new."""
    form = PatronSignInForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            patron = patrons.sign_in(
                form.cleaned_data["card_number"], form.cleaned_data["password"], anonymous(request)
            )
        except SignInRefused as refused:
            form.add_error(None, str(refused))
        else:
            open_session(request, patron)
            return redirect(_wanted(request))
    return render(request, "opac/sign_in.html", {"form": form}, status=403 if form.non_field_errors() else 200)


def _wanted(request: HttpRequest) -> str:
    """The own page that was asked for before signing in, else My Page. Only addresses of this site that we sent
    ourselves: anything else in `next` is ignored."""
    path = request.GET.get("next", "")
    try:
        name = resolve(path).url_name if path.startswith("/") and not path.startswith("//") else ""
    except Resolver404:
        name = ""
    return path if name in RETURN_TO else reverse("opac:my")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the patron's session."""
    patron = current_patron(request)
    if patron is not None:
        patrons.sign_out(actor_of(request, patron))
    close_session(request)
    return redirect("opac:search")


@patron_page
def my_page(request: HttpRequest, patron: Patron) -> HttpResponse:
    """What the patron has on loan, the earliest due date first, overdue ones marked; what they wait for."""
    today = timezone.localdate()
    loans = [{"loan": loan, "late": (today - loan.due_on).days} for loan in loans_of(patron.pk)]
    context = {
        "patron": patron,
        "loans": loans,
        "late": sum(1 for row in loans if row["late"] > 0),
        "lines": of_patron(patron.pk),
        "requests": requests_of(patron.pk),
        "today": today,
    }
    return render(request, "opac/my.html", context)


@sensitive_post_parameters("old", "new", "again")
@patron_page
def password(request: HttpRequest, patron: Patron) -> HttpResponse:
    """Change the own password; required once after a temporary one."""
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            patrons.change_own_password(
                actor_of(request, patron), patron, form.cleaned_data["old"], form.cleaned_data["new"]
            )
        except ValidationError as error:
            fields = error.message_dict if hasattr(error, "error_dict") else {"new": error.messages}
            for name, problems in fields.items():
                for problem in problems:
                    form.add_error(name if name in form.fields else None, problem)
        else:
            open_session(request, patron)
            return redirect("opac:my")
    return render(request, "opac/password.html", {"form": form, "patron": patron})
