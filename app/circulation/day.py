"""The day's figures of the counters: by library, terminal and act, without any person (日報・当日の処理数)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from app.access.web import staff_page
from app.branches.models import Branch
from app.circulation.actions import DAY_REPORT
from app.circulation.models import LoanStatistic
from app.exports import web as exports
from app.terminals.models import Terminal

ACTS = tuple(LoanStatistic.Act)
OTHER = "その他の端末"


@dataclass
class Row:
    """One line: a terminal, or a library's sum. `acts` by code."""

    name: str
    acts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    without_card: int = 0

    @property
    def figures(self) -> list[int]:
        """In the order of the columns, the loans without card last."""
        return [*(self.acts[act.value] for act in ACTS), self.without_card]

    def add(self, act: str, acts: int, without_card: int) -> None:
        self.acts[act] += acts
        if act == LoanStatistic.Act.LEND:
            self.without_card += without_card


@dataclass
class Section:
    """One library: its sum and its terminals. The night takes the terminals away; then only the sum is left."""

    total: Row
    terminals: list[Row]


def report(on: date, branch_id: int | None = None) -> tuple[list[Section], Row]:
    """A day's figures for one library or all that had any, and the sum. Two SQL statements."""
    figures = LoanStatistic.objects.filter(on_date=on)
    if branch_id is not None:
        figures = figures.filter(branch_id=branch_id)
    grouped = figures.values_list("branch__number", "branch__name", "terminal", "act").annotate(
        acts=Count("id"), bare=Count("id", filter=Q(without_card=True))
    )
    names = dict(Terminal.objects.exclude(address=None).values_list("address", "name"))
    sections: dict[str, Section] = {}
    rows: dict[tuple[str, str], Row] = {}
    whole = Row("合計")
    for _, place, address, act, acts, bare in grouped.order_by("branch__number", "terminal", "act"):
        section = sections.setdefault(place, Section(Row(place), []))
        section.total.add(act, acts, bare)
        whole.add(act, acts, bare)
        if address is None:
            continue
        name = names.get(address, OTHER)
        if (place, name) not in rows:
            rows[place, name] = Row(name)
            section.terminals.append(rows[place, name])
        rows[place, name].add(act, acts, bare)
    return list(sections.values()), whole


@staff_page(DAY_REPORT)
def show(request: HttpRequest) -> HttpResponse:
    """The day's report; `?on=` another day, `?branch=` one library, `?as=` a file."""
    today = timezone.localdate()
    try:
        on = date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        on = today
    places = list(Branch.objects.filter(is_active=True))
    wanted = request.GET.get("branch", "")
    branch = next((place for place in places if place.code == wanted), None)
    sections, whole = report(on, branch.pk if branch else None)
    columns = [*(act.label for act in ACTS), "うち券なし貸出"]
    if exports.asked(request):
        lines = [
            [section.total.name, row.name if row is not section.total else "計", *row.figures]
            for section in sections
            for row in (*section.terminals, section.total)
        ]
        return exports.table(request, DAY_REPORT, f"窓口の処理数 {on:%Y-%m-%d}", ["館", "端末", *columns], lines)
    context = {
        "on": on,
        "is_today": on == today,
        "places": places,
        "branch": branch,
        "sections": sections,
        "whole": whole,
        "columns": columns,
    }
    return render(request, "circulation/day.html", context)
