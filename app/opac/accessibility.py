"""The published result of the accessibility tests (試験結果の公開), read from the file that the test run writes.

`tests/browser/test_public_accessibility.py` runs axe-core over every public page in every language and mode and, asked
to, writes `data/accessibility.json`. Criteria that no machine can decide are named as such.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from app.opac.web import cached

FILE = Path(__file__).parent / "data" / "accessibility.json"

# JIS X 8341-3:2016, levels A and AA: number, name.
CRITERIA: dict[str, tuple[tuple[str, Promise], ...]] = {
    "A": (
        ("1.1.1", _("非テキストコンテンツ")),
        ("1.2.1", _("音声だけ及び映像だけ（収録済み）")),
        ("1.2.2", _("キャプション（収録済み）")),
        ("1.2.3", _("音声解説又はメディアに対する代替コンテンツ（収録済み）")),
        ("1.3.1", _("情報及び関係性")),
        ("1.3.2", _("意味のある順序")),
        ("1.3.3", _("感覚的な特徴")),
        ("1.4.1", _("色の使用")),
        ("1.4.2", _("音声の制御")),
        ("2.1.1", _("キーボード")),
        ("2.1.2", _("キーボードトラップなし")),
        ("2.2.1", _("タイミング調整可能")),
        ("2.2.2", _("一時停止、停止及び非表示")),
        ("2.3.1", _("3回の閃光又は閾値以下")),
        ("2.4.1", _("ブロックスキップ")),
        ("2.4.2", _("ページタイトル")),
        ("2.4.3", _("フォーカス順序")),
        ("2.4.4", _("リンクの目的（コンテキスト内）")),
        ("3.1.1", _("ページの言語")),
        ("3.2.1", _("フォーカス時")),
        ("3.2.2", _("入力時")),
        ("3.3.1", _("エラーの特定")),
        ("3.3.2", _("ラベル又は説明")),
        ("4.1.1", _("構文解析")),
        ("4.1.2", _("名前、役割及び値")),
    ),
    "AA": (
        ("1.2.4", _("キャプション（ライブ）")),
        ("1.2.5", _("音声解説（収録済み）")),
        ("1.4.3", _("コントラスト（最低限レベル）")),
        ("1.4.4", _("テキストのサイズ変更")),
        ("1.4.5", _("文字画像")),
        ("2.4.5", _("複数の手段")),
        ("2.4.6", _("見出し及びラベル")),
        ("2.4.7", _("フォーカスの可視化")),
        ("3.1.2", _("一部分の言語")),
        ("3.2.3", _("一貫したナビゲーション")),
        ("3.2.4", _("一貫した識別性")),
        ("3.3.3", _("エラー修正の提案")),
        ("3.3.4", _("エラー回避（法的、金融及びデータ）")),
    ),
}
# The pages have neither sound nor film of their own.
NOT_THERE = ("1.2.1", "1.2.2", "1.2.3", "1.2.4", "1.2.5", "1.4.2")
# What this program's own browser tests show besides axe-core.
OWN_TESTS = {"1.4.4": _("文字を200%に拡大"), "2.1.1": _("キーボードだけの操作"), "2.2.1": _("時間切れの予告と延長")}


@dataclass(frozen=True)
class Line:
    """One criterion and what is known of it."""

    number: str
    name: Promise
    level: str
    how: Any
    result: Any


@lru_cache(maxsize=1)
def published() -> dict[str, Any]:
    """The last published test run (read once per process)."""
    result: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return result


def lines(run: dict[str, Any]) -> list[Line]:
    """Every criterion of the levels A and AA with its result in that run."""
    return [_line(number, name, level, run) for level, rows in CRITERIA.items() for number, name in rows]


def _line(number: str, name: Promise, level: str, run: dict[str, Any]) -> Line:
    failed, rules = run["failed"].get(number, 0), run["rules"].get(number, 0)
    if failed:
        return Line(number, name, level, _("自動試験"), _("不適合"))
    if number in NOT_THERE:
        return Line(number, name, level, _("該当する内容がない"), _("適用なし"))
    if number in OWN_TESTS:
        return Line(number, name, level, OWN_TESTS[number], _("適合"))
    if rules:
        return Line(number, name, level, _("自動試験"), _("不適合なし"))
    return Line(number, name, level, _("人による確認が必要"), _("未確認"))


@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Policy, scope and result of the tests. No SQL statement."""
    run = published()
    context = {"run": run, "day": parse_date(run["date"]), "lines": lines(run), "failed": sum(run["failed"].values())}
    return cached(render(request, "opac/accessibility.html", context))
