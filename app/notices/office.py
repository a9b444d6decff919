"""The pages on which staff decide: stops, wishes, texts, policies, means; and what is known of a patron or an item."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access.web import staff_page
from app.audit import actions as audit
from app.catalog.models import Item
from app.notices import queries, texts, wording
from app.notices.actions import setting
from app.notices.actions.operations import SETTLE, STOP, VIEW, WISH, WORD
from app.notices.codes import Kind
from app.notices.forms import MeansForm, PolicyForm, StopForm, WishForm, WordingForm
from app.notices.models import Means, Stop, Wish, Wording
from app.patrons import queries as patron_queries
from app.patrons.models import Patron
from app.patrons.rules import plain_number

USUAL_STOP = timedelta(days=30)


@staff_page(STOP)
def stops(request: HttpRequest) -> HttpResponse:
    """Who and what is left out of reminders; a new stop by scanning a card or an item."""
    today = timezone.localdate()
    start = {"from_on": today, "until_on": today + USUAL_STOP, "number": request.GET.get("number", "")}
    form = StopForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        patron_id, item_id = _who_or_what(given["number"])
        if patron_id is None and item_id is None:
            form.add_error("number", "この番号の利用者も資料もありません。番号を確かめてください。")
        else:
            try:
                setting.stop(
                    request.actor,
                    patron_id=patron_id,
                    item_id=item_id,
                    from_on=given["from_on"],
                    until_on=given["until_on"],
                    reason=given["reason"],
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, f"{given['until_on']:%Y/%m/%d}まで督促を止めました。翌日から対象に戻ります。")
                return redirect("notices:stops")
    found = queries.stops(today)
    audit.record_views(
        request.actor, VIEW, "patron", sorted({one.patron_id for one in found if one.patron_id}), "督促停止の一覧"
    )
    status = 400 if request.method == "POST" else 200
    return render(request, "notices/stops.html", {"form": form, "stops": found, "today": today}, status=status)


def _who_or_what(text: str) -> tuple[int | None, int | None]:
    number = plain_number(text)
    patron_id = patron_queries.id_of_card(number) if number else None
    item_id = Item.objects.filter(barcode=number).values_list("id", flat=True).first() if number else None
    return (patron_id, None) if patron_id else (None, item_id)


@require_POST
@staff_page(STOP)
def end_stop(request: HttpRequest, stop_id: int) -> HttpResponse:
    """End a stop now."""
    if setting.end_stop(request.actor, stop_id):
        messages.success(request, "停止を終えました。")
    return redirect("notices:stops")


@staff_page(VIEW)
def patron(request: HttpRequest, patron_id: int) -> HttpResponse:
    """What a patron was told, is to be told and wished."""
    found = patron_queries.by_id(patron_id)
    if found is None:
        raise Http404
    audit.record(
        request.actor, VIEW, outcome="viewed", subject_type="patron", subject_id=patron_id, purpose="連絡の記録"
    )
    today = timezone.localdate()
    wish = Wish.objects.filter(patron=patron_id).first()
    context = {
        "patron": found,
        "history": queries.history_of(patron_id),
        "stops": Stop.objects.filter(patron=patron_id, until_on__gte=today),
        "form": WishForm(initial={"due_soon": wish and wish.due_soon, "prefers": wish and wish.prefers_id}),
    }
    return render(request, "notices/patron.html", context)


@require_POST
@staff_page(WISH)
def wish(request: HttpRequest, patron_id: int) -> HttpResponse:
    """Store what a patron wished."""
    get_object_or_404(Patron.objects.only("id"), pk=patron_id)
    form = WishForm(request.POST)
    if form.is_valid():
        prefers = form.cleaned_data["prefers"]
        setting.wish(
            request.actor,
            patron_id,
            due_soon=form.cleaned_data["due_soon"],
            prefers_id=prefers.pk if prefers else None,
        )
        messages.success(request, "連絡の希望を記録しました。")
    return redirect("notices:patron", patron_id)


@staff_page(VIEW)
def item(request: HttpRequest) -> HttpResponse:
    """Reminders of an item's present loan: stage, day, means, result; not whose."""
    number = plain_number(request.GET.get("number", ""))
    found = Item.objects.select_related("record", "branch").defer("record__marc").filter(barcode=number).first()
    context = {
        "number": request.GET.get("number", ""),
        "item": found,
        "history": queries.history_of_item(found.pk) if found else [],
    }
    return render(request, "notices/item.html", context)


