"""The registers' pages: every register, one register, one row."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.operations.actions import Unsuitable
from app.operations.views import actor, page
from app.registers import actions, queries
from app.registers.forms import DecisionForm, EntryForm, initial
from app.registers.models import Entry
from app.registers.schema import Definition, definitions

SHOWN = 300
ONLY = [
    ("any", "確認が必要"),
    ("late", "期限超過"),
    ("bad", "不備"),
    ("warn", "注意"),
    ("open", "未了"),
    ("settled", "完了"),
]


def definition_of(register: str) -> Definition:
    """The register of that name; Http404 when there is none."""
    if register not in definitions():
        raise Http404(register)
    return definitions()[register]


def entry_of(register: str, number: str) -> Entry:
    """The row of that number; Http404 when the register has none."""
    found = queries.entry(number)
    if found is None or found.register != register:
        raise Http404(number)
    return found


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """Every register by group, with what needs somebody."""
    return page(request, "registers/index.html", "registers", {"groups": queries.shelves(queries.desk())})


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Rows of any register that hold the words."""
    words = request.GET.get("q", "").strip()
    found = queries.search(words, queries.desk())
    context = {"q": words, "found": found[:SHOWN], "count": len(found)}
    return page(request, "registers/search.html", "registers-search", context)


@require_GET
def rows(request: HttpRequest, register: str) -> HttpResponse:
    """One register: what it lacks as a whole, then its rows, narrowed by words, by state and by choices."""
    definition, on = definition_of(register), queries.desk()
    words, only = request.GET.get("q", "").strip(), request.GET.get("only", "")
    filters = [f for f in definition.fields if f.kind in ("choice", "choices") and f.choices][:3]
    chosen = {f.key: request.GET.get(f.key, "") for f in filters}
    everything = on.all(register)
    found = queries.matching(everything, words, only, chosen)
    sort = request.GET.get("sort", "")
    if sort in {f.key for f in definition.listed}:
        found.sort(key=lambda seen: (seen.row.values.get(sort) is None, str(seen.row.values.get(sort))))
    context = {
        "definition": definition,
        "rows": found[:SHOWN],
        "count": len(found),
        "everything": len(everything),
        "lacks": on.lacks(register),
        "q": words,
        "only": only,
        "sort": sort,
        "kinds": ONLY,
        "filters": [(f, chosen[f.key]) for f in filters],
        "papers": [paper for paper in definition.papers if paper.scope == "register"],
        "issued": queries.issued(register),
        "voided": queries.voided(register),
        "closing": queries.closing(register),
        "decision": DecisionForm(auto_id="d-%s"),
        "waiting": sum(seen.entry.stage == "applied" for seen in everything),
        "unasked": sum(seen.entry.stage in ("none", "rejected") for seen in everything) if definition.approval else 0,
    }
    return page(request, "registers/rows.html", "registers", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, register: str) -> HttpResponse:
    """A new row."""
    definition, on = definition_of(register), queries.desk()
    begin = {f.key: _default(f.default, on) for f in definition.typed if f.default}
    given = {f.key: request.GET[f.key] for f in definition.typed if f.key in request.GET}
    form = EntryForm(definition, on, request.POST or None, initial={**begin, **given})
    if request.method == "POST" and form.is_valid():
        try:
            entry = actions.add(actor(request), register, form.values())
        except actions.Refused as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            _tell(request, entry, "登録しました。")
            return redirect("registers:row", register, entry.number)
    return page(request, "registers/form.html", "registers", {"definition": definition, "form": form})


def _default(text: str, on: queries.Desk) -> Any:
    """What an empty form begins with: a day, or what is open in another register."""
    if text == "today":
        return on.today
    if text.startswith("open:"):
        return "\n".join(f"{seen.entry.number} {seen.name}：" for seen in on.all(text[5:]) if not seen.settled)
    return text


def _tell(request: HttpRequest, entry: Entry, done: str) -> None:
    """Say what was done, and what is still to be looked at."""
    messages.success(request, f"{entry.number}を{done}")
    for finding in queries.desk().seen(entry).findings:
        messages.warning(request, f"{finding.word}：{finding.text}")


