"""`./kura drill disk`: disks die under a database that lends; nothing is lost, somebody is told, and they are replaced.

It acts on a machine with real md (lab/vm.py) that is set up as a host is: the same configuration, the same programs,
the same watch. A disk that dies answers nothing more, without a word before. The alarm is what the production rules
say about the metrics that the watch wrote. Replacing is done with the program the playbook runs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from disks import layout
from inventory.schema import Disk

ALARM_GOAL_SECONDS = 60
PROGRAM = f"cd / && PYTHONPATH={layout.LIBRARY} PYTHONDONTWRITEBYTECODE=1 python3 -m disks"
DATA = "/srv/drill"
SHARE = "/srv/vm"
POSTGRES = "setpriv --reuid=postgres --regid=postgres --init-groups /usr/lib/postgresql/17/bin"
# A boot disk needs room for its system partition (512 MiB); a data disk holds a small database three times over.
BOOT_MIB, DATA_MIB = 720, 128
FIRST_VICTIM, SECOND_VICTIM, BOOT_VICTIM = 3, 5, 1
PATIENCE = 180
WITNESS = "readers-of-this-library"
ALL_LOANS = "SELECT number FROM loan ORDER BY number"

Alarms = Callable[[], Sequence[Mapping[str, str]]]
Progress = Callable[[str], None]


class DrillError(Exception):
    """A step of the drill failed; the text says which and how."""


class Machine(Protocol):
    """What the drill needs of a virtual machine (lab.vm.Machine)."""

    share: Path

    def shell(self, command: str, patience: float = 120) -> tuple[int, str]: ...
    def start(self, command: str) -> str: ...
    def ended(self, job: str) -> int | None: ...
    def output(self, job: str) -> str: ...
    def file(self, name: str) -> Path: ...
    def device(self, disk: str) -> str: ...
    def kill(self, disk: str) -> None: ...
    def pull(self, disk: str) -> None: ...


def arrays() -> tuple[layout.Array, ...]:
    """What the machine must have: RAID 1 to start from, an encrypted RAID 5 for data, every bay wired."""
    rows = (
        Disk(use="boot", raid=1, count=2, size_gb=1),
        Disk(use="data", raid=5, count=4, size_gb=1, mount=DATA, encrypted=True),
    )
    return tuple(
        replace(array, members=tuple(replace(place, bay=f"vm-bay-{place.slot}") for place in array.members))
        for array in layout.of_rows(rows)
    )


def sizes() -> dict[str, int]:
    """Name → MiB of every disk, in slot order."""
    return {
        f"slot{place.slot}": BOOT_MIB if array.use == "boot" else DATA_MIB
        for array in arrays()
        for place in array.members
    }


def serial(disk: str) -> str:
    """The serial number that stands on a disk of the drill."""
    return f"KURA-{disk.upper()}"


class Drill:
    """One run."""

    def __init__(
        self, machine: Machine, insert: Callable[[str, str], None], alarms: Alarms, progress: Progress
    ) -> None:
        self.machine = machine
        self.insert = insert
        self.alarms = alarms
        self.progress = progress
        self.figures: dict[str, dict[str, Any]] = {}
        self.steps: list[dict[str, Any]] = []
        self.began = time.monotonic()
        self.in_slot = {int(name.removeprefix("slot")): name for name in sizes()}
        self.sums: dict[str, str] = {}

    # --- small tools

    def must(self, command: str, patience: float = PATIENCE) -> str:
        """Output of a command; DrillError with its words when it fails."""
        code, said = self.machine.shell(command, patience)
        if code != 0:
            raise DrillError(f"{command[:100]}: exit {code}: {said.strip()[-800:]}")
        return said

    def wait(self, what: str, condition: Callable[[], bool]) -> float:
        """Wait for something; returns the seconds it took. DrillError when it does not come."""
        began = time.monotonic()
        while not condition():
            if time.monotonic() - began > PATIENCE:
                raise DrillError(f"{what}: not within {PATIENCE} s")
            time.sleep(0.1)
        return time.monotonic() - began

    def step(self, title: str, passed: bool, note: str = "") -> None:
        """Keep what was seen."""
        self.progress(f"{title}: {note or ('yes' if passed else 'NO')}")
        self.steps.append({"title": title, "passed": passed, "note": note, "hosts": []})

    def figure(self, name: str, value: float, unit: str, goal: float | None = None) -> None:
        """Keep a measurement; a goal is a most."""
        met = None if goal is None else value <= goal
        self.figures[name] = {"value": round(value, 3), "unit": unit, "goal": goal, "met": met}

    def replace_step(self, step: str, slot: int, *options: str) -> dict[str, Any]:
        """One step of the program that the playbook runs; its JSON."""
        said = self.must(f"{PROGRAM}.replace {step} --slot {slot} {' '.join(options)}")
        answer: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
        return answer

    def ledger(self) -> list[tuple[int, float]]:
        """What the lender was promised: number of each loan and the seconds it took."""
        path = self.machine.share / "ledger"
        lines = path.read_text(encoding="ascii").split("\n")[:-1] if path.exists() else []
        return [(int(line.split()[0]), float(line.split()[1])) for line in lines]

    # --- the run

    def prepare(self) -> None:
        """The machine is set up as a host is, its arrays are made and whole."""
        self.progress("arrays are made from empty disks")
        made = arrays()
        for path, text in {**layout.programs(), layout.CONFIG: layout.document(made)}.items():
            target = self.machine.file(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        (self.machine.share / "lender.py").write_text(Path(__file__).with_name("lender.py").read_text("utf-8"))
        links = [
            f"ln -s ../../{self.machine.device(self.in_slot[place.slot])} /dev/disk/by-path/{place.bay}"
            for array in made
            for place in array.members
        ]
        self.must("mkdir -p /dev/disk/by-path && " + " && ".join(links))
        self.must(
            "modprobe -a raid1 raid456 dm-crypt && echo 500000 > /proc/sys/dev/raid/speed_limit_min && "
            f"{PROGRAM}.build && mkdir -p {DATA} && mount {made[1].device} {DATA} && mount {made[0].device} /boot"
        )
        again = self.must(f"{PROGRAM}.build")
        self.step("作り直しの指示を繰り返しても何も変わらない", again.strip() == "", again.strip())
        self.machine.file(f"{SHARE}/metrics").mkdir(exist_ok=True)
        self.machine.start(f"{PROGRAM}.exporter --every 5 --textfile {SHARE}/metrics/kura_disks.prom")
        for slot in (BOOT_VICTIM, FIRST_VICTIM):
            self.wait(f"the first synchronisation of slot {slot}", partial(self.whole, slot))
        self.must(f"{PROGRAM}.care boot")
        ways = self.must(f"{PROGRAM}.care boot").strip()
        self.step("全ての起動ディスクから起動できる", ways == "every boot disk can start the machine", ways)

    def whole(self, slot: int) -> bool:
        """Whether the array around a slot has all its disks and rests."""
        return bool(self.replace_step("status", slot)["whole"])

    def lend(self) -> str:
        """A database on the RAID 5 lends, and files are written whose checksums are known; returns the lender's job."""
        self.progress("a database on the RAID 5 begins to lend")
        for name, folder in (("data", DATA), ("boot", "/boot")):
            said = self.must(
                f"{{ yes {WITNESS} | head -c 64K; head -c 16M /dev/urandom; }} > {folder}/witness && sync && "
                f"sha256sum {folder}/witness"
            )
            self.sums[name] = said.split()[0]
        self.must(
            f"install -d -o postgres -g postgres {DATA}/pg /run/drill && cd {DATA} && "
            f"{POSTGRES}/initdb -D {DATA}/pg --data-checksums --wal-segsize=1 --auth=trust --locale=C.UTF-8 && "
            f"{POSTGRES}/pg_ctl -D {DATA}/pg -w -l {DATA}/pg/log "
            "-o \"-k /run/drill -c listen_addresses='' -c shared_buffers=16MB\" start >/dev/null"
        )
        job = self.machine.start(f"python3 {SHARE}/lender.py {SHARE}")
        self.lends(20)
        return job

    def lends(self, more: int) -> None:
        """The library goes on lending: so many more loans are promised."""
        target = len(self.ledger()) + more
        self.wait(f"{more} more loans", lambda: len(self.ledger()) >= target)

    def intact(self, name: str, folder: str) -> None:
        """A file written before is read from the disks, not from memory, and is what it was."""
        self.must("echo 3 > /proc/sys/vm/drop_caches")
        said = self.must(f"sha256sum {folder}/witness").split()[0]
        self.step(f"{folder} の内容が壊れていない", said == self.sums[name], said[:16])

    def die(self, *slots: int) -> float:
        """Disks die at once; returns the seconds until an alarm named each by slot and serial number."""
        for slot in slots:
            self.machine.kill(self.in_slot[slot])
        # A disk in rest is not asked: md notices at the next write. The boot disk gets one, as a log would.
        self.must("date > /boot/now && sync")
        wanted = {(slot, serial(self.in_slot[slot])) for slot in slots}
        seconds = self.wait(f"an alarm that names {sorted(wanted)}", lambda: wanted == self.told(set(slots)))
        self.step("警報が場所と製造番号を示す", True, f"{sorted(wanted)}、{seconds:.0f} 秒")
        return seconds

    def told(self, slots: Set[int]) -> set[tuple[int, str]]:
        """Slot and serial number of the failed disks that an alarm names now, of these slots."""
        firing = [alarm for alarm in self.alarms() if alarm.get("alertname") == "DiskFailed"]
        return {(int(alarm["slot"]), alarm["serial"]) for alarm in firing if int(alarm["slot"]) in slots}

    def tells(self, array: layout.Array) -> None:
        """Whoever carries the disks of an encrypted array away reads nothing; of another one everything."""
        disks = [self.machine.share / f"{self.in_slot[place.slot]}.disk" for place in array.members]
        readable = any(WITNESS.encode() in path.read_bytes() for path in disks)
        title = "暗号化した組の内容はディスクから読めない" if array.encrypted else "暗号化しない組の内容は読める"
        self.step(title, readable != array.encrypted)

    def swap(self, slot: int, new: str) -> float:
        """Replace the disk in a slot as the playbook does; returns the seconds of the rebuild."""
        self.progress(f"slot {slot} is replaced")
        old = self.in_slot[slot]
        retired = self.replace_step("retire", slot)
        self.step(f"スロット {slot} の故障ディスクを外した", retired["disk"]["serial"] == serial(old), serial(old))
        self.machine.pull(old)
        self.insert(old, new)
        self.in_slot[slot] = new
        began = time.monotonic()
        adopted = self.replace_step("adopt", slot)
        self.replace_step("wait", slot, "--every", "0.2")
        seconds = time.monotonic() - began
        verified = self.replace_step("verify", slot, "--every", "0.2")
        report = self.replace_step("report", slot)
        told = (adopted["disk"]["serial"], report["old"]["serial"], report["new"]["serial"])
        self.step(f"スロット {slot} を再構築した", told == (serial(new), serial(old), serial(new)), " ".join(told))
        self.step(f"スロット {slot} の全域を読み、一致した", verified["mismatches"] == 0)
        self.wait(f"the end of the alarm about slot {slot}", lambda: not self.told({slot}))
        if "starts" in adopted:
            self.step("交換した起動ディスクからも起動できる", adopted["starts"] == ["bios", "uefi"])
        return seconds

    def refuses(self, slot: int, why: str) -> None:
        """Taking out this slot too is refused, for that reason."""
        code, said = self.machine.shell(f"{PROGRAM}.replace retire --slot {slot} --still-works")
        self.step(f"スロット {slot} まで外すことは拒まれる", code == 1 and why in said, said.strip()[-120:])

    def reconcile(self, job: str) -> None:
        """Every loan that was promised is in the database, none twice, and no page of it is damaged."""
        self.progress("the ledger is compared with the database")
        (self.machine.share / "stop").touch()
        self.wait("the lender's end", lambda: self.machine.ended(job) is not None)
        if self.machine.ended(job) != 0:
            raise DrillError(f"lending stopped: {self.machine.output(job)[-500:]}")
        promised = self.ledger()
        asked = self.must(f"{POSTGRES}/psql -h /run/drill -qAt -c '{ALL_LOANS}' postgres")
        held = [int(line) for line in asked.split()]
        self.must(f"{POSTGRES}/pg_ctl -D {DATA}/pg -w -m fast stop")
        pages = self.must(f"{POSTGRES}/pg_checksums -D {DATA}/pg --check")
        self.step("データベースの全ページの検査値が合う", "Bad checksums:  0" in pages, pages.strip().splitlines()[-2])
        self.figure("loans_during_drill", len(promised), "loans")
        self.figure("loans_lost", len({number for number, _ in promised} - set(held)), "loans", 0)
        self.figure("loans_not_promised", len(set(held) - {number for number, _ in promised}), "loans", 0)
        self.figure("longest_loan_seconds", max(seconds for _, seconds in promised), "s")

    def run(self) -> dict[str, Any]:
        """The whole drill; returns passed, figures and details."""
        self.prepare()
        job = self.lend()
        self.progress("a disk of the RAID 5 dies")
        self.figure("alarm_seconds_first", self.die(FIRST_VICTIM), "s", ALARM_GOAL_SECONDS)
        self.lends(50)
        self.intact("data", DATA)
        self.refuses(SECOND_VICTIM, "its data would be lost")
        for array in arrays():  # the one that is not encrypted shows that the search finds
            self.tells(array)
        self.figure("rebuild_seconds_raid5", self.swap(FIRST_VICTIM, "spare1"), "s")
        self.lends(50)
        self.progress("another disk of the RAID 5 and a boot disk die")
        self.figure("alarm_seconds_second", self.die(SECOND_VICTIM, BOOT_VICTIM), "s", ALARM_GOAL_SECONDS)
        self.lends(50)
        self.intact("data", DATA)
        self.intact("boot", "/boot")
        self.figure("rebuild_seconds_raid1", self.swap(BOOT_VICTIM, "spare2"), "s")
        self.intact("boot", "/boot")
        self.reconcile(job)
        self.figure("drill_seconds", time.monotonic() - self.began, "s")
        passed = all(row["passed"] for row in self.steps) and all(
            row["met"] is not False for row in self.figures.values()
        )
        return {"passed": passed, "figures": self.figures, "details": {"items": self.steps}}
