"""Where a requirement is met and where the evidence of it lies, read from code, tests, registers and articles."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

_ID = re.compile(r"\b[SF]-[A-Z]{2,4}-[0-9]{3}\b")
_AREA = re.compile(r"^app/([a-z_]+)/")
_TITLE = re.compile(r'^    verbose_name = "([^"]+)"', re.MULTILINE)
_SOURCES = ("app", "backup", "cli", "disks", "monitoring", "network", "office", "playbooks", "roles", "ups")
_KINDS = {".py", ".yml", ".j2", ".html", ".js", ".sql"}
# Where the tests of a folder or file (the first that fits) show a requirement met: the part, and its code.
ROOMS = {
    "network": "網の導出と検査：network",
    "ups": "停電時の制御：ups",
    "backup": "控えと復元：backup",
    "disks": "ディスクの監視と交換：disks",
    "monitoring": "監視・報告・文書：monitoring",
    "inventory": "構成情報：inventory",
    "cli": "構築・運用の手順：cli",
    "lab": "双子環境：lab",
    "office": "文書の作成：office",
    "tests/documents": "監視・報告・文書：monitoring/documents",
    "tests/browser": "図書館システム（画面）：app",
    "tests/twin/test_network": "網の導出と検査：network",
    "tests/twin/test_mail": "網の導出と検査：network、roles/postfix",
    "tests/twin/test_power": "停電時の制御：ups",
    "tests/twin/test_battery": "停電時の制御：ups",
    "tests/twin/test_disks": "ディスクの監視と交換：disks",
    "tests/twin/test_backup": "控えと復元：backup",
    "tests/twin/test_isolation": "控えと復元：backup",
    "tests/twin/test_moments": "控えと復元：backup",
    "tests/twin/test_lost": "控えと復元：backup",
    "tests/twin/test_verbs": "構築・運用の手順：cli",
    "tests/twin/test_logs": "図書館システム（ログ）：app/logs、roles/log_server",
    "tests/twin/test_audit": "図書館システム（監査）：app/audit",
    "tests/twin/test_sealed": "図書館システム（監査）：app/audit",
    "tests/twin/test_monitoring": "監視・報告・文書：monitoring",
    "tests/twin/test_inspection": "監視・報告・文書：monitoring",
    "tests/twin/test_library": "図書館システム：app",
}


@dataclass(frozen=True)
class Places:
    """What a source tree says of its requirements."""

    areas: Mapping[str, str] = field(default_factory=dict)  # folder of app/ → its Japanese title
    named: Mapping[str, Sequence[str]] = field(default_factory=dict)  # requirement → the code that names it
    registers: Mapping[str, Sequence[str]] = field(default_factory=dict)  # requirement → titles of registers
    articles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # docs/delivery/compliance.yml

    def where(self, id_: str, tests: Sequence[str]) -> tuple[str, ...]:
        """Where it is met: parts of the system (from its tests), the means, the registers, and the code naming it."""
        means = self.articles.get(id_, {}).get("how", "")
        held = [f"台帳「{title}」" for title in self.registers.get(id_, ())]
        found = [*(self.room(test) for test in tests), *([means] if means else []), *held, *self.named.get(id_, ())]
        return tuple(dict.fromkeys(found))

    def records(self, id_: str, tests: Sequence[str], ran: str) -> tuple[str, ...]:
        """Where the evidence lies: the test report (`ran`: what its last run says), registers, records of operation."""
        report = [f"試験結果報告書 T-{id_}（{ran}）"] if ran else []
        measured = ["実測の記録 docs/measured"] if any("test_measured" in test for test in tests) else []
        record = self.articles.get(id_, {}).get("record", "")
        held = [f"台帳「{title}」" for title in self.registers.get(id_, ())]
        return tuple(dict.fromkeys([*report, *measured, *held, *([record] if record else [])]))

    def room(self, test: str) -> str:
        """The part of the system that a test belongs to."""
        if area := _AREA.match(test):
            return f"図書館システム（{self.areas.get(area[1], area[1])}）：app/{area[1]}"
        return next((word for path, word in ROOMS.items() if test.startswith(path)), "構成管理：playbooks、roles")


def read(root: Path) -> Places:
    """The places of a tree."""
    named: dict[str, list[str]] = defaultdict(list)
    for path in _code(root):
        for id_ in sorted(set(_ID.findall(path.read_text(encoding="utf-8", errors="replace")))):
            named[id_].append(path.relative_to(root).as_posix())
    registers: dict[str, list[str]] = defaultdict(list)
    for path in sorted((root / "app/registers/definitions").glob("*.yml")):
        row: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        for id_ in row.get("requirements", ()):
            registers[id_].append(str(row["title"]))
    articles = root / "docs/delivery/compliance.yml"
    return Places(
        areas=dict(_areas(root)),
        named=named,
        registers=registers,
        articles=yaml.safe_load(articles.read_text(encoding="utf-8")) if articles.exists() else {},
    )


def _areas(root: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(root.glob("app/*/apps.py")):
        if title := _TITLE.search(path.read_text(encoding="utf-8")):
            yield path.parent.name, title[1]


def _code(root: Path) -> Iterator[Path]:
    """The files of the tree that carry something out: neither tests, nor texts, nor the definitions of registers."""
    for folder in _SOURCES:
        for path in sorted((root / folder).rglob("*")):
            parts = path.relative_to(root).parts
            tested = "tests" in parts or path.name.startswith("test_") or "definitions" in parts
            if path.suffix in _KINDS and not tested and path.is_file():
                yield path
