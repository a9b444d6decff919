"""Staff pages of authorities: find, walk from one to the next, edit, merge, take in a table."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.authorities import actions, queries, tables
from app.authorities.forms import AuthorityForm, FormLine, MergeForm, RelateForm, TableForm
from app.authorities.models import NAMES, Authority, Scheme
from app.catalog.actions.following import preview_table
from app.web import versions

LARGEST_FILE = 10_000_000
UNDONE_THERE = "「変更の記録」から取り消せます。"


@require_GET
@staff_page(actions.VIEW)
def index(request: HttpRequest) -> HttpResponse:
    """Authorities by the beginning of any form or reading."""
    text, group, scheme = (request.GET.get(name, "").strip() for name in ("q", "group", "scheme"))
    context = {
        "asked": {"q": text, "group": group, "scheme": scheme},
        "found": queries.find(text, group, scheme) if text else [],
        "most": queries.MOST,
        "schemes": Scheme.choices,
        "may_edit": may(request.actor.operations, actions.EDIT.code),
    }
    return render(request, "authorities/index.html", context)


def _authority(authority_id: int) -> Authority:
    found = Authority.objects.filter(pk=authority_id).first()
    if found is None:
        raise Http404
    return found


@require_GET
@staff_page(actions.VIEW)
def show(request: HttpRequest, authority_id: int) -> HttpResponse:
    """One authority: its forms, and the ways on to broader, narrower and related ones. Three SQL statements."""
    return _show(request, _authority(authority_id))


def _show(request: HttpRequest, authority: Authority, relate: RelateForm | None = None) -> HttpResponse:
    near = queries.neighbours(authority.pk)
    context = {
        "one": authority,
        "forms": authority.forms.all(),
        "near": [("上位", near.broader), ("関連", near.related), ("下位", near.narrower)],
        "any_near": bool(near.all),
        "is_name": authority.kind in NAMES,
        "may_edit": may(request.actor.operations, actions.EDIT.code),
        "relate": relate or RelateForm(),
    }
    return render(request, "authorities/show.html", context, status=422 if relate and relate.errors else 200)


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT)
def edit(request: HttpRequest, authority_id: int | None = None) -> HttpResponse:
    """Add an authority or change one, its other forms in the same table; 409 when somebody saved meanwhile."""
    row = _authority(authority_id) if authority_id else None
    posted = request.method == "POST"
    now = actions.state(row) if row else {}
    seen = request.POST.get(versions.FIELD, "") if posted else versions.token(now)
    lines = forms.formset_factory(FormLine, extra=3)
    start = [dict(zip(("text", "reading", "kind"), form, strict=True)) for form in now.get("forms", ())]
    form = AuthorityForm(request.POST if posted else None, initial=now)
    other = lines(request.POST, prefix="form") if posted else lines(prefix="form", initial=start)
    context: dict[str, Any] = {"form": form, "lines": other, "row": row, "seen": seen}
    status = 200
    if posted and form.is_valid() and other.is_valid():
        texts = [line.cleaned_data for line in other if line.cleaned_data.get("text")]
        try:
            saved = actions.put_authority(request.actor, form.cleaned_data, texts, authority_id, seen if row else None)
        except versions.Conflict as conflict:
            context |= versions.told(form, conflict)
            status = 409
        except actions.AuthorityError as error:
            form.add_error(None, str(error))
            status = 422
        else:
            messages.success(request, f"典拠「{saved.heading}」を保存しました。")
            return redirect("authorities:show", saved.pk)
    elif posted:
        status = 422
    return render(request, "authorities/edit.html", context, status=status)


@require_POST
@staff_page(actions.EDIT)
def relate(request: HttpRequest, authority_id: int) -> HttpResponse:
    """Refer to another authority of the same list, by its heading."""
    authority = _authority(authority_id)
    form = RelateForm(request.POST)
    if form.is_valid():
        target = queries.by_heading(form.cleaned_data["target"], authority)
        try:
            actions.relate(request.actor, authority.pk, target.pk if target else 0, form.cleaned_data["kind"])
        except actions.AuthorityError as error:
            form.add_error("target", str(error))
    if form.errors:
        return _show(request, authority, form)
    messages.success(request, "参照を付けました。")
    return redirect("authorities:show", authority.pk)


@require_POST
@staff_page(actions.EDIT)
def unrelate(request: HttpRequest, authority_id: int, target_id: int) -> HttpResponse:
    """Take a reference away."""
    actions.unrelate(request.actor, authority_id, target_id)
    messages.success(request, "参照を外しました。")
    return redirect("authorities:show", authority_id)


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT)
def merge(request: HttpRequest, authority_id: int) -> HttpResponse:
    """Make this authority another form of one that stays. What will be is shown before it is done."""
    going = _authority(authority_id)
    form = MergeForm(request.POST or None)
    staying = None
    if request.method == "POST" and form.is_valid():
        staying = queries.by_heading(form.cleaned_data["target"], going)
        if staying is None:
            form.add_error("target", "その統一形の典拠がありません。")
        elif request.POST.get("sure") == str(staying.pk):
            try:
                saved = actions.merge(request.actor, going.pk, staying.pk)
            except actions.AuthorityError as error:
                form.add_error("target", str(error))
            else:
                messages.success(
                    request,
                    f"「{going.heading}」を「{saved.heading}」に統合しました。「登録・統合の記録」から取り消せます。",
                )
                return redirect("authorities:show", saved.pk)
    context = {"one": going, "form": form, "staying": None if form.errors else staying}
    return render(request, "authorities/merge.html", context, status=422 if form.errors else 200)


@require_POST
@staff_page(actions.EDIT)
def delete(request: HttpRequest, authority_id: int) -> HttpResponse:
    """Take an authority away; the records keep their headings."""
    actions.delete_authority(request.actor, authority_id)
    messages.success(request, "典拠を削除しました。書誌の標目はそのままです。")
    return redirect("authorities:index")


@require_http_methods(["GET", "POST"])
@staff_page(actions.EDIT)
def table(request: HttpRequest) -> HttpResponse:
    """Take in a table of headings with their references, or look at what it would do."""
    form = TableForm(request.POST or None, request.FILES or None)
    preview = None
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            rows = tables.read(_lines(file))
            if "preview" in request.POST:
                preview = preview_table(request.actor, rows)
            else:
                taken = actions.take_table(request.actor, rows, file.name)
                counts = f"{taken.made}件を登録し、{taken.filled}件に書き足しました(新しい参照{taken.linked}件)。"
                messages.success(
                    request, counts + ("「登録・統合の記録」から取り消せます。" if taken.change_set else "")
                )
                return redirect("authorities:index")
        except (tables.BadTable, actions.AuthorityError) as error:
            form.add_error("file", str(error))
    context = {"form": form, "columns": tables.COLUMNS, "preview": preview}
    return render(request, "authorities/table.html", context, status=422 if form.errors else 200)


def _lines(file: Any) -> list[str]:
    if file.size > LARGEST_FILE:
        raise tables.BadTable("10MBまでのファイルを選んでください。")
    try:
        text: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise tables.BadTable("UTF-8で保存したCSVを選んでください。") from error
    return text.splitlines(keepends=True)
