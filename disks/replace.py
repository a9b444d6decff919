"""A disk is replaced: `retire` takes the dead one out of its array, a person swaps it, `adopt` takes the new one in,
`wait` follows the rebuild, `verify` reads every sector of the array, `report` tells what was done.

Each step looks at what is there and does only what is missing: after an interruption say it again. What would cost
data is refused. Runs on the host, by playbooks/replace_disk.yml or by hand; the last line of output is JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from disks import partition, state
from disks.command import Refused, available, run, until

WORK = Path("/var/lib/kura/disks/work")
REPORTS = Path("/var/lib/kura/disks/reports")
# md rounds a member down to its chunks and keeps room for its records in front.
SLACK = 2 * partition.MIB
BY_HAND = {
    "storcli": "storcli64 /cC/eE/sS set offline, then set missing, spindown and start locate",
    "perccli": "perccli64 /cC/eE/sS set offline, then set missing, spindown and start locate",
    "ssacli": "ssacli ctrl slot=N pd P:B:B modify led=on",
}


class Work:
    """What has been done on one slot so far; survives interruptions and restarts."""

    def __init__(self, slot: int, folder: Path = WORK) -> None:
        self.path = folder / f"slot-{slot}.json"
        try:
            self.rows: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            self.rows = {"slot": slot, "steps": []}

    def done(self, step: str) -> dict[str, object] | None:
        """What was written down about a step, None when it is still to do."""
        return next((row for row in self.rows["steps"] if row["step"] == step), None)

    def note(self, step: str, **facts: object) -> dict[str, object]:
        """Write down a step that is done, once; returns it."""
        row = {"step": step, "at": datetime.now(UTC).isoformat(timespec="seconds"), **facts}
        if known := self.done(step):
            return known
        self.rows["steps"].append(row)
        self.save()
        return row

    def save(self) -> None:
        """Keep it."""
        state.write(self.path, json.dumps(self.rows, ensure_ascii=False, indent=1) + "\n")


class Replacement:
    """The replacement of the disk in one slot of this machine."""

    def __init__(self, slot: int, machine: state.Machine, rows: state.Config, memory: state.Memory, work: Work) -> None:
        self.slot = slot
        self.machine = machine
        self.memory = memory
        self.work = work
        self.row = self._row(rows)
        self.md = str(self.row["md"])

    def _row(self, rows: state.Config) -> Mapping[str, Any]:
        for row in rows["arrays"]:
            if any(place["slot"] == self.slot for place in row["members"]):
                if row["controller"] != "md":
                    raise Refused(
                        f"slot {self.slot} is behind a controller that rebuilds by itself once the disk is swapped. "
                        f"Before the swap: {BY_HAND[row['controller']]}"
                    )
                found: Mapping[str, Any] = row
                return found
        slots = [place["slot"] for row in rows["arrays"] for place in row["members"]]
        raise Refused(f"this host has no slot {self.slot}; it has {', '.join(map(str, slots)) or 'none'}")

    def now(self) -> state.Array:
        """The array as it is now."""
        return self.machine.array(self.row, self.memory.rows)

    # --- the steps

    def retire(self, *, still_works: bool = False) -> dict[str, object]:
        """The disk is out of its array and may be pulled; refused where that would cost the array."""
        array = self.now()
        member = array.member(self.slot)
        if (done := self.work.done("retired")) and member.disk.serial != self.work.rows["old"]["serial"]:
            return done  # and swapped since
        if not array.device:
            raise Refused(f"array {array.name} is not there: this is a case for restoring, not for replacing a disk")
        others = [other for other in array.members if other.slot != self.slot and other.state != state.ACTIVE]
        if len(others) >= array.may_lose:
            named = ", ".join(f"slot {other.slot} ({other.state})" for other in others)
            raise Refused(f"array {array.name} already lacks {named}: without slot {self.slot} its data would be lost")
        if member.state in state.WORKING and not still_works:
            raise Refused(
                f"the disk in slot {self.slot} ({member.disk.serial}) works: is this the right slot? "
                "To replace it all the same, add --still-works"
            )
        self.work.rows.update(
            array=array.name, level=array.level, old=_named(member.disk), host=self.machine.text("/etc/hostname")
        )
        if member.state in state.WORKING:
            run(["mdadm", self.md, "--fail", f"/dev/{member.partition}"])
        self._take_out()
        return self.work.note(
            "retired", disk=_named(member.disk), was=member.state, lamp=self._lamp(member.disk.device)
        )

    def _take_out(self) -> None:
        """The array no longer holds the failed member. It may be busy with its last requests for some moments."""

        def gone() -> bool:
            member = self.now().member(self.slot)
            if not member.partition:
                return True
            try:
                run(["mdadm", self.md, "--remove", f"/dev/{member.partition}"])
            except Refused:
                return False
            return self.now().member(self.slot).partition == ""

        run(["mdadm", self.md, "--remove", "detached"])
        until(gone, 60, f"the removal of slot {self.slot} from {self.md}")

    def _lamp(self, device: str) -> str:
        """Light the slot's lamp where the chassis can, and let the kernel forget a SCSI disk before it is pulled."""
        if not device:
            return "the disk is gone already"
        said = "no ledctl: find the disk by its serial number"
        if available("ledctl"):
            try:
                run(["ledctl", f"locate=/dev/{device}"])
                said = "the slot's lamp is lit"
            except Refused as error:
                said = str(error)
        delete = self.machine.path(f"/sys/block/{device}/device/delete")
        if delete.exists():
            delete.write_text("1\n", encoding="ascii")
        return said

    def adopt(self, *, device: str = "", wipe: bool = False) -> dict[str, object]:
        """The new disk in the slot is cut, can start the machine when it must, and is being filled."""
        array = self.now()
        if array.member(self.slot).state in state.WORKING:
            return self.work.note("adopted", disk=_named(array.member(self.slot).disk))
        place = next(row for row in self.row["members"] if row["slot"] == self.slot)
        found = device or self.machine.in_slot(self.slot, place["bay"])
        disk = self.machine.disk(found)
        self._fits(array, disk, wipe)
        name = partition.cut(self.machine, found, self.row)
        facts: dict[str, object] = {"disk": _named(disk)}
        if self.row["use"] == "boot":
            facts["starts"] = partition.make_bootable(self.machine, found, self.row)
        run(["mdadm", self.md, "--add", f"/dev/{name}"])
        until(lambda: self._serves(name), 60, f"/dev/{name} in {self.md}")
        self.memory.learn(str(self.slot), disk.serial, disk.model)
        self.work.rows["new"] = _named(disk)
        return self.work.note("adopted", **facts)

    def _serves(self, name: str) -> bool:
        return self.machine.path(f"/sys/block/{self.now().device}/md/dev-{name}").exists()

    def _fits(self, array: state.Array, disk: state.Disk, wipe: bool) -> None:
        """Refused unless this is another disk, large enough, in nobody's use, and empty or meant to be emptied."""
        if not disk.device:
            raise Refused(
                f"no disk is seen in slot {self.slot}: is it pushed in? Where the chassis does not tell, "
                "name the new disk with --device (lsblk -o NAME,SERIAL)"
            )
        if user := partition.in_use(self.machine, disk.device):
            raise Refused(f"/dev/{disk.device} is in use by {user}: this is not the new disk")
        old = self.work.rows.get("old", {}).get("serial", "")
        if disk.serial and disk.serial == old:
            raise Refused(f"slot {self.slot} still holds the old disk {old}: swap it first")
        need = self._need(array)
        if disk.bytes < need:
            raise Refused(f"/dev/{disk.device} is too small: {disk.bytes} bytes, {need} are needed")
        if (held := partition.contents(disk.device)) and not wipe:
            raise Refused(f"/dev/{disk.device} ({disk.serial}) is not empty ({held}): to erase it, add --wipe")

    def _need(self, array: state.Array) -> int:
        """Bytes a disk must have: what the array uses of each, and the other partitions."""
        used = int(self.machine.text(f"/sys/block/{array.device}/md/component_size") or 0) * 1024
        return used + sum(int(row["mib"] or 0) for row in self.row["partitions"]) * partition.MIB + SLACK

    def status(self) -> dict[str, object]:
        """Where the array and the slot stand now."""
        array = self.now()
        member = array.member(self.slot)
        return {
            "array": array.name,
            "action": array.action,
            "progress": round(array.progress, 4),
            "missing": array.missing,
            "member": member.state,
            "disk": _named(member.disk),
            "whole": array.up and array.missing == 0 and member.state == state.ACTIVE and array.action == "idle",
        }

    def wait(self, every: float) -> dict[str, object]:
        """Follow the rebuild to its end."""
        said = -1
        while not (status := self.status())["whole"]:
            if status["member"] in (state.FAILED, state.MISSING):
                raise Refused(f"the disk in slot {self.slot} is {status['member']}: the rebuild has stopped")
            share = int(float(str(status["progress"])) * 100)
            if share != said and status["action"] == "recover":
                print(f"rebuilding {status['array']}: {share} %", file=sys.stderr, flush=True)
                said = share
            time.sleep(every)
        return self.work.note("rebuilt")

    def verify(self, every: float) -> dict[str, object]:
        """Every sector of the array has been read and the disks agree on all of them."""
        if not self.status()["whole"]:
            raise Refused(f"array {self.row['name']} is not whole yet: wait for the rebuild first")
        md = f"/sys/block/{self.now().device}/md"
        self.machine.path(f"{md}/sync_action").write_text("check\n", encoding="ascii")
        while (now := self.now()).action != "idle":
            time.sleep(every)
        # A mirror may differ where nobody reads any more (swapped or deleted pages); parity must always agree.
        if now.mismatches and now.level in (5, 6):
            raise Refused(f"the disks of {now.name} disagree on {now.mismatches} sectors")
        return self.work.note("verified", mismatches=now.mismatches, missing=now.missing)

    def report(self) -> dict[str, object]:
        """What was done, kept with the host's reports; the slot is free for another replacement."""
        if lacking := [step for step in ("retired", "adopted", "rebuilt", "verified") if not self.work.done(step)]:
            raise Refused(f"not finished: {', '.join(lacking)} not done yet")
        target = REPORTS / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-slot{self.slot}.json"
        state.write(target, json.dumps(self.work.rows, ensure_ascii=False, indent=1) + "\n")
        self.work.path.unlink(missing_ok=True)
        return {**self.work.rows, "kept": str(target)}


