"""The requirements matrix and the plugin that feeds it."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from openpyxl import load_workbook

from inventory import load
from monitoring.reports import matrix, places
from monitoring.reports.matrix import Citation, Row
from tests.evidence import known_requirements, merge_results

ROOT = Path(__file__).parents[1]


def run(folder: Path, source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a test file with the plugin, results going to `folder`."""
    (folder / "test_it.py").write_text(source)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.evidence", "-p", "no:django", "-p", "no:cacheprovider", "-q",
         "-c", os.devnull, "--rootdir", str(folder), str(folder / "test_it.py"), *arguments],
        cwd=ROOT, env={**os.environ, "KURA_RESULTS": str(folder / "results.json")}, capture_output=True, text=True,
    )  # fmt: skip


SOURCE = """
import pytest
@pytest.mark.req("S-RPT-001", "S-RPT-002")
@pytest.mark.parametrize("n", [1, 2])
def test_two(n): assert n == 1
@pytest.mark.req("S-RPT-004")
def test_tear_down(request): request.addfinalizer(lambda: 1 / 0)
def test_plain(): pass
@pytest.mark.skip
def test_skipped(): pass
"""


def test_every_outcome_is_remembered_and_a_later_run_replaces_only_what_it_ran(tmp_path):
    run(tmp_path, SOURCE)
    tests = matrix.read_results(tmp_path / "results.json")
    assert {name: entry["outcome"] for name, entry in tests.items()} == {
        "test_it.py::test_two[1]": "passed",
        "test_it.py::test_two[2]": "failed",
        "test_it.py::test_tear_down": "failed",
        "test_it.py::test_plain": "passed",
        "test_it.py::test_skipped": "skipped",
    }
    assert tests["test_it.py::test_two[1]"]["requirements"] == ["S-RPT-001", "S-RPT-002"]
    run(tmp_path, SOURCE.replace("n == 1", "n == 2"), "-k", "test_two")
    again = matrix.read_results(tmp_path / "results.json")
    assert again["test_it.py::test_two[2]"]["outcome"] == "passed"
    assert again["test_it.py::test_plain"] == tests["test_it.py::test_plain"]


def test_an_unknown_requirement_stops_the_run_with_a_sentence(tmp_path):
    done = run(tmp_path, SOURCE.replace("S-RPT-004", "S-RPT-999"))
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "test_it.py::test_tear_down cites requirement 'S-RPT-999'" in done.stdout + done.stderr
    assert not (tmp_path / "results.json").exists()


def test_listing_tests_changes_no_result(tmp_path):
    run(tmp_path, SOURCE, "--collect-only")
    assert not (tmp_path / "results.json").exists()


def test_a_damaged_results_file_is_begun_anew(tmp_path):
    path = tmp_path / "results.json"
    path.write_text('{"tests": {"a"')
    merge_results(path, {"b": {"outcome": "passed"}})
    assert json.loads(path.read_text()) == {"tests": {"b": {"outcome": "passed"}}}


def test_a_test_that_one_python_skips_keeps_the_result_of_the_other(tmp_path):
    path = tmp_path / "results.json"
    merge_results(
        path, {"a": {"outcome": "passed", "python": "3.11.2"}, "b": {"outcome": "passed", "python": "3.13.5"}}
    )
    skipped = {"outcome": "skipped", "python": "3.13.5"}
    merge_results(path, {"a": skipped, "b": skipped, "c": skipped})
    found = json.loads(path.read_text())["tests"]
    assert {name: row["outcome"] for name, row in found.items()} == {"a": "passed", "b": "skipped", "c": "skipped"}
    merge_results(path, {"a": {"outcome": "failed", "python": "3.13.5"}})
    assert json.loads(path.read_text())["tests"]["a"]["outcome"] == "failed"


