"""Writing a delivery: every document, what changed since the last one, the checksums, and the medium's label.

The folder holds the documents, `網機器の設定/` (the routers' settings as files), `目録.xlsx`, `SHA256SUMS.txt`,
`媒体ラベル.docx` and `manifest.json`. The manifest keeps a checksum of every row of every table, so that the next
delivery can say what changed without keeping the old documents.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from monitoring.documents.catalogue import PRODUCTS, Product
from monitoring.documents.facts import Facts
from monitoring.reports import matrix
from office import excel, office, pages, paper, word
from office.document import Cell, Chapter, Chart, Cover, Heading, Listing, Picture, Table
from office.office import era

MATRIX = "TST-001"
MANIFEST = "manifest.json"
SUMS = "SHA256SUMS.txt"
COPIES = "網機器の設定"
Parts = dict[str, dict[str, str]]
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Change:
    """How one part of a document differs from the last delivery: rows by their first cells."""

    document: str
    part: str
    added: Sequence[str]
    removed: Sequence[str]
    changed: Sequence[str]


def write(facts: Facts, out: Path, last: Mapping[str, Any] | None, progress: Progress, only: str = "") -> list[Path]:
    """Write the delivery into a folder and return its files. Equal facts give equal bytes.

    `last` is the manifest of the delivery before, if there is one; `only` a document's number to write that alone
    (then there is no manifest and no list). ValueError when `only` is no document's number.
    """
    chosen = [one for one in PRODUCTS if only in ("", one.number, one.file(_prefix(facts)).split("_")[0])]
    if not chosen:
        raise ValueError(f"{only!r} is no document: one of {', '.join(one.number for one in PRODUCTS)}")
    out.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    parts: dict[str, Parts] = {}
    for one in chosen:
        body = one.build(facts)
        files.append(document(facts, one, body, out))
        parts[one.number] = parts_of(body)
        progress(files[-1].name)
    if only:
        return files
    parts[MATRIX] = matrix_parts(facts)
    sheet = out / f"{_prefix(facts)}-{MATRIX}_{matrix.TITLE}.xlsx"
    matrix.write_xlsx(sheet, facts.matrix, facts.site, facts.issued, facts.edition)
    files += [sheet, *_copies(facts, out), _changes_document(facts, compare(last, parts), last, out)]
    files.append(_list(facts, files, out))
    manifest = out / MANIFEST
    manifest.write_text(_json({"issued": facts.issued.isoformat(), "edition": facts.edition, "parts": parts}))
    files.append(manifest)
    files.append(_label(facts, files, out))
    sums = out / SUMS
    sums.write_text("".join(f"{office.sha256(path)}  {path.relative_to(out).as_posix()}\n" for path in sorted(files)))
    return [*files, sums]


def document(facts: Facts, one: Product, body: Sequence[Chapter], out: Path) -> Path:
    """Write one document."""
    path = out / one.file(_prefix(facts))
    head, stamp = cover(facts, one.number, one.title), _stamp(facts)
    if one.form == "excel":
        excel.write(path, head, body, stamp, suffix="")
        return path
    if one.form == "sheet":
        blocks = [block for chapter in body for block in chapter.blocks]
        number, day = head.facts[0][1], era(facts.issued)
        paper.write(path, paper.Paper(one.title, number, day, head.addressee, head.author, (), blocks, ()), stamp)
        return path
    word.write(path, head, body, stamp)
    if numbers := pages.chapter_pages(path, body):
        word.write(path, head, body, stamp, numbers)
    return path


def cover(facts: Facts, number: str, title: str) -> Cover:
    """The first page: number, edition, when made and when approved."""
    whole = f"{_prefix(facts)}-{number}"
    approval = facts.approval(whole)
    approved = f"{approval[0]}（{approval[1]}）" if approval else "未承認"
    return Cover(
        title=title,
        subtitle=f"{facts.site.organisation.name} 情報システム",
        facts=[("文書番号", whole), ("版", facts.edition), ("作成日", era(facts.issued)), ("市の承認日", approved)],
        addressee=f"{facts.site.organisation.city}　御中",
        author=facts.site.organisation.vendor,
    )


def parts_of(body: Sequence[Chapter]) -> Parts:
    """Checksums of a document: for every chapter its text, for every table each row by its first cells."""
    found: Parts = {}
    for chapter in body:
        said: list[str] = []
        for block in chapter.blocks:
            if isinstance(block, Table):
                part = found.setdefault(f"{chapter.title} / {block.title}", {})
                for row in block.rows:
                    key = " ".join(str(cell) for cell in row[:2] if cell not in (None, ""))[:80]
                    while key in part:
                        key += "’"
                    part[key] = _short(repr(row))
            else:
                said.append(_said(block))
        if said:
            found.setdefault(f"{chapter.title} / 本文", {})["本文"] = _short("\n".join(said))
    return found


def matrix_parts(facts: Facts) -> Parts:
    """Checksums of the matrix: every requirement without the days of its tests, which are new in each delivery."""
    return {"要件": {row.id: _short(repr(replace(row, date="", evidence=()))) for row in facts.matrix}}


def _said(block: str | Heading | Listing | Chart | Picture | Table) -> str:
    if isinstance(block, Picture):
        return f"{block.title} {hashlib.sha256(block.png or b'').hexdigest()}"
    return repr(block)


def compare(last: Mapping[str, Any] | None, parts: Mapping[str, Parts]) -> list[Change]:
    """What differs from the manifest of the last delivery; empty without one."""
    found: list[Change] = []
    if last is None:
        return found
    before: Mapping[str, Parts] = last["parts"]
    for number in [*parts, *(gone for gone in before if gone not in parts)]:
        new, old = parts.get(number, {}), before.get(number, {})
        for part in [*new, *(gone for gone in old if gone not in new)]:
            here, there = new.get(part, {}), old.get(part, {})
            change = Change(
                number, part,
                [key for key in here if key not in there],
                [key for key in there if key not in here],
                [key for key in here if key in there and here[key] != there[key]],
            )  # fmt: skip
            if change.added or change.removed or change.changed:
                found.append(change)
    return found


def _changes_document(facts: Facts, changes: Sequence[Change], last: Mapping[str, Any] | None, out: Path) -> Path:
    titles = {one.number: one.title for one in PRODUCTS} | {MATRIX: matrix.TITLE}
    rows: list[list[Cell]] = [
        [
            change.document,
            titles.get(change.document, "（廃止）"),
            change.part,
            *map(_few, (change.added, change.removed, change.changed)),
        ]
        for change in changes
    ]
    said = (
        f"前回（{last['issued']}、{last['edition']}）の納品からの変更を、文書と表ごとに示す。"
        if last
        else "最初の納品であり、比べる前回の納品はない。"
    )
    heads = ("文書", "題名", "章 / 表", "加わったもの", "なくなったもの", "変わったもの")
    empty = "変更なし" if last else "最初の納品"
    body = [Chapter("変更", [said, Table("変更の一覧", heads, rows, (1.4, 2.4, 2.8, 3, 3, 3), empty=empty)])]
    path = out / f"{_prefix(facts)}-DLV-001_前回の納品からの変更.docx"
    word.write(path, cover(facts, "DLV-001", "前回の納品からの変更"), body, _stamp(facts))
    return path


def _few(keys: Sequence[str]) -> str:
    shown = "\n".join(keys[:12])
    return shown + (f"\nほか{len(keys) - 12}件" if len(keys) > 12 else "")


def _copies(facts: Facts, out: Path) -> list[Path]:
    """The settings of the network equipment, file by file."""
    made = []
    for host in facts.site.twin:
        if host.kind == "router":
            for name, text in facts.parameters.get(host.name, {}).items():
                path = out / COPIES / host.name / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
                made.append(path)
    return made


def _list(facts: Facts, files: Sequence[Path], out: Path) -> Path:
    """目録: every file with its checksum; itself, the label and the checksum file follow in SHA256SUMS.txt."""
    rows: list[list[Cell]] = [
        [number, path.relative_to(out).as_posix(), path.stat().st_size, office.sha256(path)]
        for number, path in enumerate(sorted(files), start=1)
    ]
    table = Table("目録", ("番号", "ファイル", "大きさ（バイト）", "SHA-256"), rows, (0.8, 5, 1.6, 7))
    path = out / f"{_prefix(facts)}-DLV-002_目録.xlsx"
    excel.write(path, cover(facts, "DLV-002", "納入目録"), [Chapter("目録", [table])], _stamp(facts), suffix="")
    return path


def _label(facts: Facts, files: Sequence[Path], out: Path) -> Path:
    """媒体ラベル: project, contractor, date, content, format."""
    endings: dict[str, int] = defaultdict(int)
    names = {".docx": "Microsoft Word（docx）", ".xlsx": "Microsoft Excel（xlsx）"}
    for path in files:
        endings[names.get(path.suffix, "テキスト")] += 1
    site = facts.site.organisation
    sheet = paper.Paper(
        title="納入媒体",
        number=f"{_prefix(facts)}-DLV-003",
        date="",
        facts=[
            ("事業名", f"{site.name} 情報システム更新事業"),
            ("実施事業者名", site.vendor),
            ("納品期日", era(facts.issued)),
            ("データ内容", f"納入文書一式（計画・設計・試験・手引き・台帳）{len(files)}ファイル"),
            ("データ形式", "、".join(f"{name} {count}" for name, count in sorted(endings.items()))),
        ],
        seals=(),
    )
    path = out / f"{_prefix(facts)}-DLV-003_媒体ラベル.docx"
    paper.write(path, sheet, _stamp(facts))
    return path


def verify(folder: Path) -> list[str]:
    """The files of a delivery whose checksums are wrong, that are missing, or that the list does not know."""
    wanted = {}
    for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        wanted[name] = digest
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    there.pop(SUMS, None)
    wrong = [name for name, digest in wanted.items() if name not in there or office.sha256(there[name]) != digest]
    return sorted({*wrong, *(name for name in there if name not in wanted)})


def _prefix(facts: Facts) -> str:
    return facts.site.organisation.document_prefix


def _stamp(facts: Facts) -> datetime:
    return datetime(facts.issued.year, facts.issued.month, facts.issued.day)  # noqa: DTZ001 - a date inside a file


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
