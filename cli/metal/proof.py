"""`./kura drill metal`: the medium of a host installs a machine with bare disks, which then runs as the host.

The archives are read back from the finished medium. What a firmware, GRUB and Debian's own kernel do is not shown here:
the kernel is user-mode Linux, given the archive and the words that the boot loader would give. Arrays, encryption, file
systems, start-up archive, systemd, names of interfaces and sshd are the real ones.
"""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any

from cli.context import Context, Refused
from cli.evidence import figure
from cli.metal import medium, root
from inventory import Host, Inventory
from lab import image, vm_boot
from lab.shell import LabError, run

HOST = {"nagano": "db1"}
# A root file system and a system partition; a data disk holds a file system and a witness.
BOOT_MIB, DATA_MIB = 2048, 128
MEMORY_INSTALL, MEMORY_RUN = 3072, 768
PATIENCE = 420
ENDED = "kura: the machine switches off"
Steps = list[dict[str, Any]]


@dataclass(frozen=True)
class Seen:
    """What an installed machine says of itself when it is asked over SSH."""

    ask: Callable[[str], str]


def of_machine(host: Host) -> Host:
    """The host as the virtual machine has it: its own rows of disks, data encrypted, bays as its kernel wires them."""
    rows, place = [], 0
    for row in host.disks:
        bays = [f"platform-uml-blkdev.{place + number}" for number in range(row.count)]
        rows.append(row.model_copy(update={"bays": bays, "encrypted": row.use == "data", "controller": "md"}))
        place += row.count
    return replace(host, disks=tuple(rows))


def keys(folder: Path, host: Host) -> medium.Keys:
    """Keys of a moment: the operator's, and the host's own."""
    for name in ("operator", "host"):
        if not (folder / name).exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", host.name, "-f", folder / name])
    text = [(folder / name).read_text() for name in ("operator.pub", "host", "host.pub")]
    (folder / "known_hosts").write_text(f"{host.name} {' '.join(text[2].split()[:2])}\n")
    return medium.Keys(*text)


