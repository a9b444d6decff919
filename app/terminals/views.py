"""Terminals and a library's settings for administrators; the sheet of codes and the guide for everybody."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.views.decorators.http import require_GET, require_POST

from app.access.menu import pages
from app.access.rules import may
from app.access.web import staff_page, wants_json
from app.branches.models import Branch
from app.terminals import actions, queries
from app.terminals import guide as guides
from app.terminals.commands import sheet
from app.terminals.forms import CopyForm, NoteForm, SettingForm, TerminalForm, titles_of_keys
from app.terminals.lists import Listing, arranged
from app.terminals.models import Terminal
from app.terminals.rules import Column

TERMINALS = Listing(
    "terminals.list",
    columns=(
        Column("name", "端末名", "name"),
        Column("branch", "館", "branch__number"),
        Column("address", "アドレス", "address"),
        Column("kind", "用途", "kind"),
        Column("paper", "レシートの用紙", "receipt_paper"),
        Column("auto_print", "自動印刷", "auto_print"),
        Column("sound", "音", "sound"),
        Column("lock", "離席保護", "lock_minutes", shown=False),
    ),
    sort="branch",
)


@require_GET
@staff_page(actions.MANAGE)
def listing(request: HttpRequest) -> HttpResponse:
    """Every terminal, and each library's settings."""
    choice = arranged(request, TERMINALS)
    rows = queries.all_terminals().order_by(*choice.order)[: choice.size]
    context = {
        "arranged": choice,
        "rows": rows,
        "branches": Branch.objects.filter(is_active=True),
        "here": queries.of(request),
        "address": request.terminal,
    }
    return render(request, "terminals/list.html", context)


@staff_page(actions.MANAGE)
def edit(request: HttpRequest, terminal_id: int | None = None) -> HttpResponse:
    """Register or change a terminal."""
    terminal = get_object_or_404(Terminal, pk=terminal_id) if terminal_id else None
    start = {"address": request.GET.get("address", ""), "branch": request.actor.branch_id}
    form = TerminalForm(request.POST or None, instance=terminal, initial=None if terminal else start)
    if request.method == "POST" and form.is_valid():
        try:
            actions.put_terminal(request.actor, form.cleaned_data, terminal_id)
        except ValidationError as error:
            _say(form, error)
        else:
            messages.success(request, "端末を登録しました。" if terminal is None else "端末の設定を変えました。")
            return redirect("terminals:list")
    copying = CopyForm(target=terminal) if terminal else None
    return render(request, "terminals/edit.html", {"form": form, "terminal": terminal, "copying": copying})


def _say(form: TerminalForm, error: ValidationError) -> None:
    words = {"name": "この館には同じ名前の端末があります。", "address": "このアドレスは別の端末に登録されています。"}
    for name, problems in error.message_dict.items():
        field = name if name in form.fields else "name"
        codes = {problem.code for problem in error.error_dict[name]}
        twice = codes & {"unique", "unique_together"} or "terminals_name_once" in str(problems)
        form.add_error(field, words.get(field, problems) if twice else problems)


@require_POST
@staff_page(actions.MANAGE)
def copy(request: HttpRequest, terminal_id: int) -> HttpResponse:
    """Take over another terminal's settings."""
    target = get_object_or_404(Terminal, pk=terminal_id)
    form = CopyForm(request.POST, target=target)
    if form.is_valid():
        source = form.cleaned_data["source"]
        actions.copy_settings(request.actor, source.pk, target.pk)
        messages.success(request, f"{source.name}の設定を写しました。")
    else:
        messages.error(request, "写す元の端末を選んでください。")
    return redirect("terminals:edit", terminal_id)


@require_POST
@staff_page(actions.MANAGE)
def remove(request: HttpRequest, terminal_id: int) -> HttpResponse:
    """Take a terminal off the list."""
    get_object_or_404(Terminal, pk=terminal_id)
    actions.remove_terminal(request.actor, terminal_id)
    messages.success(request, "端末を外しました。")
    return redirect("terminals:list")


@staff_page(actions.MANAGE)
def setting(request: HttpRequest, branch_id: int) -> HttpResponse:
    """A library's receipt words and keys."""
    branch = get_object_or_404(Branch, pk=branch_id)
    titles = titles_of_keys({page.name: page.title for page in pages() if page.key})
    form = SettingForm(request.POST or None, setting=queries.setting_of(branch.pk), titles=titles)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        actions.put_setting(
            request.actor, branch, message=values["message"], with_name=values["with_name"], keys=form.keys()
        )
        messages.success(request, f"{branch.name}の設定を変えました。")
        return redirect("terminals:list")
    return render(request, "terminals/setting.html", {"form": form, "branch": branch})


@require_POST
@staff_page(actions.TUNE)
def tune(request: HttpRequest) -> JsonResponse:
    """Keep the sound that somebody set at this terminal. 400 for something that is no volume."""
    volume = request.POST.get("volume", "")
    if not (volume.isascii() and volume.isdigit() and len(volume) < 4):
        return JsonResponse({"error": "volume", "message": "音量は0から100までです。"}, status=400)
    kept = actions.tune(request.actor, request.terminal, sound=request.POST.get("sound") == "on", volume=int(volume))
    return JsonResponse({"kept": kept})


@require_GET
@staff_page(actions.READ)
def codes(request: HttpRequest) -> HttpResponse:
    """The sheet of codes to print and lay beside the reader."""
    return render(request, "terminals/codes.html", {"codes": sheet()})


@staff_page(actions.READ)
def guide(request: HttpRequest, page: str) -> HttpResponse:
    """A page's guide with the library's additions; those who may add to them find the form."""
    title, lines = guides.title_of(page), guides.lines_of(page)
    if len(page) > 60:
        raise Http404
    branch = queries.place_of(request).branch
    notes = queries.notes_of(page, branch.pk if branch else None)
    may_add = branch is not None and may(request.actor.operations, actions.ANNOTATE.code)
    own = next((note.text for note in notes if branch and note.branch_id == branch.pk), "")
    form = NoteForm(request.POST or None, initial={"text": own})
    if request.method == "POST" and form.is_valid():
        actions.annotate(request.actor, page, branch, form.cleaned_data["text"])
        messages.success(request, "追記を変えました。")
        return redirect("terminals:guide", page)
    context = {
        "title": title,
        "page": page,
        "lines": lines,
        "everywhere": guides.EVERYWHERE,
        "notes": notes,
        "form": form if may_add else None,
        "branch": branch,
    }
    if wants_json(request):
        return JsonResponse({"html": render_to_string("terminals/guide_body.html", context)})
    return render(request, "terminals/guide.html", context)
