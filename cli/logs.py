"""`./kura logs verify`: is every record of the archive what it was when its day was sealed?"""

from __future__ import annotations

import argparse
import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backup import seals
from cli import evidence
from cli.context import Context, Refused

PYTHON = "/opt/kura/current/venv/bin/python"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument(
        "act", choices=["verify"], help="compare the archive with its seals and with those kept elsewhere"
    )
    parser.add_argument("--since", default="", metavar="2026/11/22", help="the days from this one on (default: all)")
    parser.add_argument("--json", metavar="FILE", help="write the result as JSON")


def main(context: Context) -> int:
    """Verify on the monitoring host, with the seals that the backup host keeps; exit 1 when something is wrong."""
    site, twin = context.site, context.twin
    host, keeper = site.service("logs").hosts[0].name, site.host(site.backup.repository).name
    for name in (host, keeper):
        if not twin.machine(name).is_running():
            raise Refused(f"{name} is not running; start it with: ./kura up")
    started = datetime.now(UTC)
    with context.progress.step("logs verify"):
        result = verify(context, host, keeper)
    seconds = (datetime.now(UTC) - started).total_seconds()
    passed = not result["faults"]
    figures = {
        "logs_days": evidence.figure(result["days"], "日"),
        "logs_records": evidence.figure(result["lines"], "件"),
        "logs_faults": evidence.figure(len(result["faults"]), "件", 0),
        "logs_verify_seconds": evidence.figure(seconds, "s"),
    }
    details = {"faults": result["faults"][:50], "disposed": result["disposed"]}
    evidence.drill(context, "logs", "記録の検査", started, {"figures": figures, "details": details}, passed)
    if context.arguments.json:
        document = {**result, "figures": figures}
        Path(context.arguments.json).write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    _tell(result, keeper)
    return 0 if passed else 1


def _tell(result: dict[str, Any], keeper: str) -> None:
    print(
        f"記録 {result['lines']:,}件（{result['days']}日、{result['bytes'] / 1e6:,.1f}MB）、"
        f"封印 {result['statements']}件（{keeper} に {result['kept']}件）"
    )
    for line in result["disposed"]:
        print(f"処分済み {line}")
    for fault in result["faults"][:50]:
        print(f"異常 {fault}")
    print("passed" if not result["faults"] else f"FAILED: {len(result['faults'])}")


def verify(context: Context, host: str, keeper: str) -> dict[str, Any]:
    """What `manage logs_verify` finds on `host` with the seals kept on `keeper`.

    The kept seals go from host to host through here and never lie on a disk in between.
    """
    ssh = ["ssh", "-F", str(context.twin.ssh_config)]
    since = f" --since {context.arguments.since}" if context.arguments.since else ""
    command = (
        "systemd-run --quiet --pipe --wait --collect --setenv=KURA_CONFIG=/etc/kura/console.json "
        "--setenv=DJANGO_SETTINGS_MODULE=app.settings.console "
        f"--working-directory=/opt/kura/current {PYTHON} -m app.manage logs_verify --copy -{since}"
    )
    with subprocess.Popen(
        [*ssh, keeper, f"cat {seals.LOGS_KEPT} 2>/dev/null"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as read:
        done = subprocess.run([*ssh, host, command], stdin=read.stdout, capture_output=True, text=True, check=False)
    try:
        result: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Refused(f"the verification gave no answer:\n{done.stderr[-800:]}") from None
    return result
