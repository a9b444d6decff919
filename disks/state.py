"""What the kernel says about a host's arrays and the disks in its slots, read from /sys. Runs on hosts.

A disk that died often answers no question any more, and after a pull it is gone altogether: who sat in which slot is
therefore remembered (`Memory`), so that an alarm can name the serial number that stands on the carrier.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONFIG = Path("/etc/kura/disks.json")
MEMORY = Path("/var/lib/kura/disks/known.json")
ACTIVE, REBUILDING, SPARE, FAILED, MISSING = "active", "rebuilding", "spare", "failed", "missing"
WORKING = frozenset({ACTIVE, REBUILDING, SPARE})

Config = Mapping[str, Any]


@dataclass(frozen=True)
class Disk:
    """The disk in a slot. `device` is its kernel name (sdc, nvme0n1), empty when the kernel has it no more."""

    device: str = ""
    serial: str = ""
    model: str = ""
    bytes: int = 0


@dataclass(frozen=True)
class Member:
    """A slot of an array: the disk in it, its partition in the array, and how it serves."""

    slot: int
    state: str
    disk: Disk
    partition: str = ""


@dataclass(frozen=True)
class Array:
    """An array as it is now. `device` is the kernel's name (md127), empty when the array is not there at all.

    `runs` is what the kernel thinks of it; `missing` counts the disks it lacks; `action` is what the kernel does (idle,
    recover, check, resync, reshape) and `progress` how much of that is done, 0 to 1.
    """

    name: str
    level: int
    device: str
    runs: bool
    missing: int
    action: str
    progress: float
    mismatches: int
    may_lose: int
    members: tuple[Member, ...]

    @property
    def up(self) -> bool:
        """Whether it can be read and written. RAID 10 may lose more than one disk when they are of different pairs;
        the kernel stops it otherwise."""
        return self.runs and (self.missing <= self.may_lose or self.level == 10)

    def member(self, slot: int) -> Member:
        """The member in a slot; KeyError when the array has no such slot."""
        for member in self.members:
            if member.slot == slot:
                return member
        raise KeyError(slot)


def config(path: Path = CONFIG) -> Config:
    """What the host must have. FileNotFoundError where the role `raid` has not been."""
    document: Config = json.loads(path.read_text(encoding="utf-8"))
    return document


class Machine:
    """The files of one machine; `root` lets tests lay down another."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        """A file of the machine by its absolute name."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """What a file says, without its line end; empty when it cannot be read."""
        try:
            return self.path(name).read_bytes().decode("ascii", "replace").strip().strip("\0")
        except OSError:
            return ""

    def kernel_name(self, name: str) -> str:
        """The kernel's name behind a link in /dev; empty when there is nothing behind it."""
        path = self.path(name)
        return os.path.realpath(path).rpartition("/")[2] if path.exists() else ""

    # --- disks

    def disk(self, device: str) -> Disk:
        """A disk by its kernel name."""
        block = f"/sys/block/{device}"
        if not device or not self.path(block).exists():
            return Disk()
        serial = self.text(f"{block}/serial") or self.text(f"{block}/device/serial")
        if not serial:  # SCSI and SATA: vital product data, page 80h, after a head of four bytes
            try:
                page = self.path(f"{block}/device/vpd_pg80").read_bytes()
            except OSError:
                page = b""
            serial = page[4:].decode("ascii", "replace").strip().strip("\0")
        model = self.text(f"{block}/device/model")
        sectors = self.text(f"{block}/size")
        return Disk(device, serial, model, int(sectors or 0) * 512)

    def disk_of(self, partition: str) -> str:
        """The disk of a partition by kernel names: sdc1 is on sdc."""
        for entry in self.path("/sys/block").glob(f"*/{partition}"):
            return entry.parent.name
        return partition

    def in_slot(self, slot: int, bay: str | None) -> str:
        """The kernel name of the disk in a slot: by the bay's wiring, else as the enclosure says; empty if unknown."""
        if bay is not None:
            return self.kernel_name(f"/dev/disk/by-path/{bay}")
        for place in sorted(self.path("/sys/class/enclosure").glob("*/*/slot")):
            if place.read_text(encoding="ascii").strip() == str(slot):
                for block in (place.parent / "device" / "block").glob("*"):
                    return block.name
        return ""

    def partition(self, device: str, number: int) -> str:
        """The kernel name of a disk's partition, empty when it has none of that number."""
        for entry in self.path(f"/sys/block/{device}").glob(f"{device}*/partition"):
            if entry.read_text(encoding="ascii").strip() == str(number):
                return entry.parent.name
        return ""

    # --- arrays

    def array(self, row: Mapping[str, Any], memory: Mapping[str, Mapping[str, Any]]) -> Array:
        """An array of the configuration as it is now; `memory` knows who sat where."""
        device = self.kernel_name(row["md"])
        md = f"/sys/block/{device}/md"
        if not device or not self.path(md).exists():
            return self._absent(row, memory)
        action = self.text(f"{md}/sync_action") or "idle"
        return Array(
            name=row["name"],
            level=int(row["level"]),
            device=device,
            runs=self.text(f"{md}/array_state") not in ("", "clear", "inactive", "broken"),
            missing=int(self.text(f"{md}/degraded") or 0),
            action=action,
            progress=_progress(self.text(f"{md}/sync_completed")),
            mismatches=int(self.text(f"{md}/mismatch_cnt") or 0),
            may_lose=int(row["may_lose"]),
            members=self._members(row, md, action, memory),
        )

    def _absent(self, row: Mapping[str, Any], memory: Mapping[str, Mapping[str, Any]]) -> Array:
        """An array that the kernel does not have."""
        members = []
        for place in row["members"]:
            disk = self.disk(self.in_slot(place["slot"], place["bay"]))
            members.append(Member(place["slot"], MISSING, _recalled(disk, memory.get(str(place["slot"])))))
        return Array(
            row["name"],
            int(row["level"]),
            "",
            False,
            len(members),
            "idle",
            1.0,
            0,
            int(row["may_lose"]),
            tuple(members),
        )

    def _members(
        self, row: Mapping[str, Any], md: str, action: str, memory: Mapping[str, Mapping[str, Any]]
    ) -> tuple[Member, ...]:
        """The slots of an array. Where neither wiring nor enclosure tells, the place in the array is the slot."""
        held = {entry.name.removeprefix("dev-"): entry.name for entry in self.path(md).glob("dev-*")}
        roles = {self.text(f"{md}/{entry}/slot"): partition for partition, entry in held.items()}
        homeless = sorted(partition for role, partition in roles.items() if not role.isdigit())
        found = []
        for place, slot in enumerate(row["members"]):
            device = self.in_slot(slot["slot"], slot["bay"])
            by_disk = [partition for partition in held if device and self.disk_of(partition) == device]
            partition = by_disk[0] if by_disk else ""
            known = memory.get(str(slot["slot"]))
            if not device and slot["bay"] is None:
                partition = roles.get(str(place), "")
                if not partition and len(homeless) == 1:
                    partition = homeless[0]
                device = self.disk_of(partition) if partition else ""
            state = self._serves(f"{md}/dev-{partition}", action) if partition else MISSING
            found.append(Member(slot["slot"], state, _recalled(self.disk(device), known), partition))
        return tuple(found)

    def _serves(self, entry: str, action: str) -> str:
        """How a member serves, of what the kernel lists in its `state`."""
        flags = self.text(f"{entry}/state").split(",")
        if "faulty" in flags:
            return FAILED
        if "in_sync" in flags:
            return ACTIVE
        placed = self.text(f"{entry}/slot").isdigit()
        return REBUILDING if placed or action == "recover" else SPARE


