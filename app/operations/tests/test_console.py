"""The running console: alive without the library, honest when its sources are silent, closed to strangers."""

from __future__ import annotations

import json

import pytest


@pytest.fixture(scope="module")
def console(start_console, prometheus):
    """A console with a real Prometheus; the operator has signed in."""
    made = start_console(prometheus)
    assert made.sign_in()[0] == 200
    return made


PAGES = ["/", "/alerts/", "/hosts/", "/dashboards/servers/", "/dashboards/library/", "/dashboards/power/", "/runbooks/"]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_asks_a_stranger_to_sign_in(alone, path):
    status, page = alone.stranger().get(path)
    assert status == 200
    assert 'name="password"' in page
    assert "サインアウト" not in page


def test_health_is_open_and_asks_the_console_s_own_database(alone):
    status, body = alone.stranger().get("/health")
    assert (status, json.loads(body)["status"]) == (200, "ok")


def test_a_wrong_password_is_refused(alone):
    stranger = alone.stranger()
    _, page = stranger.sign_in("wrong horse battery")
    assert "利用者名かパスワードが違います" in page
    assert 'name="password"' in stranger.get("/")[1]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_when_nothing_answers(alone, path):
    status, page = alone.get(path)
    assert status == 200
    assert "サインアウト" in page


def test_the_overview_says_that_monitoring_is_silent_and_claims_nothing(alone):
    _, page = alone.get("/")
    assert "監視（Prometheus）が応答しない" in page
    assert "通報（Alertmanager）が応答しない" in page
    assert page.count("測定できていません") == 3
    for claim in ("開いています", "無事です", "いま出ている警報はありません"):
        assert claim not in page


def test_measurements_answer_the_overview(console):
    _, page = console.get("/")
    assert "監視（Prometheus）が応答しない" not in page
    assert "応答のないサーバ" in page
    # Of three hosts the server app1 is down; the switched-off terminal does not count.
    assert "<span>台数</span> <b>1</b>" in page


def test_hosts_show_what_answers_and_what_does_not(console):
    _, page = console.get("/hosts/")
    assert "サーバが応答しない" in page
    assert "電源が切れているか、応答しない" in page
    assert "応答あり" in page
    assert "第一分室" in page
    assert "未計測の拠点" in page


def test_a_dashboard_that_does_not_exist_and_a_range_that_does_not_are_not_found(console):
    assert console.get("/dashboards/nothing/")[0] == 404
    assert console.get("/dashboards/servers/?range=1000y")[0] == 404
    assert console.get("/runbooks/nothing/")[0] == 404


def test_a_query_from_the_browser_reaches_nothing(console):
    _, page = console.get("/dashboards/servers/?range=1h&query=up&expr=up")
    assert "series" not in page
    assert "127.0.0.1:1" not in page


def test_a_runbook_opens_at_the_heading_that_an_alert_names(console):
    status, page = console.get("/runbooks/node/")
    assert status == 200
    assert 'id="HostDown"' in page


def _notification(status: str, ends: str = "0001-01-01T00:00:00Z") -> dict:
    return {
        "alerts": [
            {
                "status": status,
                "labels": {"alertname": "UPSOnBattery", "host": "gw1", "severity": "critical"},
                "annotations": {"summary": "ups-a が電池で動いています", "runbook": "power#UPSOnBattery"},
                "startsAt": "2026-11-22T21:35:58Z",
                "endsAt": ends,
                "fingerprint": "f00d",
            }
        ]
    }


def test_a_notification_becomes_one_row_and_its_end_is_kept(alone):
    stranger = alone.stranger()
    assert stranger.notify(_notification("firing")) == (200, '{"recorded": 1}')
    assert stranger.notify(_notification("firing"))[0] == 200
    _, page = alone.get("/alerts/")
    assert "最後に知らされた、終わっていない警報" in page
    assert page.count("<td>gw1</td>") == 1
    assert "継続中" in page
    stranger.notify(_notification("resolved", "2026-11-22T21:50:00Z"))
    _, page = alone.get("/alerts/")
    assert page.count("<td>gw1</td>") == 1
    assert "2026-11-23 06:50:00" in page
    assert "継続中" not in page


def test_a_notification_without_the_token_is_refused(alone):
    assert alone.stranger().notify(_notification("firing"), token="guess")[0] == 401
    assert alone.stranger().notify(_notification("firing"), token="")[0] == 401


@pytest.mark.parametrize("payload", [b"no json", b"[1]", b"{}", b'{"alerts": [{}]}'])
def test_what_is_no_notification_is_refused(alone, payload):
    assert alone.stranger().notify(payload)[0] == 400


def test_the_fifth_miss_stops_the_name_also_with_the_right_password_and_says_no_more(start_console):
    made = start_console("http://127.0.0.1:1")
    said = {made.stranger().sign_in(f"wrong horse {n}")[1].count("利用者名かパスワードが違います") for n in range(5)}
    locked = made.stranger()
    said.add(locked.sign_in()[1].count("利用者名かパスワードが違います"))
    assert said == {1}
    assert "運用コンソール</h1>" in locked.get("/")[1]  # still at the sign-in


def test_the_password_changes_only_when_it_differs_and_must_be_long(alone, tmp_path):
    same, short = tmp_path / "same", tmp_path / "short"
    same.write_text("correct horse battery\n")
    short.write_text("short")
    assert alone.manage("console_user", "administrator", "--password-file", str(same)).stdout.strip() == "unchanged"
    refused = alone.manage("console_user", "administrator", "--password-file", str(short))
    assert refused.returncode != 0
    assert "12" in refused.stderr
    missing = alone.manage("console_user", "administrator", "--password-file", str(tmp_path / "none"))
    assert missing.returncode != 0


def test_models_and_migrations_agree(alone):
    assert alone.manage("makemigrations", "--check", "--dry-run", "operations").returncode == 0
