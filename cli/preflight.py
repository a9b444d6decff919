"""What this machine must have before a verb may begin. Each lack is one clear sentence, and nothing is half done."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cli.context import Refused
from cli.progress import Progress
from lab import paths
from lab.shell import run

LAB_PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "systemd-nspawn": "systemd-container",
    "nft": "nftables",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "nc": "netcat-openbsd",
    "curl": "curl",
    "pgrep": "procps",
    "wg": "wireguard-tools",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
TEST_PACKAGES = {
    "chromium": "chromium",
    "shellcheck": "shellcheck",
    "soffice": "libreoffice-writer-nogui",
    "/usr/lib/libreoffice/share/registry/calc.xcd": "libreoffice-calc-nogui",
    "pdftoppm": "poppler-utils",
    "certutil": "libnss3-tools",
    "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf": "fonts-ipaexfont",
    "/usr/lib/x86_64-linux-gnu/libpangoft2-1.0.so.0": "libpangoft2-1.0-0",
    "/usr/lib/x86_64-linux-gnu/libharfbuzz-subset.so.0": "libharfbuzz-subset0",
}
NEED_GIB = 12


def lab(progress: Progress) -> None:
    """The machine can run hosts: kernel features, disk, packages. Raises Refused."""
    if not Path("/etc/debian_version").exists():
        raise Refused("this is not Debian: Kura's controller runs on Debian 12 or 13")
    if shutil.which("modprobe"):  # on Debian's own kernel these are modules, loaded on demand
        run(["modprobe", "-aq", "overlay", "tun"], check=False)
    filesystems = Path("/proc/filesystems").read_text().split()
    for feature, present in {
        "overlayfs (CONFIG_OVERLAY_FS)": "overlay" in filesystems,
        "network namespaces (CONFIG_NET_NS)": Path("/proc/self/ns/net").exists(),
        "TUN devices (CONFIG_TUN, /dev/net/tun)": Path("/dev/net/tun").exists(),
    }.items():
        if not present:
            raise Refused(f"the kernel has no {feature}; hosts of the twin need it")
    enough_disk(paths.cache())
    debian(LAB_PACKAGES, progress)
    probe = f"kura-probe-{os.getpid()}"
    done = run(["ip", "netns", "add", probe], check=False)
    run(["ip", "netns", "delete", probe], check=False)
    if done.returncode:
        raise Refused(f"this machine does not let root make network namespaces: {done.stderr.strip()}")


def enough_disk(where: Path) -> None:
    """Images, hosts and packages need room."""
    while not where.exists():
        where = where.parent
    free = shutil.disk_usage(where).free / 2**30
    if free < NEED_GIB:
        raise Refused(f"too little disk: {free:.1f} GiB free at {where}, {NEED_GIB} GiB are needed")


def debian(packages: dict[str, str], progress: Progress) -> None:
    """Install the Debian packages whose command or file is missing."""
    missing = sorted({
        package for mark, package in packages.items()
        if not (Path(mark).exists() if mark.startswith("/") else shutil.which(mark))
    })  # fmt: skip
    if not missing:
        return
    progress("Debian packages: " + ", ".join(missing))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    wait = ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=5"]
    for argv in (
        ["apt-get", "-q", *wait, "update"],
        ["apt-get", "-qy", *wait, "install", "--no-install-recommends", *missing],
    ):
        done = run(argv, check=False, env=environment)
        if done.returncode:
            tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-5:])
            raise Refused(f"Debian packages could not be installed (is there a network?): {', '.join(missing)}\n{tail}")
