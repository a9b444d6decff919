"""The chapters of the quarterly report on what operations did: backups, alerts, inspections, drills, work."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from inventory import Host
from monitoring import rules
from monitoring.evidence import Evidence
from monitoring.reports.drill_figures import named
from monitoring.reports.facts import Alert, Backup, Facts
from monitoring.reports.wording import NO_RECORD, RESULT, SEVERITIES, began, clock, nothing, ranges
from office.document import Block, Cell, Chapter, Chart, Table
from office.office import NO_DATA, era

MARKS = {True: "○", False: "×", None: "－"}
# Drills whose name begins with these have chapters of their own.
OWN_CHAPTERS = ("restore", "power")


def backups(facts: Facts) -> Chapter:
    """Daily success per host, and the restore drills."""
    plan = facts.site.backup
    hosts = [h for h in facts.site.hosts if h.name in facts.backups or (h in facts.servers and h.backup != "none")]
    heads = ("サーバ", "区分", "対象日数", "成功日数", "成功率（％）", "最後の成功", "容量（MB）")
    blocks: list[str | Table | Chart] = [
        f"毎日{plan.schedule.daily}に{plan.repository}へ取得する。"
        "その日に成功の記録がない日を失敗とし、計測のない日は数えない。",
        Table("日次バックアップ", heads, [_backup_row(facts, h) for h in hosts], (1.6, 2.2, 1.5, 1.5, 1.7, 2.8, 1.7)),
    ]
    if facts.backups:
        failed = [f"{h.name}（{_failed_days(facts, h)}）" for h in hosts if _failed_days(facts, h)]
        blocks.append(f"成功の記録がない日：{'、'.join(failed) or 'なし'}。")
        blocks.append(_daily_table(facts, hosts))
        blocks.append("○は成功、×は成功の記録なし、－は計測なしを示す。")
    blocks += _drill_tables(facts, "復元訓練", drills(facts, "restore"))
    return Chapter("バックアップと復元訓練", blocks)


def share(done: Iterable[Backup]) -> str | None:
    """`361/364 回成功（99.2％）` over all hosts and days; None when none was measured."""
    days = [day for backup in done for day in backup.days if day is not None]
    return f"{sum(days)}/{len(days)} 回成功（{100 * sum(days) / len(days):.1f}％）" if days else None


def _backup_row(facts: Facts, host: Host) -> list[Cell]:
    classes = {row.id: row.title for row in facts.site.backup.classes}
    backup = facts.backups.get(host.name)
    known = [day for day in backup.days if day is not None] if backup else []
    if backup is None or not known:
        return [host.name, classes[host.backup], None, None, None, None, None]
    size = None if backup.bytes is None else backup.bytes / 1e6
    last = clock(backup.last) if backup.last else None
    return [host.name, classes[host.backup], len(known), sum(known), 100 * sum(known) / len(known), last, size]


def _failed_days(facts: Facts, host: Host) -> str:
    backup = facts.backups.get(host.name)
    if backup is None:
        return ""
    return ranges(day for day, success in zip(facts.quarter.days, backup.days, strict=True) if success is False)


def _daily_table(facts: Facts, hosts: Sequence[Host]) -> Table:
    """A sign for every host and day: a row a month, a column a day."""
    rows: list[list[Cell]] = []
    for host in hosts:
        days = facts.backups[host.name].days if host.name in facts.backups else [None] * len(facts.quarter.days)
        for month in facts.quarter.months:
            signs = [MARKS[done] for day, done in zip(facts.quarter.days, days, strict=True) if day.month == month]
            rows.append([host.name, f"{month}月", *signs, *(["　"] * (31 - len(signs)))])
    return Table("日別の成否", ("サーバ", "月", *(str(day) for day in range(1, 32))), rows, (3.4, 1.6, *([1.0] * 31)))


def drills(facts: Facts, word: str) -> list[Evidence]:
    """The drills whose name begins with a word: restore, power."""
    return [item for item in facts.of_kind("drill") if item.name.startswith(word)]


def other_drills(facts: Facts) -> list[Evidence]:
    """Every drill and check that is neither a restore nor a power cut: of disks, faults, alarms, records."""
    return [item for item in facts.of_kind("drill") if not item.name.startswith(OWN_CHAPTERS)]


def _drill_tables(facts: Facts, title: str, done: Sequence[Evidence]) -> list[Table]:
    """Each drill, then what the drills measured, newest first; Word shows the figures of the newest."""
    rows: list[list[Cell]] = [
        [began(facts, item), item.title, ", ".join(item.hosts), item.seconds, _verdict(item), item.by or None]
        for item in done
    ]
    heads = ("実施日時", "名称", "対象", "所要（秒）", "結果", "実施者")
    tables = [Table(title, heads, rows, (2.6, 3.6, 3, 1.6, 1.3, 1.7), empty=NO_RECORD)]
    measured = [row for item in reversed(done) for row in figures(facts, item)]
    if measured:
        columns = ("実施日時", "項目", "値", "単位")
        brief = next((len(item.figures) for item in reversed(done) if item.figures), 0)
        tables.append(Table(f"{title}の測定値", columns, measured, (2.6, 6, 2.4, 1.6), brief=brief))
    return tables


def _verdict(item: Evidence) -> str:
    """Passed or not; a drill that did not come to its end says so."""
    return f"{RESULT[False]}（中止）" if item.aborted else RESULT[item.passed]


def figures(facts: Facts, item: Evidence) -> list[list[Cell]]:
    """What a drill measured: when, what, value and unit. Whole numbers are written without decimals."""
    rows: list[list[Cell]] = []
    for name, value in item.figures.items():
        title, unit = named(name)
        rows.append([began(facts, item), title, int(value) if value.is_integer() else value, unit])
    return rows


def alerts(facts: Facts) -> Chapter:
    """How often each alert fired, and each time with its length."""
    known = {alert.name: alert for alert in rules.load()}
    counts = Counter((alert.name, alert.start.month) for alert in facts.alerts)
    minutes: Counter[str] = Counter()
    for alert in facts.alerts:
        minutes[alert.name] += round((alert.end - alert.start).total_seconds() / 60)
    per_name: list[list[Cell]] = []
    for name in sorted({alert.name for alert in facts.alerts}):
        severity = SEVERITIES.get(known[name].severity, known[name].severity) if name in known else ""
        per_name.append([name, severity, *(counts[name, month] for month in facts.quarter.months), minutes[name]])
    each: list[list[Cell]] = [
        [clock(alert.start), clock(alert.end), alert.name, alert.labels.get("host", ""), _summary(alert, known)]
        for alert in facts.alerts
    ]
    heads = ("警報", "重さ", *(f"{month}月" for month in facts.quarter.months), "継続（分）")
    per_time = ("発生", "回復", "警報", "サーバ", "内容")
    return Chapter(
        "警報",
        [
            "監視が発した警報である。時刻は1分単位で求めた。",
            Table("警報の件数", heads, per_name, (4, 1.4, 1.2, 1.2, 1.2, 1.8), empty=nothing(facts)),
            Table("警報の一覧", per_time, each, (2.8, 2.8, 2.4, 1.4, 4.2), brief=60, empty=nothing(facts)),
        ],
    )


# What a summary's template asks for that is not known any more.
_LEFT = re.compile(r"\{\{[^}]*\}\}")


def _summary(alert: Alert, known: dict[str, rules.Alert]) -> str:
    """The alert's sentence with this time's host and service in it; for its value, which is not kept, a circle."""
    text = known[alert.name].summary if alert.name in known else alert.name
    for label, value in alert.labels.items():
        text = text.replace("{{ $labels." + label + " }}", value)
    return _LEFT.sub("○", text)


def inspections(facts: Facts, looked_at: Sequence[Block] = ()) -> Chapter:
    """The periodic inspections, every automatic point of the last one, and what people looked at."""
    done = facts.of_kind("inspection")
    rows: list[list[Cell]] = []
    for item in done:
        results = Counter(point.passed for point in item.items)
        by_result = (results[True], results[False], results[None])
        rows.append([began(facts, item), item.title, item.by or None, len(item.items), *by_result])
    heads = ("実施日時", "名称", "実施者", "項目数", "合格", "不合格", "未実施")
    blocks: list[Block] = [
        "3か月ごとに全サーバを点検する。",
        Table("点検の実施", heads, rows, (2.8, 3, 2, 1.3, 1.2, 1.3, 1.3), empty=NO_RECORD),
    ]
    if done:
        last = done[-1]
        points: list[list[Cell]] = [
            [number, point.title, ", ".join(point.hosts), RESULT[point.passed], last.by or None, point.note]
            for number, point in enumerate(last.items, start=1)
        ]
        blocks.append(f"直近の点検（{era(facts.quarter.day(last.started))}）で自動で確かめた全項目を次に示す。")
        columns = ("番号", "項目", "対象", "結果", "実施者", "備考")
        blocks.append(Table("点検項目", columns, points, (1, 5, 2.4, 1.3, 1.9, 2.6)))
    return Chapter("定期点検", [*blocks, *looked_at])


def power_drills(facts: Facts) -> Chapter:
    """The power drills with their measured figures."""
    purpose = "停電を起こし、定めた順に停止し、復電後に戻ることを確かめる訓練である。"
    tables = _drill_tables(facts, "停電訓練", drills(facts, "power"))
    return Chapter("停電訓練", [purpose, *tables], new_page=False)


def further_drills(facts: Facts) -> Chapter:
    """Every other drill with its measured figures, and what was not good in them, point by point."""
    done = other_drills(facts)
    purpose = "ディスクの故障、負荷中の障害、無人導入、警報の通知の訓練と、監査記録などの検査である。"
    wrong: list[list[Cell]] = [
        [began(facts, item), point.title, ", ".join(point.hosts), point.note]
        for item in done
        for point in item.items
        if point.passed is False
    ]
    blocks: list[str | Table | Chart] = [purpose, *_drill_tables(facts, "その他の訓練", done)]
    if done:
        heads = ("実施日時", "項目", "対象", "内容")
        empty = "該当なし"
        blocks.append(Table("その他の訓練の不合格項目", heads, wrong, (2.6, 4, 2.4, 5), brief=60, empty=empty))
    return Chapter("その他の訓練", blocks, new_page=False)


def work(facts: Facts) -> Chapter:
    """What was changed: every recorded deployment."""
    rows: list[list[Cell]] = [
        [
            began(facts, item),
            item.title,
            ", ".join(item.hosts),
            item.by or None,
            int(item.figures["changed"]) if "changed" in item.figures else None,
            "完了" if item.passed else "失敗",
        ]
        for item in facts.of_kind("deploy")
    ]
    heads = ("実施日時", "作業", "対象", "実施者", "変更数", "結果")
    empty = f"{NO_DATA}（作業の記録がない）"
    table = Table("作業の一覧", heads, rows, (2.8, 4, 3, 1.8, 1.3, 1.2), brief=60, empty=empty)
    return Chapter("作業の記録", [table], new_page=False)