@staff_page(VIEW)
def undeliverable(request: HttpRequest) -> HttpResponse:
    """Addresses that came back and are still the patron's."""
    rows = queries.still_bad(queries.undeliverable())
    audit.record_views(request.actor, VIEW, "patron", sorted({one.patron_id for one in rows}), "届かない宛先の一覧")
    return render(request, "notices/undeliverable.html", {"rows": rows})


@staff_page(WORD)
def wordings(request: HttpRequest) -> HttpResponse:
    """Every text in use."""
    context = {
        "wordings": queries.wordings(),
        "kinds": Kind.choices,
        "means": Means.objects.all(),
        "stages": range(1, 7),
    }
    return render(request, "notices/wordings.html", context)


@require_POST
@staff_page(WORD)
def new_wording(request: HttpRequest) -> HttpResponse:
    """A text of its own for a stage or means, begun as a copy of the one in use until then."""
    kind, means = request.POST.get("kind", ""), request.POST.get("means", "")
    stage = request.POST.get("stage", "0")
    if kind not in Kind.values or not stage.isdigit() or not (means == "" or Means.objects.filter(code=means).exists()):
        messages.error(request, "種類・段階・手段を選び直してください。")
        return redirect("notices:wordings")
    base = queries.wording_for(kind, int(stage), means)
    made = setting.word(request.actor, kind, int(stage), means, base.subject, base.body, base.line)
    return redirect("notices:wording", made.pk)


@staff_page(WORD)
def edit_wording(request: HttpRequest, wording_id: int) -> HttpResponse:
    """Change a text: see it filled, store it as a new version, look at the earlier ones."""
    found = get_object_or_404(Wording, pk=wording_id)
    versions = queries.versions_of(found)
    values = {"subject": found.subject, "body": found.body, "line": found.line}
    form = WordingForm(request.POST or None, initial=values)
    shown = found
    if request.method == "POST" and form.is_valid():
        given = {name: text.replace("\r\n", "\n") for name, text in form.cleaned_data.items()}
        shown = Wording(kind=found.kind, stage=found.stage, means=found.means, **given)
        if "store" in request.POST:
            try:
                made = setting.word(request.actor, found.kind, found.stage, found.means, **given)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, f"第{made.version}版にしました。次の送信から使います。")
                return redirect("notices:wording", made.pk)
    context = {
        "wording": found,
        "form": form,
        "versions": versions,
        "newest": versions[0],
        "sample": texts.sample_of(shown),
        "fields": wording.FIELDS.items(),
        "line_fields": wording.LINE_FIELDS.items(),
    }
    return render(request, "notices/wording.html", context, status=400 if form.errors else 200)


@staff_page(SETTLE)
def settings_page(request: HttpRequest) -> HttpResponse:
    """Hours and approval of each kind; the means."""
    forms = [
        (policy, PolicyForm(initial=vars(policy), auto_id=f"{policy.kind}_%s"))
        for policy in queries.policies().values()
    ]
    return render(request, "notices/settings.html", {"policies": forms, "means": Means.objects.all()})


@require_POST
@staff_page(SETTLE)
def set_policy(request: HttpRequest, kind: str) -> HttpResponse:
    """Store one policy."""
    form = PolicyForm(request.POST)
    if kind not in Kind.values:
        raise Http404
    if form.is_valid():
        try:
            setting.set_policy(request.actor, kind, setting.PolicyChange(**form.cleaned_data))
        except ValidationError as error:
            form.add_error(None, error)
    if form.errors:
        for problem in form.errors.values():
            messages.error(request, f"{Kind(kind).label}: {problem[0]}")
    else:
        messages.success(request, f"「{Kind(kind).label}」の決まりを変えました。")
    return redirect("notices:settings")


@staff_page(SETTLE)
def means(request: HttpRequest, code: str = "") -> HttpResponse:
    """Add or change a means."""
    there = get_object_or_404(Means, code=code) if code else None
    first = {**vars(there), "secret": ""} if there else {}
    form = MeansForm(request.POST or None, initial=first)
    if there:
        form.fields["code"].disabled = True
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        if not given["secret"]:
            given.pop("secret")
        try:
            setting.put_means(request.actor, given.pop("code"), **given)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "連絡手段を登録しました。")
            return redirect("notices:settings")
    return render(request, "notices/means.html", {"form": form, "means": there}, status=400 if form.errors else 200)
