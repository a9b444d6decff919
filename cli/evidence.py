"""What the verbs measured goes to the evidence store that reports quote, and to --json files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cli.context import Context, Refused
from monitoring.evidence import Evidence, write

Figures = dict[str, dict[str, Any]]


def figure(value: float, unit: str, goal: float | None = None, *, at_most: bool = True) -> dict[str, Any]:
    """One measured figure, with its goal and whether it was met."""
    met = None if goal is None else (value <= goal if at_most else value >= goal)
    return {"value": round(value, 3), "unit": unit, "goal": goal, "met": met}


def write_json(path: str | None, figures: Figures) -> None:
    """The file that `--json` asks for."""
    if path:
        Path(path).write_text(json.dumps({"figures": figures}, ensure_ascii=False, indent=1) + "\n")


def timing(context: Context, name: str, figures: dict[str, float], *, passed: bool) -> None:
    """Keep how long a deployment took."""
    now = datetime.now(UTC)
    write(
        context.state,
        Evidence(
            kind="deploy",
            name=name,
            started=now - timedelta(seconds=context.progress.total),
            finished=now,
            passed=passed,
            figures={key: float(value) for key, value in figures.items()},
            details={"title": "構築" if name == "up" else "変更の適用"},
            hosts=[host.name for host in context.twin.running()],
        ),
    )


def drill(
    context: Context,
    name: str,
    title: str,
    started: datetime,
    result: dict[str, Any],
    passed: bool,
    *,
    hosts: list[str] | None = None,
) -> None:
    """Keep what a drill did and measured. `hosts`: what it was done on; without it, what runs now."""
    figures = {key: float(row["value"]) for key, row in result.get("figures", {}).items() if row["value"] is not None}
    write(
        context.state,
        Evidence(
            kind="drill",
            name=name,
            started=started,
            finished=datetime.now(UTC),
            passed=passed,
            figures=figures,
            details={"title": title, **result.get("details", {})},
            hosts=[host.name for host in context.twin.running()] if hosts is None else hosts,
        ),
    )


@contextmanager
def begun(context: Context, name: str, title: str, started: datetime, hosts: list[str]) -> Iterator[None]:
    """What ends a drill before its verdict, an interruption too, is kept as one that was not passed, with the reason.

    An order that could not be meant (`Refused` with code 2) has begun nothing and is not kept.
    """
    try:
        yield
    except BaseException as error:
        if not (isinstance(error, Refused) and error.code == 2):
            interrupted = isinstance(error, (KeyboardInterrupt, SystemExit))
            reason = "interrupted" if interrupted else str(error) or type(error).__name__
            drill(context, name, title, started, {"details": {"aborted": reason}}, passed=False, hosts=hosts)
        raise
