"""The staff's desk for notices. Every page that shows whom is told says so to the audit log."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access.web import staff_page
from app.audit import actions as audit
from app.notices import papers, queries, texts
from app.notices.actions import batches, byhand, planning
from app.notices.actions.operations import APPROVE, CALL, EXCLUDE, EXTRACT, POST, PRINT, VIEW
from app.notices.codes import Adapter, BatchState, State
from app.notices.forms import BranchForm, CallForm, PrintForm
from app.notices.models import Batch, Notice

SAMPLES = 3
PER_PAGE = 100
TITLES = {Adapter.POSTCARD: "はがき", Adapter.LETTER: "文書"}


def _viewed(request: HttpRequest, notices: list[Notice], purpose: str) -> None:
    people = sorted({notice.patron_id for notice in notices})
    if people:
        audit.record_views(request.actor, VIEW, "patron", people, purpose)


@staff_page(VIEW)
def home(request: HttpRequest) -> HttpResponse:
    """What waits, by means; the latest bulk sendings."""
    context = {
        "waiting": queries.waiting_by_means(),
        "batches": queries.open_batches()[:12],
        "states": State,
        "drafts": BatchState.DRAFT,
        "undeliverable": len(queries.undeliverable()),
    }
    return render(request, "notices/home.html", context)


@require_POST
@staff_page(EXTRACT)
def extract(request: HttpRequest) -> HttpResponse:
    """Extract today's reminders now; what nobody approved yet is replaced."""
    batch = planning.plan_overdue(request.actor, timezone.now())
    if batch is None:
        messages.info(request, "今日、新しく督促する利用者はいません。")
        return redirect("notices:home")
    return redirect("notices:batch", batch.pk)


