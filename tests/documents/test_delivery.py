"""A delivery as a folder: files, list, checksums, label, what changed, and that everything opens."""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook
from PIL import Image

from cli import docfacts, docs
from cli.context import Context, Refused
from inventory import available
from monitoring.documents import catalogue, delivery, design
from monitoring.documents.facts import Facts
from network import golden, matrix
from office import pages
from tests.documents.reading import context, table, texts


@pytest.mark.req("S-DEL-006")
def test_the_list_names_every_file_with_its_checksum_and_a_changed_byte_is_found(made: Path, tmp_path: Path) -> None:
    assert delivery.verify(made) == []
    assert docs.verify(made) == 0
    copy = tmp_path / "copy"
    shutil.copytree(made, copy)
    (copy / "NCL-REG-005_保証と連絡の一枚.docx").write_bytes(b"other")
    (copy / "extra.txt").write_text("not listed")
    (copy / "manifest.json").unlink()
    assert delivery.verify(copy) == ["NCL-REG-005_保証と連絡の一枚.docx", "extra.txt", "manifest.json"]
    assert docs.verify(copy) == 1
    listed = load_workbook(made / "NCL-DLV-002_目録.xlsx")["1 目録"]
    names = {str(row[1].value) for row in listed.iter_rows(min_row=2)}
    later = {"SHA256SUMS.txt", "manifest.json", "NCL-DLV-002_目録.xlsx", "NCL-DLV-003_媒体ラベル.docx"}
    assert names | later == {path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()}


@pytest.mark.req("S-DEL-007")
def test_every_document_is_word_or_excel_and_opens_with_something_in_it(made: Path) -> None:
    files = [path for path in made.iterdir() if path.is_file() and path.suffix not in (".txt", ".json")]
    assert len(files) == len(catalogue.PRODUCTS) + 4
    for path in files:
        if path.suffix == ".docx":
            assert sum(map(len, texts(path))) > 100, path.name
        else:
            book = load_workbook(path)
            assert all(sheet.max_row > 1 for sheet in book.worksheets), path.name
            assert all(sheet.page_setup.fitToWidth for sheet in book.worksheets), path.name


# File → words that stand in it, and the fewest and most pages.
SHEETS = {
    "incident-report.docx": (["障害報告書", "I2026-0001", "10時02分", "電源の交換"], 1, 2),
    "incident-first.docx": (["第一報", "I2026-0001"], 1, 2),
    "incident-public.docx": (["公表"], 1, 2),
    "incidents.xlsx": (["障害管理表", "I2026-0001", "返却ができない"], 2, 3),
    "work.docx": (["作業報告書", "予備品の確認", "小林 直樹"], 1, 1),
    "receipts.docx": (["受領証", "資料データの写し", "上記のとおり受領しました。"], 1, 1),
    "register-receipts.xlsx": (["品名", "資料データの写し"], 1, 1),
    "erasures.docx": (["データ消去証明書", "OLD-0001", "復元できないことを確かめました。"], 1, 1),
    "register-erasures.xlsx": (["製番", "OLD-0001"], 1, 1),
    "運用月次概要_2026-07.docx": (["運用月次概要", "openssl"], 3, 6),
    "運用月次概要_2026-07_データ.xlsx": (["I2026-0001"], 5, 12),
    "個人情報管理状況報告書_2026Q3.docx": (["個人情報管理状況報告書", "漏えい等の事故"], 3, 5),
    "個人情報管理状況報告書_2026Q3_データ.xlsx": (["漏えい等の事故"], 3, 10),
    "NCL-PLN-003_移行計画書.docx": (["移行計画書"], 2, 12),
    "NCL-DSN-005_ファイアウォール通信要件表.xlsx": (["ファイアウォール通信要件表"], 2, 30),
    "NCL-DSN-008_採用標準一覧.xlsx": (["採用標準一覧"], 2, 12),
    "NCL-TST-001_要件適合表.xlsx": (["要件適合表", "実現箇所", "証拠", "S-PRV-009"], 20, 120),
    "NCL-TST-003_試験結果報告書.docx": (["試験結果報告書", "T-S-PRV-009"], 10, 80),
    "NCL-MAN-001_運用管理手引き.docx": (["運用管理手引き", "BackupStale"], 20, 150),
    "NCL-MAN-002_職員操作手引き.docx": (["職員操作手引き"], 20, 200),
    "NCL-REG-003_契約別紙遵守状況表.docx": (["契約別紙遵守状況表", "遵守の状況"], 4, 20),
    "NCL-REG-005_保証と連絡の一枚.docx": (["切分けの手順", "関係者"], 1, 1),
    "NCL-DLV-001_前回の納品からの変更.docx": (["最初の納品"], 2, 4),
    "NCL-DLV-002_目録.xlsx": (["納入目録", "SHA-256"], 2, 12),
    "NCL-DLV-003_媒体ラベル.docx": (["納入媒体", "蔵システム株式会社"], 1, 1),
}


