"""What the `disks` rows of hosts.yml mean: arrays, members, partitions and mount points. Pure.

A host's slots are numbered from 0 in the order of its rows, as the bays of its chassis are. A boot disk carries
everything a machine starts from, on every disk alike: a system partition for UEFI, a gap for the BIOS' loader, and
the member. A data disk carries its member alone.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from inventory import Host, Inventory
from inventory.schema import Disk

# GPT types (UEFI specification, and Linux' own for RAID members).
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
BIOS_BOOT = "21686148-6449-6E6F-744E-656564454649"
RAID_MEMBER = "A19D880F-05FC-4D3B-A006-743F0F84911E"
ESP_MIB = 512
BIOS_BOOT_MIB = 1
ROOT = "/"
CONFIG = "/etc/kura/disks.json"
LIBRARY = "/usr/local/lib/kura"
PROGRAMS = ("__init__", "build", "care", "command", "controllers", "exporter", "partition", "replace", "smart", "state")
# How many disks an array gives away for its redundancy; RAID 1 keeps one disk's worth, RAID 10 half.
PARITY = {5: 1, 6: 2}


@dataclass(frozen=True)
class Partition:
    """One partition; `mib` None takes what is left."""

    number: int
    role: str  # "esp", "bios" or "member"
    type: str
    mib: int | None


@dataclass(frozen=True)
class Member:
    """One disk's place in an array: the slot it sits in, and the bay's name under /dev/disk/by-path when known."""

    slot: int
    bay: str | None


@dataclass(frozen=True)
class Array:
    """One array of a host. `device` is what holds the file system (the opened LUKS volume when encrypted)."""

    name: str
    use: str
    level: int
    controller: str
    members: tuple[Member, ...]
    partitions: tuple[Partition, ...]
    mount: str
    encrypted: bool
    disk_gb: int
    usable_gb: int

    @property
    def md(self) -> str:
        """The array's own device, under the name that it keeps over restarts."""
        return f"/dev/md/{self.name}"

    @property
    def device(self) -> str:
        """The device that carries the file system."""
        return f"/dev/mapper/{self.name}" if self.encrypted else self.md

    @property
    def may_lose(self) -> int:
        """How many of its disks may die, whichever they are, before data is lost."""
        return {1: len(self.members) - 1, 5: 1, 6: 2, 10: 1}[self.level]


def partitions(use: str) -> tuple[Partition, ...]:
    """The partitions of a disk for that use."""
    if use == "boot":
        return (
            Partition(1, "esp", ESP, ESP_MIB),
            Partition(2, "bios", BIOS_BOOT, BIOS_BOOT_MIB),
            Partition(3, "member", RAID_MEMBER, None),
        )
    return (Partition(1, "member", RAID_MEMBER, None),)


def usable_gb(row: Disk) -> int:
    """Gigabytes (of the disks' label) that a file system finds."""
    if row.raid == 1:
        return row.size_gb
    if row.raid == 10:
        return row.size_gb * row.count // 2
    return row.size_gb * (row.count - PARITY[row.raid])


def arrays(host: Host) -> tuple[Array, ...]:
    """The arrays of a host in the order of its rows; none for a host without disks of its own."""
    return of_rows(host.disks)


def of_rows(rows: Sequence[Disk]) -> tuple[Array, ...]:
    """The arrays that rows of hosts.yml mean."""
    made: list[Array] = []
    slot = 0
    for row in rows:
        mount = ROOT if row.use == "boot" else str(row.mount)
        made.append(
            Array(
                name="boot" if row.use == "boot" else mount.strip("/").replace("/", "-"),
                use=row.use,
                level=row.raid,
                controller=row.controller,
                members=tuple(
                    Member(slot + place, row.bays[place] if row.bays else None) for place in range(row.count)
                ),
                partitions=partitions(row.use),
                mount=mount,
                encrypted=row.encrypted,
                disk_gb=row.size_gb,
                usable_gb=usable_gb(row),
            )
        )
        slot += row.count
    return tuple(made)


def document(made: tuple[Array, ...]) -> str:
    """What the programs on the host read (/etc/kura/disks.json), as JSON text."""
    rows = [{**asdict(array), "md": array.md, "device": array.device, "may_lose": array.may_lose} for array in made]
    return json.dumps({"arrays": rows}, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def config(site: Inventory, host: Host, *, lab: bool = False) -> str:
    """/etc/kura/disks.json of a host. A lab's container has no disks of its own: it is told to expect none."""
    return document(() if lab else arrays(host))


def files(site: Inventory, host: Host, *, lab: bool = False) -> dict[str, str]:
    """Path → text of everything a host needs for its disks: what it must have, and the programs that look after them.

    Nothing for a host whose disks are nobody's business here (terminals, the libraries' small routers).
    """
    if not host.disks:
        return {}
    return {CONFIG: config(site, host, lab=lab), **programs()}


def programs() -> dict[str, str]:
    """Path → text of the programs that run on hosts."""
    here = Path(__file__).parent
    return {f"{LIBRARY}/disks/{name}.py": (here / f"{name}.py").read_text(encoding="utf-8") for name in PROGRAMS}
