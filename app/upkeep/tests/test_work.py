"""Work, inspections and treatments on the running console."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.incidents.rules import quarter_of
from app.incidents.tests.helpers import TOKYO, ago, number_of, path_of, record, words_of
from app.upkeep.rules import MANUAL_POINTS

GIB = 1024**3


def drop(console, name: str, record: dict[str, Any]) -> None:
    """What the controller delivers."""
    (console.folder / "inbox" / f"{name}.json").write_text(json.dumps(record, ensure_ascii=False))


def run_record(**details: Any) -> dict[str, Any]:
    """A run as the callback plugin records it."""
    return {
        "kind": "work", "name": "site", "started": "2026-11-20T01:00:00+00:00", "finished": "2026-11-20T01:02:30+00:00",
        "passed": True, "hosts": ["app1", "mon1"], "figures": {"ok": 40, "changed": 1, "failed": 0, "unreachable": 0},
        "details": {
            "title": "構成の適用", "by": "保科 理恵", "reason": "月次の保守", "check": False,
            "changes": [{"host": "app1", "task": "nginx answers", "diff": "/etc/nginx/nginx.conf +2 -1"}], **details,
        },
    }  # fmt: skip


@pytest.mark.req("S-RPT-005")
def test_a_run_that_recorded_itself_becomes_a_work_report_in_one_click(alone):
    name = "work-20261120T010000Z-site"
    drop(alone, name, run_record())
    _, page = alone.get("/works/")
    link = re.search(r"/works/\d+/report.docx", page[page.index("月次") if "月次" in page else 0 :])
    assert link, page
    mine = next(row for row in alone.records()["work"] if row["by"] == "保科 理恵")
    text = words_of(alone.load(path_of(alone, "/works/", mine["number"]) + "report.docx"))
    for said in (
        "作業報告書", mine["number"], "構成の適用", "保科 理恵", "令和8年11月20日 10時00分", "令和8年11月20日 10時02分",
        "app1、mon1", "月次の保守", "nginx answers", "/etc/nginx/nginx.conf +2 -1", "正常終了",
    ):  # fmt: skip
        assert said in text
    drop(alone, name, run_record())  # delivered again: still one
    alone.get("/works/")
    assert [row["number"] for row in alone.records()["work"] if row["by"] == "保科 理恵"] == [mine["number"]]
    assert not list((alone.folder / "inbox").glob("*.json"))


@pytest.mark.req("S-RPT-005")
def test_work_done_by_hand_has_its_report_as_well(alone):
    form = {
        "title": "無停電電源装置の清掃", "by": "小林 直樹", "started_at": ago(hours=3), "finished_at": ago(hours=2),
        "hosts": "ups-a、ups-b", "reason": "定期", "text": "吸気口の清掃", "result": "ok", "result_text": "異常なし",
    }  # fmt: skip
    _, page = alone.send("/works/new/", form)
    assert "登録しました" in page, page
    number = number_of(page, "W")
    text = words_of(alone.load(path_of(alone, "/works/", number) + "report.docx"))
    for said in ("小林 直樹", "ups-a、ups-b", "吸気口の清掃", "異常なし", "正常終了"):
        assert said in text
    _, refused = alone.send("/works/new/", {**form, "finished_at": ago(hours=4)})
    assert "終了は開始より後" in refused


def test_a_failed_run_says_why_and_what_is_no_record_is_set_aside(alone):
    failed = {**run_record(by="失敗した人", failures=["db1: The database starts: no space"]), "passed": False}
    drop(alone, "work-20261120T020000Z-site", failed)
    drop(alone, "work-20261120T030000Z-bad", {"kind": "work", "name": "site"})
    (alone.folder / "inbox" / "broken.json").write_text("{")
    mine = next(row for row in alone.records()["work"] if row["by"] == "失敗した人")
    assert mine["result"] == "failed"
    assert mine["result_text"] == "db1: The database starts: no space"
    refused = {path.name for path in (alone.folder / "inbox").glob("*.refused")}
    assert refused == {"work-20261120T030000Z-bad.refused", "broken.refused"}


@pytest.mark.req("S-MON-005")
def test_an_inspection_is_finished_only_when_every_point_has_a_result_and_somebody(alone):
    now = datetime.now(UTC)
    quarter = quarter_of(now.astimezone(TOKYO).date())
    items = [
        {"title": "全台が監視に応答する", "passed": True, "note": "", "hosts": ["app1"]},
        {"title": "バックアップが新しい", "passed": False, "note": "不合格: db1", "hosts": ["db1"]},
        {"title": "再起動の後に起きる", "passed": None, "note": "未実施: gw1", "hosts": ["gw1"]},
    ]
    taken = {
        "kind": "inspection", "name": "periodic", "started": (now - timedelta(minutes=5)).isoformat(),
        "finished": now.isoformat(), "passed": False, "hosts": ["app1"], "figures": {},
        "details": {"title": "定期点検", "by": "小林 直樹", "items": items},
    }  # fmt: skip
    assert quarter in alone.get("/inspections/")[1].split("完了していない四半期")[1].split("</p>")[0]
    alone.send("/inspections/begin/", {"quarter": quarter}, at="/inspections/")
    path = path_of(alone, "/inspections/", quarter)
    _, page = alone.send(f"{path}finish/", at=path)
    assert "自動点検" in page
    assert f"未実施の項目が{len(MANUAL_POINTS) + 1}件" in page
    drop(alone, "inspection-20261101T000000Z-periodic", taken)
    _, page = alone.get(path)
    assert f"未実施 {len(MANUAL_POINTS) + 1}件" in page  # the one that was skipped
    assert "不合格: db1" in page
    points = re.findall(r'name="item" value="(\d+)"', page)
    assert len(points) == len(MANUAL_POINTS) + 1
    _, page = alone.send(path, {"item": points[0], "result": "bad", "note": "", "by": "小林"})
    assert "所見を入力" in page
    for point in points:
        alone.send(path, {"item": point, "result": "good", "note": "異常なし", "by": "小林"})
    assert "完了しました" in alone.send(f"{path}finish/", at=path)[1]
    kept = record(alone, "inspections", f"P{quarter}")
    assert (kept["undone"], kept["bad"], kept["total"]) == (0, 1, len(MANUAL_POINTS) + 3)
    assert all(item["result"] and item["by"] and item["at"] for item in kept["items"])
    assert quarter not in alone.get("/inspections/")[1].partition("完了していない四半期")[2].split("</p>")[0]
    alone.send(path, {"item": points[0], "result": "bad", "note": "後から", "by": "小林"}, at="/inspections/")
    assert record(alone, "inspections", f"P{quarter}") == kept


@pytest.mark.req("S-MON-004", "S-RPT-003")
def test_a_treatment_keeps_free_space_before_and_after_its_reason_and_its_effect(alone):
    form = {"host": "db1", "mountpoint": "/var", "analysis": "古い記録で空きが1割を切った", "act": "書庫へ移動"}
    assert "空き容量を入力してください" in alone.send("/treatments/", form)[1]  # nothing measures here
    _, page = alone.send("/treatments/", {**form, "free_gib": "10.5"})
    assert "処置を登録しました" in page
    mine = next(row for row in alone.records()["treatments"] if row["analysis"] == form["analysis"])
    assert (mine["before_bytes"], mine["after_bytes"]) == (int(10.5 * GIB), None)
    path = path_of(alone, "/treatments/", mine["number"])
    assert "効果を入力してください" in alone.send(path, {"free_gib": "42", "effect": ""})[1]
    assert "記録しました" in alone.send(path, {"free_gib": "42", "effect": "空きが4割に戻った"})[1]
    kept = record(alone, "treatments", mine["number"])
    assert (kept["after_bytes"], kept["gained"]) == (42 * GIB, int(31.5 * GIB))
    assert (kept["reason"], kept["effect"]) == (form["analysis"], "空きが4割に戻った")
    assert kept["before_at"] <= kept["after_at"]
