"""The console seen from the controller: records are handed to it, and what it keeps is fetched for the reports."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from cli.context import Context
from monitoring import delivery

PYTHON = "/opt/kura/current/venv/bin/python"
# As the console's own account: its database stays its own.
RECORDS = (
    "systemd-run --quiet --pipe --wait --collect --uid=kura-console --setenv=KURA_CONFIG=/etc/kura/console.json "
    "--setenv=DJANGO_SETTINGS_MODULE=app.settings.console --working-directory=/opt/kura/current "
    f"{PYTHON} -m app.manage records"
)


def deliver(context: Context) -> int | None:
    """Hand over runs and inspections that the console was not given; None when its host does not take them now."""
    host = context.site.service("console").hosts[0].name
    if not context.twin.machine(host).is_running():
        return None

    def shell(command: str, sent: bytes) -> tuple[int, bytes]:
        argv = ["ssh", "-F", str(context.twin.ssh_config), host, command]
        done = subprocess.run(argv, input=sent, capture_output=True, check=False, timeout=60)
        return done.returncode, done.stdout

    return delivery.deliver(context.state, shell)


def records(context: Context) -> dict[str, Any] | None:
    """Everything the console keeps (`manage records`); None when it does not answer: reports say データなし then."""
    host = context.site.service("console").hosts[0].name
    if not context.twin.machine(host).is_running():
        return None
    argv = ["ssh", "-F", str(context.twin.ssh_config), host, RECORDS]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120)
    try:
        found: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        return None
    return found
