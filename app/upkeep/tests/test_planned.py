"""Planned stops, updates and service levels on the running console."""

from __future__ import annotations

import json
import re
import threading
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from app.incidents.tests.helpers import TOKYO, ago, number_of, path_of, record
from app.incidents.tests.test_incidents import change, open_incident
from app.operations import hours
from app.upkeep.rules import TERMINAL_TASKS


def day_when(is_open: bool, at_least: int) -> str:
    """A day so many days ahead on which the library is open, or is not."""
    day = datetime.now(TOKYO).date() + timedelta(days=at_least)
    while (hours.library("nagano").on(day) is not None) is not is_open:
        day += timedelta(days=1)
    return day.isoformat()


def form(day: str, begin: str, end: str, **more: str) -> dict[str, str]:
    """A planned stop as it is asked for."""
    return {
        "title": "データベースの更新", "hosts": "db1 app1", "starts_at": f"{day}T{begin}", "ends_at": f"{day}T{end}",
        "stops": "on", "reason": "修正の適用", "impact": "貸出と検索", "rollback": "直前の複製へ戻す",
        "overlap_reason": "", "public_text": "蔵書検索を利用できません。", **more,
    }  # fmt: skip


@pytest.mark.req("S-OPS-012")
def test_a_stop_within_the_opening_hours_is_warned_of_and_needs_its_reason(alone):
    day = day_when(True, 10)
    _, page = alone.send("/stops/new/", form(day, "14:00", "16:00"))
    assert "開館時間に重なります" in page
    _, page = alone.send("/stops/new/", form(day, "14:00", "16:00", overlap_reason="機器の故障が迫っている"))
    assert "開館時間に重なる停止です" in page
    assert "14:00から16:00まで" in page
    number = number_of(page, "S")
    assert record(alone, "maintenance", number)["overlaps_opening_hours"] is True
    for said in ("貸出と検索", "直前の複製へ戻す", "機器の故障が迫っている"):
        assert said in page
    _, page = alone.send("/stops/new/", form(day, "20:00", "22:00"))
    assert "開館時間に重なる" not in page
    assert record(alone, "maintenance", number_of(page, "S"))["overlaps_opening_hours"] is False
    closed = day_when(False, 10)
    _, page = alone.send("/stops/new/", form(closed, "10:00", "16:00"))
    assert "開館時間に重なる" not in page
    assert "必須" in alone.send("/stops/new/", form(day, "20:00", "22:00", rollback=""))[1]


