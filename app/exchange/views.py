"""Staff page for importing records and seeing what earlier imports did."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from app.access.web import staff_page
from app.catalog.actions import IMPORT
from app.exchange import actions
from app.exchange.models import ImportRun

# Well below the web server's limit of a request's body, and imported well within the time a request may take.
LARGEST_MEGABYTES = 4
LARGEST_BYTES = LARGEST_MEGABYTES * 1024 * 1024
SHOWN_RUNS = 20


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
                f"画面から取り込めるファイルは{LARGEST_MEGABYTES}MBまでです。これより大きいファイルは、"
                "システム担当者に依頼してください（サーバ上で manage import_marc を実行して取り込みます）。",
            )
        else:
            run = actions.import_marc(request.actor, upload.read(), upload.name or "")
            messages.success(
                request,
                f"取り込みました。新規{run.created}件、訂正{run.updated}件、変更なし{run.unchanged}件、取込不可{run.set_aside}件",
            )
        return redirect("exchange:import")
    runs = ImportRun.objects.prefetch_related("set_aside_records")[:SHOWN_RUNS]
    return render(request, "exchange/import.html", {"runs": runs, "largest": LARGEST_MEGABYTES})
