#!/usr/bin/python3
"""First process of a machine that starts from the medium: finds the hardware, installs, and switches off.

What it says goes to the kernel's log, and so to every console of the machine: screen, serial line, and the controller
that an engineer looks through from afar. When the installation is refused, a shell waits at the console.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

POWER_OFF = 0x4321FEDC
MOUNTS = {"/proc": "proc", "/sys": "sysfs", "/dev": "devtmpfs", "/run": "tmpfs", "/tmp": "tmpfs"}  # noqa: S108
LIBRARY = "/usr/local/lib/kura"
SETTLE_SECONDS = 120  # controllers with many disks take their time


def say(text: str) -> None:
    """A line on every console; 3 is a level that `quiet` lets through."""
    with Path("/dev/kmsg").open("w", encoding="utf-8") as log:
        log.write(f"<3>{text}\n")


def mount() -> None:
    """What a Linux needs before anything else runs."""
    for target, kind in MOUNTS.items():
        Path(target).mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", kind, kind, target], check=kind != "devtmpfs")
    Path("/run/lock").mkdir()


def find_hardware() -> None:
    """Every module that a device asks for is loaded, every disk has its names, arrays that are there are joined."""
    subprocess.run(["/usr/lib/systemd/systemd-udevd", "--daemon"], check=True)
    for kind in ("subsystems", "devices"):
        subprocess.run(["udevadm", "trigger", f"--type={kind}", "--action=add"], check=True)
    subprocess.run(["udevadm", "settle", f"--timeout={SETTLE_SECONDS}"], check=False)
    subprocess.run(["modprobe", "-a", "raid1", "raid456", "raid10", "dm-crypt", "ext4", "vfat"], check=False)


def install() -> int:
    """Run the installer, each of its lines on every console."""
    process = subprocess.Popen(
        [sys.executable, "-m", "disks.install"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "PYTHONPATH": LIBRARY, "PYTHONDONTWRITEBYTECODE": "1"},
        cwd="/",
    )
    for line in process.stdout or ():
        say(line.rstrip())
    return process.wait()


def main() -> None:
    """Install and switch off; a person sees to it when that is refused."""
    os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", HOME="/root", LC_ALL="C.UTF-8", TERM="linux")
    mount()
    words = Path("/proc/cmdline").read_text(encoding="ascii").split()
    try:
        find_hardware()
        code = 1 if "kura.rescue" in words else install()
    except Exception as error:  # the first process must not end: whatever it is, somebody must read it
        say(f"kura: NOT INSTALLED: {error}")
        code = 1
    if code and "kura.shell=no" not in words:
        say("kura: a shell waits at the console; leaving it switches the machine off")
        with Path("/dev/console").open("r+b", buffering=0) as console:
            subprocess.run(["setsid", "--ctty", "sh", "-i"], stdin=console, stdout=console, stderr=console, check=False)
    say("kura: the machine switches off" + ("" if code else ": take the medium out and switch it on again"))
    time.sleep(1)  # serial lines are slow
    os.sync()
    ctypes.CDLL(None).reboot(POWER_OFF)


if __name__ == "__main__":
    main()
