"""Pages of the counter besides lending and returning: one item, many items moved, temporary records, the policy."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.branches.codes import LOCATION, choices
from app.catalog import actions as catalog
from app.catalog import queries as records
from app.catalog.codes import Restriction, shelf_statuses
from app.catalog.models import Item
from app.circulation import actions, enquiry
from app.circulation.models import CounterPolicy
from app.patrons.rules import plain_number
from app.web import versions
from app.web.forms import OfficeForm


@staff_page(actions.ENQUIRE)
def item(request: HttpRequest) -> HttpResponse:
    """Everything about one item; posting asks for who has it, with the right to see that, and is recorded."""
    scanned = (request.POST.get("barcode") or request.GET.get("barcode", ""))[:40]
    number = plain_number(scanned)
    asked = request.method == "POST" and request.POST.get("act") == "borrower"
    found = enquiry.of(request.actor, number, with_borrower=asked) if number else None
    status = 404 if scanned and found is None else 200
    may_edit = found is not None and catalog.EDIT_ITEM.code in request.actor.operations
    form = handling_form(found.item) if found and may_edit else None
    context = {"scanned": scanned, "found": found, "form": form}
    return render(request, "circulation/item.html", context, status=status)


@staff_page(catalog.CONDITION)
def condition(request: HttpRequest) -> HttpResponse:
    """Write or clear an item's damage note."""
    number = plain_number(request.POST.get("barcode", "")[:40])
    known = records.item_with_barcode(number) if number else None
    if request.method == "POST" and known is not None:
        catalog.note_condition(request.actor, known, request.POST.get("text", ""), timezone.localdate())
        messages.success(request, "汚破損メモを保存しました。")
    return _to_item(number)


class HandlingForm(OfficeForm):
    """How the counter has to handle one item."""

    reference_only = forms.BooleanField(label="禁帯出", required=False)
    restriction = forms.ChoiceField(label="館内利用の別", choices=Restriction.choices, required=False)
    attachments = forms.CharField(
        label="付属物", max_length=200, required=False, help_text="例: CD 1枚、地図 1枚。貸出と返却のときに確かめます"
    )
    attachment_count = forms.IntegerField(label="付属物の点数", min_value=0, max_value=99, required=False)

    def clean_attachment_count(self) -> int:
        """Nothing typed is none."""
        return self.cleaned_data["attachment_count"] or 0


def handling_form(item: Item, data: Any = None) -> HandlingForm:
    """The form with the item's values."""
    names = ("reference_only", "restriction", "attachments", "attachment_count")
    return HandlingForm(data, initial={name: getattr(item, name) for name in names})


@require_POST
@staff_page(catalog.EDIT_ITEM)
def handling(request: HttpRequest) -> HttpResponse:
    """Set how the counter handles one item: what stays in the house, what belongs to it."""
    number = plain_number(request.POST.get("barcode", "")[:40])
    known = records.item_with_barcode(number) if number else None
    if known is None:
        return redirect("circulation:item")
    form = handling_form(known, request.POST)
    if form.is_valid():
        try:
            changed = catalog.update_item(request.actor, known.pk, form.cleaned_data)
            messages.success(request, "資料の取扱いを保存しました。" if changed else "変わったところはありません。")
            return _to_item(number)
        except catalog.CatalogError as problem:
            form.add_error(None, str(problem))
    found = enquiry.of(request.actor, number)
    context = {"scanned": number, "found": found, "form": form}
    return render(request, "circulation/item.html", context, status=422)


def _to_item(number: str) -> HttpResponse:
    response = redirect("circulation:item")
    response["Location"] += f"?barcode={number}"
    return response


class SetForm(OfficeForm):
    """Items that are lent as one."""

    name = forms.CharField(label="組の名称", max_length=100)
    barcodes = forms.CharField(
        label="資料番号",
        widget=forms.Textarea(attrs={"rows": 6, "inputmode": "numeric"}),
        max_length=5_000,
        help_text="組の資料を続けて読み取ります（2点以上）",
    )


@staff_page(catalog.EDIT_ITEM)
def sets(request: HttpRequest) -> HttpResponse:
    """Sets: make one by scanning its pieces, dissolve one."""
    form = SetForm(request.POST if request.POST.get("act") == "put" else None)
    problem = ""
    if request.method == "POST":
        try:
            if request.POST.get("act") == "dissolve" and request.POST.get("set", "").isdecimal():
                catalog.dissolve_set(request.actor, int(request.POST["set"][:18]))
                messages.success(request, "組を解きました。")
                return redirect("circulation:sets")
            if form.is_valid():
                numbers = [plain_number(line) or line for line in form.cleaned_data["barcodes"].split()]
                made = catalog.put_set(request.actor, form.cleaned_data["name"], numbers)
                messages.success(request, f"組「{made.name}」を登録しました。")
                return redirect("circulation:sets")
        except catalog.CatalogError as error:
            problem = str(error)
    context = {"form": form, "sets": records.sets(), "problem": problem}
    return render(request, "circulation/sets.html", context, status=422 if problem or form.errors else 200)


