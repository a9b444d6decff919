"""What the quarterly report says: its chapters, from the facts. Wording is here, numbers come from facts.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from monitoring import rules
from monitoring.evidence import Evidence
from monitoring.reports.document import Cell, Chapter, Chart, Table
from monitoring.reports.facts import FORECAST_DAYS, Backup, Facts, Uptime
from monitoring.reports.office import NO_DATA, era

RESOURCES = {"cpu": "CPU", "memory": "メモリ", "disk": "ディスク"}
SEVERITIES = {"critical": "重大", "warning": "注意", "info": "情報"}
RESULT = {True: "合格", False: "不合格", None: "未実施"}


def chapters(facts: Facts) -> list[Chapter]:
    """Every chapter, in order."""
    return [
        overview(facts),
        resources(facts),
        backups(facts),
        alerts(facts),
        inspections(facts),
        power_drills(facts),
        expiries(facts),
        capacity(facts),
        work(facts),
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
    if not measured:
        return f"この期間の計測は{NO_DATA}である。以下の表で「{NO_DATA}」とした欄は、計測または記録がないことを示す。"
    if len(measured) == len(days):
        return f"対象期間の{len(days)}日すべての日に計測がある。表で「{NO_DATA}」とした欄は、計測または記録がないことを示す。"
    return (
        f"対象期間{len(days)}日のうち、計測がある日は{len(measured)}日（{ranges(measured)}）である。"
        f"計測のない日は{len(days) - len(measured)}日（{ranges(day for day in days if day not in facts.measured_days)}）で、"
        f"集計に含めていない。表で「{NO_DATA}」とした欄は、計測または記録がないことを示す。"
    )


def ranges(days: Iterable[date]) -> str:
    """Days as spans: 7月1日〜7月14日、7月20日."""
    spans: list[list[date]] = []
    for day in days:
        if spans and day - spans[-1][-1] == timedelta(days=1):
            spans[-1].append(day)
        else:
            spans.append([day])
    return "、".join(_day(span[0]) + (f"〜{_day(span[-1])}" if len(span) > 1 else "") for span in spans)


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _at_a_glance(facts: Facts) -> Table:
    goal = facts.site.contract.availability_goal_percent
    rates = [facts.uptime[service][-1].percent for service in facts.services if service in facts.uptime]
    known = [rate for rate in rates if rate is not None]
    rows: list[list[Cell]] = [
        ["稼働率の目標", f"{sum(rate >= goal for rate in known)}/{len(known)} サービスで達成" if known else None],
        ["障害による停止", f"{sum(not outage.planned for outage in facts.outages)} 件" if known else None],
        ["日次バックアップ", _share(facts.backups.values())],
        ["復元訓練", _passes(drills(facts, "restore"))],
        ["警報", f"{len(facts.alerts)} 件" if facts.measured_days else None],
        ["定期点検", _passes(facts.of_kind("inspection"))],
        ["停電訓練", _passes(drills(facts, "power"))],
    ]
    return Table("結果の一覧", ("項目", "結果"), rows, (3, 7))


def _share(backups: Iterable[Backup]) -> str | None:
    days = [day for backup in backups for day in backup.days if day is not None]
    return f"{sum(days)}/{len(days)} 回成功（{100 * sum(days) / len(days):.1f}％）" if days else None


def _passes(done: Sequence[Evidence]) -> str | None:
    return f"{len(done)} 回実施、合格 {sum(item.passed for item in done)} 回" if done else None


def drills(facts: Facts, word: str) -> list[Evidence]:
    """The drills whose name begins with a word: restore, power."""
    return [item for item in facts.of_kind("drill") if item.name.startswith(word)]


def _title(facts: Facts, service: str) -> str:
    return facts.site.service(service).row.title


def _uptime_table(facts: Facts) -> Table:
    goal = facts.site.contract.availability_goal_percent
    rows: list[list[Cell]] = []
    for service in facts.services:
        rates = [span.percent for span in facts.uptime.get(service, ())] or [None] * 4
        rate = rates[-1]
        verdict = "判定不能" if rate is None else ("達成" if rate >= goal else "未達")
        rows.append([_title(facts, service), *rates, verdict])
    heads = ("サービス", *(f"{month}月（％）" for month in facts.quarter.months), "期間（％）", "目標")
    return Table("サービスの稼働率", heads, rows, (5, 2, 2, 2, 2, 1.6), digits=3)


def _stops_table(facts: Facts) -> Table:
    months = facts.quarter.months
    rows: list[list[Cell]] = []
    for service in facts.services:
        spans: Sequence[Uptime | None] = facts.uptime.get(service) or (None,) * 4
        for label, field in (("障害", "failed"), ("計画", "planned")):
            rows.append(
                [
                    _title(facts, service),
                    label,
                    *(getattr(span, field) if span and span.measured else None for span in spans),
                ]
            )
    heads = ("サービス", "区分", *(f"{month}月（分）" for month in months), "計（分）")
    return Table("停止時間の内訳", heads, rows, (5, 1.4, 2, 2, 2, 2))


def _outages_table(facts: Facts) -> Table:
    rows: list[list[Cell]] = [
        [
            _time(outage.start),
            _time(outage.end),
            _title(facts, outage.service),
            "計画" if outage.planned else "障害",
            outage.minutes,
        ]
        for outage in facts.outages
    ]
    heads = ("開始", "終了", "サービス", "区分", "停止（分）")
    return Table("停止の一覧", heads, rows, (2.4, 2.4, 5, 1.2, 1.6), brief=60, empty=_none_or_no_data(facts))


def _none_or_no_data(facts: Facts) -> str:
    return "該当なし" if facts.measured_days else NO_DATA


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


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
        "3か月の推移（日平均）を次に示す。線の切れ目は計測のない日である。",
    ]
    labels = [f"{day.month}/{day.day}" for day in facts.quarter.days]
    for host in facts.servers:
        series = []
        for key, name in RESOURCES.items():
            usage = facts.usage[key].get(host.name)
            series.append((name, [day and day[0] for day in usage.days] if usage else [None] * len(labels)))
        blocks.append(Chart(f"{host.name} {host.purpose}", "％", labels, series))
    return Chapter("サーバの資源", blocks)


def backups(facts: Facts) -> Chapter:
    """Daily success per host, and the restore drills."""
    site, days = facts.site, facts.quarter.days
    classes = {row.id: row.title for row in site.backup.classes}
    hosts = [h for h in site.hosts if h.name in facts.backups or (h in facts.servers and h.backup != "none")]
    rows: list[list[Cell]] = []
    daily: list[list[Cell]] = []
    for host in hosts:
        backup = facts.backups.get(host.name)
        known = [day for day in backup.days if day is not None] if backup else []
        rows.append(
            [
                host.name,
                classes[host.backup],
                len(known) if known else None,
                sum(known) if known else None,
                100 * sum(known) / len(known) if known else None,
                _time(backup.last) if backup else None,
                backup.bytes / 1e6 if backup and backup.bytes is not None else None,
            ]
        )
    for index, day in enumerate(days):
        marks = (facts.backups[host.name].days[index] if host.name in facts.backups else None for host in hosts)
        daily.append([day.isoformat(), *({True: "○", False: "×", None: NO_DATA}[mark] for mark in marks)])
    failed = "、".join(
        f"{host.name}（{ranges(day for day, ok in zip(days, facts.backups[host.name].days, strict=True) if ok is False)}）"
        for host in hosts
        if host.name in facts.backups and False in facts.backups[host.name].days
    )
    blocks: list[str | Table | Chart] = [
        f"毎日{site.backup.schedule.daily}に{site.backup.repository}へ取得する。"
        "その日に成功の記録がない日を失敗とし、計測のない日は数えない。",
        Table("日次バックアップ", ("サーバ", "区分", "対象日数", "成功日数", "成功率（％）", "最後の成功", "容量（MB）"), rows,
              (1.6, 2.2, 1.4, 1.4, 1.6, 2.4, 1.6)),
    ]  # fmt: skip
    if facts.backups:
        blocks.append(f"成功の記録がない日：{failed or 'なし'}。")
        widths = (2.4, *([1.6] * len(hosts)))
        blocks.append(Table("日別の成否", ("日付", *(host.name for host in hosts)), daily, widths))
    blocks.append(_drill_table(facts, "復元訓練", drills(facts, "restore")))
    return Chapter("バックアップと復元訓練", blocks)


def _drill_table(facts: Facts, title: str, done: Sequence[Evidence]) -> Table:
    rows: list[list[Cell]] = [
        [
            _stamp(facts, item),
            item.title,
            "、".join(item.hosts),
            item.seconds,
            RESULT[item.passed],
            item.by or None,
            "、".join(f"{name} {value:,.10g}" for name, value in sorted(item.figures.items())),
        ]
        for item in done
    ]
    heads = ("実施日時", "名称", "対象", "所要（秒）", "結果", "実施者", "測定値")
    return Table(title, heads, rows, (2.2, 2.6, 1.8, 1.4, 1.2, 1.6, 3), empty=f"{NO_DATA}（実施の記録がない）")


def _stamp(facts: Facts, item: Evidence) -> str:
    return _time(item.started.astimezone(facts.quarter.zone))


def alerts(facts: Facts) -> Chapter:
    """How often each alert fired, and each time with its length."""
    known = {alert.name: alert for alert in rules.load()}
    counts = Counter((alert.name, alert.start.month) for alert in facts.alerts)
    minutes: Counter[str] = Counter()
    for alert in facts.alerts:
        minutes[alert.name] += round((alert.end - alert.start).total_seconds() / 60)
    per_name: list[list[Cell]] = [
        [
            name,
            SEVERITIES.get(known[name].severity, known[name].severity) if name in known else "",
            *(counts[name, month] for month in facts.quarter.months),
            minutes[name],
        ]
        for name in sorted({alert.name for alert in facts.alerts})
    ]
    each: list[list[Cell]] = []
    for alert in facts.alerts:
        summary = known[alert.name].summary if alert.name in known else alert.name
        for label, value in alert.labels.items():
            summary = summary.replace("{{ $labels.%s }}" % label, value)
        each.append([_time(alert.start), _time(alert.end), alert.name, alert.labels.get("host", ""), summary])
    months = tuple(f"{month}月" for month in facts.quarter.months)
    empty = _none_or_no_data(facts)
    return Chapter(
        "警報",
        [
            "監視が発した警報である。時刻は1分単位で求めた。",
            Table(
                "警報の件数",
                ("警報", "重さ", *months, "継続（分）"),
                per_name,
                (4, 1.4, 1.2, 1.2, 1.2, 1.8),
                empty=empty,
            ),
            Table(
                "警報の一覧",
                ("発生", "回復", "警報", "サーバ", "内容"),
                each,
                (2.4, 2.4, 2.6, 1.6, 5),
                brief=60,
                empty=empty,
            ),
        ],
    )


def inspections(facts: Facts) -> Chapter:
    """The periodic inspections, and every point of the last one."""
    done = facts.of_kind("inspection")
    rows: list[list[Cell]] = []
    for item in done:
        results = Counter(point.passed for point in item.items)
        rows.append(
            [
                _stamp(facts, item),
                item.title,
                item.by or None,
                len(item.items),
                results[True],
                results[False],
                results[None],
            ]
        )
    heads = ("実施日時", "名称", "実施者", "項目数", "合格", "不合格", "未実施")
    missing = f"{NO_DATA}（実施の記録がない）"
    blocks: list[str | Table | Chart] = [
        "3か月ごとに全サーバを点検する。",
        Table("点検の実施", heads, rows, (2.4, 3, 2, 1.2, 1.2, 1.2, 1.2), empty=missing),
    ]
    if done:
        last = done[-1]
        points: list[list[Cell]] = [
            [number, point.title, "、".join(point.hosts), RESULT[point.passed], last.by or None, point.note]
            for number, point in enumerate(last.items, start=1)
        ]
        blocks.append(f"直近の点検（{era(facts.quarter.day(last.started))}）の全項目を次に示す。")
        blocks.append(
            Table("点検項目", ("番号", "項目", "対象", "結果", "実施者", "備考"), points, (0.9, 5, 2.4, 1.2, 1.8, 2.6))
        )
    return Chapter("定期点検", blocks)


def power_drills(facts: Facts) -> Chapter:
    """The power drills with their measured figures."""
    return Chapter(
        "停電訓練",
        [
            "停電を起こし、定めた順に停止し、復電後に戻ることを確かめる訓練である。",
            _drill_table(facts, "停電訓練", drills(facts, "power")),
        ],
    )


def expiries(facts: Facts) -> Chapter:
    """When batteries and certificates run out, seen from the quarter's last day."""
    last = facts.quarter.last_day
    batteries: list[list[Cell]] = []
    for unit in facts.site.power.units:
        due = add_months(unit.battery_installed, unit.battery_life_months)
        left = (due - last).days
        batteries.append(
            [unit.name, unit.model, unit.battery_installed.isoformat(), due.isoformat(), left, _state(left, 180)]
        )
    renew = facts.site.certificates.server.renew_before_days
    certificates: list[list[Cell]] = []
    for service, instance, expires in facts.certificates:
        left = (expires.date() - last).days
        title = _title(facts, service) if service in {row.id for row in facts.site.services} else service
        certificates.append([title, instance, expires.date().isoformat(), left, _state(left, renew)])
    return Chapter(
        "電池と証明書の期限",
        [
            f"残り日数は{era(last)}から数えた。電池は残り180日、証明書は残り{renew}日を切ったものを「要手配」とする。",
            Table("無停電電源装置の電池", ("装置", "型式", "取付日", "交換期限", "残り（日）", "状態"), batteries, (2, 3, 2, 2, 1.6, 1.6)),
            Table("サーバ証明書", ("サービス", "確認先", "有効期限", "残り（日）", "状態"), certificates, (3, 5, 2, 1.6, 1.6), empty=NO_DATA),
        ],
    )  # fmt: skip


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
    rows: list[list[Cell]] = []
    for area in facts.filesystems:
        if area.host in names:
            growth = area.daily_growth
            if growth is None:
                full = f"予測に足りる日数（{FORECAST_DAYS}日）がない"
            else:
                full = area.full_on.isoformat() if area.full_on else "増加の傾向なし"
            rows.append([area.host, area.mountpoint, area.percent, None if growth is None else 30 * growth, full])
    heads = ("サーバ", "領域", "使用率（％）", "30日の増加（ポイント）", "満杯の予測日")
    sizing = facts.site.contract.sizing
    return Chapter(
        "容量",
        [
            "期間中の日ごとの使用率に直線を当てはめ、100％に達する日を予測した。",
            Table("ディスク領域", heads, rows, (2, 3, 2, 2.4, 3.4), digits=2, empty=NO_DATA),
            f"設計の前提は、書誌{sizing.bibliographic_records:,}件（6年後{sizing.bibliographic_records_in_six_years:,}件）、"
            f"資料{sizing.items:,}点、利用者{sizing.patrons:,}人、年間貸出{sizing.loans_per_year:,}点である。",
        ],
    )


def work(facts: Facts) -> Chapter:
    """What was changed: every recorded deployment."""
    rows: list[list[Cell]] = [
        [_stamp(facts, item), item.title, "、".join(item.hosts), item.by or None, int(item.figures["changed"]) if "changed" in item.figures else None,
         "完了" if item.passed else "失敗"]
        for item in facts.of_kind("deploy")
    ]  # fmt: skip
    heads = ("実施日時", "作業", "対象", "実施者", "変更数", "結果")
    return Chapter(
        "作業の記録",
        [Table("作業の一覧", heads, rows, (2.4, 4, 3, 2, 1.2, 1.2), brief=60, empty=f"{NO_DATA}（作業の記録がない）")],
    )
