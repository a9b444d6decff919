"""What leaves and enters the registers as files: sheets, papers, their copies, attachments."""

from __future__ import annotations

from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from app.operations.actions import Unsuitable
from app.operations.views import actor, page
from app.registers import actions, papers, queries, sheets
from app.registers.schema import Definition, Paper
from app.registers.views import definition_of, entry_of

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def download(content: bytes, name: str, content_type: str) -> HttpResponse:
    """A file under its (Japanese) name; a browser never shows it in the page."""
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_GET
def sheet(request: HttpRequest, register: str, kind: str) -> HttpResponse:
    """The register as Excel or CSV, narrowed as the list was."""
    definition, on = definition_of(register), queries.desk()
    choices = {f.key: request.GET.get(f.key, "") for f in definition.fields if f.kind in ("choice", "choices")}
    found = queries.matching(on.all(register), request.GET.get("q", ""), request.GET.get("only", ""), choices)
    name = f"{definition.title}_{on.today:%Y%m%d}"
    if kind == "xlsx":
        moment = queries.last_change(register) or timezone.now()
        return download(sheets.excel(definition, found, moment), f"{name}.xlsx", EXCEL)
    if kind == "csv":
        return download(sheets.csv(definition, found), f"{name}.csv", "text/csv; charset=utf-8")
    raise Http404(kind)


@require_http_methods(["GET", "POST"])
def take_in(request: HttpRequest, register: str) -> HttpResponse:
    """Take in a sheet: all of it, or nothing and the reason."""
    definition = definition_of(register)
    context: dict[str, object] = {"definition": definition, "columns": sheets.columns(definition)}
    if request.method == "POST":
        sent = request.FILES.get("file")
        try:
            if sent is None or sent.size is None or sent.size > actions.LARGEST:
                raise Unsuitable("3 MBまでのExcelのファイルを選んでください。")
            rows = sheets.read(definition, queries.desk(), sent.read())
            new, changed, same = actions.take_in(actor(request), register, rows)
        except Unsuitable as error:
            return page(request, "registers/take_in.html", "registers", {**context, "error": str(error)}, status=400)
        messages.success(request, f"取り込みました。新規{new}件、変更{changed}件、変更なし{same}件。")
        return redirect("registers:rows", register)
    return page(request, "registers/take_in.html", "registers", context)


def _paper(definition: Definition, paper_id: str, scope: str) -> Paper:
    try:
        found = definition.paper(paper_id)
    except KeyError:
        raise Http404(paper_id) from None
    if found.scope != scope:
        raise Http404(paper_id)
    return found


@require_http_methods(["GET", "POST"])
def row_paper(request: HttpRequest, register: str, number: str, paper: str) -> HttpResponse:
    """A paper of one row; `version` as the row was then. Those that keep a copy are made by POST and get a number."""
    definition, entry = definition_of(register), entry_of(register, number)
    found = _paper(definition, paper, "entry")
    seen, on = queries.desk().seen(entry), queries.desk()
    if found.kept:
        if request.method != "POST":
            raise Http404(paper)
        now = timezone.localtime()
        made = actions.issue(
            actor(request), register, paper, entry,
            lambda issued: papers.of_row(found, seen, on, number=issued, moment=now),
        )  # fmt: skip
        return redirect("registers:copy", made.number)
    asked = request.GET.get("version", "")
    version = queries.revision(entry, int(asked)) if asked.isdecimal() else None
    if asked and version is None:
        raise Http404(asked)
    moment = timezone.localtime(version.at if version else entry.changed_at)
    content = papers.of_row(found, seen, on, number=entry.number, moment=moment, version=version)
    return download(content, f"{found.title}_{entry.number}{f'_第{asked}版' if asked else ''}.docx", WORD)


@require_GET
def register_paper(request: HttpRequest, register: str, paper: str) -> HttpResponse:
    """A paper of the whole register."""
    definition, on = definition_of(register), queries.desk()
    found = _paper(definition, paper, "register")
    number = f"{definition.prefix}-{paper.upper()}-{on.today:%Y%m%d}"
    content = papers.of_register(found, definition, on, number=number, moment=timezone.localtime())
    return download(content, f"{found.title}_{on.today:%Y%m%d}.docx", WORD)


@require_GET
def copy(request: HttpRequest, number: str) -> HttpResponse:
    """The copy of a paper that was handed out."""
    found = queries.copy_of(number)
    if found is None:
        raise Http404(number)
    return download(bytes(found.content), f"{found.number}.docx", WORD)


@require_GET
def file(request: HttpRequest, register: str, number: str, pk: int) -> HttpResponse:
    """A file beside a row."""
    entry_of(register, number)
    found = queries.attachment(number, pk)
    if found is None:
        raise Http404(str(pk))
    return download(bytes(found.content), found.name, found.content_type)
