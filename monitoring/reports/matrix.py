"""The requirements matrix: every requirement, the tests that cite it and what they last said.

A requirement's result is 不合格 when any test that cites it last failed, 合格 when all of them last passed,
未実施 when at least one has not run (or was skipped) and none failed, 試験なし when no test cites it.
Its state counts what a handover asks: 実証 (its tests passed), 文書 (no test, but a procedure, register or record says
how it is met), 未了 (everything else).
"""

from __future__ import annotations

import ast
import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill

from inventory import Inventory
from monitoring.reports import places
from monitoring.reports.places import Places
from office import office

ROOT = Path(__file__).resolve().parents[2]
TITLE = "要件適合表"
PASSED, FAILED, NOT_RUN, NO_TEST = RESULTS = ("合格", "不合格", "未実施", "試験なし")
PROVEN, DOCUMENTED, OPEN = STATES = ("実証", "文書", "未了")
FILLS = {PASSED: "C6EFCE", FAILED: "FFC7CE", NOT_RUN: "FFEB9C", NO_TEST: "EDEDED"}
COLUMNS = ("id", "area", "function", "requirement", "priority", "acceptance")
SKIPPED_FOLDERS = {".git", ".venv", "node_modules", "__pycache__", "results"}


@dataclass(frozen=True)
class Citation:
    """A test in the tree: its node id without parameters, the ids it names, whether all could be read."""

    test: str
    requirements: frozenset[str]
    complete: bool


@dataclass(frozen=True)
class Row:
    """One requirement with its tests. `date` is the newest run of its tests (ISO, UTC), empty when none ran.

    `where` says where it is met, `evidence` where the proof lies; both are empty when nothing is there.
    """

    id: str
    area: str
    function: str
    requirement: str
    priority: str
    acceptance: str
    tests: tuple[str, ...] = ()
    outcomes: Mapping[str, str] = field(default_factory=dict)
    result: str = NO_TEST
    date: str = ""
    where: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """実証, 文書 or 未了."""
        if self.result == PASSED:
            return PROVEN
        return DOCUMENTED if self.result == NO_TEST and self.evidence else OPEN

    @property
    def runs(self) -> str:
        """How its tests ended, counted: 合格 3、未実施 1."""
        count = Counter(self.outcomes.values())
        return "、".join(f"{said} {count[said]}" for said in (PASSED, FAILED, NOT_RUN) if count[said])


def build(requirements_dir: Path, results_file: Path, sources: Path) -> list[Row]:
    """The matrix of a source tree: requirement files, the results of the test runs, and the tests in the tree."""
    rows = matrix_rows(read_requirements(requirements_dir), list(citations(sources)), read_results(results_file))
    return placed(rows, places.read(sources))


def placed(rows: Iterable[Row], found: Places) -> list[Row]:
    """The rows with where each is met and where its evidence lies; pure."""
    return [
        replace(
            row,
            where=found.where(row.id, row.tests),
            evidence=found.records(row.id, row.tests, f"{row.date[:10]}、{row.runs}" if row.date else ""),
        )
        for row in rows
    ]


def matrix_rows(
    requirements: Sequence[Row], cited: Iterable[Citation], results: Mapping[str, Mapping[str, Any]]
) -> list[Row]:
    """Requirements joined with the tests that cite them; pure.

    Results of tests that are no longer in the tree are left out: they prove nothing about this version.
    """
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    dates: dict[str, str] = {}
    named: dict[str, set[str]] = defaultdict(set)
    for nodeid, entry in results.items():
        test = nodeid.partition("[")[0]
        outcomes[test][str(entry["outcome"])] += 1
        dates[test] = max(dates.get(test, ""), str(entry["date"]))
        named[test].update(entry["requirements"])
    by_requirement: dict[str, dict[str, str]] = defaultdict(dict)
    for citation in cited:
        ids = citation.requirements if citation.complete else citation.requirements | named[citation.test]
        for id_ in ids:
            by_requirement[id_][citation.test] = verdict(outcomes[citation.test])
    return [_with_tests(row, by_requirement[row.id], dates) for row in requirements]


