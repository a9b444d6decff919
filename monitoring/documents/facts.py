"""What the documents are made from, gathered by cli/docs.py from every room and from the running console.

Everything is plain data, so that a document's builder can be tested with a handful of facts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from inventory import Inventory
from inventory.lifecycle import Register
from monitoring.evidence import Evidence
from monitoring.reports.matrix import Row

Table = tuple[Sequence[str], Sequence[Sequence[str]]]


@dataclass(frozen=True)
class Version:
    """One locked part: its version, the newest one (None: not looked up), and why they differ."""

    name: str
    version: str
    newest: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Facts:
    """The facts. `records` is what the console's `records` command prints, or None when it does not answer."""

    site: Inventory
    issued: date
    edition: str
    lifecycle: Register
    versions: Sequence[Version]
    versions_checked: str  # when the newest versions were looked up, empty when never
    texts: Mapping[str, Any]  # docs/delivery/*.yml by their names
    matrix: Sequence[Row]
    flows: Table
    dns: Sequence[tuple[str, str, str, str]]  # zone (公開/館内), name, type, value
    parameters: Mapping[str, Mapping[str, str]]  # host → file → text
    circuits: Sequence[tuple[str, str, str, str, str]]  # section, from, to, addresses, equipment
    diagram: bytes | None
    library: Mapping[str, Any]  # cli.structure of the library
    console: Mapping[str, Any]  # cli.structure of the console
    verbs: Sequence[tuple[str, str]]
    roles: Sequence[tuple[str, str, Mapping[str, Any]]]  # role, what it does, its options
    plays: Sequence[tuple[str, str, str]]  # playbook, play, hosts
    runbooks: Mapping[str, str]
    manual: Mapping[str, str]
    manual_changed: Mapping[str, tuple[str, str]]  # page → last revision: day, what changed
    own_files: Sequence[tuple[str, int]]  # folder of our own code, files
    registers: Sequence[tuple[str, str, Sequence[str]]]  # id, title, requirement ids
    evidence: Sequence[Evidence] = ()
    records: Mapping[str, Any] | None = None
    uptime: Mapping[str, float] = field(default_factory=dict)  # service → % of the last ninety days
    screenshots: Mapping[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> Any:
        """The content of docs/delivery/<name>.yml."""
        return self.texts[name]

    def approval(self, number: str) -> tuple[str, str] | None:
        """When the city approved a document (ISO date) and under which number, from the register `deliverables`."""
        for row in self.rows("deliverables"):
            if row["values"].get("document") == number and row.get("approved_on"):
                return str(row["approved_on"]), str(row.get("approval_number") or "")
        return None

    def rows(self, register: str) -> Sequence[Mapping[str, Any]]:
        """The rows of one of the console's registers; none when the console does not answer or does not have it."""
        registers = (self.records or {}).get("registers", {})
        rows: Sequence[Mapping[str, Any]] = registers.get(register, {}).get("rows", [])
        return rows

    def contact(self, role: str) -> str:
        """The name and person of a role of contacts.yml."""
        found = next((one for one in self.site.contacts.roles if one.id == role), None)
        return f"{found.name}（{found.person}）" if found else role


def texts(folder: Path) -> dict[str, Any]:
    """Every YAML file of docs/delivery by its stem."""
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.yml"))}