def test_citations_are_found_on_functions_classes_parameters_and_modules(tmp_path):
    (tmp_path / "test_all.py").write_text(
        "import pytest\n"
        "pytestmark = [pytest.mark.req('M')]\n"
        "@pytest.mark.req('C')\n"
        "class TestIt:\n"
        "    @pytest.mark.req('F')\n"
        "    async def test_in(self): pass\n"
        "@pytest.mark.parametrize('n', [pytest.param(1, marks=pytest.mark.req('P')), 2])\n"
        "def test_out(n): pass\n"
        "@pytest.mark.req(*IDS)\n"
        "def test_computed(): pass\n"
    )
    assert list(matrix.citations(tmp_path)) == [
        Citation("test_all.py::TestIt::test_in", frozenset("MCF"), True),
        Citation("test_all.py::test_out", frozenset("MP"), True),
        Citation("test_all.py::test_computed", frozenset("M"), False),
    ]


def result(outcome: str, *requirements: str, day: int = 1) -> dict[str, object]:
    return {"outcome": outcome, "requirements": requirements, "date": f"2026-07-{day:02}T00:00:00+00:00"}


def cited(**tests: str) -> list[Citation]:
    return [Citation(test, frozenset(ids.split()), True) for test, ids in tests.items()]


ROWS = [Row(id_, "X", "", "", "A", "") for id_ in ("R1", "R2", "R3", "R4", "R5")]


def test_a_requirement_passes_only_when_every_test_that_cites_it_passed():
    tests = cited(good="R1 R2 R3", bad="R2", unrun="R2 R3", skipped="R5")
    results = {"good[1]": result("passed", day=2), "good[2]": result("passed", day=9), "bad": result("failed"),
               "skipped": result("skipped")}  # fmt: skip
    rows = matrix.matrix_rows(ROWS, tests, results)
    assert [row.result for row in rows] == ["合格", "不合格", "未実施", "試験なし", "未実施"]
    assert rows[0].date == "2026-07-09T00:00:00+00:00"
    assert rows[1].outcomes == {"good": "合格", "bad": "不合格", "unrun": "未実施"}


def test_a_result_of_a_test_that_is_gone_proves_nothing():
    rows = matrix.matrix_rows(ROWS, cited(), {"gone": result("passed", "R1")})
    assert {row.result for row in rows} == {"試験なし"}


def test_ids_that_only_the_run_knows_count_when_the_source_computes_them():
    rows = matrix.matrix_rows(ROWS, [Citation("t", frozenset(), False)], {"t": result("passed", "R4")})
    assert rows[3].result == "合格"