def verdict(outcomes: Counter[str]) -> str:
    """What the runs of one test (one per parameter) say together."""
    if outcomes["failed"]:
        return FAILED
    return PASSED if outcomes["passed"] and not outcomes["skipped"] else NOT_RUN


def _with_tests(row: Row, tests: Mapping[str, str], dates: Mapping[str, str]) -> Row:
    said = set(tests.values())
    result = next((word for word in (FAILED, NOT_RUN, PASSED) if word in said), NO_TEST)
    last = max((dates.get(test, "") for test in tests), default="")
    return Row(
        row.id, row.area, row.function, row.requirement, row.priority, row.acceptance,
        tuple(sorted(tests)), dict(sorted(tests.items())), result, last,
    )  # fmt: skip


def read_requirements(folder: Path) -> list[Row]:
    """Every row of the requirement files, in file order. ValueError when an id stands twice."""
    rows: list[Row] = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as text:
            for line in csv.DictReader(text):
                if line["id"] in seen:
                    raise ValueError(f"{path}: requirement id {line['id']} stands twice")
                seen.add(line["id"])
                rows.append(Row(**{name: line[name] for name in COLUMNS}))  # type: ignore[arg-type]
    return rows


def read_results(path: Path) -> dict[str, dict[str, Any]]:
    """What tests/evidence.py wrote; empty when no test has run yet."""
    if not path.exists():
        return {}
    tests: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["tests"]
    return tests


def citations(root: Path) -> Iterator[Citation]:
    """The tests of a tree that name requirements, found in the syntax of test_*.py without running anything."""
    for path in sorted(root.rglob("test_*.py")):
        parts = path.relative_to(root)
        if not SKIPPED_FOLDERS.intersection(parts.parts):
            tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
            yield from _in_body(tree.body, parts.as_posix(), _marks(_pytestmarks(tree.body)))


def _in_body(body: Sequence[ast.stmt], prefix: str, outer: tuple[frozenset[str], bool]) -> Iterator[Citation]:
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            here = _join(outer, _marks([*node.decorator_list, *_pytestmarks(node.body)]))
            yield from _in_body(node.body, f"{prefix}::{node.name}", here)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test"):
            ids, complete = _join(outer, _marks(node.decorator_list))
            if ids or not complete:
                yield Citation(f"{prefix}::{node.name}", ids, complete)


def _pytestmarks(body: Sequence[ast.stmt]) -> list[ast.expr]:
    return [
        node.value
        for node in body
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)
    ]


def _marks(expressions: Iterable[ast.expr]) -> tuple[frozenset[str], bool]:
    """The ids in `…mark.req(…)` calls, and whether every argument was a literal."""
    ids: set[str] = set()
    complete = True
    for call in (node for expression in expressions for node in ast.walk(expression)):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "req":
            for argument in call.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    ids.add(argument.value)
                else:
                    complete = False
    return frozenset(ids), complete


def _join(one: tuple[frozenset[str], bool], other: tuple[frozenset[str], bool]) -> tuple[frozenset[str], bool]:
    return one[0] | other[0], one[1] and other[1]


def summary(rows: Sequence[Row]) -> list[list[object]]:
    """Per area, then all together: rows, each result's count, the share that passed (0–1), documented and open."""
    lines: list[list[object]] = []
    for area in [*dict.fromkeys(row.area for row in rows), ""]:
        chosen = [row for row in rows if not area or row.area == area]
        counts = Counter(row.result for row in chosen)
        share = counts[PASSED] / len(chosen) if chosen else 0.0
        states = Counter(row.state for row in chosen)
        rest = (states[DOCUMENTED], states[OPEN])
        lines.append([area or "合計", len(chosen), *(counts[result] for result in RESULTS), share, *rest])
    return lines


