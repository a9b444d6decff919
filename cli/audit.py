"""`./kura audit verify`: is every line of the audit log what it was when it was sealed?"""

from __future__ import annotations

import argparse
import base64
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
    parser.add_argument("act", choices=["verify"], help="compare the log with its seals and with those kept elsewhere")
    parser.add_argument("--json", metavar="FILE", help="write the result as JSON")


def main(context: Context) -> int:
    """Verify on the application host, with the seals that the backup host keeps; exit 1 when something is wrong."""
    site, twin = context.site, context.twin
    host, keeper = seals.sealers(site)[0].name, site.host(site.backup.repository).name
    for name in (host, keeper):
        if not twin.machine(name).is_running():
            raise Refused(f"{name} is not running; start it with: ./kura up")
    started = datetime.now(UTC)
    with context.progress.step("audit verify"):
        result = verify(context, host, keeper)
    passed = result["fault_count"] == 0
    _keep(context, started, result, passed)
    if context.arguments.json:
        Path(context.arguments.json).write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n")
    print(
        f"記録 {result['events']:,}件、封印 {result['seals']:,}件（{keeper} と一致 {result['copied']:,}件）、"
        f"未封印 {result['unsealed']:,}件、{result['seconds']}秒"
    )
    for line in result["disposed"]:
        print(f"廃棄済み {line}")
    for fault in result["faults"][:50]:
        print(f"異常 {fault['text']}")
    print("passed" if passed else f"FAILED: {result['fault_count']}")
    return 0 if passed else 1


def verify(context: Context, host: str, keeper: str) -> dict[str, Any]:
    """What `manage audit_verify` finds on `host` with the seals kept on `keeper` and the auditor's own public key.

    The kept seals go from host to host through here and never lie on a disk in between.
    """
    ssh = ["ssh", "-F", str(context.twin.ssh_config)]
    keys = seals.public_keys(context.site, None, state=str(context.state))
    public = " ".join(f"--public-key {base64.b64encode(key.encode()).decode()}" for key in keys)
    read = subprocess.Popen([*ssh, keeper, f"cat {seals.KEPT} 2>/dev/null"], stdout=subprocess.PIPE)
    command = (
        "systemd-run --quiet --pipe --wait --collect --setenv=KURA_CONFIG=/etc/kura/library.json "
        "--setenv=DJANGO_SETTINGS_MODULE=app.settings.library --setenv=KURA_COMMAND=audit_verify "
        f"--working-directory=/opt/kura/current {PYTHON} -m app.manage audit_verify --json --copy - {public}"
    )
    done = subprocess.run([*ssh, host, command], stdin=read.stdout, capture_output=True, text=True, check=False)
    if read.stdout:
        read.stdout.close()
    read.wait()
    try:
        result: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Refused(f"the verification gave no answer:\n{done.stderr[-800:]}") from None
    return result


def _keep(context: Context, started: datetime, result: dict[str, Any], passed: bool) -> None:
    rate = result["events"] / max(result["seconds"], 0.001)
    figures = {
        "audit_events": evidence.figure(result["events"], "件"),
        "audit_faults": evidence.figure(result["fault_count"], "件", 0),
        "audit_seconds": evidence.figure(result["seconds"], "s"),
        "audit_events_per_second": evidence.figure(rate, "件/s"),
    }
    details = {"figures": figures, "details": {"faults": result["faults"][:50], "disposed": result["disposed"]}}
    evidence.drill(context, "audit", "監査記録の検査", started, details, passed)
