"""Metrics of a host's disks, as a text file that the host's node exporter serves.

Arrays are looked at every few seconds (/sys costs nothing); controllers are asked several times a minute, since they
alone know that a disk of theirs has died, and disks for their health (SMART) every few minutes. What changes is also
said in the journal. On a host without disks of its own it says that it expects none, and goes on saying that it
watches. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from disks import controllers, smart, state

TEXTFILE = Path("/var/lib/prometheus/node-exporter/kura_disks.prom")
PATROLLED = Path("/var/lib/kura/disks/patrol.json")
BUSY = frozenset({"recover", "resync", "reshape", "check", "repair"})
HELP = {
    "kura_disk_arrays_expected": "Arrays that the inventory gives this host.",
    "kura_disk_watch_timestamp_seconds": "When the disks were last looked at.",
    "kura_disk_array_up": "1 while the array is there and readable.",
    "kura_disk_array_missing_disks": "Disks that the array lacks.",
    "kura_disk_array_progress_ratio": "How far a rebuild or a patrol read has come, 0 to 1; only while one runs.",
    "kura_disk_array_mismatches": "Sectors on which parity disagreed at the last patrol read (RAID 5 and 6).",
    "kura_disk_array_patrolled_timestamp_seconds": "When every sector of the array was last read.",
    "kura_disk_ok": "1 while the disk in this slot serves its array.",
    "kura_disk_rebuilding": "1 while the disk in this slot is being filled.",
    "kura_disk_smart_answers": "1 when the disk answers the question for its health.",
    "kura_disk_smart_healthy": "0 when the disk itself says that it fails.",
    "kura_disk_smart_bad_sectors": "Sectors or errors that could not be mended.",
    "kura_disk_smart_reallocated_sectors": "Sectors that the disk has replaced by spare ones.",
    "kura_disk_smart_worn_percent": "Used-up part of a solid-state disk's life.",
    "kura_disk_smart_celsius": "Temperature of the disk.",
    "kura_disk_selftest_passed": "Whether the disk's newest self test passed.",
    "kura_disk_selftest_age_hours": "Hours that the disk ran since its newest self test.",
    "kura_disk_controller_answers": "1 when the controller's program answers.",
    "kura_disk_controller_battery_ok": "1 while the controller's cache survives a power cut.",
}
OF_HEALTH = {
    "kura_disk_smart_healthy": "healthy",
    "kura_disk_smart_bad_sectors": "bad_sectors",
    "kura_disk_smart_reallocated_sectors": "reallocated",
    "kura_disk_smart_worn_percent": "worn_percent",
    "kura_disk_smart_celsius": "celsius",
    "kura_disk_selftest_passed": "tested",
    "kura_disk_selftest_age_hours": "test_age_hours",
}

Labels = Mapping[str, str]
# Whether a controller's program answered just now, and what is known of its disks.
Answer = tuple[bool, controllers.Report]


@dataclass
class Sheet:
    """Samples by metric, printed in Prometheus' text format."""

    rows: dict[str, list[tuple[Labels, float]]] = field(default_factory=dict)

    def add(self, name: str, value: float, **labels: str) -> None:
        """One sample; the metric must be one of HELP."""
        if name not in HELP:
            raise KeyError(name)
        self.rows.setdefault(name, []).append((labels, float(value)))

    def text(self) -> str:
        """All samples, in the order of HELP."""
        lines = []
        for name in HELP:
            if name in self.rows:
                lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
                lines += [f"{name}{_braces(labels)} {value:.15g}" for labels, value in self.rows[name]]
        return "\n".join(lines) + "\n"


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    escaped = {key: value.replace("\\", r"\\").replace('"', r"\"").replace("\n", " ") for key, value in labels.items()}
    return "{" + ",".join(f'{key}="{value}"' for key, value in escaped.items()) + "}"


def of_arrays(sheet: Sheet, arrays: Iterable[state.Array], patrolled: Mapping[str, float]) -> None:
    """Samples of the arrays that the kernel joins, and of their disks."""
    for array in arrays:
        where = {"array": array.name}
        sheet.add("kura_disk_array_up", array.up, **where)
        sheet.add("kura_disk_array_missing_disks", array.missing, **where)
        if array.action in BUSY:
            sheet.add("kura_disk_array_progress_ratio", array.progress, action=array.action, **where)
        # Halves of a mirror may differ where nobody reads any more: only parity must always agree.
        if array.device and array.level in (5, 6):
            sheet.add("kura_disk_array_mismatches", array.mismatches, **where)
        if array.name in patrolled:
            sheet.add("kura_disk_array_patrolled_timestamp_seconds", patrolled[array.name], **where)
        for member in array.members:
            labels = {**where, "slot": str(member.slot), "serial": member.disk.serial, "model": member.disk.model}
            sheet.add("kura_disk_ok", member.state in state.WORKING, **labels)
            sheet.add("kura_disk_rebuilding", member.state == state.REBUILDING, **labels)


def of_health(sheet: Sheet, labels: Labels, health: smart.Health | None) -> None:
    """Samples of what a disk says about itself."""
    sheet.add("kura_disk_smart_answers", health is not None, **labels)
    for name, attribute in OF_HEALTH.items():
        value = getattr(health, attribute, None)
        if value is not None:
            sheet.add(name, value, **labels)