class MoveForm(OfficeForm):
    """Many numbers, and what they get."""

    barcodes = forms.CharField(
        label="資料番号",
        widget=forms.Textarea(attrs={"rows": 8, "autofocus": True, "inputmode": "numeric"}),
        help_text="続けて読み取ります（1行に1点、500点まで）",
        max_length=20_000,
    )
    location = forms.ChoiceField(label="所在", required=False)
    shelf_mark = forms.CharField(label="別置記号", max_length=10, required=False, help_text="空欄は変更しません")
    clear_mark = forms.BooleanField(label="別置記号を消す", required=False)
    status = forms.ChoiceField(label="状態", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["location"].choices = [("", "変更しない"), *choices(LOCATION)]
        self.fields["status"].choices = [("", "変更しない"), *shelf_statuses(all_lines=False)]

    def clean_barcodes(self) -> list[str]:
        """The numbers, each as a reader gives it."""
        lines = self.cleaned_data["barcodes"].split()
        wrong = [line for line in lines if not plain_number(line)]
        if wrong:
            raise forms.ValidationError(f"番号として読み取れません: {'、'.join(wrong[:5])}")
        return [plain_number(line) for line in lines]

    def wanted(self) -> dict[str, Any]:
        """What `catalog.relocate` is asked for."""
        given = self.cleaned_data
        return {
            "barcodes": given["barcodes"],
            "location": given["location"] or None,
            "shelf_mark": "" if given["clear_mark"] else given["shelf_mark"] or None,
            "status": given["status"] or None,
        }


@staff_page(catalog.RELOCATE)
def move(request: HttpRequest) -> HttpResponse:
    """Scan many items, choose once, look at the differences, confirm once."""
    form = MoveForm(request.POST or None)
    context: dict[str, Any] = {"may_undo": may(request.actor.operations, catalog.UNDO.code)}
    status = 200
    if request.method == "POST" and form.is_valid():
        seen = request.POST.get(versions.FIELD)
        try:
            if seen is None:
                context["planned"] = catalog.preview_move(request.actor, **form.wanted())
            elif "back" not in request.POST:
                context["moved"] = catalog.relocate(request.actor, **form.wanted(), seen=seen)
                form = MoveForm()
        except versions.Conflict:
            context |= {"planned": catalog.preview_move(request.actor, **form.wanted()), "outdated": True}
            status = 409
        except catalog.CatalogError as problem:
            form.add_error(None, str(problem))
    status = 422 if form.is_bound and form.errors else status
    return render(request, "circulation/move.html", context | {"form": form}, status=status)


@staff_page(catalog.EDIT_ITEM)
def temporary(request: HttpRequest) -> HttpResponse:
    """Items under a title typed at the counter, each to be given its record."""
    problem = ""
    if request.method == "POST":
        number = request.POST.get("record", "").strip()
        try:
            if not number.isdecimal():
                raise catalog.CatalogError("結び付ける書誌の番号を数字で入力してください。")
            item = catalog.join_temporary(request.actor, request.POST.get("barcode", ""), int(number[:18]))
            messages.success(request, f"「{item.record.title}」に結び付けました。貸出はそのまま続きます。")
            return redirect("circulation:temporary")
        except catalog.CatalogError as error:
            problem = str(error)
    context = {"items": records.temporary_items(), "problem": problem, "given": request.POST}
    return render(request, "circulation/temporary.html", context, status=422 if problem else 200)


class PolicyForm(OfficeForm):
    """The library's decisions for all counters."""

    same_title_note = forms.BooleanField(label="同じ書誌を重ねて借りるときに知らせる", required=False)
    last_borrower_days = forms.IntegerField(
        label="直前の借受者を保つ日数",
        min_value=0,
        max_value=14,
        help_text="0 は保ちません（初期値）。汚破損の確認のためだけに、暗号化して保ち、この日数で消します。14日まで。",
    )


@staff_page(actions.POLICY)
def policy(request: HttpRequest) -> HttpResponse:
    """What the library decides about its counters."""
    now = CounterPolicy.objects.first() or CounterPolicy()
    values = {"same_title_note": now.same_title_note, "last_borrower_days": now.last_borrower_days}
    form = PolicyForm(request.POST or None, initial=values)
    if request.method == "POST" and form.is_valid():
        actions.set_policy(request.actor, **form.cleaned_data)
        messages.success(request, "窓口の方針を保存しました。")
        return redirect("circulation:policy")
    return render(request, "circulation/policy.html", {"form": form}, status=422 if form.errors else 200)
