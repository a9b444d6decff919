"""The evidence store keeps what it is given, refuses what is no evidence, and loses nothing silently."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from monitoring.evidence import Evidence, EvidenceError, read, write

START = datetime(2026, 7, 1, 2, tzinfo=UTC)


def evidence(**changes):
    given = {
        "kind": "drill",
        "name": "restore",
        "started": START,
        "finished": START + timedelta(minutes=4),
        "passed": True,
    }
    return Evidence.model_validate({**given, **changes})


def test_what_was_written_is_read_back(tmp_path):
    kept = evidence(figures={"seconds": 250.0}, details={"title": "復元", "items": [{"title": "件数", "passed": True}]})
    path = write(tmp_path, kept)
    assert path == tmp_path / "evidence" / "drill" / "20260701T020000Z-restore.json"
    assert read(tmp_path) == [kept]


def test_reading_chooses_by_kind_and_by_time_of_beginning(tmp_path):
    later = evidence(kind="deploy", started=START + timedelta(days=1), finished=START + timedelta(days=2))
    for item in (later, evidence()):
        write(tmp_path, item)
    assert [item.kind for item in read(tmp_path)] == ["drill", "deploy"]
    assert read(tmp_path, "deploy") == [later]
    assert read(tmp_path, since=later.started) == [later]
    assert read(tmp_path, until=later.started) == [evidence()]


def test_a_record_is_never_replaced(tmp_path):
    write(tmp_path, evidence())
    with pytest.raises(FileExistsError):
        write(tmp_path, evidence(passed=False))
    assert read(tmp_path)[0].passed


def test_a_damaged_record_is_reported_and_not_left_out(tmp_path):
    path = write(tmp_path, evidence())
    path.write_text(path.read_text().replace('"passed": true', '"passed": "perhaps"'))
    with pytest.raises(EvidenceError, match=r"restore\.json"):
        read(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"started": START.replace(tzinfo=None)},
        {"finished": START - timedelta(seconds=1)},
        {"figures": {"seconds": float("nan")}},
        {"kind": "rumour"},
        {"name": "../escape"},
        {"details": {"items": [{"title": "件数"}]}},
        {"remark": "free text"},
    ],
)
def test_what_is_no_evidence_is_refused(changes):
    with pytest.raises(ValidationError):
        evidence(**changes)
