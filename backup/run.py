"""Runs one backup on its host and leaves its figures for Prometheus (node-exporter's textfile collector).

Standard library alone. The success file is only ever replaced by another success, so that its timestamp ages when
backups fail; the attempt file tells how the last attempt went.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backup import history

TEXTFILES = Path("/var/lib/prometheus/node-exporter")
HELP = {
    "kura_backup_last_success_timestamp_seconds": "When the last good backup ended.",
    "kura_backup_last_duration_seconds": "How long the last good backup took.",
    "kura_backup_last_size_bytes": "Bytes that the last good backup holds, before compression.",
    "kura_backup_last_new_bytes": "Bytes that the last good backup added to the repository.",
    "kura_backup_files": "Files in the last good backup.",
    "kura_backup_last_attempt_timestamp_seconds": "When the last attempt ended.",
    "kura_backup_last_attempt_success": "1 when the last attempt was good.",
}


def exposition(values: Mapping[str, float], labels: Mapping[str, str]) -> str:
    """Prometheus' text format of the values, all with the same labels."""
    label = ",".join(f'{key}="{value}"' for key, value in labels.items())
    lines = []
    for name, value in values.items():
        lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge", f"{name}{{{label}}} {value:.15g}"]
    return "\n".join(lines) + "\n"


def figures(answer: list[dict[str, Any]], ended: float, seconds: float) -> dict[str, float]:
    """Metric values from the answer of `borgmatic create --json`; ValueError when it names no archive."""
    if not answer or "archive" not in answer[0]:
        raise ValueError("borgmatic names no archive")
    stats = answer[0]["archive"]["stats"]
    return {
        "kura_backup_last_success_timestamp_seconds": ended,
        "kura_backup_last_duration_seconds": seconds,
        "kura_backup_last_size_bytes": stats["original_size"],
        "kura_backup_last_new_bytes": stats["deduplicated_size"],
        "kura_backup_files": stats["nfiles"],
    }


def text(values: dict[str, Any]) -> str:
    """Prometheus' text format of plain gauges."""
    return "".join(f"# TYPE {name} gauge\n{name} {value:.15g}\n" for name, value in values.items())


def room(store: Path) -> str:
    """Prometheus' text: how much room the store has, and how much of it is free."""
    usage = os.statvfs(store)
    sizes = {
        "kura_backup_store_free_bytes": usage.f_bavail * usage.f_frsize,
        "kura_backup_store_size_bytes": usage.f_blocks * usage.f_frsize,
    }
    return text(sizes)


def publish(folder: Path, name: str, text: str) -> None:
    """Replace a textfile atomically; a host without the exporter's folder only logs."""
    if not folder.is_dir():
        print(f"{folder} is missing: no metrics written", file=sys.stderr)
        return
    part = folder / f".{name}.part"
    part.write_text(text, encoding="utf-8")
    part.chmod(0o644)
    part.replace(folder / f"{name}.prom")


def main() -> int:
    """Back up once; exit code 0 when an archive was made."""
    parser = argparse.ArgumentParser(description="one backup of this host")
    parser.add_argument("--kind", required=True, choices=["daily", "monthly"])
    parser.add_argument("--host", required=True)
    parser.add_argument("--repository", required=True)
    options = parser.parse_args()
    labels = {"host": options.host, "repository": options.repository, "kind": options.kind}
    began, started = time.monotonic(), datetime.now(UTC)
    argv = ["borgmatic", "--config", f"/etc/borgmatic/kura-{options.kind}.yaml", "create", "--json"]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False)
    seconds, ended = time.monotonic() - began, time.time()
    good, problem = {}, f"borgmatic ended with {done.returncode}"
    if done.returncode == 0:
        try:
            good = figures(json.loads(done.stdout), ended, seconds)
        except (ValueError, KeyError) as error:
            problem = f"the backup's answer cannot be read: {error}"
            print(problem, file=sys.stderr)
    if good:
        publish(TEXTFILES, f"kura_backup_{options.kind}", exposition(good, labels))
        print(" ".join(f"{key}={value:.15g}" for key, value in good.items()))
    history.add(
        history.Attempt(
            kind=options.kind,
            started=started.isoformat(timespec="seconds"),
            seconds=round(seconds, 2),
            good=bool(good),
            bytes=int(good.get("kura_backup_last_size_bytes", 0)),
            new_bytes=int(good.get("kura_backup_last_new_bytes", 0)),
            error="" if good else problem,
        )
    )
    attempt = {
        "kura_backup_last_attempt_timestamp_seconds": ended,
        "kura_backup_last_attempt_success": 1.0 if good else 0.0,
    }
    publish(TEXTFILES, f"kura_backup_{options.kind}_attempt", exposition(attempt, labels))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