def test_each_row_says_where_it_is_met_its_tests_their_last_result_and_where_the_evidence_lies(tmp_path):
    """In a small tree with code, tests, a register and an article; the sheet has all of it, each in its column."""
    for path, text in {
        "app/holds/apps.py": 'class C:\n    verbose_name = "予約"\n',
        "app/holds/rules.py": '"""The nearest copy is taken (F-RSV-010)."""\n',
        "app/holds/tests/test_it.py": "import pytest\n@pytest.mark.req('F-RSV-010')\ndef test_near(): pass\n",
        "app/registers/definitions/copies.yml": "{title: 複製台帳, requirements: [S-PRV-005]}\n",
        "docs/delivery/compliance.yml": "S-PRV-002: {how: 外向きの遮断, record: 監査記録（書出し）}\n",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    ids = ("F-RSV-010", "S-PRV-005", "S-PRV-002", "F-ACQ-001")
    lines = "".join(f"{id_},X,名,要,A,基\n" for id_ in ids)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements/all.csv").write_text("id,area,function,requirement,priority,acceptance\n" + lines)
    (tmp_path / "results.json").write_text(json.dumps({"tests": {
        "app/holds/tests/test_it.py::test_near": result("passed", "F-RSV-010", day=5)}}))  # fmt: skip
    rows = matrix.build(tmp_path / "requirements", tmp_path / "results.json", tmp_path)
    assert [row.state for row in rows] == ["実証", "文書", "文書", "未了"]
    matrix.write_xlsx(tmp_path / "m.xlsx", rows, load("nagano"), date(2026, 10, 2))
    lines = list(load_workbook(tmp_path / "m.xlsx")["要件"].iter_rows(values_only=True))
    said = {str(line[0]): dict(zip(lines[0], line, strict=True)) for line in lines[1:]}
    shown = [[said[id_][head] for head in ("実現箇所", "試験", "結果", "試験日", "証拠")] for id_ in ids]
    assert shown == [
        ["図書館システム（予約）：app/holds\napp/holds/rules.py", "app/holds/tests/test_it.py::test_near（合格）",
         "合格", "2026-07-05 09:00", "試験結果報告書 T-F-RSV-010（2026-07-05、合格 1）"],
        ["台帳「複製台帳」", None, "試験なし", None, "台帳「複製台帳」"],
        ["外向きの遮断", None, "試験なし", None, "監査記録（書出し）"],
        ["データなし", None, "試験なし", None, "データなし"],
    ]  # fmt: skip
    matrix.write_json(tmp_path / "m.json", rows)
    written = json.loads((tmp_path / "m.json").read_text())
    assert written["states"] == {"実証": 1, "文書": 2, "未了": 1}
    assert [row["where"][:1] for row in written["rows"]][1:] == [["台帳「複製台帳」"], ["外向きの遮断"], []]


def test_a_requirement_with_a_test_that_did_not_pass_is_open_whatever_documents_say():
    found = places.Places(articles={"R1": {"how": "手順", "record": "記録"}, "R2": {"how": "手順", "record": "記録"}})
    rows = matrix.placed(matrix.matrix_rows(ROWS, cited(bad="R1"), {"bad": result("failed")}), found)
    assert [row.state for row in rows] == ["未了", "文書", "未了", "未了", "未了"]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return matrix.build(ROOT / "tests" / "requirements", ROOT / "results" / "tests.json", ROOT)


def test_every_requirement_has_exactly_one_row(rows):
    ids = []
    for path in (ROOT / "tests" / "requirements").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as text:
            ids += [line["id"] for line in csv.DictReader(text)]
    assert sorted(row.id for row in rows) == sorted(ids)
    assert known_requirements() == set(ids)


def test_no_test_of_the_tree_cites_an_unknown_requirement():
    unknown = {c.test: c.requirements - known_requirements() for c in matrix.citations(ROOT)}
    assert {test: ids for test, ids in unknown.items() if ids} == {}


def test_every_requirement_with_a_test_is_met_somewhere_and_every_place_exists(rows):
    assert [row.id for row in rows if row.tests and not row.where] == []
    paths = {part for row in rows for one in row.where for part in one.partition("：")[2].split("、") if part}
    assert paths
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_the_workbook_and_the_json_count_the_same(rows, tmp_path):
    matrix.write_json(tmp_path / "m.json", rows)
    matrix.write_xlsx(tmp_path / "m.xlsx", rows, load("nagano"), date(2026, 10, 2))
    counts = Counter(row.result for row in rows)
    totals = json.loads((tmp_path / "m.json").read_text())["totals"]
    assert totals == {"requirements": len(rows), **{word: counts[word] for word in matrix.RESULTS}}
    workbook = load_workbook(tmp_path / "m.xlsx")
    assert workbook.sheetnames == ["表紙", "集計", "要件"]
    last = [cell.value for cell in list(workbook["集計"].rows)[-1]]
    assert last[:6] == ["合計", len(rows), *(counts[word] for word in matrix.RESULTS)]
    sheet = workbook["要件"]
    assert (sheet.freeze_panes, sheet.max_row) == ("A2", len(rows) + 1)
    assert sheet.auto_filter.ref == f"A1:L{len(rows) + 1}"
    assert "令和8年10月2日" in [cell.value for row in workbook["表紙"].rows for cell in row]


def test_the_same_matrix_gives_the_same_bytes(rows, tmp_path):
    for name in ("1.xlsx", "2.xlsx"):
        matrix.write_xlsx(tmp_path / name, rows, load("nagano"), date(2026, 10, 2))
    assert (tmp_path / "1.xlsx").read_bytes() == (tmp_path / "2.xlsx").read_bytes()
