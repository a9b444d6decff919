"""The manuals: for operations from runbooks and verbs, for staff from the manual's pages and the screens themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from monitoring.documents import markdown
from monitoring.documents.facts import Facts
from office.document import Block, Cell, Chapter, Heading, Listing, Picture, Table
from office.office import era


def operation(facts: Facts) -> list[Chapter]:
    """運用管理手引き: daily work, every command, every play, every job by the clock, and each alert's runbook."""
    verbs: list[list[Cell]] = [[f"./kura {name}", what] for name, what in facts.verbs]
    plays: list[list[Cell]] = [[playbook, play, hosts] for playbook, play, hosts in facts.plays]
    jobs: list[list[Cell]] = [[j["at"], j["title"], j["code"]] for j in facts.library["jobs"]]
    return [
        Chapter(
            "この手引き",
            [
                "運用管理の作業を、命令・定時処理・警報の順に示す。手順は運用コンソールの手引きと同じものであり、"
                "変更のたびに本書も作り直す。",
                _revisions(facts, facts.runbooks),
            ],
        ),
        Chapter(
            "日々の運用",
            [
                Listing(
                    [
                        "毎朝、運用コンソールの概況を開き、赤と橙の行がないことを確かめる。",
                        "前夜の定時処理と控えの結果を見る。失敗は、その警報の手順に従う。",
                        "障害の連絡は、電話でも警報でも、運用コンソールの障害に登録してから始める。",
                        "3か月ごとに ./kura inspect で定期点検を行い、手で確かめる項目も残さず記録する。",
                        "四半期の締めの後、./kura report quarter で報告書を作り、表紙の三つの欄に押印を受ける。",
                    ],
                    numbered=True,
                )
            ],
            new_page=False,
        ),
        Chapter("命令", [Table("命令の一覧（原文）", ("命令", "すること"), verbs, (3, 7))]),
        Chapter(
            "構築と変更の作業", [Table("作業の流れ", ("手順書", "作業", "対象"), plays, (2, 6, 3))], new_page=False
        ),
        Chapter("定時処理", [Table("定時処理", ("時刻", "処理", "符号"), jobs, (2.4, 5, 3))]),
        *(
            Chapter(f"手順：{markdown.title(text)}", [*markdown.blocks(text), *_picture(facts, name)])
            for name, text in facts.runbooks.items()
        ),
    ]


def staff(facts: Facts) -> list[Chapter]:
    """職員操作手引き: the manual's pages, then every screen by area with what stands on it."""
    titles = {area["id"]: area["title"] for part in (facts.library, facts.console) for area in part["areas"]}
    by_area: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for screen in facts.library["screens"]:
        by_area[screen["area"]].append(screen)
    return [
        Chapter("この手引き", ["窓口の手順を先に、画面ごとの説明を後に置く。業務メニューから同じ手引きを開ける。",
                          _revisions(facts, facts.manual), _menu(facts)]),
        *(
            Chapter(markdown.title(text), [*markdown.blocks(text), *_picture(facts, name)])
            for name, text in facts.manual.items()
        ),
        *(
            Chapter(f"画面の説明：{titles.get(area, area)}", list(_screens(by_area[area])), new_page=False)
            for area in sorted(by_area, key=lambda one: list(titles).index(one) if one in titles else 99)
        ),
    ]  # fmt: skip


def _revisions(facts: Facts, pages: Mapping[str, str]) -> Table:
    """Edition, day and what changed, page by page (S-SW-010)."""
    rows: list[list[Cell]] = [
        [markdown.title(text), *(facts.manual_changed.get(name) or (None, None))] for name, text in pages.items()
    ]
    return Table(f"改訂（{facts.edition}、{era(facts.issued)}）", ("章", "改訂日", "改訂点"), rows, (3, 2, 6))


def _menu(facts: Facts) -> Table:
    rows: list[list[Cell]] = [[p["group"], p["title"], p["key"], p["text"]] for p in facts.library["menu"]]
    return Table("業務メニュー", ("区分", "画面", "キー", "内容"), rows, (2, 3, 1, 6))


def _picture(facts: Facts, name: str) -> list[Block]:
    """The screenshots that browser tests left for a page of a manual, when there are any."""
    return [Picture(key.removeprefix(f"{name}-"), png, 150) for key, png in facts.screenshots.items()
            if key == name or key.startswith(f"{name}-")]  # fmt: skip


def _screens(screens: list[Mapping[str, Any]]) -> list[Block]:
    found: list[Block] = []
    for screen in screens:
        found.append(Heading(screen["title"], 3))
        parts = [("入力", screen["fields"]), ("一覧の列", screen["columns"]), ("操作", screen["buttons"])]
        said = [f"{name}：{'、'.join(words)}。" for name, words in parts if words]
        found.append(" ".join([screen["lead"], *said]).strip() or "表示するだけの画面である。")
    return found
