"""The chapters of the quarterly report that look ahead: what expires, and what fills up."""

from __future__ import annotations

from datetime import date, timedelta

from monitoring.reports.facts import FORECAST_DAYS, Facts, Filesystem
from monitoring.reports.wording import service_title
from office.document import Cell, Chapter, Table
from office.office import NO_DATA, era

BATTERY_MARGIN_DAYS = 180


def expiries(facts: Facts) -> Chapter:
    """When batteries and certificates run out, seen from the quarter's last day."""
    last = facts.quarter.last_day
    batteries: list[list[Cell]] = []
    for unit in facts.site.power.units:
        due = add_months(unit.battery_installed, unit.battery_life_months)
        left = (due - last).days
        state = _state(left, BATTERY_MARGIN_DAYS)
        planned = unit.replacement_planned.isoformat() if unit.replacement_planned else "なし"
        done = "、".join(row.on.isoformat() for row in unit.replacements if row.on <= last) or "未実施"
        installed = unit.battery_installed.isoformat()
        batteries.append([unit.name, unit.model, installed, planned, done, due.isoformat(), left, state])
    renew = facts.site.certificates.server.renew_before_days
    certificates: list[list[Cell]] = []
    for service, instance, expires in facts.certificates:
        left = (expires.date() - last).days
        state = _state(left, renew)
        certificates.append([service_title(facts, service), instance, expires.date().isoformat(), left, state])
    battery_heads = ("装置", "型式", "取付日", "交換予定日", "交換実施日", "交換期限", "残り（日）", "状態")
    certificate_heads = ("サービス", "確認先", "有効期限", "残り（日）", "状態")
    return Chapter(
        "電池と証明書の期限",
        [
            f"残り日数は{era(last)}から数えた。電池は残り{BATTERY_MARGIN_DAYS}日、証明書は残り{renew}日を切ったものを"
            "「要手配」とする。",
            Table("無停電電源装置の電池", battery_heads, batteries, (1.8, 2.6, 2, 2, 2, 2, 1.5, 1.5)),
            Table("サーバ証明書", certificate_heads, certificates, (3.4, 4.6, 2, 1.7, 1.6), empty=NO_DATA),
        ],
    )


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), following - timedelta(days=1))


def _state(left: int, margin: int) -> str:
    return "期限切れ" if left < 0 else ("要手配" if left < margin else "良好")


def capacity(facts: Facts) -> Chapter:
    """Fill level, growth and the day each file system is full."""
    names = {host.name for host in facts.servers}
    rows = [_area(area) for area in facts.filesystems if area.host in names]
    heads = ("サーバ", "領域", "使用率（％）", "30日の増加", "満杯の予測日")
    sizing = facts.site.contract.sizing
    return Chapter(
        "容量",
        [
            "期間中の日ごとの使用率に直線を当てはめ、100％に達する日を予測した。増加は使用率のポイントで示す。",
            Table("ディスク領域", heads, rows, (2, 3, 2, 3.2, 3.4), digits=2, empty=NO_DATA),
            f"設計の前提は、書誌{sizing.bibliographic_records:,}件（6年後{sizing.bibliographic_records_in_six_years:,}件）、"
            f"資料{sizing.items:,}点、利用者{sizing.patrons:,}人、年間貸出{sizing.loans_per_year:,}点である。",
        ],
        new_page=False,
    )


def _area(area: Filesystem) -> list[Cell]:
    if area.daily_growth is None:
        return [area.host, area.mountpoint, area.percent, None, f"予測に足りる日数（{FORECAST_DAYS}日）がない"]
    full = area.full_on.isoformat() if area.full_on else "増加の傾向なし"
    return [area.host, area.mountpoint, area.percent, 30 * area.daily_growth, full]
