"""What proves that the requirements are met: test specification and results, tables of compliance, registers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from monitoring.documents.facts import Facts
from monitoring.reports.matrix import FAILED, NO_TEST, NOT_RUN, PASSED, Row
from office.document import Cell, Chapter, Heading, Listing, Table
from office.office import NO_DATA, era

# What a row's last result means to whoever accepts the work: only a passed test is a pass.
VERDICTS = {PASSED: "合", FAILED: "否", NOT_RUN: "否（未実施）", NO_TEST: "否（試験なし）"}
SUPPORT = {"rolling": "最新版を継続して支援", "ended": "終了"}
_ARTICLE = re.compile(r"^別紙[12]")


def number(row: Row) -> str:
    """The number of a requirement's test: T- and the requirement's own."""
    return f"T-{row.id}"


def specification(facts: Facts) -> list[Chapter]:
    """試験仕様書: one test for every requirement, with what it checks and how."""
    rows: list[list[Cell]] = [
        [number(r), r.id, r.function, r.requirement, r.acceptance, _means(r), len(r.tests)] for r in facts.matrix
    ]
    heads = ("試験番号", "要件番号", "機能", "要件", "合格の基準", "方法", "自動試験の数")
    return [
        Chapter(
            "試験の仕様",
            [
                "要件ごとに試験番号を付ける。「自動試験」は、その要件番号を名乗るプログラムの試験を指す。"
                "自動試験のない要件は、合格の基準を手で確かめ、検査記録に残すまで合格としない。",
                Table("試験の仕様", heads, rows, (1.8, 1.6, 2.4, 4.6, 4.6, 2.4, 1)),
            ],
        )
    ]


def _means(row: Row) -> str:
    folders = {means(test) for test in row.tests}
    return "、".join(sorted(folders)) or "手による確認"


def means(test: str) -> str:
    """Where a test runs, in the words of the test plan."""
    if test.startswith("tests/twin"):
        return "総合試験（双子環境）"
    if test.startswith("tests/browser"):
        return "総合試験（ブラウザ）"
    return "単体・結合試験"


def results(facts: Facts) -> list[Chapter]:
    """試験結果報告書: totals, every requirement's verdict, and what failed."""
    totals: list[list[Cell]] = []
    for area in [*dict.fromkeys(row.area for row in facts.matrix), ""]:
        chosen = [row for row in facts.matrix if not area or row.area == area]
        count = Counter(row.result for row in chosen)
        totals.append([area or "合計", len(chosen), *(count[r] for r in VERDICTS)])
    rows: list[list[Cell]] = [
        [number(r), r.id, r.function, VERDICTS[r.result], r.date[:10] or None, r.runs] for r in facts.matrix
    ]
    failed: list[list[Cell]] = [
        [number(r), r.function, "\n".join(t for t, said in r.outcomes.items() if said == FAILED)]
        for r in facts.matrix
        if r.result == FAILED
    ]
    heads = ("試験番号", "要件番号", "機能", "合否", "試験日", "試験の内訳")
    return [
        Chapter(
            "結果の要約",
            [
                f"{era(facts.issued)}現在の、最後に行った試験の結果である。合格した試験のある要件だけを「合」とする。",
                Table("区分ごとの結果", ("区分", "要件", "合", "否", "未実施", "試験なし"), totals, (2, 1, 1, 1, 1, 1)),
                Table("不合格", ("試験番号", "機能", "試験"), failed, (2, 3, 6)),
            ],
        ),
        Chapter("要件ごとの結果", [Table("要件ごとの結果", heads, rows, (2, 1.8, 3.4, 1.8, 1.8, 3))]),
    ]


