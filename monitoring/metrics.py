"""Which metrics an expression names, and which metrics exist: so that no panel and no alert can be dead."""

from __future__ import annotations

import re
from pathlib import Path

RECORDED = Path(__file__).parent / "recorded"

_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
_LABELS = re.compile(r"\{[^{}]*\}")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_RANGES = re.compile(r"\[[^\[\]]*\]")
_NAMES = re.compile(r"(?<![\w:.])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])")
_WORDS = frozenset(("and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring", "inf", "nan"))


def named(expr: str) -> frozenset[str]:
    """Names of the metrics that a PromQL expression reads."""
    bare = _GROUPING.sub(" ", _RANGES.sub(" ", _LABELS.sub(" ", _STRINGS.sub('""', expr))))
    return frozenset(name for name in _NAMES.findall(bare) if name.lower() not in _WORDS)


def recorded() -> dict[str, frozenset[str]]:
    """Exporter → metric names of a scrape of it, from `recorded/<exporter>.txt` (lines starting `#` are remarks)."""
    return {
        path.stem: frozenset(
            line.strip() for line in path.read_text("utf-8").splitlines() if line.strip() and not line.startswith("#")
        )
        for path in sorted(RECORDED.glob("*.txt"))
    }


def names_of(scrape: str) -> list[str]:
    """Sorted metric names of a scrape in Prometheus' text format: how a recording is made."""
    return sorted({re.split(r"[{\s]", line, maxsplit=1)[0] for line in scrape.splitlines() if line and line[0] != "#"})
