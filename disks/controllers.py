"""RAID controllers that hide their disks from the kernel, by their makers' programs. Runs on hosts.

storcli and perccli (Broadcom, and Dell's of the same make) speak JSON, ssacli (HPE) prints text. A slot is named as
the maker prints it: enclosure:slot, or port:box:bay.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from disks import state

OK, REBUILDING, FAILED = "ok", "rebuilding", "failed"
PROGRAMS = {
    "storcli": ("storcli64", "storcli"),
    "perccli": ("perccli64", "perccli"),
    "ssacli": ("ssacli",),
}
QUESTIONS: dict[str, tuple[tuple[str, ...], ...]] = {
    "storcli": (("/call", "show", "all", "J"), ("/call/eall/sall", "show", "all", "J")),
    "perccli": (("/call", "show", "all", "J"), ("/call/eall/sall", "show", "all", "J")),
    "ssacli": (("ctrl", "all", "show", "config", "detail"),),
}
# storcli's short words for a disk's state. Everything that is not named here is a failure.
DRIVE = {
    "Onln": OK, "UGood": OK, "GHS": OK, "DHS": OK, "JBOD": OK, "Conf": OK, "Sntze": OK,
    "Rbld": REBUILDING, "Cpybck": REBUILDING,
}  # fmt: skip
VOLUME_OK = {"Optl", "OK"}
# Volumes that are short of a disk and can be read all the same. Every other word means that they cannot.
VOLUME_UP = VOLUME_OK | {"Dgrd", "Pdgd", "Rec"}
VOLUME_UP_WORDS = ("Interim Recovery", "Ready for Re", "Recovering", "Rebuilding", "Transforming", "Expanding")
BATTERY_OK = {"Optimal", "Optl", "OK", "Ready", "Learning", "Charging", "Recharging"}


@dataclass(frozen=True)
class Drive:
    """A disk behind a controller. `warned`: it serves, and its own prediction or its errors say not for long.

    `group` is the controller's own name for the disks that carry a volume together; empty for a disk in none.
    """

    controller: str
    slot: str
    state: str
    serial: str = ""
    model: str = ""
    warned: bool = False
    group: str = ""


@dataclass(frozen=True)
class Volume:
    """A volume that a controller shows to the kernel; `ok` False when it has lost its redundancy or more, `up` False
    when it cannot be read."""

    controller: str
    name: str
    level: str
    ok: bool
    up: bool
    group: str


@dataclass(frozen=True)
class Report:
    """What one maker's program told. `batteries`: controller → whether its cache survives a power cut."""

    drives: tuple[Drive, ...]
    volumes: tuple[Volume, ...]
    batteries: Mapping[str, bool]


class Unanswered(Exception):
    """The controller's program is not there, failed, or said nothing that can be understood."""


def ask(kind: str) -> Report:
    """Ask the controllers of a kind. Unanswered when that cannot be done: never taken for health."""
    outputs = [_run(kind, question) for question in QUESTIONS[kind]]
    return parse(kind, outputs)


def parse(kind: str, outputs: list[str]) -> Report:
    """The outputs to QUESTIONS[kind], in their order."""
    report = _ssacli(outputs[0]) if kind == "ssacli" else _storcli(*outputs)
    if not report.drives:
        raise Unanswered(f"{kind} names no disk")
    return report


def complete(kind: str, report: Report, memory: state.Memory) -> Report:
    """The report with what it has stopped naming.

    A dead disk drops out of its controller's list, or stays there without its serial number. Who sat where is
    therefore remembered: a member whose slot is no longer named has failed as long as its group is not whole without
    it, and a group that no volume names is down. A slot that holds something else is believed.
    """
    named = {_key(kind, drive) for drive in report.drives}
    drives = [_named(drive, memory.rows.get(_key(kind, drive))) for drive in report.drives]
    whole = {(volume.controller, volume.group) for volume in report.volumes if volume.ok}
    lost = []
    for key, row in list(memory.rows.items()):
        if not key.startswith(f"{kind} ") or key in named:
            continue
        if (row["controller"], row["group"]) in whole:
            memory.forget(key)
        else:
            where, _, slot = key.removeprefix(f"{kind} ").partition(" ")
            lost.append(Drive(where, slot, FAILED, row["serial"], row["model"], group=row["group"]))
    for drive in drives:
        if not drive.group:
            memory.forget(_key(kind, drive))
        elif drive.state != FAILED:
            more = {"controller": drive.controller, "group": drive.group}
            memory.learn(_key(kind, drive), drive.serial, drive.model, **more)
    shown = {(volume.controller, volume.group) for volume in report.volumes}
    gone = sorted({(drive.controller, drive.group) for drive in [*drives, *lost] if drive.group} - shown)
    volumes = (*report.volumes, *(Volume(number, group, "", False, False, group) for number, group in gone))
    return Report((*drives, *lost), volumes, report.batteries)


def _key(kind: str, drive: Drive) -> str:
    return f"{kind} {drive.controller} {drive.slot}"


def _named(drive: Drive, known: Mapping[str, str] | None) -> Drive:
    """The disk with the serial number that it had when it could still tell it."""
    return drive if drive.serial or not known else replace(drive, serial=known["serial"], model=known["model"])


