"""`./kura drill disk`: ties the room's drill to the lab's virtual machine and to the production alert rules.

What the machine's watch writes is served by the hosts' own node exporter and judged by the hosts' own Prometheus, with
the rules and the intervals of production: the alarm that is waited for is the one a person would get.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml

from cli.context import Context, Refused
from disks import drill
from lab import image, vm
from monitoring import rules, targets

Alarms = Callable[[], list[dict[str, str]]]


def run(context: Context) -> dict[str, Any]:
    """The drill on a virtual machine of its own; no twin is needed."""
    disks = {name: vm.Disk(mib, drill.serial(name)) for name, mib in drill.sizes().items()}
    with vm.machine(disks, context.progress) as machine:

        def insert(old: str, new: str) -> None:
            size = drill.sizes()[old]
            machine.insert(old, new, vm.Disk(size, drill.serial(new)))

        with judged(context, machine.share / "metrics") as alarms:
            try:
                return drill.Drill(machine, insert, alarms, context.progress).run()
            except drill.DrillError as error:
                said = machine.console()[-2000:]
                raise Refused(f"drill disk: {error}\nthe kernel said:\n{said}") from error


@contextlib.contextmanager
def judged(context: Context, textfiles: Path) -> Iterator[Alarms]:
    """The firing alerts about the metrics in a folder, judged as the monitoring host judges them."""
    layer = image.lower_dirs(context.progress)[0]
    textfiles.mkdir(exist_ok=True)
    exporter, prometheus = _free_port(), _free_port()
    with tempfile.TemporaryDirectory(prefix="kura-alarm-") as scratch, contextlib.ExitStack() as stack:
        folder = Path(scratch)
        host = context.site.service("prometheus").hosts[0]
        (folder / "disks.yml").write_text(rules.files(context.site, host)["disks.yml"], encoding="utf-8")
        config = {
            "global": {"scrape_interval": targets.INTERVAL, "evaluation_interval": targets.INTERVAL},
            "rule_files": [str(folder / "disks.yml")],
            "scrape_configs": [
                {
                    "job_name": "node",
                    "static_configs": [{"targets": [f"127.0.0.1:{exporter}"], "labels": {"host": "drill"}}],
                }
            ],
        }
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
        node = ["--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={textfiles}"]
        stack.enter_context(
            _served(
                [str(layer / "usr/bin/prometheus-node-exporter"), f"--web.listen-address=127.0.0.1:{exporter}", *node],
                f"http://127.0.0.1:{exporter}/metrics",
                folder / "exporter.log",
            )
        )
        stack.enter_context(
            _served(
                [
                    str(layer / "usr/bin/prometheus"),
                    f"--web.listen-address=127.0.0.1:{prometheus}",
                    f"--config.file={folder / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'tsdb'}",
                ],
                f"http://127.0.0.1:{prometheus}/-/ready",
                folder / "prometheus.log",
            )
        )
        yield lambda: _firing(f"http://127.0.0.1:{prometheus}/api/v1/alerts")


def _firing(url: str) -> list[dict[str, str]]:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (on loopback)
        alerts = json.load(answer)["data"]["alerts"]
    return [alert["labels"] for alert in alerts if alert["state"] == "firing"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _served(argv: list[str], url: str, log: Path) -> Iterator[None]:
    """A program that runs until the block ends, and answers from its beginning on."""
    with log.open("wb") as out:
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise Refused(f"{argv[0]} did not start:\n{log.read_text(errors='replace')[-1000:]}")
            time.sleep(0.1)
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
    except OSError:
        return False
