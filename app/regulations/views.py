"""The rule table on the staff's screen: what holds, what will hold, which rule won and why."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from app.access.rules import may
from app.access.web import staff_page
from app.exports import web as exports
from app.regulations import actions, notation, preview, queries, rules
from app.regulations.forms import RuleForm, WhyForm
from app.regulations.models import Regulation
from app.regulations.rules import COLUMNS
from app.web.forms import fingerprint, sure

NOW, COMING, OVER = "現在の規則", "これから効く規則", "過去の規則"


@dataclass(frozen=True)
class Shown:
    """One row as the list shows it."""

    id: int
    title: str
    first: date
    last: date | None
    values: list[tuple[str, str]]
    note: str
    may_withdraw: bool


def _shown(row: Regulation, today: date) -> Shown:
    rule = queries.rule_of(row)
    named = [column for column in COLUMNS if column.name in rule.values]
    ends = row.effective_until is not None and row.effective_until >= today
    return Shown(
        row.pk,
        rule.title or "全体",
        row.effective_from,
        row.effective_until,
        [(column.title, notation.shown(column, rule.values[column.name])) for column in named],
        row.note,
        row.effective_from > today or ends,
    )


@staff_page(actions.VIEW)
def table(request: HttpRequest) -> HttpResponse:
    """Every row: in force today, coming, over. Also as a file."""
    today = timezone.localdate()
    rows = queries.rows()
    if asked := exports.asked(request):
        return _file(request, asked, rows)
    valid = {rule.id for rule in rules.in_force([queries.rule_of(row) for row in rows], today)}
    groups: dict[str, list[Shown]] = {NOW: [], COMING: [], OVER: []}
    for row in rows:
        where = NOW if row.pk in valid else COMING if row.effective_from > today else OVER
        groups[where].append(_shown(row, today))
    context = {"groups": groups.items(), "past": OVER, "may_change": may(request.actor.operations, actions.CHANGE.code)}
    return render(request, "regulations/table.html", context)


def _file(request: HttpRequest, asked: str, rows: list[Regulation]) -> HttpResponse:
    titles = ["対象", "開始日", "終了日", *(column.title for column in COLUMNS), "変更の理由"]
    lines = []
    for row in rows:
        rule = queries.rule_of(row)
        values = [
            notation.shown(column, rule.values[column.name]) if column.name in rule.values else "" for column in COLUMNS
        ]
        lines.append([rule.title or "全体", row.effective_from, row.effective_until or "", *values, row.note])
    return exports.table(request, actions.VIEW, "利用規則", titles, lines)


def _start(request: HttpRequest, today: date) -> dict[str, Any]:
    """What the editor shows first: an existing row from today on, or an empty one."""
    number = request.GET.get("row", "")
    if not number.isdigit():
        return {"effective_from": today}
    row = Regulation.objects.select_related("branch", "category").filter(pk=int(number)).first()
    if row is None:
        raise Http404
    rule = queries.rule_of(row)
    flags = {column.name for column in COLUMNS if column.kind == rules.FLAG}
    values = {name: str(int(value)) if name in flags else value for name, value in rule.values.items()}
    return {
        "branch": row.branch_id,
        "category": row.category_id,
        "material_type": row.material_type,
        "location": row.location,
        "effective_from": max(today, row.effective_from),
        "effective_until": row.effective_until,
        **values,
    }


def _otherwise(today: date) -> dict[str, str]:
    """What holds when a row says nothing: the general row's word, as a hint in the empty fields."""
    terms = rules.decide(queries.table(today), rules.Case(0, 0, "", today))
    return {column.name: notation.shown(column, getattr(terms, column.name).value) for column in COLUMNS}


@staff_page(actions.CHANGE)
def edit(request: HttpRequest) -> HttpResponse:
    """Write a row: first its effect on today's loans and holds is shown, the second press saves it."""
    today = timezone.localdate()
    form = RuleForm(request.POST or None, initial=_start(request, today), otherwise=_otherwise(today))
    effects: list[preview.Effect] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            if sure(request.POST):
                actions.put(request.actor, form.row(), form.values(), today=today)
                messages.success(request, f"登録しました。{form.cleaned_data['effective_from']:%Y/%m/%d}から効きます。")
                return redirect("regulations:table")
            effects = _effects(form, today)
        except ValidationError as error:
            _put_errors(form, error)
        except rules.NoRule as error:
            form.add_error(None, str(error))
    status = 422 if form.errors else 200
    context = {
        "form": form,
        "effects": effects,
        "on": form.cleaned_data.get("effective_from") if effects else None,
        "seen": fingerprint(request.POST),
    }
    return render(request, "regulations/edit.html", context, status=status)


def _effects(form: RuleForm, today: date) -> list[preview.Effect]:
    row = form.filled_row()
    if row.effective_from < today:
        raise ValidationError({"effective_from": f"開始日は今日（{today:%Y/%m/%d}）以後にしてください。"})
    before = queries.every_rule()
    draft = queries.rule_of(row)
    same = (draft.key, draft.effective_from, draft.effective_until)
    rest = tuple(rule for rule in before if (rule.key, rule.effective_from, rule.effective_until) != same)
    return preview.effects(before, (*rest, draft), row.effective_from, today)


def _put_errors(form: RuleForm, error: ValidationError) -> None:
    """Errors of the action beside their fields; those of the whole row above the form."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for name, found in error.error_dict.items():
        form.add_error(name if name in form.fields else None, found)


@require_POST
@staff_page(actions.CHANGE)
def withdraw(request: HttpRequest, row_id: int) -> HttpResponse:
    """Take back a row that has not begun, or end one with an end today."""
    try:
        actions.withdraw(request.actor, row_id)
        messages.success(request, "取り消しました。")
    except Regulation.DoesNotExist:
        messages.warning(request, "この規則はすでにありません。")
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("regulations:table")


@dataclass(frozen=True)
class Answer:
    """One value of a case: what, how much, which row gave it, which rows gave way."""

    title: str
    group: str
    value: str
    why: str
    given: bool
    passed: list[str]


@staff_page(actions.VIEW)
def why(request: HttpRequest) -> HttpResponse:
    """Which rule wins for a case, and which were passed over."""
    today = timezone.localdate()
    form = WhyForm(request.GET if "on" in request.GET else None, initial={"on": today})
    answers: list[Answer] = []
    if form.is_bound and form.is_valid():
        answers = _answers(form.case())
    return render(
        request, "regulations/why.html", {"form": form, "answers": answers}, status=422 if form.errors else 200
    )


def _answers(case: rules.Case) -> list[Answer]:
    table = queries.every_rule()
    terms, told = rules.decide(table, case), rules.explain(table, case)
    found = []
    for column in COLUMNS:
        answer = getattr(terms, column.name)
        passed = [
            f"{one.rule.why}: {notation.shown(column, one.value)}"
            for one in told[column.name]
            if one.rule.id != answer.rule_id
        ]
        found.append(
            Answer(
                column.title,
                column.group,
                notation.shown(column, answer.value),
                answer.why,
                answer.rule_id is not None,
                passed,
            )
        )
    return found


@staff_page(actions.VIEW)
def history(request: HttpRequest) -> HttpResponse:
    """Who changed what and when, before and after."""
    kind = request.GET.get("kind", "regulation")
    if kind not in queries.KINDS:
        raise Http404
    context = {"changes": queries.history(kind), "kinds": queries.KINDS.items(), "kind": kind}
    return render(request, "regulations/history.html", context)
