"""The periodic inspection: the results of a run of tests, as evidence that reports quote."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from monitoring.evidence import Evidence, Item

_PASSED: dict[str, bool | None] = {"passed": True, "failed": False, "skipped": None}


def from_results(results_json: Path, hosts: Sequence[str], by: str = "", title: str = "定期点検") -> Evidence:
    """Evidence of kind `inspection` from the results file of one run (of tests/evidence.py; KURA_RESULTS names it).

    A test's `@pytest.mark.title("…")` is the point's title; tests of one title, run against several hosts, are one
    point. A point fails when it failed on any host, and counts as not done when it was skipped on any. `by` says who
    inspected. ValueError when nothing ran: an inspection of nothing is none.
    """
    tests: dict[str, dict[str, Any]] = json.loads(results_json.read_text(encoding="utf-8"))["tests"]
    if not tests:
        raise ValueError(f"{results_json}: no test ran, so there is no inspection to record")
    points: dict[str, list[tuple[str, bool | None]]] = {}
    for nodeid, entry in tests.items():
        points.setdefault(_title(nodeid, entry), []).append((_host(nodeid, hosts), _PASSED[entry["outcome"]]))
    items = [_point(name, seen) for name, seen in points.items()]
    ends = [datetime.fromisoformat(entry["date"]) for entry in tests.values()]
    starts = [end - timedelta(seconds=entry["seconds"]) for end, entry in zip(ends, tests.values(), strict=True)]
    counts = {result: sum(item.passed is result for item in items) for result in (True, False, None)}
    return Evidence(
        kind="inspection",
        name="periodic",
        started=min(starts),
        finished=max(ends),
        passed=counts[True] == len(items),
        figures={"points": len(items), "passed": counts[True], "failed": counts[False], "not_done": counts[None]},
        details={"title": title, "by": by, "items": [item.model_dump(mode="json") for item in items]},
        hosts=list(hosts),
    )


def _title(nodeid: str, entry: dict[str, Any]) -> str:
    test = nodeid.partition("[")[0].rpartition("::")[2]
    return str(entry.get("title") or test.removeprefix("test_").replace("_", " "))


def _host(nodeid: str, hosts: Sequence[str]) -> str:
    """The host a test ran against, from its parameter (`[ssh://app1]`); empty when it names none."""
    words = re.findall(r"[a-z0-9-]+", nodeid.partition("[")[2])
    return next((host for host in hosts if host in words), "")


def _point(title: str, seen: Sequence[tuple[str, bool | None]]) -> Item:
    results = [passed for _, passed in seen]
    passed = False if False in results else (None if None in results else True)
    failed = [host for host, result in seen if result is False and host]
    skipped = [host for host, result in seen if result is None and host]
    notes = [f"{word}: {', '.join(names)}" for word, names in (("不合格", failed), ("未実施", skipped)) if names]
    return Item(title=title, passed=passed, note=" / ".join(notes), hosts=tuple(dict.fromkeys(h for h, _ in seen if h)))
