"""The root file system that every medium carries: Debian 13 with kernel, arrays and boot loader, as one archive.

It is what the installer runs in (from memory) and what it puts on the disks: one is proven by the other. A second
archive carries the packages of all roles as files: a host without a way to the internet can be converged. Both are
made once and kept in the cache under names that follow from what went in.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml

from lab import image, paths
from lab.image import Progress
from lab.shell import LabError, run

# What a machine of its own needs beside what a container has: a kernel, its modules and their firmware.
KERNEL = ["linux-image-amd64", "initramfs-tools", "udev", "cpio", "zstd", "kbd"]
FIRMWARE = ["amd64-microcode", "firmware-bnx2", "firmware-bnx2x", "firmware-qlogic", "intel-microcode"]
# Only for making the medium; not on it.
TOOLS = ["xorriso", "mtools"]
# Part of the name: count up when the steps that make it change.
RECIPE = "1"
_PATH = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}

_CONFIGURE = r"""
set -e
: > /etc/machine-id
rm -f /etc/ssh/ssh_host_* /var/lib/dbus/machine-id
systemctl enable systemd-networkd ssh
# Kura watches and reads the arrays itself (role raid); mdadm's own watch wants a mail system and fails without.
systemctl mask systemd-firstboot.service mdmonitor.service mdmonitor-oneshot.timer
mkdir -p /etc/ssh/sshd_config.d /root/.ssh /etc/mdadm
chmod 700 /root/.ssh
printf '%s\n' 'PermitRootLogin prohibit-password' 'PasswordAuthentication no' 'UseDNS no' \
  > /etc/ssh/sshd_config.d/10-kura-day0.conf
# Any array that is whole is joined, whoever made it: the same start-up archive serves every host.
printf '%s\n' 'HOMEHOST <ignore>' 'AUTO +1.x -all' > /etc/mdadm/mdadm.conf
# A boot disk that is missing must not keep the machine from starting.
printf '%s\n' 'MODULES=most' 'COMPRESS=zstd' 'RESUME=none' > /etc/initramfs-tools/conf.d/kura
printf '%s\n' raid1 md_mod dm_mod ext4 >> /etc/initramfs-tools/modules
printf '%s\n' 'GRUB_TIMEOUT=3' 'GRUB_RECORDFAIL_TIMEOUT=3' 'GRUB_DISABLE_OS_PROBER=true' 'GRUB_DISABLE_RECOVERY=true' \
  'GRUB_TERMINAL="console"' 'GRUB_CMDLINE_LINUX="console=tty0 console=ttyS0,115200n8"' \
  'GRUB_CMDLINE_LINUX_DEFAULT=""' > /etc/default/grub
update-initramfs -u -k all
"""


def packages(root: Path) -> list[str]:
    """What the root file system holds installed: a host's base, its kernel, and the programs for its disks."""
    role = yaml.safe_load((root / "roles/raid/defaults/main.yml").read_text(encoding="utf-8"))
    return sorted({*image.BASE, *KERNEL, *FIRMWARE, *role["raid_packages"]})


def made(progress: Progress) -> Path:
    """The folder with `vmlinuz`, `root.img` (cpio, zstd), `tree`, `tools` and `packages.txt`; made when missing."""
    wanted = packages(paths.root())
    name = f"metal-{_digest([RECIPE, image.SUITE, _CONFIGURE, _PACK, *wanted, '-', *TOOLS])}"
    final = paths.cache() / "images" / name
    # A lock of its own: who only wants a host of the twin need not wait for this.
    with _building():
        if final.is_dir():
            return final
        work = final.with_suffix(".part")
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        progress("root file system of the medium: Debian 13 with its kernel (5 minutes the first time)")
        _debian(work / "tree", wanted)
        _tools(work)
        progress("the archive is packed")
        _pack(work)
        work.rename(final)
    return final


def carried(folder: Path, progress: Progress) -> Path:
    """The archive with the files of all roles' packages, where apt looks before it asks anybody; made when missing."""
    wanted = image.role_packages(paths.root())
    final = folder / f"packages-{_digest([_LAY_IN, *wanted])}.img"
    with _building():
        if final.exists():
            return final
        progress(f"packages of all roles ({len(wanted)})")
        with image.mounted([folder / "tree"]) as tree, attached(tree):
            _lay_in(tree, wanted)
            part = final.with_suffix(".part")
            shutil.copyfile(tree / "srv/packages.img", part)
        part.replace(final)
    return final


