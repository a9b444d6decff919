"""Every run of a playbook records itself: who, when, why, which hosts, what it changed, how it ended.

The record goes to the evidence store of the controller (`<state>/evidence/work`), and from there to the console when
its host answers. What a file holds never enters a record: only its path, and how many lines came and went.
"""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ansible import context
from ansible.plugins.callback import CallbackBase

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from inventory import load
from monitoring import delivery
from monitoring.evidence import Evidence, write

DOCUMENTATION = """
name: kura_record
type: notification
short_description: Records each run of a playbook as evidence of work
description:
  - Writes one record per run into the evidence store and delivers it to the operations console.
  - The variable C(kura_work_reason) says why; the environment variable C(KURA_BY) who, if not the user signed in.
"""

TITLES = {
    "site": "構成の適用",
    "backup": "バックアップの実行",
    "restore": "復元",
    "demo": "練習用データの投入",
    "replace_disk": "ディスクの交換",
    "patch": "修正の適用",
}
MOST_CHANGES = 1000
MOST_FAILURES = 20
SECONDS = 8


class CallbackModule(CallbackBase):
    """Listens to the run and writes its record at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "kura_record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self.started = datetime.now(UTC)
        self.playbook = "playbook"
        self.variables: dict[str, Any] = {}
        self.extra: dict[str, Any] = {}
        self.changes: list[dict[str, str]] = []
        self.failures: list[str] = []

    def v2_playbook_on_start(self, playbook: Any) -> None:
        """Which playbook."""
        self.started = datetime.now(UTC)
        self.playbook = Path(playbook._file_name).stem

    def v2_playbook_on_play_start(self, play: Any) -> None:
        """Where the evidence store is; what the run was told."""
        manager = play.get_variable_manager()
        self.extra = dict(manager.extra_vars)
        everybody = manager._inventory.groups.get("all")
        self.variables = dict(everybody.get_vars()) if everybody else {}

    def v2_runner_on_ok(self, result: Any) -> None:
        """Keep what was changed."""
        told = result._result
        if told.get("changed"):
            task, quiet = result._task.get_name().strip(), bool(result._task.no_log)
            row = {"host": result._host.get_name(), "task": task, "diff": "" if quiet else summary(told)}
            self.changes.append(row)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """Keep what failed, unless that was expected."""
        if not ignore_errors:
            said = "" if result._task.no_log else str(result._result.get("msg", ""))
            self._fail(result, said)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """Keep which host did not answer."""
        self._fail(result, "応答なし")

    def _fail(self, result: Any, said: str) -> None:
        self.failures.append(f"{result._host.get_name()}: {result._task.get_name().strip()}: {said[:300]}")

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write the record and hand it over. Trouble with either is said and never fails the run."""
        state, folder = self.variables.get("kura_state"), self.variables.get("kura_inventory")
        if not state or not folder:
            return
        try:
            write(Path(state), self.record(stats))
        except (OSError, ValueError) as error:
            self._display.warning(f"this run could not be recorded: {error}")
            return
        try:
            self._deliver(Path(state), str(folder))
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self._display.vv(f"the record waits for the console: {error}")

    def record(self, stats: Any) -> Evidence:
        """The run as evidence."""
        hosts = sorted(host for host in stats.processed if host != "localhost")
        counts = [stats.summarize(host) for host in stats.processed]
        names = {"ok": "ok", "changed": "changed", "failed": "failures", "unreachable": "unreachable"}
        totals = {key: float(sum(row[name] for row in counts)) for key, name in names.items()}
        title = TITLES.get(self.playbook, self.playbook)
        limits = (
            [f"タグ {', '.join(tags)}"] if (tags := [t for t in context.CLIARGS.get("tags", ()) if t != "all"]) else []
        )
        return Evidence(
            kind="work",
            name=self.playbook.lower().replace("_", "-"),
            started=self.started,
            finished=datetime.now(UTC),
            passed=not (totals["failed"] or totals["unreachable"]),
            figures=totals,
            details={
                "title": f"{title}（{'、'.join(limits)}）" if limits else title,
                "by": os.environ.get("KURA_BY") or os.environ.get("SUDO_USER") or getpass.getuser(),
                "reason": str(self.extra.get("kura_work_reason", "")),
                "playbook": self.playbook,
                "check": bool(context.CLIARGS.get("check")),
                "changes": self.changes[:MOST_CHANGES],
                "changes_left_out": max(0, len(self.changes) - MOST_CHANGES),
                "failures": self.failures[:MOST_FAILURES],
            },
            hosts=hosts,
        )

    def _deliver(self, state: Path, folder: str) -> None:
        host = load(folder).service("console").hosts[0]
        running = self.extra.get("kura_twin_hosts")
        if running is not None and host.name not in running:
            return
        arguments = os.environ.get("ANSIBLE_SSH_ARGS", "").split()
        argv = ["ssh", *arguments, "-o", "BatchMode=yes", "-o", "ConnectTimeout=4", f"root@{host.management}"]

        def shell(command: str, sent: bytes) -> tuple[int, bytes]:
            done = subprocess.run([*argv, command], input=sent, capture_output=True, timeout=SECONDS, check=False)
            return done.returncode, done.stdout

        delivery.deliver(state, shell)


def summary(result: dict[str, Any]) -> str:
    """What a changed task changed, without any content: paths, and how many lines came and went."""
    lines = list(dict.fromkeys(_told(result)))
    return "\n".join(lines[:40])


def _said(result: dict[str, Any]) -> list[str]:
    """What a program of ours left for the record: the last line of its output is JSON with sentences in `record`."""
    try:
        last = json.loads(str(result.get("stdout", "")).splitlines()[-1])
    except (IndexError, ValueError):
        return []
    said = last.get("record") if isinstance(last, dict) else None
    return [str(line) for line in said] if isinstance(said, list) else []


def _told(result: dict[str, Any]) -> Iterator[str]:
    yield from _said(result)
    rows = result.get("diff") or []
    named = False
    for row in [rows] if isinstance(rows, dict) else rows:
        path = str(row.get("after_header") or row.get("before_header") or "").removesuffix(" (content)")
        before, after = row.get("before"), row.get("after")
        if isinstance(before, str) and isinstance(after, str) and path:
            old, new = before.splitlines(), after.splitlines()
            came = len(new) - sum(line in set(old) for line in new)
            gone = len(old) - sum(line in set(new) for line in old)
            named = True
            yield f"{path} +{came} -{gone}"
    if not named:
        yield from (str(path) for path in result.get("changed_paths") or [])
        for key in ("dest", "path", "name"):
            if isinstance(result.get(key), str) and not result.get("changed_paths"):
                yield str(result[key])
                break
    for item in result.get("results") or []:
        if isinstance(item, dict) and item.get("changed") and not item.get("_ansible_no_log"):
            yield from _told(item)
