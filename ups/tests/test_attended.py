"""The yearly work with the mains off: its procedure, its record, and the years that lack one; the batteries' dates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

import pytest

from inventory import load, schema
from ups import attended, plan, topology, upkeep

SITE = load("nagano")


@dataclass(frozen=True)
class Row:
    started: datetime
    by: str = ""
    passed: bool = True


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 3, tzinfo=UTC)


@pytest.mark.req("S-SEC-004")
@pytest.mark.parametrize("name", ["nagano", "small"])
def test_the_procedure_names_every_fed_host_in_the_order_in_which_it_stops_and_returns(name: str) -> None:
    site = load(name)
    lines = attended.procedure(site)
    assert [line.split(". ")[0] for line in lines] == [str(number) for number in range(1, len(lines) + 1)]
    stops = [line for line in lines if "が停止する" in line]
    returns = [line for line in lines if "自動で起動し" in line]
    assert len(stops) == len(plan.steps(site))
    for step, line in zip(plan.steps(site), stops, strict=True):
        assert all(host in line for host in step.hosts)
        assert f"{step.ends}秒以内" in line
    assert [host.name for host in plan.fed(site) if not any(host.name in line for line in returns)] == []
    for word in ("立会者", "切断", "復旧", "整合", "利用者への案内"):
        assert any(word in line for line in lines), word


@pytest.mark.req("S-SEC-004")
def test_each_fiscal_year_of_the_service_has_its_record_or_says_that_it_has_none() -> None:
    kept = [
        Row(at(2026, 2, 15), "小林 直樹"),
        Row(at(2026, 11, 20)),
        Row(at(2027, 4, 1), "高橋 誠", passed=False),
    ]
    found = attended.years(SITE, kept, date(2027, 6, 1))
    assert [(year.year, year.done) for year in found] == [(2025, True), (2026, False), (2027, True)]
    text = attended.text(SITE, kept, date(2027, 6, 1))
    assert "2025年度: 2026-02-15 立会 小林 直樹 結果 良好" in text
    assert "2026年度: 実施記録なし" in text, "a drill that nobody attended is no record"
    assert "2027年度: 2027-04-01 立会 高橋 誠 結果 要処置" in text


def test_a_fiscal_year_begins_in_april() -> None:
    assert [attended.fiscal_year(date(2026, month, 1)) for month in (3, 4, 12)] == [2025, 2026, 2026]


@pytest.mark.req("S-SEC-004")
def test_a_record_says_of_each_point_whether_it_was_well_and_of_what_was_not_looked_at_that_it_was_not() -> None:
    figures = {
        "power_all_off_seconds": {"value": 120.0, "unit": "s", "goal": 315, "met": True},
        "power_acts_lost": {"value": 1, "unit": "acts", "goal": 0, "met": False},
    }
    record = attended.record(SITE, {"figures": figures}, "小林 直樹", at(2026, 11, 20), at(2026, 11, 21))
    items = {row["title"]: row for row in record["items"]}
    assert record["by"] == "小林 直樹"
    assert items["全台が予定の時間内に停止した"]["passed"] is True
    assert items["処理中の貸出・返却に欠落がない"] == {
        "title": "処理中の貸出・返却に欠落がない", "passed": False, "note": "1 acts",
    }  # fmt: skip
    assert items["定めた順序で停止した"]["passed"] is None
    assert record["procedure"] == list(attended.procedure(SITE))


@pytest.mark.req("S-HW-005")
def test_every_unit_has_its_planned_and_its_actual_replacement() -> None:
    text = topology.batteries(SITE)
    for unit in SITE.power.units:
        line = next(line for line in text.splitlines() if f"{unit.id}:" in line)
        assert f"交換予定日 {unit.replacement_planned:%Y-%m-%d} / 実施日 未実施" in line


@pytest.mark.req("S-HW-005")
def test_a_battery_that_was_replaced_is_shown_with_the_day_who_and_the_report_and_its_next_is_planned() -> None:
    done = schema.Replacement(on=date(2029, 10, 20), by="保守会社", report="R-2029-118")
    first, *others = SITE.power.units
    renewed = first.model_copy(
        update={
            "replacements": [done],
            "battery_installed": done.on,
            "replacement_planned": None,
        }
    )
    site = replace(SITE, power=SITE.power.model_copy(update={"units": [renewed, *others]}))
    line = next(line for line in topology.batteries(site).splitlines() if f"{first.id}:" in line)
    assert "実施日 2029-10-20(保守会社)" in line
    assert "未実施" not in line
    told = upkeep.facts(site, (renewed,))["units"][first.id]
    assert told["installed"] == datetime(2029, 10, 20, tzinfo=UTC).timestamp()
    assert told["replacement"] == datetime(2033, 10, 20, tzinfo=UTC).timestamp()


def test_what_happens_beside_the_loss_of_a_feed_is_printed_together() -> None:
    text = attended.overview(SITE, [], date(2026, 11, 23))
    for heading in ("電源系統", "系統を失ったとき", "停止の順序", "蓄電池", "停電作業の手順", "停電作業の実施記録"):
        assert heading in text
