"""A virtual machine for what containers cannot show: real disks that die, real md that survives them.

It is user-mode Linux (Debian's package, fetched once into the cache): a Linux kernel as an ordinary process, without
/dev/kvm, up in two seconds. It runs on the file system of the twin's hosts, so that what is proven is what is
deployed. Its first process is lab/vm_guest.py, which runs jobs put down in a folder both sides see.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab import image, paths
from lab.image import Progress
from lab.shell import LabError, run

HERE = Path(__file__).parent
# Part of the kit's name: count up when the steps that make it change.
RECIPE = "1"
SHARE, KIT = "/srv/vm", "/opt/vm"
FIRST_DISK = ord("b")  # ubda would be the root in other set-ups
MAGIC, VERSION, SIZE = 0xCAFEBABE, 2, 512  # of the management console's datagrams


@dataclass(frozen=True)
class Disk:
    """A disk to begin with: its size and the serial number that the machine sees."""

    mib: int
    serial: str


def kit(progress: Progress) -> Path:
    """The folder with kernel, modules and shim; fetched and compiled in a throwaway Debian 13 the first time."""
    shim = (HERE / "vm_shim.c").read_bytes()
    final = paths.cache() / "images" / f"vm-{hashlib.sha256(RECIPE.encode() + shim).hexdigest()[:12]}"
    lower = image.lower_dirs(progress)
    with image.building():
        if final.is_dir():
            return final
        progress("virtual machine: user-mode Linux (a minute the first time)")
        work = final.with_suffix(".part")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        with image.mounted([lower[-1]]) as root:
            (root / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
            for folder in ("/proc", "/dev"):
                run(["mount", "--bind", folder, root / folder.lstrip("/")])
            (root / "root/shim.c").write_bytes(shim)
            run(["chroot", root, "sh", "-c", _MAKE], env={"PATH": _PATH, "DEBIAN_FRONTEND": "noninteractive"})
            for name in ("linux", "modules", "shim.so"):
                shutil.move(root / "root/kit" / name, work / name)
        work.rename(final)
    return final


_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_MAKE = """
set -e
cd /root
apt="apt-get -qy -o Acquire::Retries=5"
apt-get -q update
$apt install --no-install-recommends gcc libc6-dev
apt-get -q -o Acquire::Retries=5 -o APT::Sandbox::User=root download user-mode-linux
dpkg-deb -x user-mode-linux_*.deb uml
mkdir kit
mv uml/usr/bin/linux.uml kit/linux
mv uml/usr/lib/uml/modules kit/modules
gcc -O2 -shared -fPIC -o kit/shim.so shim.c
"""


class Machine:
    """A running virtual machine. Disks are known by the names they were given."""

    def __init__(self, root: Path, disks: Mapping[str, Disk], process: subprocess.Popen[bytes]) -> None:
        self.root = root
        self.share = root / SHARE.lstrip("/")
        self.process = process
        self.bays = {name: chr(FIRST_DISK + place) for place, name in enumerate(disks)}
        self.jobs = 0

    # --- commands

    def start(self, command: str) -> str:
        """Start a shell command in the machine; returns the job's name for `ended` and `output`."""
        self.jobs += 1
        name = f"job{self.jobs:04}"
        part = self.share / f"{name}.new"
        part.write_text(command + "\n", encoding="utf-8")
        part.rename(self.share / f"{name}.sh")
        return name

    def ended(self, job: str) -> int | None:
        """The exit code of a job, None while it runs. LabError when the machine has gone off."""
        with contextlib.suppress(FileNotFoundError):
            return int((self.share / f"{job}.rc").read_text())
        if self.process.poll() is not None:
            raise LabError("the virtual machine went off:\n" + self.console()[-2000:])
        return None

    def output(self, job: str) -> str:
        """What a job has printed so far."""
        return (self.share / f"{job}.out").read_text(errors="replace")

    def shell(self, command: str, patience: float = 120) -> tuple[int, str]:
        """Run a shell command to its end: exit code and output. LabError when it takes longer than `patience`."""
        job = self.start(command)
        deadline = time.monotonic() + patience
        while (code := self.ended(job)) is None:
            if time.monotonic() > deadline:
                raise LabError(f"the virtual machine is still at: {command[:120]}\n{self.output(job)[-1000:]}")
            time.sleep(0.02)
        return code, self.output(job)

    def console(self) -> str:
        """What the kernel said."""
        return (self.share / "console.log").read_text(errors="replace")

    def file(self, name: str) -> Path:
        """Where a file of the machine's own file system is seen from outside. Not what is on its disks."""
        return self.root / name.lstrip("/")

    # --- disks

    def device(self, disk: str) -> str:
        """The kernel's name of the bay a disk was given: ubdb, ubdc …"""
        return "ubd" + self.bays[disk]

    def kill(self, disk: str) -> None:
        """The disk fails from now on: no read and no write succeeds."""
        (self.share / f"{disk}.disk.dead").touch()

    def pull(self, disk: str) -> None:
        """Take the disk out of its bay. LabError while something still holds it."""
        self._manage(f"remove ubd{self.bays[disk]}")

    def insert(self, bay_of: str, disk: str, spec: Disk) -> None:
        """Put a new, empty disk into the bay that another had."""
        self.bays[disk] = self.bays.pop(bay_of)
        _make_disk(self.share / f"{disk}.disk", spec)
        self._manage(f"config ubd{self.bays[disk]}={SHARE}/{disk}.disk,,{spec.serial}")

    def _manage(self, command: str) -> str:
        """One command to the kernel's management console."""
        folder = os.open(self.root / "root/.uml/vm", os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
                link.settimeout(20)
                link.bind("")  # an address of its own, for the answer
                text = command.encode()
                packet = struct.pack(f"=III{SIZE}s", MAGIC, VERSION, len(text), text)
                # Through the folder's descriptor: a socket's path may not be longer than 107 characters.
                link.sendto(packet, f"/proc/self/fd/{folder}/mconsole")
                error, _, length = struct.unpack_from("=III", data := link.recv(SIZE + 12))
        finally:
            os.close(folder)
        said = data[12 : 12 + length].decode(errors="replace").strip("\0\n ")
        if error:
            raise LabError(f"virtual machine: {command}: {said}")
        return said


def _make_disk(path: Path, spec: Disk) -> None:
    with path.open("wb") as handle:
        handle.truncate(spec.mib * 2**20)


@contextlib.contextmanager
def machine(disks: Mapping[str, Disk], progress: Progress, *, memory_mib: int = 512) -> Iterator[Machine]:
    """A virtual machine with these disks, up and ready for commands; gone afterwards with all that was on it."""
    parts = kit(progress)
    with _told_to_end(), image.mounted(image.lower_dirs(progress)) as root:
        _furnish(root, parts)
        share = root / SHARE.lstrip("/")
        for name, spec in disks.items():
            _make_disk(share / f"{name}.disk", spec)
        options = [
            f"ubd{place}={SHARE}/{name}.disk,,{spec.serial}" for place, (name, spec) in enumerate(disks.items(), 1)
        ]
        with (share / "console.log").open("wb") as log:
            process = subprocess.Popen(
                _command(root, memory_mib, options),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": _PATH},
                start_new_session=True,
            )
        guest = Machine(root, disks, process)
        try:
            _wait_up(guest)
            yield guest
            (share / "off").touch()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
        finally:
            _end(process)


@contextlib.contextmanager
def _told_to_end() -> Iterator[None]:
    """A polite order to end (SIGTERM) leaves nothing behind either: it ends as an interruption does."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _furnish(root: Path, parts: Path) -> None:
    """Put the kernel's parts, the shared folder and what the process itself needs into the root."""
    for folder in ("/proc", "/dev", "/dev/shm"):  # noqa: S108
        run(["mount", "--bind", folder, root / folder.lstrip("/")])
    for source, target in ((parts, KIT), (parts / "modules", "/usr/lib/modules")):
        (root / target.lstrip("/")).mkdir(parents=True, exist_ok=True)
        run(["mount", "--bind", source, root / target.lstrip("/")])
    (root / SHARE.lstrip("/")).mkdir(parents=True)
    shutil.copy(HERE / "vm_guest.py", root / "srv/vm_guest.py")


def _command(root: Path, memory_mib: int, options: list[str]) -> list[str]:
    """The kernel's command line. It keeps its memory in a file of /dev/shm and its console's socket in $HOME."""
    return [
        *("setpriv", "--pdeathsig", "KILL", "chroot", str(root), "/usr/bin/env", "-i"),
        *(f"PATH={_PATH}", "HOME=/root", "TMPDIR=/dev/shm", f"LD_PRELOAD={KIT}/shim.so"),
        *(f"{KIT}/linux", f"mem={memory_mib}M", "umid=vm", "root=/dev/root", "rootfstype=hostfs", "rw", "quiet"),
        *("con=null", "con0=null,fd:1", "ssl=null", "init=/usr/bin/python3", *options),
        *("--", "/srv/vm_guest.py", SHARE),
    ]


def _end(process: subprocess.Popen[bytes]) -> None:
    """The kernel and every process that runs for it are gone: they hold the root's mounts."""
    deadline = time.monotonic() + 20
    with contextlib.suppress(ProcessLookupError):
        while time.monotonic() < deadline:
            os.killpg(process.pid, signal.SIGKILL)
            process.poll()
            time.sleep(0.02)


def _wait_up(guest: Machine) -> None:
    deadline = time.monotonic() + 120
    while not (guest.share / "up").exists():
        if guest.process.poll() is not None or time.monotonic() > deadline:
            raise LabError("the virtual machine did not start:\n" + guest.console()[-2000:])
        time.sleep(0.02)
