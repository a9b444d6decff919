"""A virtual machine that starts as a real one does: from an archive in memory, or from its own disks, with systemd.

lab/vm.py borrows the file system of the twin's hosts; here nothing is borrowed. The kernel is user-mode Linux all the
same, so what a firmware and a boot loader do stays outside: the kernel gets its archive and its words from here.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

from lab import image, paths, vm
from lab.image import Progress
from lab.shell import LabError, run

MODULES = "usr/lib/modules"


@dataclass(frozen=True)
class Card:
    """A network card of the machine: its address, and what stands at the other end of its wire."""

    mac: str
    peer: IPv4Interface


class Bay:
    """A machine's place: its disks, which outlive it, its wires, and a folder for what it starts from."""

    def __init__(self, root: Path, parts: Path, cards: Mapping[str, Card]) -> None:
        self.root = root
        self.parts = parts
        self.cards = cards
        self.disks: list[tuple[str, str]] = []
        self.starts = 0

    @property
    def share(self) -> Path:
        """The folder that machine and lab both see."""
        return self.root / vm.SHARE.lstrip("/")

    @property
    def space(self) -> str:
        """The network namespace with the other ends of the wires."""
        return f"{paths.instance()}-metal"

    def add_disk(self, mib: int, serial: str) -> None:
        """Put a disk fresh out of its box into the next bay."""
        name = f"disk{len(self.disks) + 1}.disk"
        with (self.share / name).open("wb") as handle:
            handle.truncate(mib * 2**20)
        self.disks.append((name, serial))

    @contextlib.contextmanager
    def on(self, archives: list[Path], words: str, memory_mib: int) -> Iterator[Started]:
        """The machine is on, started from these archives one after the other; pulled out of its socket at the end."""
        self.starts += 1
        with (self.share / "initrd").open("wb") as whole:
            for archive in archives:
                with archive.open("rb") as part:
                    shutil.copyfileobj(part, whole, 2**22)
                whole.write(b"\0" * (-whole.tell() % 4))  # as GRUB does
        console = self.share / f"console{self.starts}.log"
        with console.open("wb") as log:
            process = subprocess.Popen(
                self._command(words, memory_mib),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": vm._PATH},
                start_new_session=True,
            )
        try:
            yield Started(process, console)
        finally:
            vm._end(process)

    def _command(self, words: str, memory_mib: int) -> list[str]:
        kit = vm.KIT
        options = [f"ubd{place}={vm.SHARE}/{name},,{serial}" for place, (name, serial) in enumerate(self.disks)] + [
            f"vec{place}:transport=tap,ifname={leg},depth=64,mac={card.mac}"
            for place, (leg, card) in enumerate(self.cards.items())
        ]
        return [
            *("nsenter", f"--net=/run/netns/{self.space}", "setpriv", "--pdeathsig", "KILL"),
            *("chroot", str(self.root), "/usr/bin/env", "-i", f"PATH={vm._PATH}", "HOME=/root", "TMPDIR=/dev/shm"),
            *(f"LD_PRELOAD={kit}/shim.so", f"{kit}/linux", f"mem={memory_mib}M", f"initrd={vm.SHARE}/initrd"),
            *("con=null", "con0=null,fd:1", "ssl=null", *options, *words.split()),
        ]


class Started:
    """A machine that is on."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self.log = log

    def console(self) -> str:
        """What stood on its console so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_off(self, patience: float) -> None:
        """Wait until it has switched itself off. LabError with the console's last words when it does not."""
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise LabError(f"the machine is still on after {patience:.0f} s:\n{self.console()[-3000:]}") from None


@contextlib.contextmanager
def bay(cards: Mapping[str, Card], progress: Progress) -> Iterator[Bay]:
    """A place for one machine, gone at the end with its disks and wires."""
    parts = vm.kit(progress)
    with vm._told_to_end(), image.mounted(image.lower_dirs(progress)) as root:
        vm._furnish(root, parts)
        made = Bay(root, parts, cards)
        run(["ip", "netns", "delete", made.space], check=False)
        run(["ip", "netns", "add", made.space])
        try:
            for leg, card in cards.items():
                ip = ["ip", "-n", made.space]
                run([*ip, "tuntap", "add", "dev", leg, "mode", "tap"])
                run([*ip, "address", "add", str(card.peer), "dev", leg])
                run([*ip, "link", "set", leg, "up"])
            yield made
        finally:
            run(["ip", "netns", "delete", made.space], check=False)


def modules(parts: Path, folder: Path, tools: Path) -> Path:
    """The kernel's modules as one more archive, packed by the programs of the tree `tools`; made once in `folder`."""
    return _made(parts, folder / f"modules-{parts.name}.img", tools, _PACK)


def start_archive(parts: Path, folder: Path, tools: Path) -> Path:
    """What a Debian of the tree `tools` starts this kernel with: its own initramfs-tools over the kernel's modules."""
    return _made(parts, folder / f"start-{parts.name}.img", tools, _START)


# The kernel's version stands in /mnt.
_PACK = f"""
cd / && find {MODULES}/$(ls /mnt) | LC_ALL=C sort | cpio --create --format=newc --quiet > /srv/made.img
"""
_START = "mkinitramfs -o /srv/made.img $(ls /mnt)"


def _made(parts: Path, final: Path, tools: Path, script: str) -> Path:
    if final.exists():
        return final
    with image.mounted([tools]) as root:
        for version in (parts / "modules").iterdir():
            shutil.copytree(version, root / MODULES / version.name)
            (root / "mnt" / version.name).touch()
        for name in ("proc", "dev"):
            run(["mount", "--bind", f"/{name}", root / name])
        run(["chroot", root, "sh", "-ec", script], env={"PATH": vm._PATH})
        part = final.with_suffix(".part")
        shutil.copyfile(root / "srv/made.img", part)
    part.replace(final)
    return final


def wait_for(condition: str, started: Started, patience: float) -> None:
    """Wait until a text stands on the console. LabError when the machine goes off before, or takes too long."""
    deadline = time.monotonic() + patience
    while condition not in started.console():
        late = time.monotonic() > deadline or "Kernel panic" in started.console()
        if started.process.poll() is not None or late:
            raise LabError(f"“{condition}” did not come to stand on the console:\n{started.console()[-3000:]}")
        time.sleep(0.1)
