"""The documents, made from the real inventory, code and tests: what each row of the requirements asks of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from cli import docfacts
from cli.__main__ import VERBS
from monitoring.documents import assurance, catalogue, delivery, design, installation, manuals, plans, versions
from monitoring.documents.facts import Facts
from network import dns
from office.document import Heading, Table
from tests.documents.reading import ROOT, table, texts


@pytest.mark.req("S-DEL-001")
def test_four_plans_are_word_files_with_the_approval_and_the_moments_of_turning_back(made: Path) -> None:
    titles = ("PLN-001_プロジェクト実施計画書", "PLN-002_試験計画書", "PLN-003_移行計画書", "PLN-004_研修計画書")
    for number, title in enumerate(titles, start=1):
        found = list(texts(made / f"NCL-{title}.docx"))
        assert found[found.index("市の承認日") + 1] == f"2025-09-0{number}（承認-{number}）"
    said = list(texts(made / "NCL-PLN-003_移行計画書.docx"))
    assert "令和7年12月13日 12:00" in said
    assert {"移行の対応表", "戻しの判断時刻"} <= {text.partition(" ")[2] for text in said if text.startswith("表")}
    assert any("停止は、令和7年12月11日 18:00から" in text for text in said)
    assert "1.\t新システムの窓口と公開の入口を案内の頁に替え、記録の書込みを止める。" in said


def test_a_plan_that_nobody_approved_says_so(known: Facts) -> None:
    alone = replace(known, records=None)
    assert ("市の承認日", "未承認") in delivery.cover(alone, "PLN-001", "計画").facts


@pytest.mark.req("S-DEL-003")
def test_every_requirement_has_a_test_number_and_a_verdict(known: Facts) -> None:
    rows = table(assurance.results(known), "要件ごとの結果").rows
    assert [row[1] for row in rows] == [row.id for row in known.matrix]
    assert all(row[0] == f"T-{row[1]}" and str(row[3])[0] in "合否" for row in rows)
    specified = table(assurance.specification(known), "試験の仕様").rows
    assert [(row[0], row[1]) for row in specified] == [(row[0], row[1]) for row in rows]
    passed = {row.id for row in known.matrix if row.result == "合格"}
    assert {row[1] for row in rows if row[3] == "合"} == passed


def test_the_table_of_functions_has_all_of_them_and_calls_what_is_not_tested_not_done(known: Facts) -> None:
    rows = table(assurance.functions(known), "機能の実現").rows
    wanted = {row.id: row for row in known.matrix if row.id.startswith("F-")}
    assert [row[0] for row in rows] == list(wanted)
    for row in rows:
        assert (row[4], row[5]) == ("未実現", "未定") if not wanted[str(row[0])].tests else "未" not in str(row[4])


@pytest.mark.req("S-DEL-004")
def test_every_screen_and_every_operation_has_its_place_in_a_manual(known: Facts) -> None:
    staff = manuals.staff(known)
    by_chapter = {c.title: [b.text for b in c.blocks if isinstance(b, Heading)] for c in staff}
    titles = {area["id"]: area["title"] for part in (known.library, known.console) for area in part["areas"]}
    screens = known.library["screens"]
    on_disk = [p for p in (ROOT / "app").glob("*/templates/**/*.html") if "<h1" in p.read_text() and
               re.search(r"{%\s*extends\s|<html", p.read_text())]  # fmt: skip
    assert len(screens) == len(on_disk) > 200
    for screen in screens:
        assert screen["title"] in by_chapter[f"画面の説明：{titles.get(screen['area'], screen['area'])}"]
    operation = manuals.operation(known)
    assert {row[0] for row in table(operation, "命令の一覧（原文）").rows} == {f"./kura {verb}" for verb in VERBS}
    assert len(table(operation, "定時処理").rows) == len(known.library["jobs"]) > 30
    headings = {b.text for c in operation for b in c.blocks if isinstance(b, Heading)}
    for path in (ROOT / "docs" / "runbooks").glob("*.md"):
        assert {line[3:].strip() for line in path.read_text().splitlines() if line.startswith("## ")} <= headings
    plays = {str(row[0]) for row in table(operation, "作業の流れ").rows}
    assert {path.name for path in (ROOT / "playbooks").glob("*.yml")} == plays


@pytest.mark.req("S-SW-010")
def test_the_manuals_show_edition_day_and_what_changed_of_every_page(known: Facts) -> None:
    for body, pages_of_it in ((manuals.staff(known), known.manual), (manuals.operation(known), known.runbooks)):
        found = table(body, "改訂（第1版、令和7年12月14日）")
        assert len(found.rows) == len(pages_of_it) > 5
        for row in found.rows:
            assert re.fullmatch(r"20\d\d-\d\d-\d\d", str(row[1]))
            assert re.fullmatch(r"\d+行を加え、\d+行を除いた", str(row[2]))


@pytest.mark.req("S-SW-010")
def test_a_changed_screen_is_in_the_manual_that_is_made_the_same_day(known: Facts, tmp_path: Path) -> None:
    """The manual is read from the screens whenever it is made, so it lags by no day; the changes are named."""
    before = delivery.parts_of(manuals.staff(known))
    screens = [dict(one) for one in known.library["screens"]]
    screens[0] |= {"title": "新しい画面の名", "buttons": ["新しい操作"]}
    now = replace(known, library={**known.library, "screens": screens})
    after = manuals.staff(now)
    assert "新しい画面の名" in {b.text for c in after for b in c.blocks if isinstance(b, Heading)}
    last = {"issued": "2025-12-01", "edition": "第1版", "parts": {"MAN-002": before}}
    changes = delivery.compare(last, {"MAN-002": delivery.parts_of(after)})
    assert [(c.document, c.part.partition("：")[0], c.changed) for c in changes] == [
        ("MAN-002", "画面の説明", ["本文"])
    ]


@pytest.mark.req("S-DEL-002")
def test_the_design_lists_the_screens_and_tables_that_the_application_has(known: Facts, tmp_path: Path) -> None:
    body = design.application(known)
    program = (
        "import json, django; django.setup()\n"
        "from django.apps import apps\n"
        "print(json.dumps([m._meta.db_table for m in apps.get_models() if m._meta.managed and not m._meta.proxy]))"
    )
    found: dict[str, set[str]] = {}
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
                          env={**os.environ, "DJANGO_SETTINGS_MODULE": "app.settings.test"})  # fmt: skip
    found["図書館システム"] = set(json.loads(done.stdout))
    listed = {str(row[1]) for row in table(body, "データベースの表").rows if row[0] == "図書館システム"}
    assert listed == found["図書館システム"]
    templates = {row[3] for row in table(body, "画面").rows}
    on_disk = {p.relative_to(ROOT / "app").as_posix() for p in (ROOT / "app").glob("*/templates/**/*.html")
               if "<h1" in p.read_text() and re.search(r"{%\s*extends\s|<html", p.read_text())}  # fmt: skip
    assert templates == on_disk
    assert any(row[2] == "/counter/" for row in table(body, "アドレス").rows)


@pytest.mark.req("S-PRJ-005")
def test_every_article_of_the_attachments_has_a_place_of_evidence(known: Facts) -> None:
    rows = list(assurance.articles(known))
    wanted = [row.id for row in known.matrix if re.match("別紙[12]", row.function)]
    assert len(wanted) > 20
    assert set(wanted) <= {row[1] for row in rows}
    assert [row for row in rows if not all(cell.strip() for cell in row)] == []


@pytest.mark.req("S-PRJ-006")
def test_every_product_names_its_owner_and_the_citys_permission(known: Facts) -> None:
    rows = table(catalogue.rights(known), "成果物").rows
    assert len(rows) == len(catalogue.PRODUCTS)
    assert all(row[2] == "長野市" and all(row) for row in rows)
    permission = {row[0]: row[5] for row in rows}
    assert permission["NCL-PLN-001"] == "2025-09-01 承認-1"
    assert permission["NCL-DSN-001"] == "許可なし（未承認）"


@pytest.mark.req("S-PRJ-013")
def test_every_quality_has_goals_in_figures_and_test_numbers(known: Facts) -> None:
    rows = table(plans.quality(known), "品質の目標").rows
    qualities = {row[0] for row in rows}
    assert {"信頼性", "可用性", "安全性", "拡張性", "操作性"} <= qualities
    ids = {row.id for row in known.matrix}
    for row in rows:
        assert isinstance(row[2], int | float)
        named = re.findall(r"T-([A-Z]-[A-Z]+-\d+)", str(row[5]))
        assert named
        assert set(named) <= ids


@pytest.mark.req("S-HW-006", "S-PRJ-014")
def test_the_data_centre_document_has_place_racks_circuits_power_and_fixings(known: Facts) -> None:
    body = installation.chapters(known)
    assert any("長野市内" in str(row[1]) for row in table(body, "設置場所").rows)
    racks = [b for c in body if c.title == "ラック図" for b in c.blocks if isinstance(b, Table)]
    shown = {str(row[1]) for rack in racks for row in rack.rows}
    assert {host.name for host in known.site.hosts if host.hardware} | {"UPS A系", "UPS B系"} <= shown
    for rack in racks:
        spans = [[int(u) for u in re.findall(r"\d+", str(row[0]))] for row in rack.rows]
        assert spans[0][0] == 42
        assert all(above[-1] == below[0] + 1 for above, below in pairwise(spans))
        assert spans[-1][-1] == 1
    loads = {row[0]: row for row in table(body, "無停電電源装置の負荷").rows}
    drawn = sum(installation.watts(known, host) for host in known.site.hosts if host.hardware)
    assert loads["UPS A系"][3] == drawn
    assert loads["UPS A系"][5] == "可"
    places = {place.name for place in known.site.places}
    powered = {str(row[0]) for row in table(body, "館と拠点の電源計算").rows}
    fixed = {str(row[0]): str(row[1]) for row in table(body, "固定の方法").rows}
    assert places <= powered
    assert places <= set(fixed)
    assert all(fixed.values())
    assert table(body, "回線と区間").rows


@pytest.mark.req("S-NET-001")
def test_the_network_document_has_address_speed_and_equipment_of_every_section(known: Facts) -> None:
    body = design.network(known)
    rows = table(body, "区間の一覧").rows
    named = " ".join(str(row[0]) for row in rows)
    for zone in known.site.networks.zones:
        if zone.place == "datacentre":
            assert zone.name in named
    assert all(f"拠点 {place.name}" in named for place in known.site.places)
    assert all(all(str(cell).strip() for cell in row) for row in rows)
    outside = {row[0]: row[3] for row in table(body, "外から届くもの（これ以外はすべて拒む）").rows}
    assert "データベース" not in outside
    assert "staff" not in " ".join(map(str, outside.values()))


def test_the_hand_over_of_names_holds_every_public_name_and_no_inner_one(known: Facts) -> None:
    rows = table(design.dns(known), "公開の名前解決に設定する値").rows
    assert ["opac.kura-nagano.example", "A", "198.18.0.1"] in rows
    assert {row[1] for row in rows} == {"A", "MX", "TXT"}
    inner = {str(address) for name, address in dns.records(known.site).items()}
    assert not [row for row in rows if row[1] == "A" and str(row[2]).startswith("10.")]
    assert len(table(design.dns(known), "館内の名前").rows) == len(dns.records(known.site)) >= len(inner)


@pytest.mark.req("S-SW-003")
def test_every_part_and_every_service_has_a_standard_with_its_edition(known: Facts) -> None:
    rows = table(design.standards(known), "採用標準").rows
    assert [row for row in rows if not all(row)] == []
    titles = {service.row.title for service in known.site.services}
    assert titles <= {row[1] for row in rows}


@pytest.mark.req("S-SW-008")
def test_every_difference_from_the_newest_version_has_its_reason(known: Facts) -> None:
    locked = [("django", "5.2.1", ()), ("ansible", "12.3.0", ()), ("lxml", "6.0", ("python-docx",)), ("six", "1.0", ()),
              ("pytest", "9.0", ())]  # fmt: skip
    newest = {"django": "6.0", "ansible": "13.1", "lxml": "6.1", "pytest": "9.9"}
    wanted = (ROOT / "requirements.in").read_text()
    found = versions.compare(locked, newest, {"pytest": "9.9"}, wanted, known.lifecycle)
    said = {one.name: (one.newest, one.reason) for one in found}
    assert said["django"][0] == "6.0"
    assert ">=5.2,<5.3" in said["django"][1]
    assert "制御機" in said["ansible"][1]
    assert "python-docx" in said["lxml"][1]
    assert said["six"] == ("1.0", "最新版である")
    assert "次の月例" in said["pytest"][1]
    shown = table(assurance.lifecycle(replace(known, versions=found)), "版と最新版").rows
    assert [row[3] for row in shown] == ["あり", "あり", "あり", "なし", "あり"]
    assert all(row[4] for row in shown)
    assert {one.name for one in known.versions} >= {"django", "python-docx", "ansible"}
    assert {one.newest for one in known.versions} == {None}  # nobody looked: said as データなし, not invented


@pytest.mark.req("S-SW-009")
def test_every_part_that_ends_before_the_contract_has_a_plan(known: Facts) -> None:
    rows = table(assurance.lifecycle(known), "支援期限").rows
    ending = [row for row in rows if row[3] == "あり"]
    assert {"Debian 13", "Django", "PostgreSQL 17"} <= {row[0] for row in ending}
    assert [row for row in ending if not row[4]] == []
    assert len(rows) == len(known.lifecycle.parts)


@pytest.mark.req("S-SW-011")
def test_our_own_files_are_listed_apart_with_the_citys_right(known: Facts) -> None:
    body = design.own_parts(known)
    own = {str(row[0]): row for row in table(body, "特注部分").rows}
    tracked = subprocess.run(["git", "ls-files", *docfacts.OWN], cwd=ROOT, capture_output=True, text=True, check=True)
    assert sum(int(row[1]) for row in own.values()) == len(tracked.stdout.splitlines())  # type: ignore[arg-type]
    assert all("長野市" in str(row[2]) for row in own.values())
    others = {str(row[0]) for row in table(body, "他の者の部品").rows}
    assert "django" in others
    assert not others & set(own)


@pytest.mark.req("S-OPS-011")
def test_whatever_happens_the_first_to_call_is_one(known: Facts) -> None:
    body = assurance.contacts(known)
    firsts = {row[1] for row in table(body, "障害の種類と切分け").rows}
    assert firsts == {"運用担当 026-000-0002"}
    assert "機器を含む全体の責任は蔵システム株式会社が負う" in str(body[0].blocks[0])


@pytest.mark.req("S-OPS-011")
def test_warranty_and_first_steps_fit_one_sheet(laid_out: Mapping[str, str]) -> None:
    text = laid_out["NCL-REG-005_保証と連絡の一枚.docx"]
    assert text.count("\f") == 1
    assert "切分けの手順" in text
    assert "関係者" in text