def of_controllers(sheet: Sheet, answers: Mapping[str, Answer]) -> None:
    """Samples of the controllers' disks: disks and volumes of one group carry the same `array`."""
    for kind, (answered, report) in answers.items():
        sheet.add("kura_disk_controller_answers", answered, controller=kind)
        groups: dict[str, list[controllers.Volume]] = {}
        for volume in report.volumes:
            groups.setdefault(_array(kind, volume), []).append(volume)
        for array, volumes in groups.items():
            sheet.add("kura_disk_array_up", all(volume.up for volume in volumes), array=array)
            sheet.add("kura_disk_array_missing_disks", not all(volume.ok for volume in volumes), array=array)
        for drive in report.drives:
            labels = {"array": _array(kind, drive), "slot": drive.slot, "serial": drive.serial, "model": drive.model}
            sheet.add("kura_disk_ok", drive.state != controllers.FAILED, **labels)
            sheet.add("kura_disk_rebuilding", drive.state == controllers.REBUILDING, **labels)
            sheet.add("kura_disk_smart_healthy", not drive.warned, **labels)
        for number, good in report.batteries.items():
            sheet.add("kura_disk_controller_battery_ok", good, controller=f"{kind}-{number}")


def _array(kind: str, row: controllers.Drive | controllers.Volume) -> str:
    """The name of a group of disks behind a controller: the maker's program, the controller, the group."""
    return "-".join(part for part in (kind, row.controller, row.group) if part)


class Watch:
    """Looks, asks and writes; keeps between looks what is asked for seldom."""

    def __init__(self, machine: state.Machine, rows: state.Config, memory: state.Memory, textfile: Path) -> None:
        self.machine = machine
        self.rows = rows
        self.memory = memory
        self.textfile = textfile
        self.health: dict[str, smart.Health | None] = {}
        self.answers: dict[str, Answer] = {}
        self.before: dict[tuple[str, str], str] = {}

    def ask(self) -> None:
        """Ask every disk that the kernel sees for its health. Takes seconds."""
        arrays = state.look(self.machine, self.rows, self.memory)
        devices = {member.disk.device for array in arrays for member in array.members if member.disk.device}
        self.health = {device: smart.ask(device) for device in sorted(devices)}

    def ask_controllers(self) -> None:
        """Ask every controller for its disks. Takes seconds, where there are controllers."""
        for kind in sorted({row["controller"] for row in self.rows["arrays"]} - {"md"}):
            answered, before = self.answers.get(kind, (True, controllers.Report((), (), {})))
            try:
                self.answers[kind] = (True, controllers.complete(kind, controllers.ask(kind), self.memory))
            except controllers.Unanswered as error:
                if answered:
                    print(f"{kind}: {error}", flush=True)
                self.answers[kind] = (False, controllers.troubles(before))
            for drive in self.answers[kind][1].drives:
                self._tell(_array(kind, drive), drive.slot, drive.serial, drive.state)

    def look(self, now: float) -> str:
        """Look at the arrays and write what is known; returns the text."""
        arrays = state.look(self.machine, self.rows, self.memory)
        sheet = Sheet()
        sheet.add("kura_disk_arrays_expected", len(self.rows["arrays"]))
        sheet.add("kura_disk_watch_timestamp_seconds", now)
        of_arrays(sheet, arrays, patrolled(PATROLLED))
        for array in arrays:
            for member in array.members:
                disk = member.disk
                name = f"{disk.serial or 'unknown serial'} ({disk.device or 'gone'})"
                self._tell(array.name, str(member.slot), name, member.state)
                if member.disk.device in self.health:
                    labels = {"array": array.name, "slot": str(member.slot), "serial": member.disk.serial}
                    of_health(sheet, {**labels, "model": member.disk.model}, self.health[member.disk.device])
        of_controllers(sheet, self.answers)
        text = sheet.text()
        state.write(self.textfile, text)
        return text

    def _tell(self, array: str, slot: str, disk: str, now: str) -> None:
        """Say in the journal what changed since the last look."""
        before = self.before.get((array, slot))
        if before != now and (before is not None or now not in (state.ACTIVE, controllers.OK)):
            print(f"array {array}, slot {slot}, disk {disk}: {now}", flush=True)
        self.before[array, slot] = now


def patrolled(path: Path) -> dict[str, float]:
    """Array → when its last patrol read ended, as disks.patrol wrote it."""
    try:
        found: dict[str, float] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def main() -> int:
    """Watch until the service is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=float, default=5, help="seconds between two looks at the arrays")
    parser.add_argument("--ask-every", type=float, default=600, help="seconds between two questions for health")
    parser.add_argument("--controllers-every", type=float, default=15, help="seconds between two to controllers")
    parser.add_argument("--textfile", type=Path, default=TEXTFILE)
    given = parser.parse_args()
    rows = state.config()
    if not rows["arrays"]:
        print("no disks of its own: nothing to watch", flush=True)
    watch = Watch(state.Machine(), rows, state.Memory(), given.textfile)
    asked = heard = -math.inf
    while True:
        if time.monotonic() - heard >= given.controllers_every:
            heard = time.monotonic()
            watch.ask_controllers()
        watch.look(time.time())
        if time.monotonic() - asked >= given.ask_every:
            asked = time.monotonic()
            watch.ask()
            watch.look(time.time())
        time.sleep(given.every)


if __name__ == "__main__":
    sys.exit(main())
