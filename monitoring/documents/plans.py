"""The plans: project, tests, migration, training, quality. Days are counted from the first day of service."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from monitoring.documents.facts import Facts
from office.document import Cell, Chapter, Listing, Table
from office.office import NO_DATA, era


def day(facts: Facts, offset: int) -> date:
    """The day so many days from the first day of service."""
    return facts.site.contract.service_from + timedelta(days=offset)


def when(facts: Facts, offset: int, time: str) -> str:
    """令和7年12月13日 12:00."""
    return f"{era(day(facts, offset))} {time}"


def project(facts: Facts) -> list[Chapter]:
    """プロジェクト実施計画書."""
    text, contract, site = facts.text("plans")["project"], facts.site.contract, facts.site
    phases: list[list[Cell]] = [
        [
            number, phase["title"], day(facts, phase["from"]).isoformat(), day(facts, phase["until"]).isoformat(),
            facts.contact(phase["owner"]), "、".join(phase["after"]), phase["product"],
        ]
        for number, phase in enumerate(text["phases"], start=1)
    ]  # fmt: skip
    people: list[list[Cell]] = [[r.name, r.person, r.organisation, r.mail, r.phone] for r in site.contacts.roles]
    risks: list[list[Cell]] = [[r["title"], r["sign"], r["answer"]] for r in text["risks"]]
    return [
        Chapter(
            "目的と範囲",
            [
                text["purpose"],
                f"契約日は{era(contract.signed)}、構築の期限は{era(contract.build_until)}、"
                f"稼働日は{era(contract.service_from)}、保守は{era(contract.service_until)}までとする。",
                f"対象は、サーバと網機器{sum(not h.at_site for h in site.hosts)}台、拠点の機器"
                f"{sum(h.at_site for h in site.hosts)}台、館と拠点{len(site.places)}か所である。",
            ],
        ),
        Chapter(
            "体制",
            [Table("担当と連絡先", ("役割", "氏名", "所属", "電子メール", "電話"), people, (2, 2, 3, 4, 2.4))],
            new_page=False,
        ),
        Chapter(
            "工程",
            [
                Table(
                    "工程表",
                    ("番号", "作業", "開始", "完了", "担当", "先行する作業", "成果物"),
                    phases,
                    (0.8, 3, 1.8, 1.8, 2.6, 2.6, 3),
                ),
                _progress(facts),
            ],
        ),
        Chapter(
            "進め方と危険",
            [text["reporting"], Table("危険と備え", ("危険", "兆し", "備え"), risks, (2.4, 3.4, 4.2))],
            new_page=False,
        ),
    ]


def _progress(facts: Facts) -> Table:
    """Tasks of the console's schedule, as they stand."""
    rows: list[list[Cell]] = [
        [
            str(row["values"].get("task") or ""), str(row["values"].get("due") or ""),
            str(row["values"].get("done") or ""), "、".join(f["text"] for f in row.get("findings", [])),
        ]
        for row in facts.rows("schedule")
    ]  # fmt: skip
    empty = f"{NO_DATA}（運用コンソールの台帳「工程表」を読めない）"
    return Table("進みの実績", ("作業", "完了予定", "完了", "遅れと注意"), rows, (4, 2, 2, 4), empty=empty)


def tests(facts: Facts) -> list[Chapter]:
    """試験計画書."""
    text = facts.text("plans")["test"]
    levels: list[list[Cell]] = [[t["title"], t["aim"], t["where"], t["how"], t["pass"]] for t in text["levels"]]
    areas: dict[str, list[int]] = {}
    for row in facts.matrix:
        count = areas.setdefault(row.area, [0, 0])
        count[0] += 1
        count[1] += row.priority == "A"
    counts: list[list[Cell]] = [[area, *pair] for area, pair in areas.items()]
    return [
        Chapter(
            "方針",
            [
                f"要件{len(facts.matrix):,}件のそれぞれを、番号で結び付けた試験で確かめる。",
                Listing(text["rules"]),
                Table(
                    "試験の段階", ("段階", "確かめること", "環境", "方法", "合格の基準"), levels, (2, 3.6, 2.2, 3.6, 2)
                ),
            ],
        ),
        Chapter("対象", [Table("要件の数", ("区分", "要件", "うち優先度A"), counts, (3, 2, 2))], new_page=False),
        Chapter(
            "日程",
            [
                f"{phase['title']}は{era(day(facts, phase['from']))}から{era(day(facts, phase['until']))}まで行う。"
                for phase in facts.text("plans")["project"]["phases"]
                if "試験" in phase["title"]
            ],
            new_page=False,
        ),
    ]