@pytest.mark.req("S-DEL-007")
def test_libreoffice_lays_out_every_form_of_document_paper_and_report(laid_out: Mapping[str, str]) -> None:
    assert set(laid_out) == set(SHEETS)
    for name, (words, fewest, most) in SHEETS.items():
        text = laid_out[name]
        assert [word for word in words if word not in re.sub(r"[ \n]", "", text) and word not in text] == [], name
        assert fewest <= text.count("\f") <= most, (name, text.count("\f"))
        # A glyph that no font has, a number too wide for its column, a field or formula that found nothing.
        assert not re.search("�|###|#REF!|#NAME|Err:|エラー:|エラー！", text), name


@pytest.mark.req("S-DEL-008")
def test_the_label_has_the_five_things(made: Path) -> None:
    grid = Document(str(made / "NCL-DLV-003_媒体ラベル.docx")).tables[0]
    said = {row.cells[0].text: row.cells[1].text for row in grid.rows}
    assert list(said) == ["事業名", "実施事業者名", "納品期日", "データ内容", "データ形式"]
    assert said["実施事業者名"] == "蔵システム株式会社"
    assert said["納品期日"] == "令和7年12月14日"
    assert "Microsoft Word（docx）" in said["データ形式"]
    assert all(said.values())


def test_equal_facts_give_equal_bytes_and_the_next_delivery_names_what_changed(known: Facts, made: Path,
                                                                               tmp_path: Path) -> None:  # fmt: skip
    again = tmp_path / "again"
    names = ("DSN-001", "PLN-003", "REG-001")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "chapter_pages", lambda *_: {})
        for name in names:
            (path,) = delivery.write(known, again, None, lambda _: None, only=name)
            assert path.read_bytes() == (made / path.name).read_bytes()
    last = json.loads((made / "manifest.json").read_text())
    same = {one.number: delivery.parts_of(one.build(known)) for one in catalogue.PRODUCTS}
    same |= {"TST-001": delivery.matrix_parts(known)}
    assert delivery.compare(last, same) == []
    flows = (known.flows[0], [list(row) for row in known.flows[1]][1:])
    fewer = delivery.parts_of(design.firewall(replace(known, flows=flows)))
    (change,) = delivery.compare(last, {**same, "DSN-005": fewer})
    assert (change.document, change.part, len(change.removed)) == ("DSN-005", "通信要件 / 通信要件", 1)


