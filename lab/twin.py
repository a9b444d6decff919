"""The twin: hosts of an inventory running side by side, and the operator's workstation beside them."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

from inventory import Host, Inventory
from lab import image, paths, wake, window, wires
from lab.hosts import Chassis, Machine, end_groups, forget_groups, groups_of
from lab.shell import LabError, run

OPERATOR = "operator"


class Twin:
    """The running hosts of one inventory in one lab instance. State is in `paths.state(site.name)`."""

    def __init__(self, site: Inventory) -> None:
        self.site = site
        self.state = paths.state(site.name)

    # --- which hosts

    def machine(self, name: str) -> Machine:
        """The machine of a host of the inventory; LabError when there is no such host."""
        try:
            host = self.site.host(name)
        except KeyError:
            raise LabError(f"{name}: no such host in inventory/{self.site.name}") from None
        return Machine(self.site, host)

    def made(self) -> list[Host]:
        """Hosts that have a disk here, in inventory order."""
        return [host for host in self.site.hosts if (self.state / "hosts" / host.name / "made").exists()]

    def running(self) -> list[Host]:
        """Hosts that are powered on, in inventory order."""
        return [host for host in self.made() if Machine(self.site, host).is_running()]

    def is_running(self, name: str) -> bool:
        """Whether a host is powered on."""
        return self.machine(name).is_running()

    # --- power

    def start(self, names: Iterable[str], progress: image.Progress) -> list[str]:
        """Make what is missing and power these hosts on; returns those that had been off."""
        hosts = [self.machine(name).host for name in names]
        for host in hosts:
            if host.kind == "workstation":
                raise LabError(f"{host.name}: a workstation is part of every twin and is not started by name")
        _allow_many_inits()
        _heed_niceness()
        lower = image.lower_dirs(progress)
        self.claim()
        self._write_keys(hosts)
        operator = [host for host in self.site.hosts if host.name == OPERATOR]
        wires.lay(self.site, operator + hosts)
        for host in operator:
            wires.configure(self.site, host)
        started = []
        for host in hosts:
            machine = Machine(self.site, host)
            machine.make(lower, self.root_key(host).with_suffix(".pub").read_text(), self._host_key(host))
            if not machine.is_running():
                progress(f"power on {host.name} ({host.management})")
                machine.start()
                started.append(host.name)
        self.wait_ssh([host.name for host in hosts])
        return started

    def start_one(self, name: str) -> None:
        """Power on a host that has a disk."""
        self.machine(name).start()

    def stop(self, names: Iterable[str]) -> None:
        """Shut hosts down in order, side by side."""
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: self.machine(name).stop(), names))

    def power_cut(self, name: str) -> None:
        """Pull one host's plug."""
        self.machine(name).power_cut()

    def unplug(self, name: str) -> None:
        """Pull a host's network cable; its management port stays."""
        wires.cut(name, self.machine(name).host.zone)

    def replug(self, name: str) -> None:
        """Plug it in again."""
        wires.mend(name, self.machine(name).host.zone)

    def waking(self) -> AbstractContextManager[list[str]]:
        """While it lasts, magic packets power hosts on; collects their names."""
        return wake.listening(self.site)

    def wait_ssh(self, names: Iterable[str], patience: float = 120) -> None:
        """Wait until every host accepts a command; LabError naming those that do not."""
        waiting = list(names)
        deadline = time.monotonic() + patience
        while waiting:
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda name: self.shell(name, "true", patience=8)[0] == 0, waiting))
            waiting = [name for name, up in zip(waiting, answers, strict=True) if not up]
            if waiting and time.monotonic() > deadline:
                raise LabError("no SSH answer from " + ", ".join(waiting))
            if waiting:
                time.sleep(0.3)

    @property
    def mark(self) -> Path:
        """Says that this state is a twin's. Without it, nothing here is ever erased."""
        return self.state / "twin"

    def claim(self) -> None:
        """Make the state this twin's own. LabError when it already holds something that is not a twin's."""
        self.state.mkdir(parents=True, exist_ok=True)
        if self.mark.exists():
            return
        if any(self.state.iterdir()):
            raise LabError(
                f"{self.state} holds the secrets of a real site: set KURA_STATE or KURA_INSTANCE for the twin"
            )
        self.mark.write_text("This state belongs to a twin: `./kura down` erases it, secrets and evidence included.\n")

    def down(self) -> None:
        """Stop everything of this twin and leave nothing: no process, mount, namespace, rule or file.

        LabError when the state here is not a twin's: the keys of real backups and the real authority stay.
        """
        # In one step out of the way: a state of which a part is left would be neither a twin's nor a new one.
        gone = self.state.with_name(f".{self.state.name}.gone")
        shutil.rmtree(gone, ignore_errors=True)
        if not self.state.exists():
            return
        if not self.mark.exists():
            raise LabError(f"{self.state} is the state of a real site, not of a twin: it is not erased")
        window.close(self.state)
        for control in (self.state / "ssh").glob("control-*"):
            run(["ssh", "-S", control, "-O", "exit", "kura"], check=False)
        # By folder, not by inventory: a host may have been cut half made, or have left the inventory since.
        folder = self.state / "hosts"
        machines = [Chassis(home) for home in sorted(folder.iterdir())] if folder.is_dir() else []
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda machine: machine.stop(20), machines))
        end_groups(f"{groups_of()}*")
        for machine in machines:
            machine.erase()
        forget_groups(f"{groups_of()}*")
        wires.remove()
        self.state.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
        parent = self.state.parent
        if parent.name == paths.instance() and parent.is_dir() and not any(parent.iterdir()):
            parent.rmdir()

    # --- reaching hosts

    def shell(self, name: str, command: str, *, patience: float = 600, stdin: str | None = None) -> tuple[int, str]:
        """Run a shell command on a host as root over SSH; returns exit code and everything it printed."""
        argv = ["timeout", str(patience), "ssh", "-F", str(self.ssh_config), "-o", "ConnectTimeout=5", name, command]
        done = run(argv, check=False, text=stdin if stdin is not None else "")
        return done.returncode, done.stdout + done.stderr

    def inside(self, name: str, argv: list[str]) -> tuple[int, str]:
        """Run a command of this machine on a host's network (the operator's or a kiosk's browser, curl …)."""
        done = run(self.inside_argv(name, argv), check=False)
        return done.returncode, done.stdout + done.stderr

    def inside_argv(self, name: str, argv: list[str]) -> list[str]:
        """The command line that runs `argv` on a host's network."""
        return ["nsenter", f"--net=/run/netns/{wires.namespace(name)}", "--", *argv]

    @property
    def ssh_config(self) -> Path:
        """For `ssh -F`: every host by name or management address, through the operator's workstation."""
        return self.state / "ssh_config"

    def root_key(self, host: Host) -> Path:
        """The key that opens root's door of a host: the operator's, or the custodian's on the keeper of the backups.

        On a twin both lie side by side; of a real site the custodian's is elsewhere.
        """
        return self.state / "ssh" / ("custodian" if self.site.in_custody(host) else "id_ed25519")

    def _host_key(self, host: Host) -> Path:
        return self.state / "ssh" / "hosts" / host.name / "ssh_host_ed25519_key"

    def _write_keys(self, hosts: list[Host]) -> None:
        """The operator's and the custodian's key, host keys, known hosts: nobody trusts on first use."""
        folder = self.state / "ssh"
        folder.mkdir(parents=True, exist_ok=True)
        self.state.chmod(0o755)
        folder.chmod(0o700)
        (self.state / "secrets").mkdir(mode=0o700, exist_ok=True)
        for name, whose in (("id_ed25519", "kura operator"), ("custodian", "kura custodian")):
            if not (folder / name).exists():
                run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", whose, "-f", folder / name])
        for host in hosts:
            key = self._host_key(host)
            if not key.exists():
                key.parent.mkdir(parents=True, exist_ok=True)
                run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", host.name, "-f", key])
        known = []
        for host in self.site.hosts:
            key = self._host_key(host).with_suffix(".pub")
            if key.exists():
                known.append(f"{host.name},{host.management} {' '.join(key.read_text().split()[:2])}")
        (folder / "known_hosts").write_text("\n".join(known) + "\n")
        blocks = [
            f"Host {host.name} {host.management}\n  HostName {host.management}\n  HostKeyAlias {host.name}\n"
            f"  IdentityFile {self.root_key(host)}"
            for host in self.site.hosts
        ]
        common = (
            "Host *\n"
            "  User root\n"
            "  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {folder / 'known_hosts'}\n"
            "  StrictHostKeyChecking yes\n"
            "  LogLevel ERROR\n"
            "  ControlMaster auto\n"
            f"  ControlPath {folder / 'control-%C'}\n"
            "  ControlPersist 120\n"
            "  ServerAliveInterval 5\n"
            "  ServerAliveCountMax 3\n"
            f"  ProxyCommand nsenter --net=/run/netns/{wires.namespace(OPERATOR)} nc %h %p\n"
        )
        self.ssh_config.write_text("\n".join(blocks) + "\n" + common)

    # --- for the operator's browser

    def open_window(self) -> dict[str, str]:
        """Make the appliance's names work in this machine's browser; returns name → URL."""
        return window.open_for(self.site, self.state, wires.namespace(OPERATOR))

    def describe(self) -> dict[str, object]:
        """Hosts and whether they run, for `./kura status --json` and tests."""
        running = {host.name for host in self.running()}
        return {host.name: {"address": str(host.address), "running": host.name in running} for host in self.made()}


def _allow_many_inits() -> None:
    """Every host's systemd takes several inotify instances of root's 128: after some twenty hosts the next one would
    end at once, without a word. Raised on this machine, never lowered."""
    limit = Path("/proc/sys/fs/inotify/max_user_instances")
    with contextlib.suppress(OSError):
        if int(limit.read_text()) < 4096:
            limit.write_text("4096")


def _heed_niceness() -> None:
    """As roles/base has it on servers, where a twin's hosts cannot: a service's Nice= is void while sessions are
    weighed against each other. Set on this machine, never set back."""
    setting = Path("/proc/sys/kernel/sched_autogroup_enabled")
    with contextlib.suppress(OSError):
        setting.write_text("0")