@staff_page(VIEW)
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """One bulk sending: counts, targets, samples, approval."""
    found = get_object_or_404(Batch, pk=batch_id)
    page = Paginator(queries.batch_targets(found), PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    _viewed(request, shown, "督促の対象の確認")
    lines = queries.lines_of(shown)
    rows = [(notice, [(texts.title_of(line), line) for line in lines.get(notice.pk, [])]) for notice in shown]
    context = {"batch": found, "counts": queries.batch_counts(found), "page": page, "rows": rows, "drafts": "draft"}
    return render(request, "notices/batch.html", context)


@staff_page(VIEW)
def samples(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Three of the batch as they will go out, of different means and stages where there are; then the approval."""
    found = get_object_or_404(Batch, pk=batch_id)
    chosen = _different(list(queries.batch_targets(found).filter(state=State.PLANNED)[:2000]))
    _viewed(request, chosen, "文面の見本")
    lines = queries.lines_of(chosen)
    terms, today = queries.patron_policy(), timezone.localdate()
    shown = []
    for notice in chosen:
        wording = queries.wording_for(notice.kind, notice.stage, notice.means.code)
        shown.append((notice, texts.text_of(notice, wording, lines.get(notice.pk, []), terms, today)))
    batches.seen(request.actor, found)
    context = {"batch": found, "samples": shown, "number": found.notices.filter(state=State.PLANNED).count()}
    return render(request, "notices/samples.html", context)


def _different(notices: list[Notice]) -> list[Notice]:
    """Up to three notices, one of each stage and means first."""
    first = {(notice.stage, notice.means_id): notice for notice in reversed(notices)}
    chosen = list(first.values())[:SAMPLES]
    chosen += [notice for notice in notices if notice not in chosen][: SAMPLES - len(chosen)]
    return chosen


@require_POST
@staff_page(APPROVE)
def approve(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Give the order."""
    try:
        number = batches.approve(request.actor, batch_id, timezone.now())
    except Batch.DoesNotExist:
        raise Http404 from None
    except batches.NotYet as refusal:
        messages.error(request, str(refusal))
        return redirect("notices:samples", batch_id)
    if number:
        messages.success(request, f"{number}件を承認しました。メールは送信時間内に順に送られます。")
    return redirect("notices:batch", batch_id)


@require_POST
@staff_page(EXCLUDE)
def exclude(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Take one patron out of a draft, or give all of it up."""
    found = get_object_or_404(Batch, pk=batch_id)
    if request.POST.get("all"):
        batches.cancel(request.actor, batch_id)
        messages.success(request, "抽出を取りやめました。次の抽出で同じ利用者が出ます。")
        return redirect("notices:home")
    number = request.POST.get("notice", "")
    if number.isdigit() and planning.exclude(request.actor, found, int(number)):
        messages.success(request, "1人を今回の対象から外しました。")
    return redirect("notices:batch", batch_id)


@staff_page(CALL)
def phone(request: HttpRequest) -> HttpResponse:
    """Whom to call, in order, and what came of it."""
    chosen = BranchForm(request.GET if "branch" in request.GET else {"branch": request.actor.branch_id or ""})
    branch = chosen.cleaned_data["branch"] if chosen.is_valid() else None
    wrong = None
    if request.method == "POST":
        wrong = _record_call(request)
        if wrong is None:
            return redirect(request.get_full_path())
    found = queries.phone_list(timezone.localdate(), branch.pk if branch else None)
    _viewed(request, found, "電話連絡の一覧")
    lines = queries.lines_of(found)
    rows = [
        {
            "notice": notice,
            "phone": queries.address_of(notice.patron, notice.means),
            "titles": [(texts.title_of(line), line) for line in lines.get(notice.pk, [])],
            "calls": list(notice.calls.all()),
            "form": wrong if wrong and str(notice.pk) == str(wrong.data.get("notice")) else _call_form(notice),
        }
        for notice in found
    ]
    if wrong and not any(row["form"] is wrong for row in rows):  # somebody else was quicker: the row is gone
        for problems in wrong.errors.values():
            messages.error(request, problems[0])
    status = 400 if wrong else 200
    return render(request, "notices/phone.html", {"rows": rows, "chosen": chosen, "branch": branch}, status=status)


def _call_form(notice: Notice) -> CallForm:
    return CallForm(initial={"notice": notice.pk}, auto_id=f"call{notice.pk}_%s")


def _record_call(request: HttpRequest) -> CallForm | None:
    """Record the posted result; the form comes back when something is wrong with it."""
    form = CallForm(request.POST, auto_id=f"call{request.POST.get('notice', '')}_%s")
    if not form.is_valid():
        return form
    given = form.cleaned_data
    try:
        byhand.record_call(
            request.actor,
            given["notice"],
            given["result"],
            timezone.now(),
            promised_on=given["promised_on"],
            note=given["note"],
        )
    except Notice.DoesNotExist:
        raise Http404 from None
    except ValidationError as error:
        form.add_error(None, error)
        return form
    messages.success(request, "電話の結果を記録しました。")
    return None


@staff_page(VIEW)
def paper(request: HttpRequest, adapter: str) -> HttpResponse:
    """Cards or letters that wait for the printer, and those posted lately."""
    chosen = PrintForm({"side": papers.BOTH, **request.GET.dict()})
    branch = chosen.cleaned_data.get("branch") if chosen.is_valid() else None
    waiting = queries.paper(adapter, branch.pk if branch else None)
    posted = list(queries.posted_lately(adapter, timezone.localdate()))
    _viewed(request, [*waiting, *posted], TITLES[Adapter(adapter)])
    context = {
        "adapter": adapter,
        "title": TITLES[Adapter(adapter)],
        "is_card": adapter == Adapter.POSTCARD,
        "waiting": waiting[: papers.MOST_SHEETS],
        "total": len(waiting),
        "posted": posted,
        "form": chosen,
        "asked": request.GET.urlencode(),
    }
    return render(request, "notices/paper.html", context)


@require_POST
@staff_page(PRINT)
def print_paper(request: HttpRequest, adapter: str) -> HttpResponse:
    """The PDF of what waits, at most 300 sheets."""
    if adapter not in TITLES:
        raise Http404
    form = PrintForm(request.POST)
    if not form.is_valid():
        raise Http404
    branch, today = form.cleaned_data["branch"], timezone.localdate()
    waiting = queries.paper(adapter, branch.pk if branch else None)[: papers.MOST_SHEETS]
    byhand.printed(request.actor, waiting, TITLES[Adapter(adapter)], timezone.now())
    made = papers.sheets(waiting, today)
    text = papers.pdf(adapter, made, today, side=form.cleaned_data["side"], boxes=form.cleaned_data["boxes"])
    answer = HttpResponse(text, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{adapter}-{today:%Y%m%d}.pdf"'
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
@staff_page(POST)
def post_paper(request: HttpRequest, adapter: str) -> HttpResponse:
    """These are in the post; or one came back."""
    if adapter not in TITLES:
        raise Http404
    now = timezone.now()
    back = request.POST.get("back", "")
    if back.isdigit():
        try:
            byhand.came_back(request.actor, int(back), now)
        except Notice.DoesNotExist:
            raise Http404 from None
        messages.success(request, "返戻を記録しました。次の連絡手段に回し、住所の確認を窓口に表示します。")
    else:
        number = byhand.posted(request.actor, _numbers(request.POST.getlist("notice")), now)
        messages.success(request, f"{number}通を投函済みにしました。")
    return redirect("notices:postcards" if adapter == Adapter.POSTCARD else "notices:letters")


def _numbers(values: list[str]) -> list[int]:
    return [int(value) for value in values if value.isdigit()]
