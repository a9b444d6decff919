"""Code tables and wordings on the staff's screen."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render

from app.access.web import staff_page
from app.branches import codes
from app.branches.models import CodeEntry, Wording
from app.catalog.codes import MaterialType, ShelfStatus
from app.catalog.models import Item
from app.exports import web as exports
from app.regulations import actions
from app.web.forms import OfficeForm
from app.web.wording import Sentence, sentences

AREAS = {
    "circulation": "窓口",
    "holds": "予約",
    "opac": "OPAC",
    "patrons": "利用者",
    "terminals": "レシート・票",
    "transfers": "回送",
    "web": "共通",
}


class LineForm(OfficeForm):
    """One line of a code table."""

    order = forms.IntegerField(
        label="並び", min_value=0, max_value=9999, required=False, widget=forms.NumberInput(attrs={"size": 4})
    )
    code = forms.CharField(label="符号", max_length=40, required=False)
    label = forms.CharField(label="名称", max_length=40, required=False)
    in_use = forms.BooleanField(label="使用", required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.initial.get("code") or self["code"].value():
            # A code stands on items: it is named anew, never changed.
            self.fields["code"].widget.attrs["readonly"] = True


def _formset(table: str, posted: QueryDict | None) -> forms.BaseFormSet:
    """The lines of a table, with room for new ones."""
    made = forms.formset_factory(LineForm, extra=3)
    return made(posted, prefix="line") if posted is not None else made(initial=_initial(table), prefix="line")


@staff_page(actions.CODES)
def tables(request: HttpRequest) -> HttpResponse:
    """The code tables that may be edited."""
    lines = [(table, title, len(codes.entries(table))) for table, title in codes.TABLES.items()]
    return render(request, "regulations/codes.html", {"tables": lines})


def _initial(table: str) -> list[dict[str, Any]]:
    lines = list(codes.entries(table))
    shown = [
        {"order": (place + 1) * 10, "code": line.code, "label": line.label, "in_use": line.in_use}
        for place, line in enumerate(lines)
    ]
    there = {line.code for line in lines}
    known = {codes.MATERIAL_TYPE: MaterialType.choices, codes.SHELF_STATUS: ShelfStatus.choices}.get(table, [])
    missing = [(code, name) for code, name in known if code not in there]
    return shown + [
        {"order": (len(shown) + place + 1) * 10, "code": code, "label": name, "in_use": True}
        for place, (code, name) in enumerate(missing)
    ]


@staff_page(actions.CODES)
def edit(request: HttpRequest, table: str) -> HttpResponse:
    """One code table: names, order, use and default in one form; what is saved holds in every choice at once."""
    if table not in codes.TABLES:
        raise Http404
    posted = request.method == "POST"
    formset = _formset(table, request.POST if posted else None)
    default = request.POST.get("default", codes.default_of(table))
    problem = ""
    if posted and formset.is_valid():
        try:
            changed = actions.put_codes(
                request.actor, table, _lines(table, formset, default), request.POST.get("seen", "")
            )
        except ValidationError as error:
            problem = " ".join(error.messages)
        else:
            messages.success(request, f"{changed}行を変更しました。" if changed else "変更はありません。")
            return redirect("regulations:code_table", table)
    context = {
        "formset": formset,
        "table": table,
        "title": codes.TABLES[table],
        "default": default,
        "problem": problem,
        "seen": request.POST.get("seen") or actions.seen_of(CodeEntry.objects.filter(table=table)),
        "coded": table != codes.LOCATION,
        "states": table == codes.SHELF_STATUS,
        "unlisted": _unlisted() if table == codes.LOCATION else [],
    }
    return render(request, "regulations/code_table.html", context, status=422 if problem or formset.is_bound else 200)


def _lines(table: str, formset: Any, default: str) -> list[actions.Line]:
    """The filled lines in the order of their numbers; a location's code is its name as it stands on items."""
    filled = [form.cleaned_data for form in formset if form.cleaned_data.get("label") or form.cleaned_data.get("code")]
    filled.sort(key=lambda row: 9999 if row.get("order") is None else row["order"])
    lines = []
    for row in filled:
        code = (row["code"] or (row["label"] if table == codes.LOCATION else "")).strip()
        lines.append(actions.Line(code, row["label"].strip(), row["in_use"], bool(code) and code == default))
    return lines


def _unlisted() -> list[str]:
    """Locations that stand on items and in no line. One SQL statement."""
    there = {line.code for line in codes.entries(codes.LOCATION)}
    found = Item.objects.exclude(location="").exclude(location__in=there).order_by("location")
    return list(found.values_list("location", flat=True).distinct()[:50])


@dataclass(frozen=True)
class Word:
    """One sentence as the list shows it."""

    code: str
    area: str
    default: str
    own: str
    where: str

    @property
    def text(self) -> str:
        return self.own or self.default


def _words(asked: str = "") -> list[Word]:
    own = dict(Wording.objects.values_list("code", "text"))
    words = [
        Word(one.code, AREAS.get(one.code.split(".")[0], "その他"), one.default, own.get(one.code, ""), one.where)
        for one in sentences().values()
    ]
    return [word for word in words if asked in word.text or asked in word.default or asked in word.code]


@staff_page(actions.WORDS)
def words(request: HttpRequest) -> HttpResponse:
    """Every sentence that may be changed, by area. Also as a file."""
    asked = request.GET.get("q", "").strip()
    found = _words(asked)
    if exports.asked(request):
        rows = [
            [word.code, word.area, word.text, word.default, "変更あり" if word.own else "", word.where]
            for word in found
        ]
        titles = ["符号", "場面", "現在の文言", "既定の文言", "変更", "使う所"]
        return exports.table(request, actions.WORDS, "文言一覧", titles, rows)
    areas: dict[str, list[Word]] = {}
    for word in found:
        areas.setdefault(word.area, []).append(word)
    context = {"areas": areas.items(), "asked": asked, "count": len(found), "changed": sum(bool(w.own) for w in found)}
    return render(request, "regulations/words.html", context)


class WordForm(OfficeForm):
    """The library's own text of one sentence."""

    text = forms.CharField(
        label="文言",
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True}),
        help_text="空にすると既定の文言に戻ります",
    )


def _sentence(code: str) -> Sentence:
    found = sentences().get(code)
    if found is None:
        raise Http404
    return found


@staff_page(actions.WORDS)
def edit_word(request: HttpRequest) -> HttpResponse:
    """Change one sentence; it is said from the next page on."""
    sentence = _sentence(request.GET.get("code", ""))
    own = Wording.objects.filter(code=sentence.code).values_list("text", flat=True).first()
    form = WordForm(request.POST or None, initial={"text": own or sentence.default})
    if request.method == "POST" and form.is_valid():
        try:
            actions.put_wording(request.actor, sentence.code, form.cleaned_data["text"])
        except ValidationError as error:
            form.add_error("text", error)
        else:
            messages.success(request, "文言を変更しました。次の画面から使われます。")
            return redirect("regulations:words")
    context = {"form": form, "sentence": sentence, "values": sorted(sentence.values), "own": own}
    return render(request, "regulations/word.html", context, status=422 if form.errors else 200)
