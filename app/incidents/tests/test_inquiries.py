"""Inquiries on the running console: hours of reception, two opening days, the visit; and trends by quarter."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.incidents import rules
from app.incidents.tests.helpers import ago, local, number_of, path_of, record
from app.incidents.tests.test_incidents import change, open_incident
from app.operations import hours

RECEPTION, LIBRARY = hours.reception("nagano"), hours.library("nagano")


def take(console, **more: str) -> tuple[str, str]:
    """An inquiry by telephone: its path and number."""
    form = {"way": "telephone", "sender": "窓口 田中", "place": "南部図書館", "subject": "予約票の印刷",
            "text": "出ない", "received_at": ago(hours=1), **more}  # fmt: skip
    status, page = console.send("/inquiries/new/", form)
    assert status == 200
    assert "受け付けました" in page, page
    number = number_of(page, "Q")
    return path_of(console, "/inquiries/?show=all", number), number


@pytest.mark.req("S-OPS-003")
@pytest.mark.parametrize(
    ("at", "taken"),
    [
        ("2026-11-20T08:29", False), ("2026-11-20T08:30", True),  # Friday
        ("2026-11-20T19:29", True), ("2026-11-20T19:30", False),
        ("2026-11-21T18:29", True), ("2026-11-21T18:30", False),  # Saturday
        ("2026-11-22T18:29", True), ("2026-11-22T18:31", False),  # Sunday
        ("2026-11-23T18:29", True), ("2026-11-23T18:45", False),  # Monday, Labour Thanksgiving Day
        ("2026-11-30T18:45", True),  # an ordinary Monday
    ],
)  # fmt: skip
def test_calls_are_taken_by_the_calendar_until_half_past_seven_and_on_holidays_until_half_past_six(at, taken):
    assert RECEPTION.covers(local(at)) is taken


@pytest.mark.req("S-OPS-003")
def test_what_came_in_within_the_hours_and_nobody_answered_is_shown_as_missed(alone):
    path, missed = take(alone, received_at="2026-11-19T10:00")
    _, night = take(alone, received_at="2026-11-19T22:00")
    _, page = alone.get("/incidents/")
    assert "受付漏れ" in page
    assert missed in page
    assert night not in page
    _, page = alone.send(f"{path}answer/", {"responded_at": "2026-11-19T10:05", "answer": "用紙を確認"}, at=path)
    assert "回答を記録しました" in page
    assert missed not in alone.get("/incidents/")[1]
    kept = record(alone, "inquiries", missed)
    assert (kept["responded_at"], kept["unanswered"]) == ("2026-11-19T10:05:00+09:00", False)
    assert record(alone, "inquiries", night)["unanswered"] is False


@pytest.mark.req("S-OPS-009")
@pytest.mark.parametrize(
    ("asked", "due"),
    [
        ("2026-11-18T10:00", "2026-11-20T19:00"),  # Wednesday: Thursday, Friday
        ("2026-11-20T10:00", "2026-11-22T18:00"),  # Friday: Saturday, Sunday
        ("2026-11-22T10:00", "2026-11-25T19:00"),  # Sunday: Monday, not Tuesday (closed), Wednesday
        ("2026-12-28T10:00", "2027-01-06T19:00"),  # over the New Year: the 4th, not the 5th (Tuesday), the 6th
    ],
)
def test_two_opening_days_skip_what_is_closed(asked, due):
    assert LIBRARY.after_days(local(asked), 2) == local(due)


@pytest.mark.req("S-OPS-009")
def test_an_inquiry_unsolved_for_two_opening_days_is_overdue_until_a_visit_takes_it_over(alone):
    path, number = take(alone, received_at="2026-11-12T10:00")
    alone.send(f"{path}answer/", {"responded_at": "2026-11-12T10:10", "answer": "再起動を案内"}, at=path)
    _, page = alone.get("/inquiries/")
    assert "2開館日を過ぎて未解決" in page
    assert record(alone, "inquiries", number)["overdue"] is True
    form = {"at": "2026-11-15T13:00", "by": "小林", "text": "", "solved_at": ""}
    assert "訪問を記録しました" in alone.send(f"{path}visit/", form, at=path)[1]
    assert record(alone, "inquiries", number)["overdue"] is False
    assert "訪問の結果を入力" in alone.send(f"{path}visit/", {**form, "solved_at": "2026-11-15T14:00"}, at=path)[1]
    alone.send(f"{path}visit/", {**form, "text": "部品を交換", "solved_at": "2026-11-15T14:00"}, at=path)
    kept = record(alone, "inquiries", number)
    assert (kept["visit_by"], kept["visit_text"], kept["solved_at"]) == (
        "小林", "部品を交換", "2026-11-15T14:00:00+09:00",
    )  # fmt: skip
    assert kept["answer"] == "再起動を案内"


@pytest.mark.req("S-OPS-007")
def test_trends_count_causes_devices_and_measures_by_quarter_and_propose_what_to_do(alone):
    today = date.fromisoformat(ago(hours=0)[:10])
    last = date.fromordinal(date(today.year, (today.month - 1) // 3 * 3 + 1, 1).toordinal() - 1)
    quarter = rules.quarter_of(last)
    for day in (last, last - timedelta(days=3), last - timedelta(days=5)):
        at = f"{day}T10:00"
        path, _ = open_incident(alone, received_at=at, responded_at=at, host="rt-nanbu", onsite="")
        assert "更新しました" in change(alone, path, cause="network", measure_state="doing", host="rt-nanbu")
    _, page = alone.get("/incidents/trends/")
    section = page[page.index(f"<h2>{quarter}") :].split("</section>")[0]
    assert '<th scope="row">回線・ネットワーク</th><td class="number">3</td>' in section
    assert '<th scope="row">rt-nanbu</th><td class="number">3</td>' in section
    assert '<th scope="row">実施中</th><td class="number">3</td>' in section
    assert "rt-nanbu 回線・ネットワーク 3件" in section
    assert rules.PROPOSALS["network"] in section
    assert set(rules.PROPOSALS) == set(rules.CAUSES)