class Drill:
    """One run."""

    def __init__(self, context: Context, host: Host, folder: Path) -> None:
        self.context, self.site, self.folder = context, context.site, folder
        self.progress = context.progress
        self.host = of_machine(host)
        self.steps: Steps = []
        self.figures: dict[str, dict[str, Any]] = {}
        self.made = root.made(self.progress)

    def step(self, title: str, passed: bool, note: str = "") -> None:
        """Keep what was seen."""
        self.progress(f"{title}: {note or ('yes' if passed else 'NO')}")
        self.steps.append({"title": title, "passed": passed, "note": note, "hosts": [self.host.name]})

    def medium(self) -> list[Path]:
        """The archives, as they lie on the finished medium."""
        began = time.monotonic()
        iso = medium.write(self.site, self.host, keys(self.folder, self.host), self.folder, self.progress)
        self.figures["medium_seconds"] = figure(time.monotonic() - began, "s")
        self.figures["medium_mib"] = figure(iso.stat().st_size / 2**20, "MiB")
        starts = medium.ways(iso, self.made)
        self.step("媒体は BIOS と UEFI のどちらからも始められる形である", starts == ["BIOS", "UEFI"], "、".join(starts))
        return medium.extract(iso, self.made, self.folder)

    def install(self, bay: vm_boot.Bay, archives: list[Path], words: str = "") -> str:
        """Start from the medium and wait until the machine is off; returns its console's text."""
        more = vm_boot.modules(bay.parts, self.made, self.made / "tree")
        words = f"{medium.COMMAND_LINE} kura.shell=no {words}"
        with bay.on([*archives, more], words, MEMORY_INSTALL) as machine:
            vm_boot.wait_for(ENDED, machine, PATIENCE)
            machine.wait_off(60)
            return machine.console()

    @contextlib.contextmanager
    def started(self, bay: vm_boot.Bay, line: str) -> Iterator[Callable[[str], str]]:
        """The machine runs from its disks with the words of its own GRUB; yields how to ask it something over SSH."""
        words = " ".join(line.split()[2:])
        if not words.startswith("root=UUID="):
            raise Refused(f"the boot loader was not told where the root file system is: {line!r}")
        archive = vm_boot.start_archive(bay.parts, self.made, self.made / "tree")
        with bay.on([archive], words, MEMORY_RUN) as machine:
            ssh: list[str | Path] = [
                *("ip", "netns", "exec", bay.space, "ssh", "-F", "none", "-i", self.folder / "operator"),
                *("-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}", "-o", "StrictHostKeyChecking=yes"),
                *("-o", f"HostKeyAlias={self.host.name}", "-o", "ConnectTimeout=20", "-o", "BatchMode=yes"),
                f"root@{self.host.address}",
            ]

            def ask(command: str) -> str:
                done = run([*ssh, command], check=False, timeout=PATIENCE)
                return done.stdout + done.stderr

            deadline = time.monotonic() + PATIENCE
            while ask("echo up").strip() != "up":
                if machine.process.poll() is not None or time.monotonic() > deadline:
                    raise LabError(f"the installed machine does not answer:\n{machine.console()[-3000:]}")
                time.sleep(0.5)
            yield ask

    def look(self, ask: Callable[[str], str]) -> None:
        """The machine is the host: name, addresses, arrays, encryption, file systems, way to start, packages."""
        encrypted = [row.mount for row in self.host.disks if row.encrypted]
        ask("systemctl is-system-running --wait")  # sshd answers before the start is over
        self.step("名前が構成情報のとおりである", ask("hostname").strip() == self.host.name)
        for leg, (address, network) in self.site.legs(self.host).items():
            said = ask(f"ip -brief -4 address show dev {leg}")
            self.step(
                f"接続口 {leg} の番地が構成情報のとおりである", f"{address}/{network.prefixlen}" in said, said.strip()
            )
        state = ask("cat /proc/mdstat")
        whole = [line for line in state.splitlines() if "blocks" in line and "_" not in line.rpartition("[")[2]]
        self.step("全ての組のディスクが揃っている", len(whole) == len(self.host.disks), " / ".join(whole))
        for mount in encrypted:
            said = ask(f"cryptsetup status $(findmnt -no SOURCE {mount} | sed 's,.*/,,')")
            self.step(f"{mount} は暗号化され、起動時に解錠されている", "LUKS2" in said and "is active" in said)
        root_source = ask("findmnt -no SOURCE,FSTYPE /").strip()
        self.step("起動領域は冗長化した組の上にある", root_source.startswith("/dev/md"), root_source)
        ways = ask("cd / && PYTHONPATH=/usr/local/lib/kura python3 -m disks.care boot").strip()
        self.step("全ての起動ディスクから起動できる", ways == "every boot disk can start the machine", ways)
        carried = " ".join(image.role_packages(self.context.root))
        said = ask(f"apt-get install -qy --no-install-recommends --no-download --download-only {carried} && echo all")
        self.step("全役割のパッケージが通信なしで揃う", said.strip().endswith("all"), said.strip()[-120:])
        failed = ask("systemctl --failed --no-legend --plain").strip()
        self.step("失敗したサービスがない", failed == "", failed)

    def run(self) -> dict[str, Any]:
        """The whole drill; returns passed, figures and details."""
        archives = self.medium()
        peers = {leg: IPv4Interface(f"{network[-2]}/{network.prefixlen}") for leg, (_, network) in self.legs().items()}
        with vm_boot.bay({leg: vm_boot.Card(mac, peers[leg]) for leg, mac in self.host.ports}, self.progress) as bay:
            for number, row in enumerate(self.host.disks):
                for place in range(row.count):
                    bay.add_disk(BOOT_MIB if row.use == "boot" else DATA_MIB, f"KURA-{number}-{place}")
            began = time.monotonic()
            self.progress("the machine starts from the medium")
            said = self.install(bay, archives)
            self.figures["install_seconds"] = figure(time.monotonic() - began, "s")
            self.step("空のディスクに無人で導入できる", f"kura: installed {self.host.name}" in said, _last(said))
            began = time.monotonic()
            self.progress("the machine starts from its disks")
            with self.started(bay, _line(said, "kura: starts by: ")) as ask:
                self.figures["start_seconds"] = figure(time.monotonic() - began, "s")
                self.look(ask)
            self.progress("the medium is forgotten in the drive")
            said = self.install(bay, archives)
            self.step(
                "媒体を入れたままでも導入済みのディスクは消えない", "this machine was installed on" in said, _last(said)
            )
        passed = all(row["passed"] for row in self.steps)
        return {"passed": passed, "figures": self.figures, "details": {"items": self.steps}}

    def legs(self) -> dict[str, Any]:
        """The host's interfaces with address and network."""
        return self.site.legs(self.host)


def _line(console: str, head: str) -> str:
    """The rest of the console's line that has this text in it."""
    return next((line.partition(head)[2].strip() for line in console.splitlines() if head in line), "")


def _last(console: str) -> str:
    """The installer's last words."""
    lines = [line.partition("kura: ")[2] for line in console.splitlines() if "kura: " in line]
    return next((line for line in lines if line.startswith(("installed", "NOT INSTALLED"))), " / ".join(lines[-3:]))


def of(site: Inventory) -> Host:
    """The host that the drill installs: one with data disks of its own, the fewest."""
    having = [host for host in site.hosts if host.ports and any(row.use == "data" for row in host.disks)]
    if not having:
        raise Refused("no host of this inventory has data disks and `ports`: there is nothing to install")
    return min(having, key=lambda host: (len(host.ports), sum(row.count for row in host.disks), host.name))


def run_drill(context: Context) -> dict[str, Any]:
    """Install a virtual machine from the medium of a host of the inventory. No twin is needed."""
    with tempfile.TemporaryDirectory(prefix="kura-metal-") as folder:
        return Drill(context, of(context.site), Path(folder)).run()