def migration(facts: Facts) -> list[Chapter]:
    """移行計画書: mapping, stop, steps, the way back and the moments at which it is decided."""
    text = facts.text("plans")["migration"]
    stop = text["stop"]
    sizes = facts.site.contract.sizing
    steps: list[list[Cell]] = [[n, s["title"], s["hours"], s["check"]] for n, s in enumerate(text["steps"], start=1)]
    mapping: list[list[Cell]] = [[m["old"], m["new"], m["key"], m["count"], m["check"]] for m in text["mapping"]]
    hours = sum(step["hours"] for step in text["steps"])
    return [
        Chapter(
            "対象と停止",
            [
                f"書誌{sizes.bibliographic_records:,}件、資料{sizes.items:,}点、利用者{sizes.patrons:,}人を移す。",
                f"旧システムの業務の停止は、{when(facts, stop['from_day'], stop['from_time'])}から"
                f"{when(facts, stop['until_day'], stop['until_time'])}までとする。作業の所要は{hours}時間を見込む。",
                Table("移行の対応表", ("旧システム", "新システム", "鍵", "範囲", "照合"), mapping, (2, 3, 2, 2, 4)),
            ],
        ),
        Chapter("手順", [Table("移行の手順", ("番号", "作業", "時間", "確認"), steps, (0.8, 5, 1, 5))], new_page=False),
        Chapter("戻しの判断", [_decisions(facts, text), "戻すと決めたときは、次の順に行う。",
                            Listing(text["rollback"], numbered=True)]),
    ]  # fmt: skip


def _decisions(facts: Facts, text: Mapping[str, Any]) -> Table:
    rows: list[list[Cell]] = [
        [when(facts, one["day"], one["time"]), one["what"], one["when_no"]] for one in text["decisions"]
    ]
    return Table("戻しの判断時刻", ("判断時刻", "判断すること", "「いいえ」のとき"), rows, (2.6, 4, 4))


def training(facts: Facts) -> list[Chapter]:
    """研修計画書."""
    text = facts.text("plans")["training"]
    phase = next(one for one in facts.text("plans")["project"]["phases"] if "研修" in one["title"])
    rows: list[list[Cell]] = [[s["title"], s["who"], s["hours"], s["chapter"]] for s in text["sessions"]]
    return [
        Chapter(
            "研修の計画",
            [
                f"全職員を対象に、{era(day(facts, phase['from']))}から{era(day(facts, phase['until']))}までの間に、"
                f"{text['days']}日間の実機の研修を行う。",
                Table("研修の内容", ("内容", "対象", "時間", "教材の章"), rows, (4, 3, 1, 4)),
                Listing(text["rules"]),
            ],
        )
    ]


def quality(facts: Facts) -> list[Chapter]:
    """品質計画書: per quality the goals in figures, and the tests that check them with their last result."""
    results = {row.id: row for row in facts.matrix}
    rows: list[list[Cell]] = []
    for quality in facts.text("quality"):
        for goal in quality["goals"]:
            said = "、".join(f"T-{id_}（{results[id_].result}）" for id_ in goal["tests"])
            rows.append([quality["quality"], goal["goal"], goal["value"], goal["unit"], goal["how"], said])
    heads = ("品質", "目標", "目標値", "単位", "確認の方法", "試験番号（最後の結果）")
    return [
        Chapter(
            "品質の目標",
            [
                "品質を次の特性に分け、それぞれに数値の目標と確認の方法を定める。目標値は実測で確かめ、"
                "達しないときは原因と処置を記録する。",
                Table("品質の目標", heads, rows, (1.4, 3.2, 1.4, 1.2, 4, 3), digits=1),
            ],
        )
    ]