def record(slot: int, step: str, facts: Mapping[str, Any]) -> list[str]:
    """What a step leaves for the record of the work, in Japanese: slots, serial numbers and results."""
    where = f"スロット{slot}"
    if step in ("retire", "adopt"):
        disk = facts["disk"]
        return [f"{where} {'取外し' if step == 'retire' else '取付け'}: 製造番号 {disk['serial']}（{disk['model']}）"]
    if step == "verify":
        return [f"{where} 全域の読取り: 不一致 {facts['mismatches']}"]
    if step == "report":
        swapped = f"製造番号 {facts['old']['serial']} を {facts['new']['serial']} に交換"
        return [f"{where} 組 {facts['array']}（RAID {facts['level']}）: {swapped}"]
    return [f"{where} 再構築: 完了"] if step == "wait" else []


def _named(disk: state.Disk) -> dict[str, str]:
    return {"serial": disk.serial, "model": disk.model, "device": disk.device}


def main() -> int:
    """One step; exit 1 with a sentence when it is refused."""
    parser = argparse.ArgumentParser(prog="disks.replace", description=__doc__)
    parser.add_argument("step", choices=["status", "retire", "adopt", "wait", "verify", "report"])
    parser.add_argument("--slot", type=int, required=True)
    parser.add_argument("--still-works", action="store_true", help="retire: the disk has not failed, take it out")
    parser.add_argument("--device", default="", help="adopt: the new disk's kernel name (sdc), where no bay tells")
    parser.add_argument("--wipe", action="store_true", help="adopt: erase what the new disk holds")
    parser.add_argument("--every", type=float, default=5, help="seconds between two looks while waiting")
    given = parser.parse_args()
    try:
        job = Replacement(given.slot, state.Machine(), state.config(), state.Memory(), Work(given.slot))
        result = {
            "status": job.status,
            "retire": lambda: job.retire(still_works=given.still_works),
            "adopt": lambda: job.adopt(device=given.device.removeprefix("/dev/"), wipe=given.wipe),
            "wait": lambda: job.wait(given.every),
            "verify": lambda: job.verify(given.every),
            "report": job.report,
        }[given.step]()
    except (Refused, FileNotFoundError) as error:
        print(f"disks.replace: {error}", file=sys.stderr)
        return 1
    print(json.dumps(result | {"record": record(given.slot, given.step, result)}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
