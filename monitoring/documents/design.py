"""The designs: infrastructure, parameter sheets, network, firewall, DNS hand-over, and our own application."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from datetime import timedelta

from monitoring.documents.facts import Facts
from office.document import Block, Cell, Chapter, Heading, Listing, Picture, Table
from office.office import era

KINDS = {"router": "ルータ", "server": "サーバ", "workstation": "保守端末", "terminal": "端末"}


def infrastructure(facts: Facts) -> list[Chapter]:
    """基盤設計書."""
    site = facts.site
    contract, plan = site.contract, site.backup
    return [
        Chapter(
            "構成",
            [
                f"{site.organisation.name}の図書館システムと、それを動かす情報基盤の設計を示す。"
                "すべての設定は一つの構成情報から作り、本書も同じ構成情報から作る。",
                Picture("全体の構成", facts.diagram),
            ],
        ),
        Chapter("サーバと機器", [_disks(facts), *_hosts(facts)]),
        Chapter("サービス", [_services(facts)]),
        Chapter("役割と設定", ["サーバの設定は、次の役割を構成管理で適用して行う。", _roles(facts)]),
        Chapter(
            "容量と性能",
            [
                Table(
                    "設計の前提",
                    ("項目", "値"),
                    [
                        ["書誌", contract.sizing.bibliographic_records],
                        ["書誌（6年後）", contract.sizing.bibliographic_records_in_six_years],
                        ["資料", contract.sizing.items],
                        ["利用者", contract.sizing.patrons],
                        ["年間貸出", contract.sizing.loans_per_year],
                        ["稼働率の目標（％）", contract.availability_goal_percent],
                    ],
                    (4, 3),
                )
            ],
            new_page=False,
        ),
        Chapter(
            "控えと復旧",
            [
                f"毎日{plan.schedule.daily}に{plan.repository}の{plan.path}へ取得し、日次{plan.keep.daily}、"
                f"週次{plan.keep.weekly}、月次{plan.keep.monthly}世代を残す。復元の訓練は定期に行い、結果を記録する。",
                _backup_classes(facts),
            ],
            new_page=False,
        ),
        Chapter("停電への備え", _power(facts), new_page=False),
        Chapter(
            "記録と保存",
            [
                f"ログは{contract.retention.logs_years}年、監査記録は{contract.retention.audit_years}年、計測値は"
                f"{contract.retention.metrics_years}年、報告書は{contract.retention.reports_years}年保存する。"
            ],
            new_page=False,
        ),
    ]


def _hosts(facts: Facts) -> list[Block]:
    """Hosts of the data centre with their hardware, then those at the libraries."""
    centre: list[list[Cell]] = []
    away: list[list[Cell]] = []
    for host in facts.site.hosts:
        made = host.hardware
        size = f"{made.cores}コア・{made.memory_gb}GB" if made else ""
        if host.at_site:
            away.append([host.name, host.purpose, str(host.address), str(host.management)])
        else:
            addresses = f"{host.address}\n保守 {host.management}"
            owner = facts.contact(host.owner)
            centre.append([host.name, host.purpose, addresses, made.model if made else "", size, owner])
    heads = ("名前", "用途", "アドレス", "型式", "規模", "担当")
    return [
        Table("データセンターの機器", heads, centre, (1.4, 3, 2.6, 2.8, 2.2, 2.4)),
        Table("館と拠点の機器", ("名前", "用途", "アドレス", "保守アドレス"), away, (3.4, 4, 2.2, 2.2)),
    ]


def _disks(facts: Facts) -> Table:
    rows: list[list[Cell]] = [
        [host.name, "起動" if disk.use == "boot" else "データ", f"RAID {disk.raid}", disk.count, disk.size_gb,
         usable(disk.raid, disk.count) * disk.size_gb, disk.mount or "/"]
        for host in facts.site.hosts
        for disk in host.disks
    ]  # fmt: skip
    heads = ("サーバ", "用途", "構成", "本数", "1本（GB）", "使える容量（GB）", "置き場所")
    return Table("ディスクの構成", heads, rows, (1.6, 1.4, 1.6, 1, 1.6, 2, 3))


def usable(raid: int, count: int) -> int:
    """How many disks' worth of room an array of that level gives."""
    return {1: 1, 5: count - 1, 6: count - 2, 10: count // 2}[raid]


def _services(facts: Facts) -> Table:
    rows: list[list[Cell]] = []
    for service in facts.site.services:
        row = service.row
        names = "、".join(facts.site.fqdn(name) for name in row.names)
        hosts = service.hosts
        where = "、".join(host.name for host in hosts) if len(hosts) <= 4 else f"{len(hosts)}台"
        rows.append([row.title, where, "、".join(row.listen), names, "あり" if row.tls else "－", row.probe,
                     facts.contact(row.owner)])  # fmt: skip
    heads = ("サービス", "サーバ", "待受け", "名前", "暗号化", "確認", "担当")
    return Table("サービスの一覧", heads, rows, (2.8, 2, 1.8, 3.4, 1, 1.8, 2.2))


def _roles(facts: Facts) -> Table:
    rows: list[list[Cell]] = [[name, what, len(options)] for name, what, options in facts.roles]
    return Table("役割の一覧", ("役割", "内容", "設定項目"), rows, (2, 7, 1.2))


def _backup_classes(facts: Facts) -> Table:
    rows: list[list[Cell]] = []
    for one in facts.site.backup.classes:
        hosts = "、".join(host.name for host in facts.site.hosts if host.backup == one.id and not host.at_site)
        rows.append([one.title, hosts, "、".join(one.paths), "、".join(one.databases), one.reason or ""])
    return Table("控えの区分", ("区分", "サーバ", "置き場所", "データベース", "備考"), rows, (2, 3, 3, 2, 3))


def _power(facts: Facts) -> list[Block]:
    plan = facts.site.power
    units: list[list[Cell]] = [
        [u.name, u.model, u.runtime_minutes, u.battery_installed.isoformat(),
         u.replacement_planned.isoformat() if u.replacement_planned else None]
        for u in plan.units
    ]  # fmt: skip
    order = " → ".join("・".join(step) for step in plan.stop_order)
    return [
        f"停電が続くときは、次の順に止める：{order}。実測した停止時間の{plan.margin}倍を見込み、"
        f"復電後は充電が{plan.restart_charge_percent}％に達してから起動する。",
        Table(
            "無停電電源装置", ("装置", "型式", "保持（分）", "電池の取付日", "電池の交換予定"), units, (2, 3, 1.6, 2, 2)
        ),
    ]


def parameters(facts: Facts) -> list[Chapter]:
    """パラメータシート: per host its derived files line by line, then every role's options."""
    chapters = []
    for host in facts.site.twin:
        rows: list[list[Cell]] = [
            [file, number, line.rstrip()]
            for file, text in facts.parameters.get(host.name, {}).items()
            for number, line in enumerate(text.splitlines(), start=1)
            if line.strip()
        ]
        legs: list[list[Cell]] = [[leg, str(a), str(n)] for leg, (a, n) in facts.site.legs(host).items()]
        chapters.append(
            Chapter(
                host.name,
                [
                    Table(f"{host.name} 網", ("接続", "アドレス", "網"), legs, (2, 3, 3)),
                    Table(f"{host.name} 設定", ("ファイル", "行", "内容"), rows, (2.4, 0.8, 9)),
                ],
            )
        )
    options: list[list[Cell]] = [
        [role, name, str(option.get("type", "")), "必須" if option.get("required") else "任意",
         str(option.get("default", "")), " ".join(str(option.get("description", "")).split())]
        for role, _, given in facts.roles
        for name, option in given.items()
    ]  # fmt: skip
    heads = ("役割", "項目", "型", "要否", "既定", "説明（英文は構成管理の原文）")
    return [*chapters, Chapter("役割の設定項目", [Table("役割の設定項目", heads, options, (1.6, 3, 1, 0.8, 2, 6))])]


def network(facts: Facts) -> list[Chapter]:
    """ネットワーク構成書: sections with addresses, speed and equipment; the equipment's settings and their copy."""
    site = facts.site
    zones: list[list[Cell]] = []
    for zone in site.networks.zones:
        net = (
            f"各拠点の {site.zone_network(zone.id)} の中の /26"
            if zone.place == "site"
            else str(site.zone_network(zone.id))
        )
        zones.append([zone.name, zone.id, PLACES[zone.place], net, sum(h.zone == zone.id for h in site.hosts)])
    places: list[list[Cell]] = [
        [place.name, str(site.place_network(place)), str(site.tunnel_address(place)), _equipment(facts, place.id)]
        for place in site.places
    ]
    return [
        Chapter(
            "網の構成",
            [
                "業務の網は専用とし、区画の間は許可した通信だけを通す。外から届くのは公開の入口だけである。",
                Picture("網の構成", facts.diagram),
                Table("区画", ("区画", "記号", "場所", "網", "機器"), zones, (2.4, 1.4, 2, 4.4, 1)),
            ],
        ),
        Chapter("区間", [Table("区間の一覧", ("区間", "起点", "終点", "アドレス", "帯域と機器"),
                              [list(row) for row in facts.circuits], (2, 2, 2.4, 3.4, 4))]),
        Chapter("拠点", ["まだ接続していない拠点にも番号とアドレスを割り当ててあり、接続は構成情報への追加だけで行う。",
                        Table("拠点のアドレス", ("拠点", "網", "通路", "機器"), places, (3, 2.4, 2.4, 3))]),
        Chapter("外からの接続", [_public(facts)], new_page=False),
        Chapter("網機器の設定", [*_devices(facts)]),
    ]  # fmt: skip


PLACES = {"datacentre": "データセンター", "site": "拠点", "outside": "外部", "management": "保守"}


def _equipment(facts: Facts, place: str) -> str:
    counts: dict[str, int] = defaultdict(int)
    for host in facts.site.hosts:
        if host.place is not None and host.place.id == place:
            counts[KINDS.get(host.kind, host.kind)] += 1
    return "、".join(f"{kind} {count}台" for kind, count in counts.items()) or "（将来の拠点）"


def _public(facts: Facts) -> Table:
    """What the outside may open; nothing else, and nothing of the business zones."""
    rows: list[list[Cell]] = [
        [s.row.title, "、".join(h.name for h in s.hosts), "、".join(s.row.listen),
         "、".join(facts.site.fqdn(n) for n in s.row.names if n not in s.row.restrict)]
        for s in facts.site.services
        if any(not z.startswith("host:") and facts.site.zones[z].place == "outside" for z in s.sources)
    ]  # fmt: skip
    return Table("外から届くもの（これ以外はすべて拒む）", ("サービス", "サーバ", "待受け", "名前"), rows, (4, 2, 2, 4))


def _devices(facts: Facts) -> list[Block]:
    """Each router's files with their checksums are in the parameter sheets; here what there is and how it goes back."""
    rows: list[list[Cell]] = [
        [host.name, name, len(text.splitlines()), hashlib.sha256(text.encode()).hexdigest()]
        for host in facts.site.twin
        if host.kind == "router"
        for name, text in facts.parameters.get(host.name, {}).items()
    ]
    return [
        "設定の控えは、本書と同じ媒体の「網機器の設定」に機器ごとのファイルとして納める。検査値は次のとおりである。",
        Table("設定の控え", ("機器", "ファイル", "行数", "SHA-256"), rows, (1.8, 2.4, 1, 7)),
        Heading("控えから戻す手順"),
        Listing(
            [
                "機器の基本ソフトと鍵を、機器の据付の手順で入れる。",
                "媒体の「網機器の設定」の検査値を、上の表と照合する。",
                "./kura deploy --limit 機器名 --tags network,firewall を行う。構成情報から同じファイルが作られる。",
                "./kura deploy --check --diff --limit 機器名 で差がないことを確認する。",
            ],
            numbered=True,
        ),
    ]


def firewall(facts: Facts) -> list[Chapter]:
    """ファイアウォール通信要件表."""
    heads, rows = facts.flows
    return [
        Chapter(
            "通信要件",
            [
                "ここにない通信は、すべての機器で拒む。",
                Table("通信要件", tuple(heads), [list(row) for row in rows], (0.8, 3, 3, 2.6, 1.2, 1, 2, 3)),
            ],
        )
    ]


def dns(facts: Facts) -> list[Chapter]:
    """DNS設定依頼書: what whoever keeps the domain must type, and how to change over."""
    site = facts.site
    public: list[list[Cell]] = [[name, kind, value] for zone, name, kind, value in facts.dns if zone == "公開"]
    inside: list[list[Cell]] = [[name, kind, value] for zone, name, kind, value in facts.dns if zone != "公開"]
    begin = site.contract.service_from
    return [
        Chapter(
            "依頼の内容",
            [
                f"ドメイン {site.organisation.domain} の公開の名前解決に、次の値を一字も変えずに設定していただきたい。"
                "TTL は切替えまで 300 秒、切替えの後は 3600 秒とする。",
                Table("公開の名前解決に設定する値", ("名前", "種類", "値"), public, (4, 1, 7)),
                "MX と TXT は電子メールの到達と送信元の証明（SPF・DKIM・DMARC）のための値である。"
                "DKIM の値は、稼働前に鍵を作った後、この依頼書を作り直して差し替える。",
            ],
        ),
        Chapter(
            "切替えの手順",
            [
                Listing(
                    [
                        f"{era(begin - timedelta(days=7))}：変更する名前の TTL を 300 秒に下げる。",
                        f"{era(begin - timedelta(days=1))} 15:00：移行計画書の判断の後、上の値に変える。",
                        "5分後：外の2か所から dig 名前 種類 を行い、上の値と一致することを確かめる。",
                        "戻すとき：変える前の値に戻す。300 秒で元に戻る。",
                        f"{era(begin + timedelta(days=7))}：TTL を 3600 秒に戻す。",
                    ],
                    numbered=True,
                )
            ],
            new_page=False,
        ),
        Chapter(
            "館内の名前解決（参考）",
            ["館内とデータセンターの名前は、この構成の名前解決が自ら答える。設定は要らない。",
             Table("館内の名前", ("名前", "種類", "値"), inside, (5, 1, 4))],
        ),
    ]  # fmt: skip


def application(facts: Facts) -> list[Chapter]:
    """特注部分の設計書: areas, screens, addresses, tables, work by the clock, permissions, as the code has them."""
    both = (("図書館システム", facts.library), ("運用コンソール", facts.console))
    areas: list[list[Cell]] = []
    routes: list[list[Cell]] = []
    tables: list[list[Cell]] = []
    columns: list[list[Cell]] = []
    for name, part in both:
        for area in part["areas"]:
            areas.append([name, area["id"], area["title"],
                          sum(s["area"] == area["id"] for s in facts.library["screens"]),
                          sum(t["area"] == area["id"] for t in part["tables"])])  # fmt: skip
        routes += [[name, r["area"], r["path"], r["name"]] for r in part["routes"]]
        for table in part["tables"]:
            tables.append([name, table["table"], table["title"], len(table["fields"])])
            columns += [
                [table["table"], f["name"], f["title"], f["type"], "可" if f["null"] else "不可", f["key"]]
                for f in table["fields"]
            ]
    screens: list[list[Cell]] = [
        [n, s["area"], s["title"], s["template"], "、".join(s["fields"]), "、".join(s["buttons"])]
        for n, s in enumerate(facts.library["screens"], start=1)
    ]
    jobs: list[list[Cell]] = [[j["code"], j["title"], j["at"]] for j in facts.library["jobs"]]
    operations: list[list[Cell]] = [[o["code"], o["title"]] for o in facts.library["operations"]]
    heads = ("番号", "領域", "画面", "様式", "入力", "操作")
    return [
        Chapter("構成", [Table("領域", ("システム", "領域", "名称", "画面", "表"), areas, (3, 2, 3, 1, 1))]),
        Chapter("画面", [Table("画面", heads, screens, (0.8, 1.6, 3, 4, 4, 3)),
                        Table("アドレス", ("システム", "領域", "アドレス", "名前"), routes, (2, 1.6, 5, 2))]),
        Chapter("表", [Table("データベースの表", ("システム", "表", "名称", "列"), tables, (2, 4, 3, 1)),
                      Table("表の列", ("表", "列", "名称", "型", "空", "キー"), columns, (4, 3, 3, 3, 1, 1))]),
        Chapter("定時処理", [Table("定時処理", ("符号", "名称", "時刻"), jobs, (3, 5, 2))]),
        Chapter("権限", [Table("操作の権限", ("符号", "操作"), operations, (4, 6))]),
    ]  # fmt: skip


def standards(facts: Facts) -> list[Chapter]:
    """採用標準一覧; every service of the inventory stands in it."""
    rows: list[list[Cell]] = []
    titles = {service.id: service.row.title for service in facts.site.services}
    given = facts.text("standards")
    for one in given:
        rows.append([one["part"], titles.get(one["of"], one["of"]), one["standard"], str(one["edition"])])
    covered = {one["of"] for one in given}
    rows += [[title, title, None, None] for id_, title in titles.items() if id_ not in covered]
    heads = ("構成要素", "対象", "標準", "版")
    return [Chapter("採用標準", [Table("採用標準", heads, rows, (2.6, 3.4, 4, 3.4))])]


def own_parts(facts: Facts) -> list[Chapter]:
    """特注部分一覧: our own folders against the parts of others, and whose the rights are."""
    own: list[list[Cell]] = [[f, n, f"{facts.site.organisation.city}（著作権法第27条・第28条の権利を含む）"]
                             for f, n in facts.own_files]  # fmt: skip
    others: list[list[Cell]] = [[v.name, v.version, "各開発者（公開の利用許諾による）"] for v in facts.versions]
    return [
        Chapter(
            "特注部分",
            [
                "この契約で作ったプログラム、設定、文書を特注部分とし、他の者が公開している部品と分けて示す。"
                f"特注部分の著作権は{facts.site.organisation.city}に帰属する。",
                Table("特注部分", ("置き場所", "ファイル", "著作権の帰属"), own, (4, 1.4, 5)),
                Table("他の者の部品", ("部品", "版", "著作権の帰属"), others, (4, 2, 5)),
            ],
        )
    ]