def functions(facts: Facts) -> list[Chapter]:
    """別紙5 機能実現対応表: every function, what carries it out, and its test."""
    rows: list[list[Cell]] = []
    for row in facts.matrix:
        if row.id.startswith("F-"):
            carried = "\n".join(row.where) if row.tests else "未実現"
            rows.append([row.id, row.function, row.requirement, row.priority, carried,
                         number(row) if row.tests else "未定", VERDICTS[row.result]])  # fmt: skip
    count = sum(row[5] != "未定" for row in rows)
    heads = ("番号", "機能", "要件", "優先度", "実現方法", "試験番号", "合否")
    return [
        Chapter(
            "機能の実現",
            [
                f"全{len(rows)}機能のうち、試験のあるものは{count}である。試験のない機能は、まだ実現していないものとして扱う。",
                Table("機能の実現", heads, rows, (1.6, 2.4, 5, 0.9, 3.4, 1.8, 1.6)),
            ],
        )
    ]


def compliance(facts: Facts) -> list[Chapter]:
    """遵守状況表: every article of 別紙1 and 別紙2 with what fulfils it, where the record lies, and its state."""
    rows: list[list[Cell]] = [list(line) for line in articles(facts)]
    heads = ("条項", "要件番号", "内容", "対応する機能・手順", "証拠となる記録の場所", "試験", "合否")
    return [
        Chapter(
            "遵守の状況",
            [
                "契約書の別紙1（個人情報の取扱い）と別紙2（情報セキュリティ）の全条について示す。",
                Table("遵守の状況", heads, rows, (2.4, 1.6, 3.4, 3.4, 3.6, 1.6, 1.4)),
            ],
        )
    ]


def articles(facts: Facts) -> Iterator[tuple[str, str, str, str, str, str, str]]:
    """One line for every article."""
    text = facts.text("compliance")
    for row in facts.matrix:
        if not _ARTICLE.match(row.function) and row.id not in text:
            continue
        given = text.get(row.id, {"how": "", "record": ""})
        held = [f"台帳「{title}」" for _, title, ids in facts.registers if row.id in ids]
        record = "、".join(dict.fromkeys([*held, given["record"]]))
        yield row.function, row.id, row.requirement, given["how"], record, number(row), VERDICTS[row.result]


def lifecycle(facts: Facts) -> list[Chapter]:
    """ソフトウェア一覧: versions against the newest ones with the reason, ends of support and what is planned."""
    until = facts.site.contract.service_until
    versions: list[list[Cell]] = [
        [v.name, v.version, v.newest, _difference(v.version, v.newest), v.reason] for v in facts.versions
    ]
    support: list[list[Cell]] = [
        [
            part.name, part.why, SUPPORT.get(str(part.supported), str(part.supported)),
            "あり" if part in facts.lifecycle.ending_before(until) else "－",
            f"{part.plan.what}（{part.plan.by.isoformat()}まで）" if part.plan else "",
        ]
        for part in facts.lifecycle.parts
    ]  # fmt: skip
    packages: list[list[Cell]] = [[p.name, p.why] for p in facts.lifecycle.packages]
    checked = f"最新版は{facts.versions_checked}に調べた。" if facts.versions_checked else f"最新版の調査は{NO_DATA}。"
    return [
        Chapter("版と最新版", [
            "固定した版と、公開されている最新版との差、その理由を示す。" + checked,
            Table("版と最新版", ("部品", "版", "最新版", "差", "差の理由"), versions, (3, 1.6, 1.6, 1, 6)),
        ]),
        Chapter("支援期限", [
            f"契約の満了（{era(until)}）より前に支援が切れる部品には、更新の計画を示す。",
            Table("支援期限", ("部品", "使う理由", "支援期限", "期限切れ", "更新の計画"), support, (2.4, 4, 2, 1.2, 5)),
            Table("OSのパッケージ", ("パッケージ", "使う理由"), packages, (4, 6)),
        ]),
    ]  # fmt: skip


def _difference(version: str, newest: str | None) -> str | None:
    return None if newest is None else ("なし" if version == newest else "あり")