def troubles(report: Report) -> Report:
    """What of an earlier report stays true while its controller is silent: nobody has mended it. Health does not."""
    return Report(
        tuple(drive for drive in report.drives if drive.state == FAILED or drive.warned),
        tuple(volume for volume in report.volumes if not volume.ok),
        {number: good for number, good in report.batteries.items() if not good},
    )


def _run(kind: str, question: tuple[str, ...]) -> str:
    for program in PROGRAMS[kind]:
        try:
            done = subprocess.run([program, *question], capture_output=True, text=True, errors="replace", timeout=30)
        except FileNotFoundError:
            continue
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unanswered(f"{program}: {error}") from error
        return done.stdout  # its exit code also tells of a failed disk: the text decides
    raise Unanswered(f"{PROGRAMS[kind][0]} is not installed")


def _responses(text: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Controller → answer, of those that answered."""
    try:
        rows = json.loads(text)["Controllers"]
    except (ValueError, KeyError, TypeError) as error:
        raise Unanswered("no JSON that names controllers") from error
    return [(str(row["Command Status"].get("Controller", "")), row.get("Response Data", {})) for row in rows]


def _storcli(controllers: str, drives: str) -> Report:
    volumes: list[Volume] = []
    batteries: dict[str, bool] = {}
    for number, data in _responses(controllers):
        for row in data.get("VD LIST", []):
            name, said = str(row["DG/VD"]), row["State"]
            group = name.partition("/")[0]
            volumes.append(Volume(number, name, str(row["TYPE"]), said in VOLUME_OK, said in VOLUME_UP, group))
        for row in [*data.get("BBU_Info", []), *data.get("Cachevault_Info", [])]:
            batteries[number] = str(row["State"]).split(" ")[0] in BATTERY_OK
    return Report(tuple(_storcli_drives(drives)), tuple(volumes), batteries)


def _storcli_drives(text: str) -> list[Drive]:
    found = []
    for number, data in _responses(text):
        for key, rows in data.items():
            if not re.fullmatch(r"Drive /c\d+(/e\d+)?/s\d+", key):
                continue
            detail = data.get(f"{key} - Detailed Information", {})
            state = detail.get(f"{key} State", {})
            device = detail.get(f"{key} Device attributes", {})
            row = rows[0]
            warned = (
                int(state.get("Predictive Failure Count", 0)) > 0
                or int(state.get("Media Error Count", 0)) > 0
                or state.get("S.M.A.R.T alert flagged by drive", "No") != "No"
            )
            slot = str(row["EID:Slt"]).strip()
            serial, model = str(device.get("SN", "")).strip(), str(row.get("Model", "")).strip()
            group = str(row.get("DG", "-")).strip()
            group = group if group.isdigit() else ""
            found.append(Drive(number, slot, DRIVE.get(row["State"], FAILED), serial, model, warned, group))
    return found


def _ssacli(text: str) -> Report:
    """ssacli prints headings and `name: value` lines below them; indentation says nothing reliable."""
    drives: list[Drive] = []
    volumes: list[Volume] = []
    batteries: dict[str, bool] = {}
    number = part = group = ""
    for line in (raw.strip() for raw in text.splitlines()):
        if heading := re.match(r".+ in Slot (\S+)", line):
            number, part, group = heading.group(1), "controller", ""
        elif (heading := re.match(r"(?i)logical ?drive:? (\d+)$", line)) is not None:
            part = "volume"
            volumes.append(Volume(number, heading.group(1), "", False, False, group))
        elif (heading := re.match(r"physicaldrive (\S+)$", line)) is not None:
            part = "drive"
            drives.append(Drive(number, heading.group(1), FAILED, group=group))
        elif line.startswith(("physicaldrive ", "Mirror Group", "Parity Group")):
            continue  # a member listed under its volume
        elif (heading := re.match(r"(?i)array:? (\w+)$", line)) is not None:
            part, group = "", heading.group(1)
        elif re.match(r"(?i)(array|unassigned|hba drives|sep |expander|enclosure|port name|internal drive cage)", line):
            part = group = ""
        elif ": " in line:
            name, _, value = line.partition(": ")
            if part == "controller" and name == "Battery/Capacitor Status":
                batteries[number] = value.strip() in BATTERY_OK
            elif part == "volume":
                volumes[-1] = _ssacli_volume(volumes[-1], name, value.strip())
            elif part == "drive":
                drives[-1] = _ssacli_drive(drives[-1], name, value.strip())
    return Report(tuple(drives), tuple(volumes), batteries)


def _ssacli_volume(volume: Volume, name: str, value: str) -> Volume:
    if name == "Status":
        up = value in VOLUME_UP or value.startswith(VOLUME_UP_WORDS)
        return replace(volume, ok=value in VOLUME_OK, up=up)
    return replace(volume, level=f"RAID{value}") if name == "Fault Tolerance" else volume


def _ssacli_drive(drive: Drive, name: str, value: str) -> Drive:
    if name == "Status":
        state = OK if value == "OK" or value.startswith("Predictive") else FAILED
        state = REBUILDING if value.startswith("Rebuilding") else state
        return replace(drive, state=state, warned=value.startswith("Predictive"))
    if name == "Serial Number":
        return replace(drive, serial=value)
    return replace(drive, model=value) if name == "Model" else drive
