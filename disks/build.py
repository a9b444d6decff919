"""Arrays are made from empty disks as /etc/kura/disks.json wants them: what an installer does on day 0.

`python3 -m disks.build` refuses when any disk holds anything. Key files of encrypted arrays are made here and stay on
the boot disks: a data disk that leaves the building tells nothing. Runs on the host being installed.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from disks import partition, state
from disks.command import Refused, available, run, until

KEYS = Path("/etc/kura/luks")


def check(machine: state.Machine, row: Mapping[str, Any]) -> list[str]:
    """The kernel names of an array's disks, in slot order; Refused when one is not there or not empty."""
    devices = []
    for place in row["members"]:
        device = machine.in_slot(place["slot"], place["bay"])
        if not device:
            raise Refused(f"array {row['name']}: no disk in slot {place['slot']}")
        if user := partition.in_use(machine, device):
            raise Refused(f"array {row['name']}: the disk in slot {place['slot']} is in use by {user}")
        if held := partition.contents(device):
            raise Refused(f"array {row['name']}: the disk in slot {place['slot']} (/dev/{device}) holds {held}")
        devices.append(device)
    return devices


def make(machine: state.Machine, row: Mapping[str, Any], devices: list[str], keys: Path = KEYS) -> None:
    """Partition the disks, join them, encrypt when wanted, and put a file system on top."""
    members = [partition.cut(machine, device, row) for device in devices]
    run(
        ["mdadm", "--create", row["md"], f"--name={row['name']}", "--homehost=any", "--metadata=1.2", "--run"]
        + [f"--level={row['level']}", f"--raid-devices={len(members)}", "--bitmap=internal"]
        + [f"/dev/{member}" for member in members]
    )
    settled(row["md"])
    if row["encrypted"]:
        _encrypt(row, keys)
    run(["mkfs.ext4", "-q", "-L", row["name"][:16], row["device"]])


def settled(device: str) -> None:
    """Wait until a new device can be opened: the kernel answers "No such device" while udev still looks at its members
    and gives it its name. Refused after half a minute."""
    if available("udevadm"):
        run(["udevadm", "settle", "--timeout=30"])
    until(lambda: _size(device) > 0, 30, f"that {device} can be opened")


def _size(device: str) -> int:
    try:
        with Path(device).open("rb") as handle:
            return handle.seek(0, os.SEEK_END)
    except OSError:
        return 0


def reopen(machine: state.Machine, row: Mapping[str, Any], keys: Path = KEYS) -> None:
    """An array that is there is ready for use; what an interrupted `make` did not come to is done. Data stays."""
    if row["encrypted"] and not machine.path(row["device"]).exists():
        if not partition.contents(row["md"].removeprefix("/dev/")):
            _encrypt(row, keys)
        elif (keys / f"{row['name']}.key").exists():
            _open(row, keys)
        else:
            raise Refused(f"array {row['name']} is encrypted, and its key {keys / row['name']}.key is not there")
    if not partition.contents(row["device"].removeprefix("/dev/")):
        run(["mkfs.ext4", "-q", "-L", row["name"][:16], row["device"]])


def _encrypt(row: Mapping[str, Any], keys: Path) -> None:
    """LUKS with a key file of its own."""
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = keys / f"{row['name']}.key"
    if not key.exists():
        with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as handle:
            handle.write(secrets.token_bytes(64))
            handle.flush()
            os.fsync(handle.fileno())
    run(["cryptsetup", "luksFormat", "--batch-mode", "--type=luks2", "--pbkdf=pbkdf2", row["md"], str(key)])
    _open(row, keys)


def _open(row: Mapping[str, Any], keys: Path) -> None:
    run(["cryptsetup", "open", f"--key-file={keys / row['name']}.key", row["md"], row["name"]])


def main() -> int:
    """Make every array that is not there yet; all disks are looked at before the first is touched."""
    argparse.ArgumentParser(prog="disks.build", description=__doc__).parse_args()
    machine = state.Machine()
    try:
        rows = [row for row in state.config()["arrays"] if row["controller"] == "md"]
        missing = [row for row in rows if not machine.kernel_name(row["md"])]
        plans = [(row, check(machine, row)) for row in missing]
        for row, devices in plans:
            make(machine, row, devices)
            print(f"{row['name']}: RAID {row['level']} of {', '.join(devices)}, for {row['mount']}", flush=True)
    except (Refused, FileNotFoundError) as error:
        print(f"disks.build: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
