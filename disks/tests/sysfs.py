"""A machine's /sys and /dev laid down in a folder, for tests without disks. The drill uses real ones."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from disks import layout, state
from inventory.schema import Disk

MD = "md127"


class Laid(state.Machine):
    """A RAID 5 of three disks in slots 0 to 2 (sda, sdb, sdc)."""

    def __init__(self, root: Path, *, bays: bool = True) -> None:
        super().__init__(root)
        row = Disk(use="data", raid=5, count=3, size_gb=1, mount="/srv/x")
        (array,) = layout.of_rows([row])
        if bays:
            members = tuple(dataclasses.replace(place, bay=f"bay-{place.slot}") for place in array.members)
            array = dataclasses.replace(array, members=members)
        self.rows: state.Config = json.loads(layout.document((array,)))
        self.memory = state.Memory(root / "known.json")
        self.put(f"/sys/block/{MD}/md/array_state", "clean")
        self.put(f"/sys/block/{MD}/md/degraded", "0")
        self.put(f"/sys/block/{MD}/md/sync_action", "idle")
        self.put(f"/sys/block/{MD}/md/sync_completed", "none")
        self.put(f"/sys/block/{MD}/md/mismatch_cnt", "0")
        self.put(f"/sys/block/{MD}/md/component_size", "1048576")
        self.put(f"/dev/{MD}", "")
        self.link("/dev/md/srv-x", f"../{MD}")
        for slot, name in enumerate(("sda", "sdb", "sdc")):
            self.disk_in(slot, name, f"SERIAL{slot}")
            self.member(name, slot, "in_sync")

    def put(self, name: str, text: str) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", encoding="ascii")

    def link(self, name: str, target: str) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def disk_in(self, slot: int, name: str, serial: str, gib: int = 2) -> None:
        """A disk is pushed into a slot."""
        self.put(f"/sys/block/{name}/size", str(gib * 2**21))
        self.put(f"/sys/block/{name}/device/model", "MODEL")
        self.path(f"/sys/block/{name}/device/vpd_pg80").write_bytes(b"\0\x80\0\x08" + serial.encode() + b"  ")
        self.put(f"/sys/block/{name}/{name}1/partition", "1")
        self.put(f"/dev/{name}", "")
        self.link(f"/dev/disk/by-path/bay-{slot}", f"../../{name}")

    def pulled(self, name: str) -> None:
        """A disk is gone: the kernel knows it no more."""
        for path in sorted(self.path(f"/sys/block/{name}").rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
        self.path(f"/sys/block/{name}").rmdir()
        self.path(f"/dev/{name}").unlink()

    def member(self, name: str, role: int | None, flags: str) -> None:
        """A disk's first partition belongs to the array."""
        self.put(f"/sys/block/{MD}/md/dev-{name}1/state", flags)
        self.put(f"/sys/block/{MD}/md/dev-{name}1/slot", "none" if role is None else str(role))

    def out(self, name: str) -> None:
        """A disk's partition does not belong to the array any more."""
        entry = self.path(f"/sys/block/{MD}/md/dev-{name}1")
        for path in entry.glob("*"):
            path.unlink()
        entry.rmdir()

    def fails(self, name: str) -> None:
        """The kernel has thrown a disk out after an error."""
        self.member(name, None, "faulty")
        self.put(f"/sys/block/{MD}/md/degraded", "1")

    def look(self) -> state.Array:
        (array,) = state.look(self, self.rows, self.memory)
        return array
