"""Cutting a disk as its array wants it, and the start-up programs that a boot disk carries. Runs on hosts."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disks.command import Refused, available, run, until
from disks.state import Machine

MIB = 1024 * 1024


def contents(device: str) -> str:
    """What a disk holds already, as wipefs names it: empty for a disk fresh out of its box."""
    return " ".join(run(["wipefs", "--noheadings", "--output", "TYPE", f"/dev/{device}"]).split())


def in_use(machine: Machine, device: str) -> str:
    """Who uses a disk now: an array, a mapping or a mount; empty when nobody does."""
    block = machine.path(f"/sys/block/{device}")
    for holder in [*block.glob("holders/*"), *block.glob("*/holders/*")]:
        return holder.name
    parts = {f"/dev/{name}" for name in (device, *(path.name for path in block.glob(f"{device}*")))}
    for line in machine.text("/proc/mounts").splitlines():
        source, target = line.split()[:2]
        if source in parts:
            return target
    return ""


def script(partitions: list[Mapping[str, Any]]) -> str:
    """The partition table in sfdisk's language."""
    lines = ["label: gpt"]
    for row in partitions:
        size = f"size={row['mib']}MiB, " if row["mib"] else ""
        lines.append(f"{size}type={row['type']}, name=kura-{row['role']}")
    return "\n".join(lines) + "\n"


def cut(machine: Machine, device: str, array: Mapping[str, Any]) -> str:
    """Partition a disk for its array; returns the kernel name of the member's partition. Everything on it is lost."""
    if user := in_use(machine, device):
        raise Refused(f"/dev/{device} is in use by {user}")
    run(["wipefs", "--all", "--quiet", f"/dev/{device}"])
    run(["sfdisk", "--quiet", "--wipe=always", f"/dev/{device}"], text=script(array["partitions"]))
    member = next(row["number"] for row in array["partitions"] if row["role"] == "member")
    until(lambda: machine.partition(device, member) != "", 30, f"partition {member} of /dev/{device}")
    name = machine.partition(device, member)
    until(lambda: machine.path(f"/dev/{name}").exists(), 30, f"/dev/{name}")
    run(["wipefs", "--all", "--quiet", f"/dev/{name}"])
    return name


def bootable(machine: Machine, device: str, array: Mapping[str, Any]) -> list[str]:
    """By which ways a machine can start from this disk: "bios", "uefi"."""
    ways = []
    with machine.path(f"/dev/{device}").open("rb") as disk:
        if b"GRUB" in disk.read(512):
            ways.append("bios")
    esp = _number(array, "esp")
    partition = machine.partition(device, esp) if esp else ""
    if partition:
        with tempfile.TemporaryDirectory(prefix="kura-esp-") as folder:
            try:
                run(["mount", "-t", "vfat", "-o", "ro", f"/dev/{partition}", folder])
            except Refused:
                return ways
            try:
                if (Path(folder) / "EFI/BOOT/BOOTX64.EFI").is_file():
                    ways.append("uefi")
            finally:
                run(["umount", folder])
    return ways


def make_bootable(machine: Machine, device: str, array: Mapping[str, Any]) -> list[str]:
    """Put the start-up programs for BIOS and UEFI on a boot disk unless they are there; returns the ways it starts."""
    have = bootable(machine, device, array)
    if have == ["bios", "uefi"]:
        return have
    if not available("grub-install"):
        raise Refused("grub-install is not there: install grub2-common, grub-pc-bin and grub-efi-amd64-bin")
    boot = ["--boot-directory=/boot", "--recheck"]
    if "bios" not in have:
        run(["grub-install", "--target=i386-pc", *boot, f"/dev/{device}"])
    if "uefi" not in have:
        partition = machine.partition(device, _number(array, "esp"))
        run(["mkfs.vfat", "-F", "32", "-n", "KURA-ESP", f"/dev/{partition}"])
        with tempfile.TemporaryDirectory(prefix="kura-esp-") as folder:
            run(["mount", "-t", "vfat", f"/dev/{partition}", folder])
            try:
                # As removable media: any machine starts from it, whatever its memory of boot entries says.
                efi = ["--target=x86_64-efi", f"--efi-directory={folder}", "--removable", "--no-nvram"]
                run(["grub-install", *efi, *boot])
            finally:
                run(["umount", folder])
    return bootable(machine, device, array)


def _number(array: Mapping[str, Any], role: str) -> int:
    """The number of the partition with that role, 0 when the disk has none."""
    return next((int(row["number"]) for row in array["partitions"] if row["role"] == role), 0)