def _progress(text: str) -> float:
    """`sync_completed`: "2048 / 124928" sectors, or "none"."""
    done, _, whole = text.partition(" / ")
    return int(done) / int(whole) if done.isdigit() and whole.isdigit() and int(whole) else 1.0


def _recalled(disk: Disk, known: Mapping[str, Any] | None) -> Disk:
    """The disk, or who sat there last when nobody answers any more."""
    if disk.serial or not known:
        return disk
    return Disk(disk.device, known.get("serial", ""), known.get("model", ""), disk.bytes)


class Memory:
    """Which disk sits in which slot, kept over its death: slot → {"serial", "model"}, and more behind a controller."""

    def __init__(self, path: Path = MEMORY) -> None:
        self.path = path
        try:
            self.rows: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.rows = {}

    def learn(self, slot: str, serial: str, model: str, **more: str) -> None:
        """Remember a disk that serves; writes only when that is news."""
        row = {"serial": serial, "model": model, **more}
        if not serial or self.rows.get(slot) == row:
            return
        self.rows[slot] = row
        self._keep()

    def forget(self, slot: str) -> None:
        """Nobody waits for a disk in this slot any more."""
        if self.rows.pop(slot, None) is not None:
            self._keep()

    def _keep(self) -> None:
        write(self.path, json.dumps(self.rows, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def look(machine: Machine, rows: Config, memory: Memory) -> tuple[Array, ...]:
    """Every array of the configuration that the kernel joins, as it is now; remembers the disks that serve."""
    found = tuple(machine.array(row, memory.rows) for row in rows["arrays"] if row["controller"] == "md")
    for array in found:
        for member in array.members:
            if member.state in WORKING and member.disk.device:
                memory.learn(str(member.slot), member.disk.serial, member.disk.model)
    return found


def write(path: Path, text: str) -> None:
    """Replace a file whole: a reader finds the old text or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(text, encoding="utf-8")
    part.chmod(0o644)
    part.replace(path)
