"""What the quarterly report says: its chapters, from the facts. Wording is here, numbers come from facts.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from monitoring.evidence import Evidence
from monitoring.reports import console
from monitoring.reports.facts import CHARTED, Facts, Uptime
from monitoring.reports.quarter_operations import (
    alerts,
    backups,
    drills,
    further_drills,
    inspections,
    other_drills,
    power_drills,
    share,
    work,
)
from monitoring.reports.quarter_outlook import capacity, expiries
from monitoring.reports.wording import clock, nothing, ranges, service_title
from office.document import Cell, Chapter, Chart, Table
from office.office import NO_DATA

# The panels that the report charts, with the names of their lines.
RESOURCES = {id_: panel.report.name for id_, panel in CHARTED.items() if panel.report}


def chapters(facts: Facts) -> list[Chapter]:
    """Every chapter, in order."""
    view = console.Console(facts.records, facts.quarter.start, facts.quarter.end, facts.quarter.zone)
    return [
        overview(facts),
        resources(facts),
        backups(facts),
        alerts(facts),
        inspections(facts, console.looked_at(view)),
        power_drills(facts),
        further_drills(facts),
        expiries(facts),
        capacity(facts),
        work(facts),
        *console.chapters(view, facts.counts),
    ]


def overview(facts: Facts) -> Chapter:
    """Availability against the goal, what stopped, and on which days there are measurements."""
    quarter, goal = facts.quarter, facts.site.contract.availability_goal_percent
    text = [
        f"本書は、{facts.site.organisation.name}の情報システムについて、{quarter.span}（{quarter.fiscal}）の"
        "稼働、資源、バックアップ、警報、点検の結果を報告するものである。数値はすべて監視の計測と作業の記録から集計した。",
        coverage(facts),
        f"稼働率は、測定した時間から計画停止を除いた時間に対する、応答した時間の割合である。目標は{goal}％とする。"
        "計画停止は、作業または訓練の記録がある時間帯の停止をいう。",
    ]
    return Chapter(
        "概要", [*text, _at_a_glance(facts), _uptime_table(facts), _stops_table(facts), _outages_table(facts)]
    )


def coverage(facts: Facts) -> str:
    """Which days have data, said plainly."""
    days = facts.quarter.days
    measured = [day for day in days if day in facts.measured_days]
    today = facts.quarter.day(facts.until - timedelta(seconds=1))
    missing = [day for day in days if day not in facts.measured_days and day <= today]
    ahead = [day for day in days if day > today and day not in facts.measured_days]
    legend = f"表で「{NO_DATA}」とした欄は、計測または記録がないことを示す。"
    if not measured:
        return f"この期間の計測は{NO_DATA}である。{legend}"
    if not missing and not ahead:
        return f"対象期間の{len(days)}日すべての日に計測がある。{legend}"
    text = f"対象期間{len(days)}日のうち、計測がある日は{len(measured)}日（{ranges(measured)}）である。"
    if missing:
        text += f"計測のない日は{len(missing)}日（{ranges(missing)}）で、集計に含めていない。"
    if ahead:
        text += f"残る{len(ahead)}日（{ranges(ahead)}）は、まだ到来していない。"
    return text + legend


def _at_a_glance(facts: Facts) -> Table:
    goal = facts.site.contract.availability_goal_percent
    rates = [facts.uptime[service][-1].percent for service in facts.services if service in facts.uptime]
    known = [rate for rate in rates if rate is not None]
    rows: list[list[Cell]] = [
        ["稼働率の目標", f"{sum(rate >= goal for rate in known)}/{len(known)} サービスで達成" if known else None],
        ["障害による停止", f"{sum(not outage.planned for outage in facts.outages)} 件" if known else None],
        ["日次バックアップ", share(facts.backups.values())],
        ["復元訓練", _passes(drills(facts, "restore"))],
        ["警報", f"{len(facts.alerts)} 件" if facts.measured_days else None],
        ["定期点検", _passes(facts.of_kind("inspection"))],
        ["停電訓練", _passes(drills(facts, "power"))],
        ["その他の訓練", _passes(other_drills(facts))],
    ]
    return Table("結果の一覧", ("項目", "結果"), rows, (3, 7))


def _passes(done: Sequence[Evidence]) -> str | None:
    return f"{len(done)} 回実施、合格 {sum(item.passed for item in done)} 回" if done else None


def _uptime_table(facts: Facts) -> Table:
    goal = facts.site.contract.availability_goal_percent
    rows: list[list[Cell]] = []
    for service in facts.services:
        rates = [span.percent for span in facts.uptime.get(service, ())] or [None] * 4
        rate = rates[-1]
        verdict = "判定不能" if rate is None else ("達成" if rate >= goal else "未達")
        rows.append([service_title(facts, service), *rates, verdict])
    heads = ("サービス", *(f"{month}月（％）" for month in facts.quarter.months), "期間（％）", "判定")
    return Table("サービスの稼働率", heads, rows, (5, 2, 2, 2, 2, 1.6), digits=3)


def _stops_table(facts: Facts) -> Table:
    months = facts.quarter.months
    rows: list[list[Cell]] = []
    for service in facts.services:
        spans: Sequence[Uptime | None] = facts.uptime.get(service) or (None,) * 4
        for label, field in (("障害", "failed"), ("計画", "planned")):
            rows.append(
                [
                    service_title(facts, service),
                    label,
                    *(getattr(span, field) if span and span.measured else None for span in spans),
                ]
            )
    heads = ("サービス", "区分", *(f"{month}月（分）" for month in months), "計（分）")
    return Table("停止時間の内訳", heads, rows, (5, 1.4, 2, 2, 2, 2))


def _outages_table(facts: Facts) -> Table:
    rows: list[list[Cell]] = [
        [
            clock(outage.start),
            clock(outage.end),
            service_title(facts, outage.service),
            "計画" if outage.planned else "障害",
            outage.minutes,
        ]
        for outage in facts.outages
    ]
    heads = ("開始", "終了", "サービス", "区分", "停止（分）")
    return Table("停止の一覧", heads, rows, (2.9, 2.9, 4.6, 1.2, 1.6), brief=60, empty=nothing(facts))


def resources(facts: Facts) -> Chapter:
    """Mean and highest use per server and month, and a chart of three months per server."""
    rows: list[list[Cell]] = []
    for host in facts.servers:
        for key, name in RESOURCES.items():
            usage = facts.usage[key].get(host.name)
            months = usage.months if usage else (None, None, None)
            rows.append([host.name, name, *(value for pair in months for value in (pair or (None, None)))])
    heads = ("サーバ", "資源", *(f"{month}月{kind}" for month in facts.quarter.months for kind in ("平均", "最大")))
    blocks: list[str | Table | Chart] = [
        "各サーバの使用率（％）である。CPUとメモリは5分ごと、ディスクは1時間ごとの値から求めた。"
        "ディスクは、そのサーバで最も使用率の高い領域を示す。",
        Table("資源の使用率", heads, rows, (2, 1.8, 1.4, 1.4, 1.4, 1.4, 1.4, 1.4)),
        _answers_table(facts),
        "3か月の推移（日平均）を次に示す。線の切れ目は計測のない日である。",
    ]
    days = facts.quarter.days
    for host in facts.servers:
        series = []
        for key, name in RESOURCES.items():
            usage = facts.usage[key].get(host.name)
            series.append((name, [day and day[0] for day in usage.days] if usage else [None] * len(days)))
        blocks.append(Chart(f"{host.name} {host.purpose}", "％", days, series))
    return Chapter("サーバの資源", blocks)


def _answers_table(facts: Facts) -> Table:
    """How steadily each host answered monitoring: the servers, and every other host that was asked."""
    hosts = [host for host in facts.site.hosts if host in facts.servers or host.name in facts.hosts_up]
    rows: list[list[Cell]] = [[host.name, host.purpose, facts.hosts_up.get(host.name)] for host in hosts]
    return Table("監視への応答率", ("サーバ", "用途", "応答率（％）"), rows, (2, 5, 2), digits=3)
