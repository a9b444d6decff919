"""Chromium on a host's network: the host's resolver and names, and trust in the appliance's own authority."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

from lab.shell import LabError, run
from lab.twin import Twin

# What this machine must have for it: the command and the Debian package with it.
NEEDS = {"chromium": "chromium", "certutil": "libnss3-tools"}
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip


def missing() -> list[str]:
    """The Debian packages that this machine lacks for a browser."""
    return [package for command, package in NEEDS.items() if not shutil.which(command)]


def wrapper(twin: Twin, host: str, home: Path) -> Path:
    """A command that runs Chromium as the host's own, with `home` (made here) for everything it keeps."""
    (home / ".pki/nssdb").mkdir(parents=True)
    database = f"sql:{home / '.pki/nssdb'}"
    run(["certutil", "-N", "-d", database, "--empty-password"])
    run(["certutil", "-A", "-d", database, "-n", "kura", "-t", "C,,", "-i", str(twin.state / "ca.crt")])
    files = {name: home / name for name in ("resolv.conf", "hosts")}
    for name, path in files.items():
        path.write_text(_etc(twin, host, name))
    binds = " && ".join(f"mount --bind {path} /etc/{name}" for name, path in files.items())
    inside = f'{binds} && export HOME={home} && exec {shutil.which("chromium")} "$@"'
    command = twin.inside_argv(host, ["unshare", "-m", "sh", "-c"])
    made = home / "chromium"
    made.write_text(f"#!/bin/sh\nexec {' '.join(command)} '{inside}' chromium \"$@\"\n")
    made.chmod(made.stat().st_mode | stat.S_IXUSR)
    return made


def _etc(twin: Twin, host: str, name: str) -> str:
    """A file of /etc as it is on the host; the operator's workstation has no system of its own."""
    row = twin.site.host(host)
    if row.kind == "workstation":
        return {"hosts": "127.0.0.1 localhost\n", "resolv.conf": f"nameserver {twin.site.gateway(row)}\n"}[name]
    code, text = twin.shell(host, f"cat /etc/{name}")
    if code:
        raise LabError(f"{host}: {text.strip()[-200:]}")
    return text
