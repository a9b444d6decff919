"""`./kura demo`: the demonstration library, or Nagano's full scale."""

from __future__ import annotations

import argparse

from cli import deploy
from cli.context import Context, Refused

SIGN_INS = ("admin", "librarian", "counter", "patron", "operator")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--scale", type=float, help="generate this share of Nagano's figures (1.0 = 2.75 M records)")


def main(context: Context) -> int:
    """Load on the application host."""
    scale = context.arguments.scale
    if scale is None:
        with context.progress.step("demonstration library"):
            load(context)
        return 0
    if not 0 < scale <= 2:
        raise Refused("--scale must be above 0 and at most 2", 2)
    return generate(context, scale)


def load(context: Context) -> int:
    """The demonstration library of real works; returns how many things changed."""
    return deploy.playbook(context, "demo").total_changed


def generate(context: Context, scale: float) -> int:
    """Generate records, items, patrons and a year of loans; goes on where an interrupted run stopped."""
    import subprocess

    host = context.site.service("library").hosts[0].name
    command = (
        "systemd-run --quiet --pipe --wait --collect --setenv=KURA_CONFIG=/etc/kura/owner.json "
        "--setenv=DJANGO_SETTINGS_MODULE=app.settings.library --working-directory=/opt/kura/current "
        f"/opt/kura/current/venv/bin/python -m app.manage demo_scale --scale {scale}"
    )
    return subprocess.call(["ssh", "-F", str(context.twin.ssh_config), host, command])