def extracts(facts: Facts) -> list[Chapter]:
    """求められた資料: availability, equipment, versions and permissions as four registers, at once."""
    availability: list[list[Cell]] = []
    for item in facts.evidence:
        if item.kind == "inspection":
            availability.append([item.started.date().isoformat(), item.title, "合格" if item.passed else "不合格"])
    hosts: list[list[Cell]] = [
        [h.name, h.purpose, h.hardware.model if h.hardware else "", str(h.address), facts.contact(h.owner)]
        for h in facts.site.hosts
    ]
    versions: list[list[Cell]] = [[v.name, v.version] for v in facts.versions]
    powers: list[list[Cell]] = [[o["code"], o["title"]] for o in facts.library["operations"]]
    goal = facts.site.contract.availability_goal_percent
    services: list[list[Cell]] = [[s.row.title, "、".join(h.name for h in s.hosts[:4]), goal, s.row.probe,
                                   facts.uptime.get(s.id)] for s in facts.site.services]  # fmt: skip
    heads = ("サービス", "サーバ", "目標（％）", "確認", "過去90日の稼働率（％）")
    return [
        Chapter("稼働", [Table("稼働の台帳", heads, services, (4, 3, 1.6, 2, 2.4), digits=3),
                        Table("点検の実績", ("日", "名称", "結果"), availability, (2, 4, 2), empty=NO_DATA)]),
        Chapter("機器", [Table("機器の台帳", ("名前", "用途", "型式", "アドレス", "担当"), hosts, (2, 4, 3, 2, 3))]),
        Chapter("版", [Table("版の台帳", ("部品", "版"), versions, (5, 3))]),
        Chapter("権限", [Table("権限の台帳", ("符号", "操作"), powers, (4, 6))]),
    ]  # fmt: skip


def contacts(facts: Facts) -> list[Chapter]:
    """保証と連絡の一枚: whoever finds a fault calls one place, whatever it is."""
    site = facts.site
    first = next(role for role in site.contacts.roles if role.id == "operations")
    kinds: list[list[Cell]] = [
        [what, f"{first.name} {first.phone}", then]
        for what, then in (
            ("画面が開かない・遅い", "状態の画面と端末、回線を順に確かめる → 図書館システム → 基盤担当"),
            ("端末・読取機・印刷機", "同じ館の別の端末で試す → 端末の交換 → 機器の保証"),
            ("回線・インターネット", "館内ルータの応答 → 回線事業者への連絡（当社が行う）"),
            ("サーバ・ディスク・電源", "監視の警報と手順書 → 機器の保証（当社が行う）"),
            ("データの誤り・消失", "書込みを止める → 控えからの復元"),
            ("不審な通信・画面・漏えいの疑い", "端末を網から外す → 直ちに電話 → 市への報告"),
            ("停電・災害", "無停電電源の状態 → 停止と復電の手順"),
            ("上のどれか分からない", "電話で状況を聞き取り、当社が切り分ける"),
        )
    ]
    people: list[list[Cell]] = [[r.name, r.person, r.organisation, r.phone, r.mail] for r in site.contacts.roles]
    hours = site.contract.support_hours
    return [
        Chapter(
            "連絡先は一つ",
            [
                f"機器を含む全体の責任は{site.organisation.vendor}が負う。どの障害でも、最初の連絡先は"
                f"{first.name}（{first.phone}）である。受付は{hours.from_}から{hours.until}まで、"
                f"重大な障害は時間外も受け付け、{site.contract.onsite_minutes}分以内に現地に着く。",
                Table("障害の種類と切分け", ("起きたこと", "最初の連絡先", "切分けの順"), kinds, (3, 3, 6)),
                Heading("切分けの手順"),
                Listing(
                    [
                        "いつ、どこで、何が、何台で起きたかを聞き、運用コンソールの障害に登録する。",
                        "業務メニューの「稼働の状態」と監視の警報を見て、サーバ・回線・端末・操作に分ける。",
                        "手順書のある警報は手順書に従う。機器の製造者、回線事業者への連絡は当社がまとめて行う。",
                        "復旧の後、回復試験を行い、図書館に結果を知らせて記録を閉じる。",
                    ],
                    numbered=True,
                ),
                Table("関係者", ("役割", "氏名", "所属", "電話", "電子メール"), people, (2, 2, 3, 2.4, 4)),
            ],
        )
    ]
