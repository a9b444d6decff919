"""Regular care of the disks: `patrol` reads every sector of every array, `test` lets disks test themselves (both by
timers), `boot` makes every boot disk able to start the machine. Runs on hosts; without disks there is nothing to do.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from disks import exporter, partition, state
from disks.command import Refused, run


def patrol(machine: state.Machine, rows: state.Config, memory: state.Memory, kept: Path, every: float) -> bool:
    """Read every sector of each array, one array after the other; False when the disks disagree somewhere.

    An array that is rebuilding or lacks a disk is left alone: reading it all would only delay its repair.
    """
    agreed = True
    for array in state.look(machine, rows, memory):
        if not array.up or array.missing or array.action != "idle":
            print(f"{array.name}: not now ({array.action}, {array.missing} disks missing)", flush=True)
            continue
        row = next(row for row in rows["arrays"] if row["name"] == array.name)
        action = machine.path(f"/sys/block/{array.device}/md/sync_action")
        action.write_text("check\n", encoding="ascii")
        try:
            while (now := machine.array(row, memory.rows)).action != "idle":
                time.sleep(every)
        except BaseException:  # told to end, as on battery: the kernel would go on reading
            action.write_text("idle\n", encoding="ascii")
            raise
        if now.missing:
            print(f"{array.name}: a disk failed while it was read", flush=True)
            continue
        done = {**exporter.patrolled(kept), array.name: round(time.time())}
        state.write(kept, json.dumps(done, sort_keys=True) + "\n")
        print(f"{array.name}: read, {now.mismatches} sectors differ", flush=True)
        agreed = agreed and (now.mismatches == 0 or now.level not in (5, 6))
    return agreed


def test(machine: state.Machine, rows: state.Config, memory: state.Memory, kind: str) -> bool:
    """Start a self test ("short" or "long") on every disk; False when a disk refused. It runs beside the work."""
    started = True
    arrays = state.look(machine, rows, memory)
    for device in sorted({member.disk.device for array in arrays for member in array.members if member.disk.device}):
        try:
            run(["smartctl", f"--test={kind}", f"/dev/{device}"])
        except Refused as error:
            print(error, flush=True)
            started = False
    return started


def boot(machine: state.Machine, rows: state.Config, memory: state.Memory) -> list[str]:
    """Every working boot disk can start the machine, by BIOS and by UEFI; returns the disks that were changed."""
    changed = []
    by_name = {row["name"]: row for row in rows["arrays"] if row["use"] == "boot"}
    for array in state.look(machine, rows, memory):
        for member in array.members if array.name in by_name else ():
            row = by_name[array.name]
            if member.state not in state.WORKING:
                continue
            if partition.bootable(machine, member.disk.device, row) != ["bios", "uefi"]:
                ways = partition.make_bootable(machine, member.disk.device, row)
                changed.append(f"slot {member.slot} ({member.disk.device}): {' and '.join(ways)}")
    return changed


def main() -> int:
    """One kind of care; exit 1 when it showed something that must not be."""
    parser = argparse.ArgumentParser(prog="disks.care", description=__doc__)
    parser.add_argument("what", choices=["patrol", "test", "test-long", "boot"])
    parser.add_argument("--every", type=float, default=10, help="patrol: seconds between two looks")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    machine, rows, memory = state.Machine(), state.config(), state.Memory()
    if not rows["arrays"]:
        print("no disks of its own: nothing to do")
        return 0
    try:
        if given.what == "patrol":
            return 0 if patrol(machine, rows, memory, exporter.PATROLLED, given.every) else 1
        if given.what in ("test", "test-long"):
            return 0 if test(machine, rows, memory, "long" if given.what == "test-long" else "short") else 1
        changed = boot(machine, rows, memory)
    except Refused as error:
        print(f"disks.care: {error}", file=sys.stderr)
        return 1
    print("\n".join(f"made able to start: {line}" for line in changed) or "every boot disk can start the machine")
    return 0


if __name__ == "__main__":
    sys.exit(main())
