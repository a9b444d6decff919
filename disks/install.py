"""Day 0 of a machine with bare disks: arrays, encryption, file systems, the system itself, and how it starts.

`python3 -m disks.install` runs in the memory of the machine being installed (./kura metal makes the medium) and copies
the system it runs in. Disks that hold anything are refused; only `kura.erase=HOST` on the kernel's command line, which
a person chooses at the console, empties them first. Cut short, it goes on where it was: what is done is left alone.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from disks import build, state
from disks.command import Refused, run

METAL = Path("/etc/kura/metal.json")
MARK = "etc/kura/installed.json"
TARGET = Path("/run/kura/target")
# Of the medium alone: the machine that starts from its disks has no use for them.
LEFT_BEHIND = ("init", "etc/kura/metal.json", "usr/local/lib/kura/disks/install.py")
# Nobody starts before the data are there; when they do not come, the machine starts without.
DATA_OPTIONS = "defaults,nofail,x-systemd.device-timeout=30s,x-systemd.before=local-fs.target"
BOUND = ("dev", "proc", "sys", "run")
Row = Mapping[str, Any]


def cards(machine: state.Machine) -> dict[str, str]:
    """Interface → address of its network card, of every card of the machine."""
    folder = machine.path("/sys/class/net")
    found = {path.name: machine.text(f"/sys/class/net/{path.name}/address").lower() for path in folder.glob("*")}
    return {name: address for name, address in sorted(found.items()) if name != "lo" and address}


def check_identity(machine: state.Machine, host: str, ports: Mapping[str, str]) -> None:
    """Refused when a network card that the inventory gives to this host is not in this machine."""
    here = cards(machine)
    absent = [f"{leg} ({address})" for leg, address in ports.items() if address not in here.values()]
    if absent:
        seen = ", ".join(f"{name} {address}" for name, address in here.items()) or "no network card at all"
        raise Refused(f"this machine is not {host}: its ports {', '.join(absent)} are not here, but {seen}")


def inside(machine: state.Machine) -> list[str]:
    """One line for each disk of the machine: bay, size and serial number, as `bays` of hosts.yml want them."""
    bays: dict[str, list[str]] = {}
    for link in sorted(machine.path("/dev/disk/by-path").glob("*")):
        if "-part" not in link.name:
            bays.setdefault(os.path.realpath(link).rpartition("/")[2], []).append(link.name)
    names = sorted(path.name for path in machine.path("/sys/block").glob("*"))
    disks = [machine.disk(name) for name in names if not name.startswith(("loop", "md", "dm-", "sr", "ram", "zram"))]
    return [
        f"  {disk.device}: bay {' or '.join(bays.get(disk.device, ['unknown']))}, {disk.bytes / 1e9:.0f} GB, "
        f"serial {disk.serial or 'unknown'}"
        for disk in disks
    ]


def erase(machine: state.Machine, rows: Sequence[Row]) -> None:
    """Every disk of the host's arrays is as new. Refused when one of its slots is empty."""
    for row in rows:
        devices = [machine.in_slot(place["slot"], place["bay"]) for place in row["members"]]
        if not all(devices):
            raise Refused(f"array {row['name']}: not every slot has a disk; nothing was erased")
    for block in sorted(machine.path("/sys/block").glob("dm-*")):
        run(["dmsetup", "remove", machine.text(f"/sys/block/{block.name}/dm/name")])
    for block in sorted(machine.path("/sys/block").glob("md*")):
        run(["mdadm", "--stop", f"/dev/{block.name}"])
    for row in rows:
        for place in row["members"]:
            device = machine.in_slot(place["slot"], place["bay"])
            for part in sorted(machine.path(f"/sys/block/{device}").glob(f"{device}*/partition")):
                run(["wipefs", "--all", "--quiet", f"/dev/{part.parent.name}"])
            run(["wipefs", "--all", "--quiet", f"/dev/{device}"])


def prepare(machine: state.Machine, rows: Sequence[Row]) -> None:
    """Every array is there with a file system, mounted at its place under the target. All disks are looked at first."""
    plans = {row["name"]: build.check(machine, row) for row in rows if not machine.kernel_name(row["md"])}
    for row in sorted(rows, key=lambda row: row["use"] != "boot"):  # the keys of the others lie on the boot array
        place = TARGET / row["mount"].lstrip("/")
        if row["name"] in plans:
            build.make(machine, row, plans[row["name"]], keys=TARGET / build.KEYS.relative_to("/"))
            say(f"{row['name']}: RAID {row['level']} of {', '.join(plans[row['name']])}")
        else:
            build.reopen(machine, row, keys=TARGET / build.KEYS.relative_to("/"))
            say(f"{row['name']}: was there already")
        if row["use"] != "boot" and not place.is_dir():
            place.mkdir(parents=True)
            run(["chattr", "+i", str(place)])  # nobody writes beneath an array that is not mounted
        place.mkdir(parents=True, exist_ok=True)
        if not os.path.ismount(place):
            run(["mount", row["device"], str(place)])
        if row["use"] == "boot" and (done := _mark()):
            raise Refused(f"this machine was installed on {done['at']}; choose the entry that erases to do it again")


def copy() -> None:
    """The running system is on the disks, without what belongs to this installation alone."""
    run(["cp", "--archive", "--one-file-system", "/.", f"{TARGET}/"])
    for name in LEFT_BEHIND:
        (TARGET / name).unlink(missing_ok=True)


def uuid(device: str) -> str:
    """The number by which a file system is known."""
    return run(["blkid", "--output", "value", "--match-tag", "UUID", device]).strip()


