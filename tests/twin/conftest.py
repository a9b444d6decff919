"""Tests on the running twin. `./kura up` (or `./kura test`) starts it; these tests never do."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass

import pytest
import testinfra
from testinfra.host import Host as Testinfra

from inventory import Inventory, load
from lab.twin import Twin


@dataclass(frozen=True)
class Done:
    """What a command on a host did; `stdout` holds both streams."""

    rc: int
    stdout: str

    @property
    def ok(self) -> bool:
        return self.rc == 0


class RunningTwin:
    """The twin as tests use it: commands on hosts, and on hosts' networks."""

    def __init__(self, site: Inventory) -> None:
        self.site = site
        self.lab = Twin(site)
        self.state = self.lab.state

    def run(self, host: str, command: str, stdin: str | None = None, patience: float = 120) -> Done:
        """Run a shell command on a host as root."""
        return Done(*self.lab.shell(host, command, stdin=stdin, patience=patience))

    def inside(self, host: str, *argv: str, patience: float = 60) -> Done:
        """Run a command of this machine (curl, chromium …) on a host's network: `operator`, `opac-nagano-1` …"""
        return Done(*self.lab.inside(host, ["timeout", str(patience), *argv]))

    def popen(self, host: str, argv: list[str], **kwargs: object) -> subprocess.Popen[str]:
        """Start a command of this machine on a host's network."""
        return subprocess.Popen(self.lab.inside_argv(host, argv), text=True, **kwargs)  # type: ignore[call-overload]

    def host(self, name: str) -> Testinfra:
        """The host for testinfra."""
        return testinfra.get_host(f"ssh://{name}", ssh_config=str(self.lab.ssh_config))

    def running(self) -> list[str]:
        """Names of the hosts that are powered on."""
        return [host.name for host in self.lab.running()]

    def secret(self, name: str) -> str:
        """A generated secret of the site (`secrets/<name>`)."""
        return (self.state / "secrets" / name).read_text().strip()


@pytest.fixture(scope="session")
def twin() -> RunningTwin:
    """The running twin of the inventory named by KURA_INVENTORY (default nagano)."""
    running = RunningTwin(load(os.environ.get("KURA_INVENTORY", "nagano")))
    if not running.running():
        pytest.fail("no twin is running: start it with ./kura up")
    return running
