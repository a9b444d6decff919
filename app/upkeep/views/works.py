"""Pages of work, inspections and treatments."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from app.incidents.forms import now_local
from app.incidents.rules import quarter_of
from app.incidents.views import WORD, attempt, download
from app.operations import sources
from app.operations.actions import Unsuitable
from app.operations.views import actor, page
from app.upkeep import papers, queries
from app.upkeep.actions import inspections as inspecting
from app.upkeep.actions import treatments as treating
from app.upkeep.actions import works as working
from app.upkeep.forms import ExplainForm, JudgeForm, SpaceForm, TreatedForm, TreatForm, WorkForm
from app.upkeep.models import Inspection, Treatment, Work


@require_GET
def works(request: HttpRequest) -> HttpResponse:
    """The work, with what arrived in the inbox."""
    working.take_inbox()
    words, runs = request.GET.get("q", "").strip(), request.GET.get("runs", "changed")
    context = {"works": queries.works(words, runs=runs), "words_asked": words, "runs": runs}
    return page(request, "upkeep/works.html", "works", context)


@require_http_methods(["GET", "POST"])
def work_new(request: HttpRequest) -> HttpResponse:
    """Register work done by hand."""
    who = actor(request)
    form = WorkForm(request.POST or None, initial={"by": who.name, "finished_at": now_local()})
    if request.method == "POST":
        made = attempt(request, form, lambda given: working.enter(who, given), "作業を登録しました。")
        if made:
            return redirect("upkeep:work", made.pk)
    return page(request, "upkeep/form.html", "works", {"form": form, "title": "作業の登録", "back": "upkeep:works"})


@require_http_methods(["GET", "POST"])
def work(request: HttpRequest, work_id: int) -> HttpResponse:
    """One piece of work."""
    found = get_object_or_404(Work, pk=work_id)
    form = ExplainForm(request.POST or None, initial={"reason": found.reason, "result_text": found.result_text})
    if request.method == "POST":
        act = lambda given: working.explain(actor(request), work_id, **given)  # noqa: E731
        if attempt(request, form, act, "説明を記録しました。"):
            return redirect("upkeep:work", work_id)
    return page(request, "upkeep/work.html", "works", {"work": found, "form": form})


@require_GET
def work_report(request: HttpRequest, work_id: int) -> HttpResponse:
    """The report of one piece of work (作業報告書) in Word."""
    found = get_object_or_404(Work, pk=work_id)
    return download(papers.work_report(found, timezone.localtime()), f"{found.number}.docx", WORD)


@require_GET
def inspections(request: HttpRequest) -> HttpResponse:
    """The inspections, and the quarters that lack one."""
    working.take_inbox()
    today = timezone.localdate()
    context = {
        "lines": queries.inspections(),
        "missed": queries.inspections_missed(today),
        "quarter": quarter_of(today),
    }
    return page(request, "upkeep/inspections.html", "inspections", context)


@require_POST
def inspection_begin(request: HttpRequest) -> HttpResponse:
    """Begin the inspection of a quarter (this one unless named)."""
    quarter = request.POST.get("quarter") or quarter_of(timezone.localdate())
    try:
        made = inspecting.begin(actor(request), quarter, timezone.now())
    except ValueError:
        messages.error(request, "四半期は 2026Q4 の形で指定してください。")
        return redirect("upkeep:inspections")
    return redirect("upkeep:inspection", made.pk)


@require_http_methods(["GET", "POST"])
def inspection(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """One inspection: its points; a result for one of them."""
    working.take_inbox()
    found = get_object_or_404(Inspection, pk=inspection_id)
    who = actor(request)
    form = JudgeForm(request.POST or None)
    if request.method == "POST":
        item_id = request.POST.get("item", "")
        if not item_id.isdigit() or not found.items.filter(pk=int(item_id)).exists():
            return redirect("upkeep:inspection", inspection_id)
        done = attempt(
            request,
            form,
            lambda given: inspecting.judge(
                who,
                given["item"],
                result=given["result"],
                note_text=given["note"],
                at=timezone.now(),
                by=given["by"],
            ),
            "結果を記録しました。",
        )
        if done:
            return redirect("upkeep:inspection", inspection_id)
    context = {"inspection": found, "line": queries.progress(found), "items": found.items.all(), "form": form}
    return page(request, "upkeep/inspection.html", "inspections", context)


@require_POST
def inspection_finish(request: HttpRequest, inspection_id: int) -> HttpResponse:
    """Finish an inspection."""
    get_object_or_404(Inspection, pk=inspection_id)
    try:
        inspecting.finish(actor(request), inspection_id, timezone.now())
    except Unsuitable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "点検を完了しました。")
    return redirect("upkeep:inspection", inspection_id)


def _free(form: SpaceForm, host: str, mountpoint: str) -> tuple[int, bool]:
    """Free bytes as entered, or else as Prometheus measured; Unsuitable when neither is there."""
    if form.free is not None:
        return form.free, False
    expression = f'node_filesystem_avail_bytes{{host="{host}",mountpoint="{mountpoint}"}}'
    try:
        found = [series.last for series in sources.Prometheus(settings.PROMETHEUS_URL).now(expression)]
    except sources.SourceDown:
        raise Unsuitable("監視が応答しません。空き容量を入力してください。") from None
    if not found or found[0] is None:
        raise Unsuitable(f"{host}の{mountpoint}は測定されていません。空き容量を入力してください。")
    return int(found[0]), True


@require_http_methods(["GET", "POST"])
def treatments(request: HttpRequest) -> HttpResponse:
    """The treatments; one that begins."""
    who = actor(request)
    form = TreatForm(request.POST or None)
    if request.method == "POST":

        def act(given: dict[str, str]) -> Treatment:
            free, measured = _free(form, given["host"], given["mountpoint"])
            names = ("host", "mountpoint", "analysis", "act")
            values = {name: given[name] for name in names}
            return treating.begin(who, **values, at=timezone.now(), free=free, measured=measured)

        if attempt(request, form, act, "処置を登録しました。終わったら処置後の空きを記録してください。"):
            return redirect("upkeep:treatments")
    return page(request, "upkeep/treatments.html", "treatments", {"treatments": queries.treatments(), "form": form})


@require_http_methods(["GET", "POST"])
def treatment_finish(request: HttpRequest, treatment_id: int) -> HttpResponse:
    """One treatment; the space afterwards and its effect."""
    found = get_object_or_404(Treatment, pk=treatment_id)
    form = TreatedForm(request.POST or None)
    if request.method == "POST":

        def act(given: dict[str, str]) -> None:
            free, measured = _free(form, found.host, found.mountpoint)
            treating.finish(
                actor(request), treatment_id, at=timezone.now(), free=free, measured=measured, effect=given["effect"]
            )

        if attempt(request, form, act, "処置後の空きと効果を記録しました。"):
            return redirect("upkeep:treatments")
    return page(request, "upkeep/treatment.html", "treatments", {"treatment": found, "form": form})
