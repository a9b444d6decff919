"""Runbooks: what the person on duty does first. Markdown in docs/runbooks, one file a subject, one heading an alert."""

from __future__ import annotations

import re
from pathlib import Path

from inventory import Host, Inventory

FOLDER = Path(__file__).parents[1] / "docs" / "runbooks"


def document(site: Inventory, host: Host) -> dict[str, str]:
    """Runbook name → Markdown, for the console's configuration."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}


def headings(name: str) -> frozenset[str]:
    """The second-level headings of a runbook: what `name#heading` may point at. FileNotFoundError without the file."""
    return frozenset(re.findall(r"^## (.+?)\s*$", (FOLDER / f"{name}.md").read_text(encoding="utf-8"), re.MULTILINE))