def test_the_second_delivery_says_in_a_document_what_changed_since_the_first(
    known: Facts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are written for real, of three documents; a flow is gone, a test is new, and nothing else is named."""
    three = [one for one in catalogue.PRODUCTS if one.number in ("DSN-005", "REG-003", "TST-004")]
    monkeypatch.setattr(delivery, "PRODUCTS", three)
    monkeypatch.setattr(pages, "chapter_pages", lambda *_: {})
    delivery.write(known, tmp_path / "1", None, lambda _: None)
    last = json.loads((tmp_path / "1" / "manifest.json").read_text())
    row = next(row for row in known.matrix if row.id == "S-SEC-001")
    proven = replace(row, tests=("t",), outcomes={"t": "合格"}, result="合格", date="2025-12-20T00:00:00+00:00")
    rows = [proven if one is row else replace(one, date="2025-12-20T00:00:00+00:00") for one in known.matrix]
    flows = list(known.flows[1])
    later = replace(known, matrix=rows, flows=(known.flows[0], flows[1:]), issued=known.issued + timedelta(days=7))
    delivery.write(later, tmp_path / "2", last, lambda _: None)
    grid = Document(str(tmp_path / "2" / "NCL-DLV-001_前回の納品からの変更.docx")).tables[-1]
    said = {(r.cells[0].text, r.cells[2].text): [c.text for c in r.cells[3:]] for r in grid.rows[1:]}
    assert list(said) == [("DSN-005", "通信要件 / 通信要件"), ("TST-001", "要件")]
    added, removed, changed = said["DSN-005", "通信要件 / 通信要件"]
    assert (added, changed) == ("", "")
    assert removed.startswith(str(flows[0][0]))
    assert said["TST-001", "要件"] == ["", "", "S-SEC-001"]
    assert [r.cells[1].text for r in grid.rows[1:]] == ["ファイアウォール通信要件表", "要件適合表"]
    text = " ".join(texts(tmp_path / "2" / "NCL-DLV-001_前回の納品からの変更.docx"))
    assert "前回（2025-12-14、第1版）の納品からの変更" in text


def test_the_routers_settings_lie_beside_the_document_with_their_checksums(known: Facts, made: Path) -> None:
    rows = table(design.network(known), "設定の控え").rows
    assert len(rows) > 10
    for host, name, _, digest in rows:
        path = made / delivery.COPIES / str(host) / str(name)
        assert path.read_text(encoding="utf-8") == known.parameters[str(host)][str(name)]
        assert delivery.office.sha256(path) == digest


def test_the_sheets_say_line_for_line_what_the_firewall_and_the_hosts_are_given(known: Facts, made: Path) -> None:
    """As read back from the Excel files: the flows of the matrix and the files that the playbooks write."""
    flows = [[row[column] for column in matrix.COLUMNS] for row in matrix.rows(known.site)]
    sheet = load_workbook(made / "NCL-DSN-005_ファイアウォール通信要件表.xlsx")["1 通信要件"]
    written = [
        ["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(min_row=2, values_only=True)
    ]
    assert written == [[str(cell) for cell in row] for row in flows]
    assert len(flows) > 50
    book = load_workbook(made / "NCL-DSN-002_パラメータシート.xlsx")
    for host in known.site.twin:
        name = next(name for name in book.sheetnames if name.endswith(f"{host.name} 設定"[:31]))
        lines = [tuple(map(str, row)) for row in book[name].iter_rows(min_row=2, values_only=True)]
        wanted = [
            (file, str(number), line.rstrip())
            for file, text in golden.of_host(known.site, host).items()
            for number, line in enumerate(text.splitlines(), start=1)
            if line.strip()
        ]
        assert [(file, number) for file, number, _ in lines] == [(file, number) for file, number, _ in wanted]
        assert [line.lstrip("'") for *_, line in lines] == [line for *_, line in wanted], host.name


@pytest.mark.skipif(not shutil.which("pdftoppm"), reason="poppler is not installed")
def test_the_diagram_is_a_picture_that_opens_and_stands_in_the_documents(known: Facts, made: Path) -> None:
    assert known.diagram is not None
    with Image.open(io.BytesIO(known.diagram)) as drawn:
        assert (drawn.format, drawn.width > 800, drawn.height > 400) == ("PNG", True, True)
        assert len(drawn.convert("L").resize((200, 100)).getcolors(256)) > 5  # something is drawn
    for name in (
        "NCL-DSN-001_基盤設計書.docx",
        "NCL-DSN-003_ネットワーク構成書.docx",
        "NCL-DSN-004_データセンター構成書.docx",
    ):
        with zipfile.ZipFile(made / name) as package:
            pictures = [package.read(one) for one in package.namelist() if one.startswith("word/media/")]
        assert known.diagram in pictures, name


def test_the_other_inventory_gives_documents_too(known: Facts, tmp_path: Path) -> None:
    for name in available():
        site = context(name).site
        speeds = known.text("installation")["circuits"]
        other = replace(known, site=site, circuits=docfacts.circuits(site, speeds), dns=docfacts.names(site, "key"))
        for one in catalogue.PRODUCTS:
            assert one.build(other), one.title


@pytest.mark.parametrize(("argument", "reason"), [("--only XYZ", "is no document"), ("--since none.json", "no such")])
def test_a_wrong_argument_is_refused_and_nothing_is_written(known: Facts, tmp_path: Path, argument: str, reason: str,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    parser = argparse.ArgumentParser()
    docs.arguments(parser)
    given = parser.parse_args(["--out", str(tmp_path / "out"), *argument.split()])
    given.inventory = "nagano"
    monkeypatch.setattr(docfacts, "gather", lambda *_: known)
    with pytest.raises(Refused, match=reason):
        docs.main(Context(given))
    assert not (tmp_path / "out").exists()


@pytest.mark.req("S-RPT-008")
def test_availability_equipment_versions_and_permissions_come_at_once(known: Facts, tmp_path: Path) -> None:
    measured = replace(known, uptime={"library": 99.95})
    (path,) = delivery.write(measured, tmp_path, None, lambda _: None, only="REG-002")
    book = load_workbook(path)
    assert {"1 稼働の台帳", "2 機器の台帳", "3 版の台帳", "4 権限の台帳"} <= set(book.sheetnames)
    rates = {row[0].value: row[4].value for row in book["1 稼働の台帳"].iter_rows(min_row=2)}
    assert rates["図書館システム（蔵書検索・マイページ・業務）"] == 99.95
    assert rates["データベース"] == "データなし"
    assert book["2 機器の台帳"].max_row - 1 == len(known.site.hosts)
    assert book["4 権限の台帳"].max_row - 1 == len(known.library["operations"]) > 100