def _digest(parts: list[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


@contextlib.contextmanager
def _building() -> Iterator[None]:
    """One maker at a time, also between instances."""
    folder = paths.cache() / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "metal-lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _debian(tree: Path, wanted: list[str]) -> None:
    """A Debian that starts on a machine of its own; nothing of the lab is in it."""
    run(
        [
            *("mmdebstrap", "--variant=minbase", '--aptopt=Acquire::Retries "5"'),
            *("--components=main,non-free-firmware", "--include=" + ",".join(wanted), image.SUITE, tree),
        ]
    )
    with attached(tree):
        run(["chroot", tree, "sh", "-c", _CONFIGURE], env=_PATH)


_LAY_IN = r"""
set -e
cd /
rm -f var/cache/apt/*.bin var/cache/apt/archives/lock var/lib/apt/lists/lock
find var/cache/apt var/lib/apt/lists | LC_ALL=C sort | cpio --create --format=newc --quiet \
  | zstd -q -3 -o /srv/packages.img
"""


def _lay_in(tree: Path, wanted: list[str]) -> None:
    """Fetch what the cache does not have, and pack all of it with apt's lists."""
    pool = paths.cache() / "apt"
    pool.mkdir(exist_ok=True)
    (tree / "etc/resolv.conf").unlink(missing_ok=True)
    (tree / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
    run(["chroot", tree, "apt-get", "-q", "-o", "Acquire::Retries=5", "update"], env=_PATH)
    apt: list[str | Path] = ["chroot", tree, "apt-get", "-qy", "-o", "Acquire::Retries=5"]
    apt += ["install", "--no-install-recommends"]
    # "'address' name size hash" of each file that is not there yet
    listed = run([*apt, "--print-uris", *wanted], env=_PATH).stdout
    archives = tree / "var/cache/apt/archives"
    for name in [line.split()[1] for line in listed.splitlines() if line.startswith("'")]:
        if (pool / name).exists():
            shutil.copy(pool / name, archives / name)
    run([*apt, "--download-only", *wanted], env=_PATH)
    run(["chroot", tree, "sh", "-c", _LAY_IN], env=_PATH)


def _tools(work: Path) -> None:
    """A layer over the tree with what makes a medium."""
    mount, scratch = work / "mount", work / "scratch"
    for folder in (mount, scratch, work / "tools"):
        folder.mkdir()
    options = f"lowerdir={work / 'tree'},upperdir={work / 'tools'},workdir={scratch}"
    run(["mount", "-t", "overlay", "kura-metal", "-o", options, mount])
    try:
        with attached(mount):
            (mount / "etc/resolv.conf").write_text(Path("/etc/resolv.conf").read_text())
            for words in (["update"], ["install", *TOOLS]):
                run(["chroot", mount, "apt-get", "-qy", "-o", "Acquire::Retries=5", *words], env=_PATH)
    finally:
        run(["umount", mount])
    mount.rmdir()
    shutil.rmtree(scratch)


# Members in a fixed order; numbers of files and times of folders are not kept.
_PACK = r"""
set -e
cd /
find . -xdev -path ./out -prune -o -print0 | LC_ALL=C sort -z \
  | cpio --null --create --format=newc --reproducible --quiet | zstd -q -6 -T0 -o /out/root.img
dpkg-query -W -f '${Package} ${Version}\n' > /out/packages.txt
"""


def _pack(work: Path) -> None:
    """The tree as one archive that a kernel unpacks into memory."""
    tree = work / "tree"
    _check(tree)
    shutil.copy(next((tree / "boot").glob("vmlinuz-*")), work / "vmlinuz")
    (tree / "out").mkdir()
    try:
        run(["mount", "--bind", work, tree / "out"])
        run(["chroot", tree, "sh", "-c", _PACK], env=_PATH)
    finally:
        run(["umount", tree / "out"], check=False)
        (tree / "out").rmdir()


def _check(tree: Path) -> None:
    """LabError when a file has capabilities: a kernel's archive cannot carry them, and they would be lost silently."""
    for folder, _, names in os.walk(tree / "usr"):
        for path in (Path(folder, name) for name in names):
            if not path.is_symlink() and "security.capability" in os.listxattr(path):
                raise LabError(f"/{path.relative_to(tree)} has capabilities, which the medium cannot carry")


@contextlib.contextmanager
def attached(tree: Path) -> Iterator[None]:
    """While it lasts, programs run in the tree with processes and devices, and start no service."""
    refusal = tree / "usr/sbin/policy-rc.d"
    refusal.write_text("#!/bin/sh\nexit 101\n")
    refusal.chmod(0o755)
    folders = [tree / "proc", tree / "dev"]
    try:
        for folder in folders:
            run(["mount", "--bind", "/" + folder.name, folder])
        yield
    finally:
        for folder in folders:
            run(["umount", folder], check=False)
        refusal.unlink()
