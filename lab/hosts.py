"""One host of the twin: a real Debian 13 with systemd in a container, on its own network namespace."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from inventory import Host, Inventory
from lab import image, paths, wires
from lab.shell import LabError, run
from network.interfaces import networkd


class Chassis:
    """A host as the lab holds it: a folder with its disk, and its process. Known by the folder alone."""

    def __init__(self, home: Path) -> None:
        self.home = home

    @property
    def root(self) -> Path:
        """Where the host's file system is mounted while it runs."""
        return self.home / "root"

    def mount(self) -> None:
        """Put the host's disk on its base."""
        if self.root.is_mount():
            return
        lower = ":".join((self.home / "lower").read_text().split())
        options = f"lowerdir={lower},upperdir={self.home / 'upper'},workdir={self.home / 'work'}"
        run(["mount", "-t", "overlay", f"kura-{self.home.name}", "-o", options, self.root])

    def is_running(self) -> bool:
        """Whether the host is powered on."""
        with contextlib.suppress(FileNotFoundError, ValueError):
            keeper = int((self.home / "pid").read_text())
            # A keeper of an earlier boot of this machine may have left its number to another process.
            return b"keeper" in Path(f"/proc/{keeper}/cmdline").read_bytes()
        return False

    def stop(self, patience: float = 60) -> None:
        """Shut down in order; pull the plug after `patience` seconds."""
        init = self._init()
        if init is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(init, signal.SIGRTMIN + 4)  # systemd: power off
        if not self.wait_off(patience):
            self.power_cut()

    def power_cut(self) -> None:
        """Pull the plug: nothing in the host gets a word."""
        init = self._init()
        with contextlib.suppress(ProcessLookupError, FileNotFoundError, ValueError):
            if init is None:
                os.killpg(int((self.home / "pid").read_text()), signal.SIGKILL)
            else:
                os.kill(init, signal.SIGKILL)
        if not self.wait_off(20):
            raise LabError(f"{self.home.name}: does not go off")

    def wait_off(self, patience: float) -> bool:
        """Wait until the host is off; False when it is still on after `patience` seconds."""
        deadline = time.monotonic() + patience
        while self.is_running():
            if time.monotonic() > deadline:
                return False
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            time.sleep(0.1)
        return True

    def erase(self) -> None:
        """Remove the host's disk."""
        if self.root.is_mount():
            run(["umount", "-R", self.root])
        shutil.rmtree(self.home, ignore_errors=True)

    def _init(self) -> int | None:
        """The process id of the host's init, seen from outside; None when the host is off."""
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
            keeper = (self.home / "pid").read_text()
            nspawn = run(["pgrep", "-P", keeper, "-x", "systemd-nspawn"], check=False).stdout.split()[0]
            return int(run(["pgrep", "-P", nspawn], check=False).stdout.split()[0])
        return None


