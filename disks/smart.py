"""What disks say about their own health, by smartctl's JSON. Runs on hosts, standard library only."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# Bits of smartctl's exit code that mean there is no usable answer: bad command line, or the device did not open.
NO_ANSWER = 0b11
REALLOCATED, PENDING, UNCORRECTABLE = 5, 197, 198  # ATA attributes


@dataclass(frozen=True)
class Health:
    """A disk's own word. None: this kind of disk does not say.

    `healthy` is the maker's overall judgement; `bad_sectors` counts what is waiting or could not be read or mended,
    `worn_percent` the used-up part of a solid-state disk's life; `tested` is the last self test's result and
    `test_age_hours` how long it ran since.
    """

    healthy: bool
    bad_sectors: int
    reallocated: int | None = None
    worn_percent: int | None = None
    celsius: int | None = None
    hours: int | None = None
    tested: bool | None = None
    test_age_hours: int | None = None


def ask(device: str) -> Health | None:
    """Ask a disk; None when it does not answer, or there is no smartctl."""
    try:
        done = subprocess.run(
            ["smartctl", "--json=c", "--all", f"/dev/{device}"], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode & NO_ANSWER:
        return None
    return parse(done.stdout)


def parse(text: str) -> Health | None:
    """smartctl's JSON for an ATA, SCSI or NVMe disk; None when it holds no judgement."""
    try:
        said: Mapping[str, Any] = json.loads(text)
    except ValueError:
        return None
    if "passed" not in said.get("smart_status", {}):
        return None
    hours = said.get("power_on_time", {}).get("hours")
    tested, at = _self_test(said)
    nvme = said.get("nvme_smart_health_information_log", {})
    raw = {row["id"]: int(row["raw"]["value"]) for row in said.get("ata_smart_attributes", {}).get("table", [])}
    scsi = said.get("scsi_error_counter_log", {})
    errors = sum(int(scsi.get(kind, {}).get("total_uncorrected_errors", 0)) for kind in ("read", "write", "verify"))
    return Health(
        healthy=bool(said["smart_status"]["passed"]) and not nvme.get("critical_warning", 0),
        bad_sectors=raw.get(PENDING, 0) + raw.get(UNCORRECTABLE, 0) + int(nvme.get("media_errors", 0)) + errors,
        reallocated=raw.get(REALLOCATED, said.get("scsi_grown_defect_list")),
        worn_percent=nvme.get("percentage_used", said.get("scsi_percentage_used_endurance_indicator")),
        celsius=said.get("temperature", {}).get("current"),
        hours=hours,
        tested=tested,
        test_age_hours=None if at is None or hours is None else max(0, hours - at),
    )


def _self_test(said: Mapping[str, Any]) -> tuple[bool | None, int | None]:
    """The newest finished self test: whether it passed, and at how many hours of life it ran."""
    ata = said.get("ata_smart_self_test_log", {})
    for kind in ("extended", "standard"):
        for row in ata.get(kind, {}).get("table", []):
            if "passed" in row.get("status", {}):
                return bool(row["status"]["passed"]), row.get("lifetime_hours")
    for row in said.get("nvme_self_test_log", {}).get("table", []):
        return row.get("self_test_result", {}).get("value") == 0, row.get("power_on_hours")
    scsi = said.get("scsi_self_test_0")
    if scsi:
        return scsi.get("result", {}).get("value") == 0, scsi.get("power_on_time", {}).get("hours")
    return None, None
