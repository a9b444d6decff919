"""The evidence store: dated records of what was done and measured, which the reports quote.

One JSON file per occasion, never changed afterwards:

    <state>/evidence/<kind>/<start, UTC, as 20260701T020000Z>-<name>.json

    {"kind": "drill", "name": "restore-database",
     "started": "2026-07-01T02:00:00+00:00", "finished": "2026-07-01T02:04:10+00:00", "passed": true,
     "figures": {"seconds": 250.0, "rows": 1190000},      numbers that reports tabulate
     "details": {"title": "データベースの復元", "by": "小林 直樹", "items": [...]},   anything else worth keeping
     "hosts": ["db1", "bak1"]}

`details` has four agreed keys, all optional: `title` (Japanese, for reports), `by` (who did it), `items` (a list of
{"title", "passed", "note", "hosts"}; an inspection's points, a drill's steps) and `aborted` (why it did not come to its
end; it is not passed then). A point that was not done has `passed` null.
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError, model_validator

Kind = Literal["drill", "inspection", "backup", "deploy", "bench", "test", "work"]


class EvidenceError(Exception):
    """A file of the evidence store does not say what evidence must say; the message names the file."""


class Item(BaseModel):
    """One point of an inspection or one step of a drill. `passed` None: it was not done."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, Field(min_length=1)]
    passed: bool | None
    note: str = ""
    hosts: tuple[str, ...] = ()


class Evidence(BaseModel):
    """What happened on one occasion. Times carry their zone; each figure's key names its unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=80)]
    started: AwareDatetime
    finished: AwareDatetime
    passed: bool
    figures: dict[str, FiniteFloat] = {}
    details: dict[str, Any] = {}
    hosts: list[str] = []

    @model_validator(mode="after")
    def _ends_after_it_began(self) -> Self:
        if self.finished < self.started:
            raise ValueError(f"finished {self.finished.isoformat()} lies before started {self.started.isoformat()}")
        _ = self.items
        return self

    @property
    def title(self) -> str:
        """What reports call it: `details.title`, or else the name."""
        return str(self.details.get("title") or self.name)

    @property
    def by(self) -> str:
        """Who did it, or an empty text when nobody was recorded."""
        return str(self.details.get("by") or "")

    @property
    def aborted(self) -> str:
        """Why it ended before its verdict; an empty text when it came to one."""
        return str(self.details.get("aborted") or "")

    @property
    def items(self) -> tuple[Item, ...]:
        """The points or steps, in order."""
        return tuple(Item.model_validate(row) for row in self.details.get("items", []))

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.finished - self.started).total_seconds()


def write(state_dir: Path, evidence: Evidence) -> Path:
    """Store one record, atomically, and return its path. FileExistsError when that occasion is already recorded."""
    folder = state_dir / "evidence" / evidence.kind
    folder.mkdir(parents=True, exist_ok=True)
    started = evidence.started.astimezone(UTC)
    path = folder / f"{started:%Y%m%dT%H%M%SZ}-{evidence.name}.json"
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(evidence.model_dump_json(indent=1) + "\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o640)
        os.link(name, path)  # refuses, unlike a rename, to replace an earlier record
    finally:
        Path(name).unlink(missing_ok=True)
    return path


def read(
    state_dir: Path, kind: Kind | None = None, since: datetime | None = None, until: datetime | None = None
) -> list[Evidence]:
    """The records that started in [since, until), oldest first; of every kind when none is named.

    Raises EvidenceError for a file that is not valid evidence: a damaged record must not vanish from a report.
    """
    found = []
    for path in sorted((state_dir / "evidence").glob(f"{kind or '*'}/[!.]*.json")):
        try:
            evidence = Evidence.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise EvidenceError(f"{path}: not valid evidence: {error}") from error
        if evidence.kind != path.parent.name:
            raise EvidenceError(f"{path}: says kind {evidence.kind!r} but lies in the folder of {path.parent.name!r}")
        if (since is None or evidence.started >= since) and (until is None or evidence.started < until):
            found.append(evidence)
    return sorted(found, key=lambda evidence: (evidence.started, evidence.kind, evidence.name))
