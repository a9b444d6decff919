"""Is the archive what it was when its days were sealed? Compared with the chain here and the one kept elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from app.logs import archive


@dataclass
class Verified:
    """What a verification found. `faults` name file and day; none means that nothing was altered."""

    days: int = 0
    lines: int = 0
    bytes: int = 0
    statements: int = 0
    kept: int | None = None
    disposed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def verify(
    root: Path, kept: list[str] | None = None, since: str = "", tell: Callable[[str], None] = lambda _: None
) -> Verified:
    """Check the chain, its copy `kept` on another host (None: not asked), and every day from `since` (`2026/11/22`)."""
    result = Verified()
    lines = archive.statements(root)
    result.statements = len(lines)
    result.faults += _links(lines)
    if kept is not None:
        result.kept = len(kept)
        result.faults += _against(lines, kept)
        # Where both differ, what others keep is believed: else whoever can write here says what is right.
        lines = kept + lines[len(kept) :]
    try:
        said = list(archive.said(lines))
    except archive.Damaged as error:
        result.faults.append(str(error))
        return result
    gone = {name for row in said if "disposal" in row for name in row["days"]}
    result.disposed = [
        f"{row['days'][0]}–{row['days'][-1]} 申請 {row['asked_by']} 承認 {row['approved_by']} 実施 {row['at']}"
        for row in said
        if "disposal" in row
    ]
    sealed = {str(row["day"]): row for row in said if "day" in row}
    for name, row in sealed.items():
        if name in gone:
            if (root / name).exists():
                result.faults.append(f"{name}: 廃棄したはずの記録が残っています")
        elif name >= since:
            tell(name)
            _day(root, name, row, result)
    result.faults += [f"{name}: 封印されていない日です" for name in archive.day_folders(root) if name not in sealed]
    return result


def _links(lines: list[str]) -> list[str]:
    previous = archive.GENESIS
    try:
        for number, (text, row) in enumerate(zip(lines, archive.said(lines), strict=True), 1):
            if row["number"] != number or row["previous"] != previous:
                return [f"封印 {number}: 前の封印とつながっていません"]
            previous = archive.digest(text)
    except archive.Damaged as error:
        return [str(error)]
    return []


def _against(lines: list[str], kept: list[str]) -> list[str]:
    faults = [
        f"封印 {number}: 保管先の写しと違います"
        for number, (here, there) in enumerate(zip(lines, kept, strict=False), 1)
        if here != there
    ]
    if len(kept) > len(lines):
        faults.append(f"封印 {len(lines) + 1}–{len(kept)}: 保管先にある封印がここにありません")
    return faults


def _day(root: Path, name: str, row: dict[str, Any], result: Verified) -> None:
    path = root / name / archive.INDEX
    if not path.exists():
        result.faults.append(f"{name}: 記録がありません")
        return
    if archive.checksum(path) != row["index"]:
        result.faults.append(f"{name}/{archive.INDEX}: 封印と違います")
    try:
        day = archive.index(root, name)
    except archive.Damaged as error:
        result.faults.append(str(error))
        return
    for known, checksum in day.checksums.items():
        file = root / name / known
        if not file.exists():
            result.faults.append(f"{name}/{known}: 記録がありません")
        elif archive.checksum(file) != checksum:
            result.faults.append(f"{name}/{known}: 封印した時から変わっています")
    listed = {archive.INDEX, *day.checksums}
    extra = sorted(path.name for path in (root / name).iterdir() if path.name not in listed)
    result.faults += [f"{name}/{extra_name}: 封印した時にはなかったファイルです" for extra_name in extra]
    result.days += 1
    result.lines += day.lines
    result.bytes += day.bytes
