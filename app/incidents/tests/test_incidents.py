"""Incidents on the running console: eight stages, the hour, papers, the ledger."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from app.incidents.rules import STAGES
from app.incidents.tests.helpers import ago, number_of, path_of, record, words_of


def open_incident(console, **more: str) -> tuple[str, str]:
    """An incident by telephone: its path and number."""
    form = {
        "kind": "fault", "title": "貸出画面が開かない", "source": "telephone", "severity": "critical", "host": "app1",
        "informant": "長野図書館 窓口", "received_at": ago(hours=3), "responded_at": ago(hours=3), "onsite": "on",
        "assignee": "小林", **more,
    }  # fmt: skip
    status, page = console.send("/incidents/new/", form)
    assert status == 200, page
    assert "受け付けました" in page, page
    number = number_of(page, "I")
    return path_of(console, "/incidents/?show=all", number), number


def send(console, path: str, step: str, **form: str) -> tuple[int, str]:
    return console.send(f"{path}{step}/", form, at=path)


def change(console, path: str, **values: str) -> str:
    """Change some fields, leaving the others as the page shows them."""
    _, page = console.get(f"{path}change/")
    form = {}
    for name, value in re.findall(r'<input type="[a-z-]+" name="([a-z_]+)" value="([^"]*)"', page):
        form[name] = value
    for name, value in re.findall(r'<textarea name="([a-z_]+)"[^>]*>\s*(.*?)</textarea>', page, re.S):
        form[name] = value
    if 'name="onsite" id="id_onsite" checked' in page:
        form["onsite"] = "on"
    for name, body in re.findall(r'<select name="([a-z_]+)".*?>(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', body)
        form[name] = chosen[1] if chosen else ""
    form.pop("csrfmiddlewaretoken", None)
    status, page = console.send(f"{path}change/", {**form, **values})
    assert status == 200
    return page


@pytest.mark.req("S-OPS-006", "S-OPS-005")
def test_an_incident_goes_through_eight_stages_and_is_closed_only_when_nothing_is_missing(alone):
    path, number = open_incident(alone)
    _, page = alone.get("/incidents/")
    assert number in page
    assert "一次切分け・手配・修理・回復試験・報告・履歴・再発防止" in page
    for stage in range(2, 8):
        assert "記録しました" in send(alone, path, "stage", stage=str(stage), at=ago(hours=2), text=f"段階{stage}")[1]
    _, refused = send(alone, path, "close")
    for missing in ("再発防止", "復旧時刻", "原因の区分", "責任の区分", "出発時刻", "到着時刻"):
        assert missing in refused
    send(alone, path, "stage", stage="8", at=ago(hours=1), text="予備機を用意する")
    said = change(
        alone, path, departed_at=ago(hours=2.5), arrived_at=ago(hours=2.2), recovered_at=ago(hours=2),
        cause="hardware", responsibility="vendor", measure="予備機を用意する",
    )  # fmt: skip
    assert "内容を更新しました" in said
    assert "完了にしました" in send(alone, path, "close")[1]
    kept = record(alone, "incidents", number)
    assert [row["title"] for row in kept["stages"]] == list(STAGES.values())
    assert kept["missing_stages"] == []
    assert kept["closed_at"]
    assert number not in alone.get("/incidents/")[1]
    assert "完了しています" in send(alone, path, "stage", stage="2", at=ago(hours=1), text="あとから")[1]


@pytest.mark.req("S-OPS-005")
def test_the_hour_from_call_to_arrival_is_measured_and_what_took_longer_is_counted(alone):
    in_time, quick = open_incident(alone, received_at=ago(hours=30), responded_at=ago(hours=30), title="早い到着")
    change(alone, in_time, departed_at=ago(hours=29, minutes=30), arrived_at=ago(hours=29))
    late, slow = open_incident(alone, received_at=ago(hours=30), responded_at=ago(hours=30), title="遅い到着")
    change(alone, late, departed_at=ago(hours=29), arrived_at=ago(hours=28, minutes=59))
    assert record(alone, "incidents", quick)["minutes_to_arrival"] == 60
    assert record(alone, "incidents", quick)["late"] is False
    assert record(alone, "incidents", slow)["minutes_to_arrival"] == 61
    assert record(alone, "incidents", slow)["late"] is True
    assert "60分超過" in alone.get(late)[1]
    assert "60分以内" in alone.get(in_time)[1]
    _, trends = alone.get("/incidents/trends/")
    assert int(re.search(r"うち時間超過 <b>(\d+)</b>件", trends)[1]) >= 1
    assert "時刻の順序が逆" in change(alone, late, departed_at=ago(hours=28), arrived_at=ago(hours=29))


@pytest.mark.req("S-RPT-006")
def test_the_incident_report_says_course_cause_influence_and_measure_with_the_times_of_the_record(alone):
    path, _ = open_incident(
        alone, received_at="2026-03-02T10:07", responded_at="2026-03-02T10:11", impact="貸出ができない"
    )
    send(alone, path, "stage", stage="2", at="2026-03-02T10:25", text="電源装置の故障と判断")
    send(alone, path, "tell", kind="first", at="2026-03-02T10:40", to="図書館 丸山", way="telephone", text="")
    change(
        alone, path, departed_at="2026-03-02T10:20", arrived_at="2026-03-02T10:55", recovered_at="2026-03-02T12:01",
        cause="power", cause_text="電源装置の寿命", measure="二重化する", measure_state="doing",
    )  # fmt: skip
    text = words_of(alone.load(f"{path}papers/report.docx"))
    for said in ("10時07分", "10時11分", "10時20分", "10時55分（受付から48分）", "12時01分", "10時25分", "10時40分"):
        assert f"令和8年3月2日 {said}" in text
    for said in (
        "障害報告書",
        "貸出ができない",
        "電源装置の故障と判断",
        "電源・空調",
        "電源装置の寿命",
        "二重化する",
        "実施中",
    ):
        assert said in text


@pytest.mark.req("S-RPT-007")
def test_the_ledger_counts_as_many_open_incidents_as_the_page(alone):
    path, number = open_incident(alone, title="管理表に載る障害", due="")
    change(alone, path, due="2027-01-31", assignee="保科")
    _, page = alone.get("/incidents/")
    shown = int(re.search(r"未完了 <b>(\d+)</b>件", page)[1])
    book = load_workbook(io.BytesIO(alone.load("/incidents/ledger.xlsx")))
    rows = list(book["障害管理表"].iter_rows(values_only=True))
    heading, lines = rows[0], [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert {"状態", "期限", "担当"} <= set(heading)
    assert sum(line["状態"] == "未完了" for line in lines) == shown > 0
    assert f"{shown}件" in [cell for row in book["表紙"].iter_rows(values_only=True) for cell in row]
    mine = next(line for line in lines if line["番号"] == number)
    assert (mine["期限"], mine["担当"], mine["件名"]) == ("2027-01-31", "保科", "管理表に載る障害")


@pytest.mark.req("S-PRV-006")
def test_an_accident_with_personal_data_has_its_first_report_at_once_and_keeps_when_it_was_given(alone):
    path, number = open_incident(alone, kind="privacy", title="利用者一覧の誤送付", impact="氏名と住所", onsite="")
    text = words_of(alone.load(f"{path}papers/first.docx"))
    for said in (
        "第一報",
        "利用者一覧の誤送付",
        "氏名と住所",
        "宮下 健",
        "026-000-0004",
        "丸山 由美",
        "報告したら記録する",
    ):
        assert said in text
    assert "第一報" in send(alone, path, "close")[1]  # cannot be closed without it
    at = ago(hours=2)
    send(alone, path, "tell", kind="first", at=at, to="市 宮下", way="telephone", text="概要を報告")
    kept = record(alone, "incidents", number)["tellings"]
    assert [(row["title"], row["at"][:16], row["to"]) for row in kept] == [("第一報", at, "市 宮下")]
    text = words_of(alone.load(f"{path}papers/first.docx"))
    assert "市 宮下" in text
    assert f"{int(at[11:13]):02d}時{at[14:16]}分" in text
    assert "報告したら記録する" not in text


@pytest.mark.req("S-ISM-015")
def test_the_paper_for_publication_has_course_people_and_measures_and_keeps_responsibility_and_cost(alone):
    path, number = open_incident(alone, kind="privacy", title="外部からの閲覧", onsite="")
    send(alone, path, "remark", at=ago(hours=2), text="閲覧を止めた")
    change(
        alone, path, affected_people="128", responsibility="vendor", cost_yen="350000", measure="権限を見直した",
        compliance="条例に基づき委員会へ報告済み", cause="setting", impact="128人の予約",
    )  # fmt: skip
    text = words_of(alone.load(f"{path}papers/public.docx"))
    for said in ("閲覧を止めた", "128人", "権限を見直した", "設定の誤り", "受託者", "350,000円", "委員会へ報告済み"):
        assert said in text
    kept = record(alone, "incidents", number)
    assert (kept["affected_people"], kept["responsibility"], kept["cost_yen"]) == (128, "vendor", 350000)
    assert kept["compliance"] == "条例に基づき委員会へ報告済み"


def test_a_critical_alert_opens_one_incident_and_a_warning_none(alone):
    def notify(name: str, severity: str, status: str = "firing", starts: str = "2026-11-20T01:00:00Z") -> None:
        alert = {
            "status": status, "startsAt": starts, "endsAt": "2026-11-20T02:00:00Z", "fingerprint": f"{name}{starts}",
            "labels": {"alertname": name, "host": "db1", "severity": severity},
            "annotations": {"summary": f"{name} の要約", "impact": "貸出が止まる"},
        }  # fmt: skip
        assert alone.stranger().notify({"alerts": [alert]})[0] == 200

    notify("TestDatabaseGone", "critical")
    notify("TestDatabaseGone", "critical")
    notify("TestDatabaseGone", "critical", starts="2026-11-20T01:30:00Z")
    notify("TestDiskWarm", "warning")
    mine = [row for row in alone.records()["incidents"] if row["alert"].startswith("Test")]
    assert [(row["alert"], row["host"], row["severity"]) for row in mine] == [("TestDatabaseGone", "db1", "critical")]
    assert mine[0]["stages"][0]["title"] == "受付"
    assert "TestDatabaseGone の要約" in alone.get(path_of(alone, "/incidents/", mine[0]["number"]))[1]


def test_a_moment_ahead_is_refused_and_nothing_is_kept(alone):
    before = len(alone.records()["incidents"])
    form = {"kind": "fault", "title": "未来", "source": "telephone", "severity": "minor", "received_at": ago(days=-1)}
    _, page = alone.send("/incidents/new/", form)
    assert "未来です" in page
    assert len(alone.records()["incidents"]) == before