@pytest.fixture
def library():
    """A listener in the library's place: what it was told, and by whom."""
    told: list[tuple[str, str, dict]] = []

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.append((self.path, self.headers["Authorization"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Listener)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/office/stops/", told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.req("S-SW-006")
def test_an_approved_stop_is_handed_to_the_library_and_so_is_its_cancellation(start_console, library):
    url, told = library
    console = start_console(
        "http://127.0.0.1:1", roles=("administrator", "operator"), library_url=url, library_token="shared"
    )
    operator = console.signed_in("operator")
    console.sign_in()
    _, page = operator.send("/stops/new/", form(day_when(True, 10), "20:00", "22:00"))
    number = number_of(page, "S")
    path = path_of(operator, "/stops/", number)
    assert operator.send(path, {"state": "approved"})[0] == 403  # never their own, and not an operator's to decide
    assert told == []
    assert "掲示を送りました" in console.send(path, {"state": "approved"})[1]
    where, who, body = told.pop()
    assert (where, who) == ("/office/stops/", "Bearer shared")
    (stop,) = body["stops"]
    assert (stop["number"], stop["up"], stop["text"]) == (number, True, "蔵書検索を利用できません。")
    kept = record(console, "maintenance", number)
    assert (kept["state"], kept["decided_by"], stop["starts_at"][:10]) == (
        "approved", "administrator", kept["starts_at"][:10],
    )  # fmt: skip
    console.send(path, {"state": "cancelled"})
    assert [row["up"] for row in told.pop()[2]["stops"]] == [False]
    assert "申請には行えません" in console.send(path, {"state": "approved"})[1]


def register(console, **more: str) -> tuple[str, str]:
    """An update: its path and number."""
    given = {
        "target": "server", "title": "Debian の修正", "published_on": "2026-11-10", "hosts": "全台",
        "content": "openssl", "rollback": "前の版を入れ直す", **more,
    }  # fmt: skip
    _, page = console.send("/updates/new/", given)
    assert "登録しました" in page, page
    number = number_of(page, "U")
    return path_of(console, "/updates/", number), number


@pytest.mark.req("S-SEC-002")
def test_an_update_is_applied_only_after_its_proof_and_keeps_the_way_back(alone):
    assert "必須" in alone.send("/updates/new/", {"target": "server", "title": "戻し方なし"})[1]
    path, number = register(alone)
    applied = {"at": ago(hours=1), "text": "全台に適用"}
    assert "検証に合格していない" in alone.send(f"{path}apply/", applied, at=path)[1]
    proof = {"at": ago(hours=3), "where": "双子環境", "text": "不具合あり", "passed": "no"}
    alone.send(f"{path}verify/", proof, at=path)
    assert "検証に合格していない" in alone.send(f"{path}apply/", applied, at=path)[1]
    alone.send(f"{path}verify/", {**proof, "at": ago(hours=2), "passed": "yes", "text": "全試験に合格"}, at=path)
    assert "検証より前" in alone.send(f"{path}apply/", {**applied, "at": ago(hours=5)}, at=path)[1]
    assert "適用を記録しました" in alone.send(f"{path}apply/", applied, at=path)[1]
    kept = record(alone, "updates", number)
    assert (kept["verified_text"], kept["passed"], kept["rollback"]) == ("全試験に合格", True, "前の版を入れ直す")
    assert kept["verified_at"] < kept["applied_at"]
    assert "変更できません" in alone.send(f"{path}verify/", proof, at="/updates/new/")[1]


@pytest.mark.req("S-SEC-003")
def test_a_terminal_s_update_is_proved_in_ten_main_tasks_and_people_are_told(alone):
    month = ago(hours=0)[:7]
    path, number = register(alone, target="terminal", title="端末の月例修正", published_on=f"{month}-01")
    assert len(TERMINAL_TASKS) == 10
    tasks = {f"task{n}": "yes" for n in range(9)}
    proof = {"at": ago(hours=2), "where": "検証用端末", "text": "月例"}
    assert "主要10業務のすべて" in alone.send(f"{path}verify/", {**proof, **tasks}, at=path)[1]
    alone.send(f"{path}verify/", {**proof, **tasks, "task9": "no"}, at=path)
    assert record(alone, "updates", number)["passed"] is False
    alone.send(f"{path}verify/", {**proof, **tasks, "task9": "yes"}, at=path)
    alone.send(f"{path}told/", {"at": ago(hours=1), "to": "図書館 丸山"}, at=path)
    kept = record(alone, "updates", number)
    assert (kept["passed"], kept["told_to"]) == (True, "図書館 丸山")
    assert kept["checks"] == {task: [True] for task in TERMINAL_TASKS}
    _, page = alone.get("/updates/")
    line = page[page.index(f">{month}</th>") :].split("</tr>")[0]
    assert "10業務とも合格" in line
    before = (datetime.now(TOKYO).replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    assert "登録なし" in page[page.index(f">{before}</th>") :].split("</tr>")[0]


@pytest.mark.req("S-ISM-002")
def test_each_level_of_a_month_has_its_goal_what_it_was_and_whether_it_was_met(alone):
    month = ago(hours=0)[:7]
    path, _ = open_incident(alone, received_at=ago(minutes=50), responded_at=ago(minutes=50), title="水準の障害")
    change(alone, path, departed_at=ago(minutes=45), arrived_at=ago(minutes=20), recovered_at=ago(minutes=10))
    _, page = alone.send("/levels/measure/", {"month": month}, at="/levels/")
    assert "実績を記録しました" in page
    kept = {row["code"]: row for row in alone.records()["levels"] if row["month"] == month}
    assert {"availability-opac", "availability-staff", "availability-data", "response-opac", "response-staff",
            "recovery", "onsite", "inquiries"} == set(kept)  # fmt: skip
    assert kept["availability-opac"]["goal"] == 99.9
    assert kept["availability-opac"]["met"] is None  # nothing measures here, and nothing is invented
    assert kept["onsite"]["value"] is not None
    assert kept["recovery"]["met"] in (True, False)
    row = page[page.index("駆けつけ60分以内") :].split("</tr>")[0]
    assert re.search(r"達成|未達", row)
    assert "測定なし" in page[page.index("稼働率 蔵書検索") :].split("</tr>")[0]
    assert "始まった月" in alone.send("/levels/measure/", {"month": "2999-01"}, at="/levels/")[1]
