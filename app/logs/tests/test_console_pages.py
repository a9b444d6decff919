"""The console's pages on records, on a running console with its own archive."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from app.logs.records import line
from app.operations.tests.running import PASSWORD, Console

TODAY = datetime.now(UTC)


def root_of(console: Console) -> Path:
    """The archive of that console."""
    return Path(json.loads(Path(console.environment["KURA_CONFIG"]).read_text())["log_archive"])


def put(console: Console, day: date, host: str, kind: str, *lines: str) -> None:
    """Records of a day that is still open."""
    path = root_of(console) / "live" / f"{day:%Y-%m-%d}" / host / f"{kind}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as stream:
        stream.write("".join(lines))


@pytest.fixture(scope="module")
def console(alone) -> Console:
    """A console whose archive has today's errors of the three platforms, and a machine's use by the minute."""
    noon = TODAY.replace(second=0, microsecond=0) - timedelta(minutes=40)
    put(alone, TODAY.date(), "app1", "web", line(noon, "app1", "nginx", "err", "[error] 開けません page.html"))
    put(alone, TODAY.date(), "db1", "database", line(noon, "db1", "postgresql", "err", "ERROR:  division by zero"))
    put(alone, TODAY.date(), "gw1", "os", line(noon, "gw1", "systemd", "err", "Failed to start probe.service"))
    put(alone, TODAY.date(), "gw1", "os", line(noon, "gw1", "systemd", "info", "Started all-is-well.service"))
    for minute in range(30):
        text = f"cpu={minute}.5% memory=41.0% disk:/srv=70.1% received=2048B/s sent=10B/s"
        put(
            alone, TODAY.date(), "db1", "measure",
            line(noon + timedelta(minutes=minute), "db1", "usage", "info", text),
        )  # fmt: skip
    return alone


@pytest.mark.req("S-LOG-002")
def test_the_errors_of_system_database_and_web_server_are_listed_without_asking(console):
    status, page = console.get("/logs/")
    assert status == 200
    for text in ("page.html", "division by zero", "Failed to start probe.service"):
        assert text in page
    assert "all-is-well" not in page


@pytest.mark.req("S-LOG-002")
def test_records_are_searched_by_words_and_the_search_itself_is_kept(console):
    period = f"start={TODAY - timedelta(days=1):%Y-%m-%dT%H:%M}&end={TODAY + timedelta(days=1):%Y-%m-%dT%H:%M}"
    status, page = console.get(f"/logs/?{period}&worst=7&words=all-is-well")
    assert status == 200
    assert "Started all-is-well.service" in page
    assert "division by zero" not in page.partition("だれが検索したか")[0]
    assert "ことば all-is-well" in page  # shown to the next who looks …
    _, trail = console.get("/trail/?subject=logs")
    assert "logs.searched" in trail  # … and kept where nothing is ever altered
    assert "administrator" in trail


def test_a_period_that_ends_before_it_begins_is_refused_in_words(console):
    status, page = console.get("/logs/?start=2026-11-23T10:00&end=2026-11-22T10:00&worst=3")
    assert status == 400
    assert "終わりは、始めより後にしてください" in page


@pytest.mark.req("S-LOG-005")
@pytest.mark.parametrize("role", ["operator", "auditor"])
@pytest.mark.parametrize("path", ["/logs/", "/logs/machines/"])
def test_only_administrators_look_into_records(console, role, path):
    other = console.signed_in(role)
    status, page = other.get(path)
    assert status == 403
    assert "division by zero" not in page
    assert "記録の検索" not in other.get("/")[1]
    assert "サインイン" in console.stranger().get(path)[1]


@pytest.mark.req("S-LOG-001")
def test_a_machines_use_by_the_minute_and_its_errors_are_shown_as_charts_and_list(console):
    days = {(TODAY + timedelta(hours=9, minutes=minutes)).date() for minutes in (-41, 0)}  # midnight may lie between
    pages = [console.get(f"/logs/machines/?host=db1&day={day:%Y/%m/%d}") for day in days]
    assert all(status == 200 for status, _ in pages)
    text = "".join(page for _, page in pages)
    assert text.count('<td class="number">') == 30 * 5
    for title in ("CPU", "メモリ", "ディスク", "ネットワーク"):
        assert f"<figcaption>{title}</figcaption>" in text
    assert "<svg" in text
    assert "2.0 KiB/秒" in text
    assert "division by zero" in text


@pytest.fixture(scope="module")
def second(console, tmp_path_factory) -> Console:
    """A second administrator."""
    password = tmp_path_factory.mktemp("second") / "password"
    password.write_text(PASSWORD)
    done = console.manage("console_user", "second", "--role", "administrator", "--password-file", str(password))
    assert done.returncode == 0, done.stderr
    other = console.stranger()
    other.sign_in(name="second")
    return other


@pytest.mark.req("S-LOG-004", "S-LOG-005")
def test_records_go_after_six_years_only_when_another_administrator_approved_and_the_list_says_so(console, second):
    root = root_of(console)
    for year in (2018, 2024):
        at = datetime(year, 5, 1, 3, tzinfo=UTC)
        put(console, date(year, 5, 1), "app1", "os", line(at, "app1", "cron", "info", f"old record of {year}"))
    closed = console.manage("logs_close")
    assert closed.returncode == 0, closed.stderr
    assert "closed 2018/05/01" in closed.stdout
    _, page = console.send("/logs/disposals/", {"through": "2024/05/01", "reason": "保存期間の満了"})
    assert "保存期間（6年）を過ぎていません" in page
    _, page = console.send("/logs/disposals/", {"through": "2018/12/31", "reason": "保存期間の満了"})
    assert "承認待ち" in page
    number = page.split('action="/logs/disposals/')[1].split("/")[0]
    _, page = console.send(f"/logs/disposals/{number}/", {"act": "approve"}, at="/logs/disposals/")
    assert "申請した本人は承認できません" in page
    auditor = console.signed_in("auditor")
    status, page = auditor.get("/logs/disposals/")
    assert status == 200
    assert "保存期間の満了" in page
    _, page = second.send(f"/logs/disposals/{number}/", {"act": "approve"}, at="/logs/disposals/")
    assert "承認しました" in page
    done = console.manage("logs_close")
    assert "1 days, 1 records" in done.stdout, done.stderr
    assert not (root / "2018/05/01").exists()
    assert (root / "2024/05/01").is_dir()
    _, page = console.get("/logs/disposals/")
    row = page.partition("2018-12-31")[2].partition("</tr>")[0]
    assert "second" in row
    assert f"{datetime.now(UTC) + timedelta(hours=9):%Y-%m-%d}" in row
    assert "2018/05/01" in row
    verified = json.loads(console.manage("logs_verify").stdout)
    assert verified["faults"] == []
    assert "申請 administrator 承認 second" in verified["disposed"][0]


@pytest.mark.req("S-LOG-005")
def test_an_operator_can_neither_ask_for_nor_approve_a_disposal(console):
    operator = console.signed_in("operator")
    _, page = operator.get("/logs/disposals/")
    assert "申請</button>" not in page
    status, _ = operator.send("/logs/disposals/", {"through": "2018/12/31", "reason": "x"}, at="/")
    assert status == 403
    status, _ = operator.send("/logs/disposals/1/", {"act": "approve"}, at="/")
    assert status == 403