def write_json(path: Path, rows: Sequence[Row]) -> None:
    """The matrix for programs: rows and the totals of each result."""
    counts, states = Counter(row.result for row in rows), Counter(row.state for row in rows)
    names = (*COLUMNS, "result", "date", "state", "where", "evidence")
    data = {
        "totals": {"requirements": len(rows), **{result: counts[result] for result in RESULTS}},
        "states": {state: states[state] for state in STATES},
        "rows": [{**{name: getattr(row, name) for name in names}, "tests": dict(row.outcomes)} for row in rows],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_xlsx(path: Path, rows: Sequence[Row], site: Inventory, issued: date, edition: str = "第1版") -> None:
    """The matrix for people: cover, summary by area, one line per requirement."""
    zone = ZoneInfo(site.organisation.timezone)
    workbook = Workbook()
    cover = workbook.active
    cover.title = "表紙"
    ran = sorted(row.date for row in rows if row.date)
    office.cover_sheet(
        cover,
        TITLE,
        [
            ("文書番号", f"{site.organisation.document_prefix}-TST-001"),
            ("版", edition),
            ("作成日", office.era(issued)),
            ("事業名", f"{site.organisation.name} 情報システム"),
            ("作成者", site.organisation.vendor),
            ("要件数", f"{len(rows):,} 件"),
            ("最新の試験日", _local(ran[-1], zone) if ran else office.NO_DATA),
        ],
    )
    totals = workbook.create_sheet("集計")
    heads = ("区分", "要件数", *RESULTS, "合格率", "文書のみ", "未了")
    office.sheet_table(totals, heads, summary(rows), (12, *[10] * 8))
    for line in range(2, totals.max_row + 1):
        totals.cell(line, heads.index("合格率") + 1).number_format = "0.0%"
    for cell in totals[totals.max_row]:
        cell.font = Font(name=office.FONT, size=10, bold=True)
    sheet = workbook.create_sheet("要件")
    office.sheet_table(sheet, tuple(SHEET), [_line(row, zone) for row in rows], tuple(SHEET.values()))
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A3
    result = tuple(SHEET).index("結果") + 1
    for line in range(2, sheet.max_row + 1):
        sheet.cell(line, result).fill = PatternFill("solid", fgColor=FILLS[sheet.cell(line, result).value])
    office.save_workbook(workbook, path, datetime(issued.year, issued.month, issued.day, tzinfo=UTC))


# The columns of the sheet 要件 and their widths.
SHEET = {
    "要件番号": 12, "区分": 7, "機能": 18, "要件": 38, "優先度": 7, "合格基準": 38, "実現箇所": 38, "試験": 52,
    "結果": 9, "試験日": 17, "証拠": 38, "状態": 7,
}  # fmt: skip


def _line(row: Row, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        row.id, row.area, row.function, row.requirement, row.priority, row.acceptance,
        "\n".join(row.where) or office.NO_DATA,
        "\n".join(f"{test}（{said}）" for test, said in row.outcomes.items()),
        row.result, _local(row.date, zone) if row.date else "",
        "\n".join(row.evidence) or office.NO_DATA, row.state,
    )  # fmt: skip


def _local(moment: str, zone: ZoneInfo) -> str:
    return datetime.fromisoformat(moment).astimezone(zone).strftime("%Y-%m-%d %H:%M")


def run(site: Inventory, out: Path | None, json_path: Path | None, results: Path | None = None) -> int:
    """`./kura matrix`: write the Excel file (`out`: file or folder) and the JSON, print the totals.

    Exit code 1 when a cited test last failed, otherwise 0.
    """
    rows = build(ROOT / "tests" / "requirements", results or ROOT / "results" / "tests.json", ROOT)
    if out is not None:
        path = out if out.suffix == ".xlsx" else out / f"{TITLE}.xlsx"
        write_xlsx(path, rows, site, datetime.now(ZoneInfo(site.organisation.timezone)).date())
        print(f"{path}")
    if json_path is not None:
        write_json(json_path, rows)
        print(f"{json_path}")
    counts = Counter(row.result for row in rows)
    states = Counter(row.state for row in rows)
    print(f"要件 {len(rows)} 件: " + "  ".join(f"{result} {counts[result]}" for result in RESULTS))
    print("状態: " + "  ".join(f"{state} {states[state]}" for state in STATES))
    return 1 if counts[FAILED] else 0
