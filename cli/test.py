"""`./kura test`: everything that must hold, or a part of it.

The stages, in order: lint (style, types, import rules), unit (the controller's Python and Debian 13's 3.13, a real
PostgreSQL 17), twin (molecule: create, check, converge, idempotence, verify), browser (Chromium on the twin's
terminals). A twin of its own (`KURA_INSTANCE=kt`) serves all tests and is gone afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from cli import bundle, deploy, preflight
from cli.context import Context, Refused
from lab import paths, workshop
from lab.twin import Twin

# Beside the inventory's own list: a counter, for the browser tests.
MORE_HOSTS = ["staff-nagano-1"]
ON_TWIN = ("tests/twin", "tests/browser")
ROOMS = ["inventory", "network", "ups", "backup", "disks", "office", "monitoring", "app", "lab", "cli", "tests"]
# What runs on the hosts, and so on Debian 13's Python.
ON_HOSTS = ["inventory", "network", "ups", "backup", "disks", "office", "app"]
# Molecule's steps, and those of them that are enough for a test that was named.
TWIN = ("create", "check", "converge", "idempotence", "side-effect", "verify")
MAKING = ("create", "converge", "side-effect")
STAGES = ["lint", "unit", "twin", "browser"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("paths", nargs="*", help="test paths, or stages: " + ", ".join(STAGES))
    parser.add_argument("--keep", action="store_true", help="leave the tests' twin running afterwards")


def main(context: Context) -> int:
    """Run the stages; every stage runs even when an earlier one failed, and all failures are told at the end."""
    given = context.arguments.paths
    began = datetime.now(UTC)
    runner = Runner(context)
    with context.progress.step("set-up"):
        preflight.lab(context.progress)
        preflight.debian(preflight.TEST_PACKAGES, context.progress)
    stages = [name for name in STAGES if name in given] or ([] if given else STAGES)
    workshop_was_up = workshop.is_up()
    try:
        if not given and Twin(context.site).mark.exists():
            # Hosts that an interrupted run left have seen other code, other loans and a power cut: nothing they show
            # would be worth landing by.
            runner.stage("twin: what was left goes", [sys.executable, "-m", "cli", "down", "--keep-workshop"])
        for name in stages:
            {"lint": runner.lint, "unit": runner.unit, "twin": runner.twin, "browser": runner.browser}[name]()
        if chosen := [path for path in given if path not in STAGES]:
            runner.chosen(chosen)
    finally:
        # Also after Ctrl-C: what this run started goes, what was there stays.
        if "twin" in stages and not context.arguments.keep:
            runner.stage("twin: down", [sys.executable, "-m", "cli", "down", "--keep-workshop"])
            runner.stage("twin: nothing is left", [sys.executable, "-m", "cli.leftovers"])
        if not given and not workshop_was_up:
            workshop.stop()
    return runner.summary(began)


class Runner:
    """Runs stages and remembers which failed."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.results = context.root / "results"
        self.results.mkdir(exist_ok=True)
        self.failed: list[str] = []
        self.said: list[str] = []
        if "KURA_INSTANCE" not in os.environ:
            whole = any(name in ("twin", "browser") for name in context.arguments.paths) or not context.arguments.paths
            os.environ["KURA_INSTANCE"] = (
                "kt" if whole or _runs(context, "kt") or not _runs(context, "kura") else "kura"
            )
        os.environ.pop("KURA_STATE", None)
        os.environ["KURA_STATE"] = str(paths.state(context.site.name))

    def stage(self, title: str, argv: list[str | Path], env: dict[str, str] | None = None) -> bool:
        """Run one command with its output in results/<title>.log; show the end of it when it failed."""
        log = self.results / (title.replace(": ", "-").replace(" ", "-") + ".log")

        def command() -> int:
            with log.open("w") as out:
                return subprocess.call(
                    [str(part) for part in argv],
                    cwd=self.context.root,
                    env={**os.environ, **(env or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                )

        return self.judge(title, command, log)

    def judge(self, title: str, command: Callable[[], int], log: Path) -> bool:
        """Run a step, say how it ended and how long it took."""
        began = time.monotonic()
        code = command()
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        ending = [line for line in lines if line.strip()][-12:]
        last = next((line for line in ending if " passed" in line or " failed" in line), ending[-1] if ending else "")
        mark = "ok    " if code == 0 else "FAILED"
        print(f"{mark} {title:<28} {time.monotonic() - began:6.1f} s   {last.strip(' =')[:90]}", flush=True)
        if code:
            self.failed.append(title)
            self.said += [f"── {title}", *("    " + line for line in lines[-60:])]
            # At once only what is worth knowing from afar; a long ending of the log would drown the other stages.
            for line in [line for line in lines if line.startswith(("FAILED ", "ERROR ", "fatal: "))][:8]:
                print(f"    {line[:160]}", flush=True)
            for line in [line for line in lines if _tells_why(line)][:12]:
                print(f"      {line[:200]}", flush=True)
        return code == 0

    def lint(self) -> None:
        """Style, types, import rules, templates, playbooks, shell."""
        python = Path(sys.executable).parent
        self.stage("lint: ruff", [python / "ruff", "check", "."])
        self.stage("lint: format", [python / "ruff", "format", "--check", "."])
        self.stage("lint: types", [python / "mypy"])
        self.stage("lint: imports", [python / "lint-imports"])
        self.stage("lint: yaml", [python / "yamllint", "--strict", "."])
        self.stage("lint: templates", [python / "djlint", "--lint", "--quiet", "app"])
        self.stage("lint: playbooks", [python / "ansible-lint", "--offline", "--profile", "production"])
        scripts = [path for path in _tracked(self.context.root) if _is_shell(path)]
        self.stage("lint: shell", ["shellcheck", *scripts])

    def unit(self) -> None:
        """The application and what runs on hosts on Debian 13's Python, the rest on the controller's, side by side.

        A deployed library has no other Python than Debian's, so its tests run once, there. What reads a printed page
        back needs poppler, which only the engineer's machine has: those few run here as well.
        """
        workshop.start(self.context.progress)
        rooms = [room for room in ROOMS if (self.context.root / room).is_dir() and room != "app"]
        ignored = [f"--ignore={path}" for path in ON_TWIN]
        here = f"unit: Python {sys.version_info[0]}.{sys.version_info[1]}"
        with ThreadPoolExecutor(1) as beside:
            there = beside.submit(self.on_hosts_python)
            self.pytest(here, [*rooms, *ignored])
            self.pytest("unit: printed pages", ["-m", "printed", "app"])
            there.result()

    def on_hosts_python(self) -> None:
        """The tests of what runs on hosts, on Debian 13's Python 3.13."""
        log = self.results / "unit-Python-3.13.log"
        pins = bundle.test_requirements(self.context.root)
        rooms = [room for room in ON_HOSTS if (self.context.root / room).is_dir()]
        environment = {
            "KURA_TEST_DB": "kura313",
            "KURA_RESULTS_DIR": str(self.results),
        }
        self.judge(
            "unit: Python 3.13",
            lambda: workshop.python(
                ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=8", *rooms],
                pins,
                self.context.progress,
                environment,
                log,
            ),
            log,
        )

    def pytest(self, title: str, arguments: list[str]) -> bool:
        """One pytest run on the controller's Python."""
        return self.stage(
            title, [sys.executable, "-m", "pytest", "-q", "--durations=8", *arguments], {"KURA_TEST_DB": "kura"}
        )

    def twin(self, actions: Sequence[str] = TWIN) -> None:
        """molecule: from nothing to verified, on the production inventory."""
        state = paths.state(self.context.site.name)
        Twin(self.context.site).claim()
        hosts = [*self.context.site.hosts_file.twin, *MORE_HOSTS]
        variables = {
            "kura_lab": True,
            "kura_bundle": deploy.release(self.context),
            "kura_twin_hosts": hosts,
            "molecule_hosts": hosts,
        }
        (state / "molecule.json").write_text(json.dumps(variables))
        # What molecule remembers of earlier runs lives and dies with the twin: by itself it keeps "created" by the
        # name of the checkout's folder, and would skip making hosts that are long gone.
        remembered = state / "molecule"
        shutil.rmtree(remembered, ignore_errors=True)
        environment = {
            "KURA_ROOT": str(self.context.root),
            "MOLECULE_EPHEMERAL_DIRECTORY": str(remembered),
            "KURA_LIMIT": ",".join([*hosts, "localhost"]),
            "ANSIBLE_SSH_ARGS": f"-F {Twin(self.context.site).ssh_config}",
            "ANSIBLE_CONFIG": str(self.context.root / "ansible.cfg"),
            "ANSIBLE_NOCOLOR": "1",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }
        for action in actions:
            argv: list[str | Path] = [Path(sys.executable).parent / "molecule", action, "--scenario-name", "twin"]
            if not self.stage(f"twin: {action}", argv, environment):
                return

    def browser(self) -> None:
        """Chromium on a counter and a kiosk of the twin."""
        self.pytest("browser", ["tests/browser"])

    def chosen(self, given: list[str]) -> None:
        """Only these paths."""
        unknown = [path for path in given if not (self.context.root / path.split("::")[0]).exists()]
        if unknown:
            raise Refused(f"no such test path or stage: {', '.join(unknown)}", 2)
        if any(not path.startswith(ON_TWIN) for path in given):
            workshop.start(self.context.progress)
        if any(path.startswith(ON_TWIN) for path in given) and not _runs(self.context, paths.instance()):
            self.twin(MAKING)
        self.pytest("chosen", given)

    def summary(self, began: datetime) -> int:
        """The closing lines: counts over all runs, and what failed."""
        outcomes: list[str] = []
        for file in sorted(self.results.glob("tests*.json")):
            tests = json.loads(file.read_text())["tests"].values()
            outcomes += [
                test["outcome"]
                for test in tests
                if datetime.fromisoformat(test["date"]) >= began.replace(microsecond=0)
            ]
        if self.failed:
            print("\n".join(self.said))
            print("failed stages: " + ", ".join(self.failed))
        passed, failed = outcomes.count("passed"), len([outcome for outcome in outcomes if outcome == "failed"])
        print(f"{passed} passed, {failed} failed, {outcomes.count('skipped')} skipped")
        return 1 if self.failed or failed else 0


def _tells_why(line: str) -> bool:
    """Whether a line of a failed test's story is worth reading from afar: what a verb said that did not go well."""
    words = ("NOT MET", "FAILED ", "Error: ", "cannot ", "refused", "does not ", "did not ")
    return line.startswith("E  ") and any(word in line for word in words)


def _runs(context: Context, instance: str) -> bool:
    """Whether a twin of that instance is running."""
    before = os.environ.get("KURA_INSTANCE")
    os.environ["KURA_INSTANCE"] = instance
    try:
        return bool(Twin(context.site).running())
    finally:
        if before is None:
            del os.environ["KURA_INSTANCE"]
        else:
            os.environ["KURA_INSTANCE"] = before


def _tracked(root: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True).stdout
    return [root / name for name in listed.split("\0") if name and (root / name).is_file()]


def _is_shell(path: Path) -> bool:
    if path.suffix in {".sh"}:
        return True
    if path.suffix:
        return False
    with path.open("rb") as handle:
        return handle.readline(64).startswith((b"#!/bin/sh", b"#!/usr/bin/env bash", b"#!/bin/bash"))
