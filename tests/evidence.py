"""Remembers what each test proved, so that the requirements matrix can quote it.

A pytest plugin (`-p tests.evidence`). A test names the requirements that it proves with
`@pytest.mark.req("F-CIR-001")`; after the run the outcome of every test that ran is merged into a JSON
file, one entry per test node id, the last run winning. The file is `results/tests.json` under the root,
or the path in the environment variable `KURA_RESULTS`.

    {"tests": {"<node id>": {"requirements": [...], "outcome": "passed|failed|skipped",
                             "title": "<Japanese, where the test has one>",
                             "date": "<ISO time, UTC>", "seconds": 0.01, "python": "3.11.2"}}}
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import json
import os
import platform
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

REQUIREMENTS = Path(__file__).parent / "requirements"


def known_requirements(folder: Path = REQUIREMENTS) -> frozenset[str]:
    """The ids of every row of the requirement files."""
    known: set[str] = set()
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as text:
            known.update(row["id"] for row in csv.DictReader(text))
    return frozenset(known)


def cited(item: pytest.Item) -> tuple[str, ...]:
    """The requirement ids a test names, nearest marker first, without repetition."""
    return tuple(dict.fromkeys(str(id_) for marker in item.iter_markers("req") for id_ in marker.args))


def results_path(root: Path) -> Path:
    """Where results go: `KURA_RESULTS` (relative to the root), or results/tests.json."""
    return root / os.environ.get("KURA_RESULTS", "results/tests.json")


def read_results(path: Path) -> dict[str, dict[str, Any]]:
    """The results by node id; empty when the file is missing or was never completed."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return dict(data["tests"])
    except (FileNotFoundError, json.JSONDecodeError, KeyError, TypeError, ValueError):
        return {}


def merge_results(path: Path, news: dict[str, dict[str, Any]]) -> None:
    """Put new results over the old ones of the same tests, atomically, whoever else is writing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(path.with_suffix(".lock")):
        there = read_results(path)
        merged = {**there, **{name: row for name, row in news.items() if not _ran_elsewhere(there.get(name), row)}}
        text = json.dumps({"tests": dict(sorted(merged.items()))}, ensure_ascii=False, indent=1)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def _ran_elsewhere(before: dict[str, Any] | None, now: dict[str, Any]) -> bool:
    """Whether a test that this Python skips has run on the project's other one: that result stands."""
    if before is None or now["outcome"] != "skipped" or before["outcome"] == "skipped":
        return False
    return bool(before.get("python") != now.get("python"))


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with path.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Recorder:
    """Collects the outcome of every test of one run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.requirements: dict[str, tuple[str, ...]] = {}
        self.titles: dict[str, str] = {}
        self.outcomes: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.dates: dict[str, str] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Refuse a run in which a test names a requirement that does not exist."""
        known = known_requirements()
        unknown = [(item, id_) for item in items for id_ in cited(item) if id_ not in known]
        if unknown:
            raise pytest.UsageError("\n".join(_sentences(unknown)))
        self.requirements.update({item.nodeid: cited(item) for item in items})
        self.titles.update(
            {item.nodeid: marker.args[0] for item in items if (marker := item.get_closest_marker("title"))}
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test passed only when its set-up, body and tear-down all did."""
        before = self.outcomes.get(report.nodeid, "passed")
        self.outcomes[report.nodeid] = max(before, report.outcome, key=("passed", "skipped", "failed").index)
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        self.dates[report.nodeid] = datetime.now(UTC).isoformat(timespec="seconds")

    def pytest_sessionfinish(self) -> None:
        """Write what ran, also after Ctrl-C: a test that was cut short has no entry."""
        if not self.outcomes:
            return
        news = {
            nodeid: {
                "requirements": list(self.requirements.get(nodeid, ())),
                "outcome": outcome,
                **({"title": self.titles[nodeid]} if nodeid in self.titles else {}),
                "date": self.dates[nodeid],
                "seconds": round(self.seconds[nodeid], 3),
                "python": platform.python_version(),
            }
            for nodeid, outcome in self.outcomes.items()
        }
        merge_results(results_path(self.root), news)


def _sentences(unknown: Iterable[tuple[pytest.Item, str]]) -> list[str]:
    return [
        f"{item.nodeid} cites requirement {id_!r}, which is in no file of tests/requirements/: "
        "correct the id or add the row."
        for item, id_ in unknown
    ]


def pytest_configure(config: pytest.Config) -> None:
    """Start recording for this run (not when tests are only listed)."""
    config.addinivalue_line("markers", "req(*ids): the requirement ids that this test proves")
    config.addinivalue_line("markers", "title(text): how a report names what the test checks, in Japanese")
    recorder = Recorder(config.rootpath)
    config.pluginmanager.register(recorder, "kura-evidence-recorder")
