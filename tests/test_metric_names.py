"""The metrics that alerts and panels look at are those that our own programs leave: a renamed one is noticed here.

`monitoring/recorded` says what scrapes held once. Each name of ours must still stand in the program that makes it, as
the text it writes; that the twin's scrapes hold them is asked by tests/twin/test_monitoring.py.
"""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from monitoring import metrics

ROOT = Path(__file__).parents[1]
# What a name begins with → the program that makes it; the longest beginning counts.
MAKERS = {
    "kura_audit_": "app/web/business.py",
    "kura_backup_": "backup/run.py",
    "kura_backup_archives_": "backup/keep.py",
    "kura_backup_isolated_": "backup/isolate.py",
    "kura_backup_keep_": "backup/keep.py",
    "kura_backup_repository_": "backup/keep.py",
    "kura_boot_nurse_": "ups/nurse.py",
    "kura_certificate_": "network/certificate_watch.py",
    "kura_disk_": "disks/exporter.py",
    "kura_http_": "app/web/metrics.py",
    "kura_integrity_": "ups/soundness.py",
    "kura_logs_": "app/logs/management/commands/logs_close.py",
    "kura_logs_last_": "monitoring/history/record.py",
    "kura_logs_live_": "monitoring/history/record.py",
    "kura_power_stage": "ups/stages.py",
    "kura_restore_drill_": "backup/rehearsal.py",
    "kura_ups_": "ups/exporter.py",
    "kura_wal_": "backup/base.py",
    "kura_wal_archive_": "backup/wal.py",
    "kura_watcher_": "monitoring/watcher.py",
    "kura_wireguard_": "network/tunnel_watch.py",
}
# The library's own page.
OTHERS = "app/web/business.py"
# What prometheus-client adds to the name of a counter or a histogram.
ADDED = ("_total", "_bucket", "_count", "_sum")
OURS = sorted(name for names in metrics.recorded().values() for name in names if name.startswith("kura_"))


@cache
def written(path: str) -> frozenset[str]:
    """Names that stand in a program's texts: whole ones, and `kura_x_` + a text of it where it joins them."""
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    told = {id(node.body[0].value) for node in ast.walk(tree) if _has_docstring(node)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in told
    ]
    joined = {
        part.value
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values[:1]
        if isinstance(part, ast.Constant) and re.fullmatch(r"kura_[a-z_]*_", str(part.value))
    }
    whole = {name for text in texts for name in re.findall(r"\bkura_[a-z0-9_]*[a-z0-9]\b", text)}
    return frozenset(whole | {f"{prefix}{text}" for prefix in joined for text in texts})


def _has_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef)
        and bool(node.body)
        and isinstance(node.body[0], ast.Expr)
        and isinstance(node.body[0].value, ast.Constant)
    )


@pytest.mark.parametrize("name", OURS)
def test_a_recorded_metric_of_ours_is_still_made_by_its_program(name):
    beginning = max((known for known in MAKERS if name.startswith(known)), key=len, default="")
    known = written(MAKERS.get(beginning, OTHERS))
    bare = [name.removesuffix(added) for added in ADDED if name.endswith(added)]
    assert known & {name, *bare}, f"{MAKERS.get(beginning, OTHERS)} does not make {name} any more"


def test_a_name_that_nobody_writes_is_not_taken_for_made():
    assert "kura_backup_isolated_never" not in written("backup/isolate.py")
    assert "kura_ups_battery_installed_timestamp_seconds" in written("ups/exporter.py")
