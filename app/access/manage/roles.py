"""Roles, the matrix of what they may do, its history, who could do what on a day, and the policy of signing in."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from app.access import queries, sheets
from app.access.actions import passwords
from app.access.actions import roles as actions
from app.access.areas import AREAS, place_of_area, title_of_area
from app.access.forms import SCOPES, PolicyForm, RoleForm
from app.access.models import GrantSpan, Role, RoleGrant, Scope
from app.access.operations import KINDS, Operation, declared, title_of
from app.access.web import staff_page
from app.branches.models import Branch

LONGEST_PURPOSE = 200


def place_of(operation: Operation) -> tuple[int, str, int, str]:
    """Where an operation stands in the matrix: by area, kind and code."""
    return (*place_of_area(operation.area), list(KINDS).index(operation.kind), operation.code)


@staff_page(actions.VIEW_POWERS)
def matrix(request: HttpRequest) -> HttpResponse:
    """Operations by area × roles."""
    roles = list(Role.objects.all())
    groups = [(title_of_area(area), rows) for area, rows in queries.matrix(roles).items()]
    return render(request, "access/roles.html", {"roles": roles, "groups": groups})


@staff_page(actions.MANAGE_ROLES)
def new(request: HttpRequest) -> HttpResponse:
    """A new role, with another's grants to begin with."""
    form = RoleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if Role.objects.filter(code=data["code"]).exists():
            form.add_error("code", "この符号の役割はすでにあります。")
        else:
            like = data["like"].code if data["like"] else None
            actions.put_role(
                request.actor, data["code"], name=data["name"], second_factor=data["second_factor"], like=like
            )
            return redirect("access:role", data["code"])
    return render(request, "access/role_new.html", {"form": form}, status=400 if form.errors else 200)


@staff_page(actions.MANAGE_ROLES)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """Every operation of one role with its scope; the libraries of 選んだ館 once for all."""
    role = get_object_or_404(Role, code=code)
    grants = {grant.operation: grant for grant in RoleGrant.objects.filter(role=role)}
    if request.method == "POST":
        return _save(request, role)
    chosen = {pk for grant in grants.values() for pk in grant.branches}
    groups: dict[str, list[tuple[str, str, str, str]]] = {}
    for operation in sorted(declared(), key=place_of):
        grant = grants.get(operation.code)
        row = (operation.code, operation.title, KINDS[operation.kind], grant.scope if grant else "")
        groups.setdefault(title_of_area(operation.area), []).append(row)
    context = {
        "role": role,
        "groups": groups.items(),
        "scopes": SCOPES,
        "branches": [(branch, branch.pk in chosen) for branch in Branch.objects.filter(is_active=True)],
    }
    return render(request, "access/role.html", context)


def _save(request: HttpRequest, role: Role) -> HttpResponse:
    given = request.POST
    chosen = tuple(sorted({int(pk) for pk in given.getlist("branch") if pk.isdecimal()}))
    real = set(Branch.objects.filter(pk__in=chosen).values_list("pk", flat=True))
    wanted = {}
    for operation in declared():
        scope = given.get(f"scope.{operation.code}", "")
        if scope:
            branches = tuple(pk for pk in chosen if pk in real) if scope == Scope.CHOSEN else ()
            wanted[operation.code] = (scope, branches)
    try:
        name = given.get("name", "").strip()[:40] or role.name
        if (name, "second_factor" in given) != (role.name, role.second_factor):
            actions.put_role(request.actor, role.code, name=name, second_factor="second_factor" in given)
        changed = actions.set_grants(request.actor, role.code, wanted)
        messages.success(request, f"役割「{name}」を保存しました(権限の変更 {changed} 件)。次の操作から効きます。")
    except ValidationError as wrong:
        messages.error(request, " ".join(wrong.messages))
        return redirect("access:role", role.code)
    return redirect("access:roles")


@staff_page(actions.VIEW_POWERS)
def history(request: HttpRequest) -> HttpResponse:
    """Every grant with its beginning and end, the latest first."""
    page = Paginator(GrantSpan.objects.all(), 100).get_page(request.GET.get("page"))
    names = dict(Role.objects.values_list("code", "name"))
    places = dict(Branch.objects.values_list("pk", "short"))
    rows = [
        (span, names.get(span.role, span.role), title_of(span.operation), "・".join(places[pk] for pk in span.branches))
        for span in page
    ]
    return render(request, "access/roles_history.html", {"page": page, "rows": rows})


def _day(text: str) -> date:
    """The day that was asked for; today for what is none, or is at the ends of what a clock can say."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return timezone.localdate()
    return day if date.min.year < day.year < date.max.year else timezone.localdate()


@staff_page(actions.VIEW_POWERS)
def powers(request: HttpRequest) -> HttpResponse:
    """Who could do what on a day: people × areas, one person's operations, or all as a file (with its purpose)."""
    day = _day(request.GET.get("on", ""))
    people = queries.powers_on(day)
    if request.method == "POST":
        return _export(request, day, people)
    number = request.GET.get("staff", "")
    one = next((person for person in people if person.number == number), None)
    used = [area for area in AREAS if any(area in person.areas for person in people)]
    rows = [(person, [person.areas.get(area, "") for area in used]) for person in people]
    context = {
        "day": day,
        "rows": rows,
        "areas": [title_of_area(area) for area in used],
        "one": one,
        "detail": [(power, title_of(power.operation)) for power in one.powers] if one else [],
        "kinds": KINDS.values(),
    }
    return render(request, "access/powers.html", context)


def _export(request: HttpRequest, day: date, people: list[queries.PowersOn]) -> HttpResponse:
    purpose = request.POST.get("purpose", "").strip()[:LONGEST_PURPOSE]
    if not purpose:
        messages.error(request, "出力の目的を入力してください。")
        return redirect(f"{request.path}?on={day:%Y-%m-%d}")
    columns = ("職員番号", "氏名", "所属館", "役割", "操作", "内容", "範囲")
    rows = [
        (one.number, one.name, one.branch, one.role, one.operation, title_of(one.operation), one.where or "全館")
        for person in people
        for one in person.powers
    ]
    actions.record_export(request.actor, len(rows), purpose)
    if request.POST.get("as") == "csv":
        body, kind, ending = sheets.write_csv(columns, rows), "text/csv", "csv"
    else:
        body, kind, ending = sheets.write_xlsx("権限", columns, rows), sheets.XLSX, "xlsx"
    name = f"kura-powers-{day:%Y%m%d}.{ending}"
    return HttpResponse(body, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@staff_page(passwords.SET_POLICY)
def policy(request: HttpRequest) -> HttpResponse:
    """The policy of signing in."""
    form = PolicyForm(request.POST or None, instance=queries.policy())
    if request.method == "POST" and form.is_valid():
        try:
            passwords.set_policy(request.actor, form.cleaned_data)
            messages.success(request, "認証の方針を保存しました。")
            return redirect("access:policy")
        except ValidationError as wrong:
            form.add_error(None, wrong)
    roles = Role.objects.filter(second_factor=True)
    return render(request, "access/policy.html", {"form": form, "roles": roles}, status=400 if form.errors else 200)
