"""The list of documents handed over: number, title, format, who holds the rights, and what builds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from monitoring.documents import assurance, design, installation, manuals, plans
from monitoring.documents.facts import Facts
from office.document import Cell, Chapter, Table


@dataclass(frozen=True)
class Product:
    """One document: `word` and `excel` with a cover, `sheet` one page of Word without.

    `number` follows the organisation's prefix; `secret` is what must not be published.
    """

    number: str
    title: str
    form: Literal["word", "excel", "sheet"]
    build: Callable[[Facts], list[Chapter]]
    secret: bool = False

    def file(self, prefix: str) -> str:
        """Its file's name."""
        return f"{prefix}-{self.number}_{self.title}.{'xlsx' if self.form == 'excel' else 'docx'}"


def rights(facts: Facts) -> list[Chapter]:
    """成果物一覧: every product, whose the rights are, and whether it may be copied or published, with the approval."""
    city = facts.site.organisation.city
    rows: list[list[Cell]] = []
    for one in PRODUCTS:
        number = f"{facts.site.organisation.document_prefix}-{one.number}"
        approval = facts.approval(number)
        rows.append(
            [
                number,
                one.title,
                city,
                "可（市の業務の範囲）",
                "不可（安全に関わる）" if one.secret else "市の許可による",
                f"{approval[0]} {approval[1]}".strip() if approval else "許可なし（未承認）",
            ]
        )
    heads = ("文書番号", "成果物", "権利の帰属", "複製", "公表", "市の許可（承認日・番号）")
    intermediate: list[list[Cell]] = [
        ["構成情報（inventory/）", city], ["プログラムと構成管理", city], ["試験のプログラムと結果", city],
        ["移行の変換規則と照合の記録", city], ["作業・訓練・点検の記録", city],
    ]  # fmt: skip
    return [
        Chapter(
            "成果物",
            [
                f"成果物と中間成果物の権利は、すべて{city}に帰属する。",
                Table("成果物", heads, rows, (2.4, 3.4, 1.6, 2, 2.4, 3)),
                Table("中間成果物", ("中間成果物", "権利の帰属"), intermediate, (6, 3)),
            ],
        )
    ]


PRODUCTS: Sequence[Product] = (
    Product("PLN-001", "プロジェクト実施計画書", "word", plans.project),
    Product("PLN-002", "試験計画書", "word", plans.tests),
    Product("PLN-003", "移行計画書", "word", plans.migration),
    Product("PLN-004", "研修計画書", "word", plans.training),
    Product("PLN-005", "品質計画書", "word", plans.quality),
    Product("DSN-001", "基盤設計書", "word", design.infrastructure, secret=True),
    Product("DSN-002", "パラメータシート", "excel", design.parameters, secret=True),
    Product("DSN-003", "ネットワーク構成書", "word", design.network, secret=True),
    Product("DSN-004", "データセンター構成書", "word", installation.chapters, secret=True),
    Product("DSN-005", "ファイアウォール通信要件表", "excel", design.firewall, secret=True),
    Product("DSN-006", "DNS設定依頼書", "word", design.dns),
    Product("DSN-007", "特注部分設計書", "excel", design.application, secret=True),
    Product("DSN-008", "採用標準一覧", "excel", design.standards),
    Product("DSN-009", "特注部分一覧", "excel", design.own_parts),
    Product("TST-002", "試験仕様書", "excel", assurance.specification),
    Product("TST-003", "試験結果報告書", "word", assurance.results),
    Product("TST-004", "別紙5機能実現対応表", "excel", assurance.functions),
    Product("MAN-001", "運用管理手引き", "word", manuals.operation, secret=True),
    Product("MAN-002", "職員操作手引き", "word", manuals.staff),
    Product("REG-001", "ソフトウェア一覧", "excel", assurance.lifecycle),
    Product("REG-002", "稼働・機器・版・権限の台帳", "excel", assurance.extracts, secret=True),
    Product("REG-003", "契約別紙遵守状況表", "word", assurance.compliance),
    Product("REG-004", "成果物一覧", "word", rights),
    Product("REG-005", "保証と連絡の一枚", "sheet", assurance.contacts),
)
