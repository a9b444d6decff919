"""Staff page for importing records and seeing what earlier imports did."""

import gzip
import time
import zlib
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from app.access.web import staff_page
from app.catalog import history
from app.catalog.actions import IMPORT, CatalogError
from app.exchange import actions, articles, items
from app.exchange.actions.previewing import Preview
from app.exchange.models import ImportRun
from app.exchange.pace import brisk
from app.patrons.importing import ImportRefused

# Well below the web server's limit of a request's body.
LARGEST_MEGABYTES = 4
LARGEST_BYTES = LARGEST_MEGABYTES * 1024 * 1024
LARGEST_UNPACKED = 64 * 1024 * 1024
SHOWN_RUNS = 20
# So many items a page can take in, and take back, in the time that it has.
MOST_LINES = 5_000
SHOWN_PROBLEMS = 50
# So long somebody waits at the screen; what is left is done by the job, minute by minute.
AT_ONCE_SECONDS = 5.0


@require_http_methods(["GET", "POST"])
@staff_page(IMPORT)
def import_page(request: HttpRequest) -> HttpResponse:
    """Choose a file and import it; the last runs with their counts and the records set aside."""
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None:
            messages.error(request, "ファイルを選んでください。")
        elif upload.size > LARGEST_BYTES:
            messages.error(
                request,
                f"画面から取り込めるファイルは{LARGEST_MEGABYTES}MBまでです。gzipで圧縮すると、この数倍まで取り込めます。さらに大きいファイルは、"
                "システム担当者に依頼してください（サーバ上で manage import_marc を実行して取り込みます）。",
            )
        elif "preview" in request.POST:
            return _preview(request, upload.read(), upload.name or "")
        else:
            _take_in(request, upload.read(), upload.name or "")
        return redirect("exchange:import")
    return _page(request)


def _page(request: HttpRequest, preview: Preview | None = None) -> HttpResponse:
    runs = ImportRun.objects.all()[:SHOWN_RUNS]
    shown = [(run, run.set_aside_records.defer("data")[:SHOWN_PROBLEMS]) for run in runs]
    open_runs = any(run.state != ImportRun.State.DONE for run in runs)
    context = {"runs": shown, "largest": LARGEST_MEGABYTES, "open_runs": open_runs, "preview": preview}
    return render(request, "exchange/import.html", context)


def _preview(request: HttpRequest, content: bytes, name: str) -> HttpResponse:
    """What the file would do; nothing is kept."""
    content = _opened(request, content)
    return _page(request, actions.preview(request.actor, content, name)) if content else redirect("exchange:import")


def _take_in(request: HttpRequest, content: bytes, name: str) -> None:
    """Begin the import, go on for some seconds, and say how far it is."""
    content = _opened(request, content)
    if not content:
        return
    run = actions.accept(request.actor, content, name)
    until = time.monotonic() + AT_ONCE_SECONDS
    try:
        actions.proceed(request.actor, run, content, brisk(), stop=lambda: time.monotonic() > until)
    except actions.BusyImport as busy:
        messages.info(request, str(busy))
        return
    counts = (
        f"新規{run.created}件、訂正{run.updated}件、削除{run.deleted}件、変更なし{run.unchanged}件、"
        f"取込不可{run.set_aside}件"
    )
    if run.state == ImportRun.State.DONE:
        messages.success(request, f"取り込みました。{counts}")
    else:
        messages.info(request, f"取込みを続けています({run.percent}%)。画面を閉じても続きます。ここまで {counts}")


def _opened(request: HttpRequest, content: bytes) -> bytes:
    """The file, unpacked; b"" when it cannot be used, which is said to whoever sent it."""
    try:
        content = _unpacked(content)
    except (OSError, EOFError, zlib.error):
        messages.error(request, "圧縮されたファイルを開けませんでした。もう一度作り直してください。")
        return b""
    if not content:
        messages.error(request, "ファイルが空か、大きすぎます。")
    return content


def _unpacked(content: bytes) -> bytes:
    """The file itself when it came packed; nothing when it would be too large."""
    if not content.startswith(b"\x1f\x8b"):
        return content
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    whole = unpacker.decompress(content, LARGEST_UNPACKED)
    if not unpacker.eof:
        if unpacker.unconsumed_tail:
            return b""
        raise gzip.BadGzipFile
    return whole


@require_http_methods(["GET", "POST"])
@staff_page(IMPORT)
def items_page(request: HttpRequest) -> HttpResponse:
    """Items from CSV: look at what each line would do, or take them in, all of them or none."""
    context: dict[str, Any] = {}
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            lines, name = _lines_of(upload), upload.name or "" if upload else ""
            if "preview" in request.POST:
                context["preview"] = actions.preview_items(request.actor, lines, name)
            else:
                made, there = actions.import_items(request.actor, lines, name)
                messages.success(request, f"所蔵{made.created}点を登録しました(登録済み{there}点は変えません)。")
                to = ("catalog:change_set", made.change_set) if made.change_set else ("exchange:items",)
                return redirect(*to)
        except ImportRefused as refused:
            context["problems"] = refused.problems
        except CatalogError as error:
            context["problem"] = str(error)
    preview = context.get("preview")
    refused = bool(context.get("problem") or context.get("problems"))
    context |= {"labels": items.LABELS, "needed": items.REQUIRED, "record": items.RECORD, "most": MOST_LINES}
    context["problems"] = context.get("problems") or (preview.problems if preview else [])
    context["sets"] = history.sets("import").filter(title__startswith=actions.items.TITLE)[:SHOWN_RUNS]
    return render(request, "exchange/items.html", context, status=422 if refused else 200)


def _lines_of(upload: UploadedFile | None) -> list[str]:
    """The lines of an uploaded CSV. CatalogError when it cannot be read here."""
    if upload is None or (upload.size or 0) > LARGEST_BYTES:
        raise CatalogError(f"{LARGEST_MEGABYTES}MBまでのファイルを選んでください。")
    try:
        lines = upload.read().decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise CatalogError("UTF-8で保存したCSVを選んでください。") from error
    if len(lines) > MOST_LINES:
        raise CatalogError(
            f"画面から取り込めるのは{MOST_LINES:,}行までです。システム担当者に依頼してください"
            "(サーバ上で manage import_items を実行して取り込みます)。"
        )
    return lines


@require_http_methods(["GET", "POST"])
@staff_page(IMPORT)
def articles_page(request: HttpRequest) -> HttpResponse:
    """The index of articles from a spreadsheet, all of its lines or none."""
    status = 200
    if request.method == "POST":
        upload = request.FILES.get("file")
        try:
            if upload is None or upload.size > LARGEST_BYTES:
                raise CatalogError(f"{LARGEST_MEGABYTES}MBまでのファイルを選んでください。")
            made = actions.import_articles(request.actor, upload.name or "", upload.read())
        except CatalogError as error:
            messages.error(request, str(error))
            status = 422
        else:
            counts = f"新規{made.created}件、訂正{made.updated}件、変更なし{made.unchanged}件"
            messages.success(request, f"記事を取り込みました。{counts}")
            return redirect("exchange:articles")
    context = {"required": articles.REQUIRED, "optional": articles.OPTIONAL}
    return render(request, "exchange/articles.html", context, status=status)
