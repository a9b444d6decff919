"""Pages of the counter besides lending and returning: one item, many items moved, temporary records, the policy."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from app.access.web import staff_page
from app.branches.codes import LOCATION, choices
from app.catalog import actions as catalog
from app.catalog import queries as records
from app.catalog.codes import ShelfStatus
from app.circulation import actions, enquiry
from app.circulation.models import CounterPolicy
from app.patrons.rules import plain_number
from app.web.forms import OfficeForm


@staff_page(actions.ENQUIRE)
def item(request: HttpRequest) -> HttpResponse:
    """Everything about one item; posting asks for who has it, with the right to see that, and is recorded."""
    scanned = (request.POST.get("barcode") or request.GET.get("barcode", ""))[:40]
    number = plain_number(scanned)
    asked = request.method == "POST" and request.POST.get("act") == "borrower"
    found = enquiry.of(request.actor, number, with_borrower=asked) if number else None
    status = 404 if scanned and found is None else 200
    context = {"scanned": scanned, "found": found, "asked": asked}
    return render(request, "circulation/item.html", context, status=status)


@staff_page(catalog.CONDITION)
def condition(request: HttpRequest) -> HttpResponse:
    """Write or clear an item's damage note."""
    number = plain_number(request.POST.get("barcode", "")[:40])
    known = records.item_with_barcode(number) if number else None
    if request.method == "POST" and known is not None:
        catalog.note_condition(request.actor, known, request.POST.get("text", ""), timezone.localdate())
        messages.success(request, "汚破損メモを保存しました。")
    response = redirect("circulation:item")
    response["Location"] += f"?barcode={number}"
    return response


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
        self.fields["status"].choices = [("", "変更しない"), *ShelfStatus.choices]

    def clean_barcodes(self) -> list[str]:
        """The numbers, each as a reader gives it."""
        lines = self.cleaned_data["barcodes"].split()
        wrong = [line for line in lines if not plain_number(line)]
        if wrong:
            raise forms.ValidationError(f"番号として読み取れません: {'、'.join(wrong[:5])}")
        return [plain_number(line) for line in lines]


@staff_page(catalog.RELOCATE)
def move(request: HttpRequest) -> HttpResponse:
    """Scan many items, choose once, confirm once."""
    form = MoveForm(request.POST or None)
    moved = None
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        mark = "" if given["clear_mark"] else given["shelf_mark"] or None
        try:
            moved = catalog.relocate(
                request.actor,
                given["barcodes"],
                location=given["location"] or None,
                shelf_mark=mark,
                status=given["status"] or None,
            )
            form = MoveForm()
        except catalog.CatalogError as problem:
            form.add_error(None, str(problem))
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "circulation/move.html", {"form": form, "moved": moved}, status=status)


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
