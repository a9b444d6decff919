"""`./kura dev`: the application alone on a private PostgreSQL, with reload, for quick work on screens."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys

from cli import preflight
from cli.context import Context, Refused
from lab import workshop
from lab.shell import run


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--prepare", action="store_true", help="make the database ready and stop")


def main(context: Context) -> int:
    """Prepare the database `kura_dev`, then serve until Ctrl-C."""
    port = context.arguments.port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not context.arguments.prepare and probe.connect_ex(("127.0.0.1", port)) == 0:
            raise Refused(f"port {port} is in use; choose another with --port")
    preflight.lab(context.progress)
    workshop.start(context.progress)
    workshop.make_database("kura_dev")
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "app.settings.dev",
        "KURA_TEST_DB": "kura_dev",
        "KURA_INVENTORY": context.site.name,
    }
    manage = [sys.executable, "-m", "app.manage"]
    secrets = workshop.HOME / "dev-secrets"
    _sign_ins(secrets)
    for step in (["migrate", "--verbosity", "0"], ["sync_branches"], ["load_demo", "--secrets", str(secrets)]):
        context.progress(" ".join(step))
        done = run([*manage, *step], check=False, env=environment)
        if done.returncode:
            raise Refused(f"{' '.join(step)} failed:\n{done.stderr[-2000:]}")
    for path in sorted(secrets.iterdir()):
        print(f"  sign-in  {path.name.removeprefix('demo_')}  {path.read_text().strip()}")
    if context.arguments.prepare:
        return 0
    return subprocess.call([*manage, "runserver", f"127.0.0.1:{port}"], env=environment, cwd=context.root)


def _sign_ins(folder: os.PathLike[str]) -> None:
    """Passwords for the demonstration's staff and patrons, made once."""
    import secrets
    from pathlib import Path

    from cli.demo import SIGN_INS

    home = Path(folder)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    for who in SIGN_INS:
        path = home / f"demo_{who}"
        if not path.exists():
            path.write_text(secrets.token_urlsafe(9) + "\n")
            path.chmod(0o600)