@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, register: str, number: str) -> HttpResponse:
    """Change a row: what was shown carries its version."""
    definition, entry, on = definition_of(register), entry_of(register, number), queries.desk()
    form = EntryForm(definition, on, request.POST or None, initial=initial(definition, entry.values))
    if request.method == "POST" and form.is_valid():
        try:
            # With a mark in front: a register may have a field of the same name.
            asked = request.POST.get("_version", "")
            version = int(asked) if asked.isdecimal() else 0
            reason = request.POST.get("_reason", "")
            changed = actions.change(actor(request), entry, version, form.values(), note_=reason)
        except actions.Refused as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        else:
            _tell(request, entry_of(register, number), "変更しました。" if changed else "確かめました（変更なし）。")
            return redirect("registers:row", register, number)
    context = {"definition": definition, "form": form, "entry": entry}
    return page(request, "registers/form.html", "registers", context)


@require_GET
def row(request: HttpRequest, register: str, number: str) -> HttpResponse:
    """One row: what it says, what is wrong with it, its approval, files, papers, what points at it, its history."""
    definition, entry, on = definition_of(register), entry_of(register, number), queries.desk()
    context = {
        "definition": definition,
        "seen": on.seen(entry),
        "history": queries.history(entry),
        "files": queries.attachments(entry),
        "papers": [paper for paper in definition.papers if paper.scope == "entry"],
        "issued": queries.issued(register, entry),
        "pointing": queries.pointing_at(number, on),
        "closing": queries.closing(register),
        "decision": DecisionForm(auto_id="d-%s", initial={"on": on.today}),
        "step": definition.approval.steps[entry.steps_done] if definition.approval and entry.stage == "applied" else "",
    }
    return page(request, "registers/row.html", "registers", context)


@require_POST
def act(request: HttpRequest, register: str, number: str) -> HttpResponse:
    """Apply, decide, take back, attach: the form's `what` says which."""
    entry = entry_of(register, number)
    try:
        messages.success(request, _acted(request, entry))
    except Unsuitable as error:
        messages.error(request, str(error))
    return redirect("registers:row", register, number)


def _acted(request: HttpRequest, entry: Entry) -> str:
    match request.POST.get("what"):
        case "apply":
            actions.apply(actor(request), entry)
            return "申請しました。"
        case "yes" | "no" as answer:
            given = _decision(request)
            found = actions.decide(
                actor(request), entry, yes=answer == "yes", person=given["person"], on=given["on"], note_=given["note"]
            )
            return f"決裁を記録しました（{found}）。" if found else "決裁を記録しました。"
        case "void":
            actions.void(actor(request), entry, request.POST.get("reason", ""))
            return "取り消しました。"
        case "attach":
            sent = request.FILES.get("file")
            if sent is None or sent.size is None or sent.size > actions.LARGEST:
                raise Unsuitable("3 MBまでのファイルを選んでください。")
            return f"{actions.attach(actor(request), entry, sent.name or 'file', sent.read()).name}を添付しました。"
    raise Http404("what")


def _decision(request: HttpRequest) -> dict[str, Any]:
    form = DecisionForm(request.POST)
    if not form.is_valid():
        raise Unsuitable("、".join(str(error) for errors in form.errors.values() for error in errors))
    return form.cleaned_data


@require_POST
def together(request: HttpRequest, register: str) -> HttpResponse:
    """Acts on the register as a whole: ask for every approval, approve all that was asked, close, open again."""
    definition_of(register)
    try:
        match request.POST.get("what"):
            case "apply":
                messages.success(request, f"{actions.apply_all(actor(request), register)}件を申請しました。")
            case "yes":
                given = _decision(request)
                done = actions.decide_all(actor(request), register, person=given["person"], on=given["on"])
                messages.success(request, f"{done}件の決裁を記録しました。")
            case "close":
                given = _decision(request)
                found = actions.close(actor(request), register, person=given["person"], on=given["on"])
                messages.success(request, f"台帳を締めました（{found.number}）。")
            case "reopen":
                actions.reopen(actor(request), register, request.POST.get("reason", ""))
                messages.success(request, "締めを解きました。")
            case _:
                raise Http404("what")
    except Unsuitable as error:
        messages.error(request, str(error))
    return redirect("registers:rows", register)
