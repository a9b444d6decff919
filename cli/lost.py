"""`./kura drill restore --lost HOST…|site`: servers burn, and come back as `./kura restore host` and `site` bring them.

Counters lend until the disks are gone. Afterwards their ledger must agree with the database that came back, and a file
that each lost host had in its last backup must be there again. Only the keeper of the backups is never lost.
"""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime
from typing import Any

from backup.recovery import CAUGHT_UP, Recovery, RecoveryError
from backup.rehearsal import GOAL_SECONDS
from cli import evidence, ledger, restore
from cli.context import Context, Refused

ACTS = 40
PROBE = ".restore-drill"
BACKUP = "u=kura-backup@daily.service; systemctl stop $u; systemctl reset-failed $u; systemctl start $u"


def run(context: Context, named: list[str]) -> dict[str, Any]:
    """Lose the hosts, bring them back, reconcile; figures, details and whether nothing was lost."""
    recovery = restore.of_context(context)
    hosts = chosen(context, recovery, named)
    probes: dict[tuple[str, str], str] = {}
    with ledger.at_work(context) as counters:
        counters.wait_answered(ACTS)
        for name in hosts:
            probes |= probe(context, recovery, name)
        counters.wait_answered(ACTS)
        counters.tally()  # they wait now: what they were told is what must come back
        recovery.run(recovery.keeper, CAUGHT_UP)
        context.progress(f"the disks of {', '.join(hosts)} are gone")
        began = time.monotonic()
        for name in hosts:
            lose(context, name)
        try:
            done = restore.bring_back(context, recovery, hosts, None)
        except RecoveryError as error:
            raise Refused(str(error)) from None
        seconds = time.monotonic() - began
        counters.go()
        counters.wait_answered(ACTS)
        found = counters.reconcile()
    missing = [f"{host}:{path}" for (host, path), text in probes.items() if not is_there(context, host, path, text)]
    figures = {
        "lost_hosts": evidence.figure(len(hosts), "hosts"),
        "lost_to_lending_seconds": evidence.figure(seconds, "s", GOAL_SECONDS),
        "lost_rows_restored": done["figures"]["restore_rows"],
        "lost_files_missing": evidence.figure(len(missing), "files", 0),
        "lost_acts_compared": evidence.figure(found.acts, "acts"),
        "lost_acts_wrong": evidence.figure(found.lost + found.doubled + found.half_done, "acts", 0),
    }
    details = {"hosts": hosts, "ledger": found.sentence(), "missing": missing, "restored": done}
    return {"passed": found.clean and not missing, "figures": figures, "details": details}


def chosen(context: Context, recovery: Recovery, named: list[str]) -> list[str]:
    """The hosts that are meant: `site` is all that run but the keeper. Refused for one that cannot be lost."""
    running = [host.name for host in context.twin.running()]
    if named == ["site"]:
        return [name for name in running if name != recovery.keeper]
    for name in named:
        context.twin.machine(name)
        if name == recovery.keeper:
            raise Refused(f"{name} keeps the backups: without it nothing comes back", 2)
        if name not in running:
            raise Refused(f"{name} does not run", 2)
    return list(dict.fromkeys(named))


def probe(context: Context, recovery: Recovery, name: str) -> dict[tuple[str, str], str]:
    """A file in each folder of the host that comes back, and a backup with it; (host, path) → text."""
    text = f"{datetime.now(UTC).isoformat()} {secrets.token_hex(16)}"
    paths = [f"{folder}/{PROBE}" for folder in recovery.data_of(context.twin.machine(name).host)]
    if paths:
        recovery.run(name, "; ".join(f"printf '{text}' > {path}" for path in paths))
        context.progress(f"{name}: backed up")
        recovery.run(name, BACKUP)
    return {(name, path): text for path in paths}


def lose(context: Context, name: str) -> None:
    """The host is off and its disk is gone."""
    machine = context.twin.machine(name)
    machine.power_cut()
    if not machine.wait_off(30):
        raise Refused(f"{name} cannot be switched off")
    machine.erase()


def is_there(context: Context, host: str, path: str, text: str) -> bool:
    """Whether the file came back as it was; it is removed."""
    code, said = context.twin.shell(host, f"cat {path} && rm {path}")
    return code == 0 and said.strip() == text