def tables(rows: Sequence[Row], arrays: str, numbers: Mapping[str, str]) -> dict[str, str]:
    """Path → text of what says at start-up which arrays, keys and file systems there are. Pure.

    `arrays` is mdadm's own list, `numbers` array's name → its file system's number. A data array that is not there
    lets the machine start all the same: somebody must be able to look at it.
    """
    keys = [
        f"{row['name']} {row['md']} {build.KEYS}/{row['name']}.key luks,nofail\n" for row in rows if row["encrypted"]
    ]
    mounts = []
    for row in sorted(rows, key=lambda row: str(row["mount"])):
        if row["use"] == "boot":
            mounts.append(f"UUID={numbers[row['name']]} / ext4 errors=remount-ro 0 1\n")
        else:
            source = row["device"] if row["encrypted"] else f"UUID={numbers[row['name']]}"
            mounts.append(f"{source} {row['mount']} ext4 {DATA_OPTIONS} 0 2\n")
    return {
        "etc/fstab": "".join(mounts),
        "etc/crypttab": "".join(keys),
        "etc/mdadm/mdadm.conf": "HOMEHOST <ignore>\nAUTO +1.x -all\n" + arrays,
    }


def finish(rows: Sequence[Row]) -> str:
    """The system on the disks knows its file systems, and every boot disk can start it; returns how it is started."""
    listed = run(["mdadm", "--detail", "--scan"])
    for name, text in tables(rows, listed, {row["name"]: uuid(row["device"]) for row in rows}).items():
        (TARGET / name).write_text(text, encoding="utf-8")
    (TARGET / "etc/crypttab").chmod(0o600)
    (TARGET / "etc/machine-id").write_text(secrets.token_hex(16) + "\n", encoding="ascii")
    for name in BOUND:
        run(["mount", "--rbind", f"/{name}", str(TARGET / name)])
    try:
        changed_root = ["chroot", str(TARGET), "/usr/bin/env", "PYTHONPATH=/usr/local/lib/kura"]
        say(run([*changed_root, "python3", "-m", "disks.care", "boot"]).strip())
        run([*changed_root, "update-grub"])
    finally:
        for name in BOUND:
            run(["umount", "--recursive", "--lazy", str(TARGET / name)])
    lines = (TARGET / "boot/grub/grub.cfg").read_text(encoding="utf-8").splitlines()
    return next((line.strip() for line in lines if line.strip().startswith("linux")), "")


def say(text: str) -> None:
    """A line for whoever stands at the console, and for the log that goes onto the disks."""
    for line in text.splitlines():
        print(f"kura: {line}", flush=True)


def _mark() -> dict[str, Any] | None:
    """What an installation that came to its end left on the disks."""
    path = TARGET / MARK
    if not path.is_file():
        return None
    mark: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return mark


def _write_mark(machine: state.Machine, host: str, rows: Sequence[Row], began: float) -> None:
    """When, what and on which disks: read by a second installation, and by the register of equipment."""
    found = {
        place["slot"]: asdict(machine.disk(machine.in_slot(place["slot"], place["bay"])))
        for row in rows
        for place in row["members"]
    }
    document = {
        "host": host,
        "at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "seconds": round(time.monotonic() - began),
        "disks": [{"slot": slot, **row} for slot, row in sorted(found.items())],
        "cards": cards(machine),
    }
    state.write(TARGET / MARK, json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n")


def _release(rows: Sequence[Row]) -> None:
    """Everything is on the disks, and they are let go."""
    os.sync()
    for row in sorted(rows, key=lambda row: row["use"] == "boot"):
        place = TARGET / row["mount"].lstrip("/")
        if os.path.ismount(place):
            run(["umount", str(place)])
        if row["encrypted"] and Path(row["device"]).exists():
            run(["cryptsetup", "close", row["name"]])


def install(machine: state.Machine, metal: Mapping[str, Any], rows: Sequence[Row], command_line: str) -> str:
    """The whole installation; returns the line by which the machine starts from its disks."""
    began = time.monotonic()
    host = str(metal["host"])
    check_identity(machine, host, metal["ports"])
    if not any(row["use"] == "boot" for row in rows):
        raise Refused(f"{host}: no disk to start from among its rows of hosts.yml")
    if f"kura.erase={host}" in command_line.split():
        say("the disks are erased")
        erase(machine, rows)
    TARGET.mkdir(parents=True, exist_ok=True)
    # The disks' first synchronisation waits: it goes on when the machine runs.
    machine.path("/proc/sys/dev/raid/speed_limit_max").write_text("1000\n", encoding="ascii")
    try:
        prepare(machine, rows)
        say("the system is copied")
        copy()
        say("the system learns how to start")
        line = finish(rows)
        _write_mark(machine, host, rows, began)
    finally:
        _release(rows)
    return line


def main() -> int:
    """Install this machine; exit 1, with the disks that are here, when it must not or cannot be done."""
    argparse.ArgumentParser(prog="disks.install", description=__doc__).parse_args()
    machine = state.Machine()
    try:
        metal = json.loads(METAL.read_text(encoding="utf-8"))
        rows = [row for row in state.config()["arrays"] if row["controller"] == "md"]
        say(f"installing {metal['host']}")
        line = install(machine, metal, rows, machine.text("/proc/cmdline"))
    except (Refused, OSError) as error:
        say(f"NOT INSTALLED: {error}")
        say("the disks in this machine:\n" + "\n".join(inside(machine)))
        return 1
    say(f"starts by: {line}")
    say(f"installed {metal['host']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
