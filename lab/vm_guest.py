"""First process of the virtual machine (lab/vm.py): mounts what a Linux needs and runs the jobs that are put down.

A job is a file NAME.sh in the shared folder; its output goes to NAME.out and, when it has ended, its exit code to
NAME.rc. Jobs run side by side. A file `off` ends the machine.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

POWER_OFF = 0x4321FEDC
SHARE = Path(sys.argv[1])
MOUNTS = {
    "/proc": "proc",
    "/sys": "sysfs",
    "/dev": "devtmpfs",
    "/run": "tmpfs",
    "/tmp": "tmpfs",  # noqa: S108
    "/dev/shm": "tmpfs",  # noqa: S108
}


def start(job: Path) -> subprocess.Popen[bytes]:
    """Start a job with its output in a file."""
    with job.with_suffix(".out").open("wb") as out:
        return subprocess.Popen(["/bin/sh", str(job)], stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def main() -> None:
    """Serve jobs until the machine is told to go off."""
    os.environ.update(PATH="/usr/sbin:/usr/bin:/sbin:/bin", HOME="/root", LC_ALL="C.UTF-8")
    os.environ.pop("LD_PRELOAD", None)
    for target, kind in MOUNTS.items():
        Path(target).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", kind, kind, target], check=True)
    (SHARE / "up").touch()
    running: dict[Path, subprocess.Popen[bytes]] = {}
    taken: set[str] = set()
    while not (SHARE / "off").exists():
        for job in sorted(SHARE.glob("*.sh")):
            if job.name not in taken:
                taken.add(job.name)
                running[job] = start(job)
        for job, process in list(running.items()):
            if process.poll() is not None:
                part = job.with_suffix(".part")
                part.write_text(str(process.returncode))
                part.replace(job.with_suffix(".rc"))
                del running[job]
        time.sleep(0.02)
    os.sync()
    ctypes.CDLL(None).reboot(POWER_OFF)


if __name__ == "__main__":
    main()