class Machine(Chassis):
    """A host of the inventory. Its disk survives stop and power cut; `erase` removes it."""

    def __init__(self, site: Inventory, host: Host) -> None:
        super().__init__(paths.state(site.name) / "hosts" / host.name)
        self.site = site
        self.host = host

    @property
    def group(self) -> str:
        """The name of the host's control group."""
        return f"{groups_of()}{self.host.name}"

    def make(self, lower: list[Path], public_key: str, host_key: Path) -> None:
        """Day 0: disk, name, keys and interfaces. What an installer does on bare metal."""
        if (self.home / "made").exists():
            self.mount()
            self._let_in(public_key)
            return
        self.erase()  # what an interrupted run left half made
        for name in ("root", "upper", "work"):
            (self.home / name).mkdir(parents=True)
        (self.home / "lower").write_text("\n".join(map(str, lower)) + "\n")
        self.mount()
        etc = self.root / "etc"
        (etc / "hostname").write_text(self.host.name + "\n")
        (etc / "hosts").write_text(
            f"127.0.0.1 localhost\n127.0.1.1 {self.site.fqdn(self.host.name)} {self.host.name}\n"
        )
        (etc / "machine-id").write_text(os.urandom(16).hex() + "\n")
        (etc / "resolv.conf").write_text("# set by the network role\n")
        for file, text in networkd(self.site, self.host).items():
            (etc / "systemd/network").mkdir(parents=True, exist_ok=True)
            (etc / "systemd/network" / file).write_text(text)
        self._let_in(public_key)
        for suffix in ("", ".pub"):
            shutil.copy(host_key.with_name(host_key.name + suffix), etc / "ssh" / f"ssh_host_ed25519_key{suffix}")
        (etc / "ssh/ssh_host_ed25519_key").chmod(0o600)
        (self.home / "made").write_text("")

    def _let_in(self, public_key: str) -> None:
        """Root's door opens to this key, and to no other."""
        keys = self.root / "root/.ssh/authorized_keys"
        if not keys.exists() or keys.read_text() != public_key:
            keys.write_text(public_key)
            keys.chmod(0o600)

    def start(self) -> None:
        """Power on; returns at once, `twin.wait_ssh` says when it can be reached."""
        if self.is_running():
            return
        end_groups(self.group)
        self.mount()
        number = self.home / "pid"
        number.unlink(missing_ok=True)
        with (self.home / "console.log").open("a") as log:
            subprocess.Popen(
                ["sh", "-c", _KEEPER, "keeper", str(number), self.group, *self._nspawn()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=image.nspawn_environment(),
                start_new_session=True,
            )
        deadline = time.monotonic() + 10
        while not number.exists():
            if time.monotonic() > deadline:
                raise LabError(f"{self.host.name}: does not go on; see {self.home / 'console.log'}")
            time.sleep(0.01)

    def _nspawn(self) -> list[str]:
        return [
            "systemd-nspawn",
            "-q",
            "-D",
            str(self.root),
            f"--machine={paths.instance()}-{self.host.name}",
            "--boot",
            "--register=no",
            "--keep-unit",
            "--resolv-conf=off",
            "--timezone=off",
            "--console=pipe",
            "--link-journal=no",
            f"--network-namespace-path=/run/netns/{wires.namespace(self.host.name)}",
            "--capability=CAP_NET_ADMIN",
            "--bind=/dev/net/tun",
        ]


# Keeps a host on: nspawn ends with 133 when the host rebooted, with 0 when it powered off, else it was cut. It writes
# its own number down: whoever started it may be interrupted at once, and nobody would know of the host any more. And it
# gives the host control groups of its own: in one group, the systemd of one host waits for the processes of another
# host's service of the same name, and each removes groups under the other's hands.
_KEEPER = """printf %s $$ > "$1.part" && mv "$1.part" "$1"; group=$2; shift 2
for tree in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
  if [ -w "$tree/cgroup.procs" ]; then mkdir -p "$tree/$group" && echo $$ > "$tree/$group/cgroup.procs"; fi
done
while "$@"; [ $? -eq 133 ]; do :; done"""
TREES = tuple(Path("/sys/fs/cgroup", name) for name in ("", "systemd", "unified"))


def groups_of() -> str:
    """How the control groups of this instance's hosts begin."""
    return f"kura-{paths.instance()}-"


def end_groups(pattern: str) -> None:
    """Kill whatever still runs in the control groups of hosts that are off; `pattern` is a glob over their names.

    A host whose keeper was killed (by the end of a session, by a machine short of memory) can live on without it: it
    answers on the host's wires, and a second system on the same disk would spoil it.
    """
    deadline = time.monotonic() + 10
    while living := _members(pattern):
        if time.monotonic() > deadline:
            raise LabError(f"control groups {pattern}: processes do not end: {' '.join(map(str, sorted(living)))}")
        for process in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.05)


def _members(pattern: str) -> set[int]:
    found: set[int] = set()
    for tree in TREES:
        for group in tree.glob(pattern):
            for file in (group / "cgroup.procs", *group.rglob("cgroup.procs")):
                with contextlib.suppress(OSError):
                    found |= {int(line) for line in file.read_text().split()}
    return found


def forget_groups(pattern: str) -> None:
    """Remove the control groups of hosts that are off; `pattern` is a glob over their names."""
    for tree in TREES:
        for group in tree.glob(pattern):
            for folder, *_ in os.walk(group, topdown=False):
                with contextlib.suppress(OSError):
                    Path(folder).rmdir()
