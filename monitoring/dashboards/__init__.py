"""Dashboards as data: the YAML files beside this module, checked on loading, drawn by the console.

A panel holds PromQL, a unit and thresholds; whoever draws it needs to know nothing else. A row with `question`
is answered by the worst of its panels: that is the overview.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from inventory import Host, Inventory

FOLDER = Path(__file__).parent

Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Query(_Part):
    """One PromQL expression; `legend` names a series from its labels: `{host} {mountpoint}`."""

    expr: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    legend: Text


class Thresholds(_Part):
    """Where a value becomes worth watching and where it is bad: `high` when more is worse, `low` when less is."""

    worse: Literal["high", "low"]
    warn: float
    bad: float

    @model_validator(mode="after")
    def _ordered(self) -> Thresholds:
        if (self.worse == "high") != (self.warn <= self.bad) and self.warn != self.bad:
            raise ValueError("warn must come before bad")
        return self


class Report(_Part):
    """How the reports draw a panel: the name of its line, every how many seconds a point, and whether a point is the
    mean of the seconds before it (a rate over so long is one already)."""

    name: Text
    step: Annotated[int, Field(ge=60)]
    mean: bool = True


class Panel(_Part):
    """One drawing: `state` shows the newest values judged by thresholds, `lines` their course."""

    id: Id
    title: Text
    kind: Literal["state", "lines"]
    unit: Literal[
        "up", "yes", "percent", "bytes", "bytes_per_second", "seconds", "duration", "count", "per_second", "days"
    ]
    queries: Annotated[list[Query], Field(min_length=1, max_length=6)]
    thresholds: Thresholds | None = None
    note: Text | None = None
    runbook: Annotated[str, StringConstraints(pattern=r"^[a-z-]+(#[A-Za-z]+)?$")] | None = None
    report: Report | None = Field(default=None, exclude=True)  # nothing that a console draws needs it


class Answers(_Part):
    """What a question row says when its worst panel is ok, to watch, bad, or has no measurement."""

    ok: Text
    watch: Text
    bad: Text
    unknown: Text


class Row(_Part):
    """Panels side by side under one heading; with `question` the heading asks and the worst panel answers."""

    id: Id
    title: Text
    question: Answers | None = None
    panels: Annotated[list[Panel], Field(min_length=1)]

    @model_validator(mode="after")
    def _judged(self) -> Row:
        if self.question and any(panel.kind != "state" or panel.thresholds is None for panel in self.panels):
            raise ValueError("every panel of a question is a state with thresholds")
        return self


class Dashboard(_Part):
    """One page of panels. `order` is its place in the menu; the first answers the questions."""

    id: Id
    title: Text
    order: int
    rows: Annotated[list[Row], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> Dashboard:
        ids = [panel.id for row in self.rows for panel in row.panels]
        if len(set(ids)) != len(ids):
            raise ValueError("panel ids must differ")
        return self


def load() -> tuple[Dashboard, ...]:
    """Every dashboard in menu order; pydantic.ValidationError says what is wrong with a file."""
    found = [Dashboard.model_validate(yaml.safe_load(path.read_text("utf-8"))) for path in sorted(FOLDER.glob("*.yml"))]
    return tuple(sorted(found, key=lambda dashboard: dashboard.order))


def expressions() -> tuple[str, ...]:
    """Every PromQL expression that stands in a dashboard, without repetition: all that the console may ask."""
    panels = [panel for board in load() for row in board.rows for panel in row.panels]
    return tuple(dict.fromkeys(query.expr for panel in panels for query in panel.queries))


def charted() -> dict[str, Panel]:
    """The panels that the reports chart, by their ids, in the order of the dashboards."""
    return {panel.id: panel for board in load() for row in board.rows for panel in row.panels if panel.report}


def document(site: Inventory, host: Host) -> list[dict[str, object]]:
    """All dashboards as plain data, for the console's configuration on the monitoring host."""
    return [dashboard.model_dump() for dashboard in load()]
