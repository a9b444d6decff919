"""Every drill leaves its evidence, also one that came to no end; every figure of a drill has a name in the report."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from backup import drill as restore_drill
from backup.recovery import RecoveryError
from cli import drill, evidence, restore
from cli.context import Context, Refused
from cli.faults.drill import KINDS
from cli.progress import Progress
from lab import paths
from lab.shell import LabError
from monitoring.evidence import Evidence, read
from monitoring.reports.drill_figures import FAULTS, FIGURES, named
from ups.client import UpsError
from ups.drill import DrillError


class Standing(Context):
    """A context whose twin says that two hosts run, and whose state is a folder of the test."""

    def __init__(self, module: object, folder: Path, *argv: str) -> None:
        parser = argparse.ArgumentParser()
        module.arguments(parser)  # type: ignore[attr-defined]
        super().__init__(parser.parse_args(list(argv)), Progress())
        self.folder = folder
        self.__dict__["twin"] = SimpleNamespace(
            running=lambda: [SimpleNamespace(name=one) for one in ("db1", "bak1")], claim=lambda: None
        )

    @property
    def state(self) -> Path:
        return self.folder


def only(folder: Path) -> Evidence:
    (record,) = read(folder, "drill")
    return record


@pytest.mark.parametrize(
    ("error", "raised", "reason"),
    [
        (Refused("db1 cannot be switched off"), Refused, "db1 cannot be switched off"),
        (LabError("no answer"), LabError, "no answer"),
        (restore_drill.DrillError("no result"), Refused, "no result"),
        (DrillError("gw1 must run"), Refused, "gw1 must run"),
        (UpsError("upsd is gone"), Refused, "upsd is gone"),
        (KeyError("seconds"), KeyError, "'seconds'"),
        (KeyboardInterrupt(), KeyboardInterrupt, "interrupted"),
    ],
)
def test_a_drill_that_breaks_off_is_kept_as_not_passed_with_the_reason(
    tmp_path, monkeypatch, error: BaseException, raised: type[BaseException], reason: str
) -> None:
    def breaks(*given: object) -> None:
        raise error

    monkeypatch.setattr(drill, "run", breaks)
    with pytest.raises(raised):
        drill.main(Standing(drill, tmp_path, "restore"))
    record = only(tmp_path)
    assert (record.name, record.passed, record.aborted) == ("restore", False, reason)
    assert record.title == "バックアップからの復元"
    assert record.hosts == ["db1", "bak1"]


def test_an_order_that_cannot_be_meant_is_no_drill(tmp_path, monkeypatch) -> None:
    def refuses(*given: object) -> None:
        raise Refused("no case is called so", 2)

    monkeypatch.setattr(drill, "run", refuses)
    with pytest.raises(Refused):
        drill.main(Standing(drill, tmp_path, "faults"))
    assert read(tmp_path, "drill") == []


def test_a_drill_on_a_machine_of_its_own_names_no_host_of_the_site(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(drill, "run", lambda *given: {"passed": True, "figures": {}})
    assert drill.main(Standing(drill, tmp_path, "disk")) == 0
    assert only(tmp_path).hosts == []


@pytest.fixture
def ordered(tmp_path, monkeypatch) -> Standing:
    """An order to restore the database, over hosts that are only named."""
    monkeypatch.setattr(restore, "of_context", lambda context: None)
    return Standing(restore, tmp_path, "database")


def test_a_restore_that_fails_is_kept_as_not_passed(ordered: Standing, monkeypatch) -> None:
    def fails(*given: object) -> None:
        raise RecoveryError("kura_at_x is not what was recovered: patrons_patron")

    monkeypatch.setattr(restore, "_database", fails)
    with pytest.raises(Refused, match="is not what was recovered"):
        restore.main(ordered)
    record = only(ordered.state)
    assert (record.name, record.title, record.passed) == ("restore-database", "データベースの復元", False)
    assert "patrons_patron" in record.aborted


@pytest.mark.parametrize(("goal", "passed"), [(4 * 3600, True), (-1, False)], ids=["in time", "too late"])
def test_a_restore_that_took_longer_than_it_may_is_not_passed(
    ordered: Standing, monkeypatch, goal: float, passed: bool
) -> None:
    rows = {"figures": {"restore_rows": evidence.figure(3, "rows")}}
    monkeypatch.setattr(restore, "_database", lambda *given: dict(rows))
    monkeypatch.setattr(restore, "GOAL_SECONDS", goal)
    assert restore.main(ordered) == (0 if passed else 1)
    record = only(ordered.state)
    assert (record.passed, record.aborted) == (passed, "")
    assert record.figures["restore_rows"] == 3


def test_a_list_of_what_could_be_restored_is_no_drill(ordered: Standing, monkeypatch) -> None:
    def fails(*given: object) -> None:
        raise RecoveryError("the repository cannot be read")

    monkeypatch.setattr(restore, "_list", fails)
    ordered.arguments.what = "list"
    with pytest.raises(Refused):
        restore.main(ordered)
    assert read(ordered.state, "drill") == []


def measured(folder: str) -> set[str]:
    """Names of the figures in a folder's programs: what is given to `figure`, and keys of what is called `figures`."""
    found: set[str] = set()
    for path in (paths.root() / folder).rglob("*.py"):
        if {"tests", "benches"} & set(path.parts):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            found |= {name for name in map(_text, _names(node)) if name}
    return found


def _names(node: ast.AST) -> Iterator[ast.expr | None]:
    if isinstance(node, ast.Dict):
        yield from (key for key, value in zip(node.keys, node.values, strict=True) if _is_figure(value))
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Subscript) and _is_figure(node.value):
                yield target.slice
            elif getattr(target, "id", getattr(target, "attr", "")) == "figures" and isinstance(node.value, ast.Dict):
                yield from node.value.keys
    elif _is_figure(node) and isinstance(node, ast.Call):
        yield from node.args[:1]


def _is_figure(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")).endswith("figure")


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize("folder", ["cli", "backup", "disks", "monitoring", "ups"])
def test_every_figure_that_a_drill_measures_has_a_japanese_name(folder: str) -> None:
    names = measured(folder)
    assert names
    assert sorted(names - set(FIGURES)) == []


def test_every_kind_of_fault_and_every_stopped_service_has_a_japanese_name() -> None:
    assert set(FAULTS) == set(KINDS)
    assert named("faults_cut_cases") == ("サーバ間の通信断：件数", "件")
    assert named("faults_cut_longest_silence") == ("サーバ間の通信断：最も長い無応答", "秒")
    assert named("alarm_dns/gw1") == ("通知まで：dns/gw1", "秒")
