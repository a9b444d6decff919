"""The power drill: the mains fail, the battery runs low, hosts stop in order; power returns and the library lends.

It acts on running hosts through what its caller hands in: `shell(host, command) -> (rc, output)`, a laboratory that
starts hosts and tells which run, and `lends()`, which asks the library from outside. It sets simulated units alone
(dummy-ups): on real ones nobody has the right to write `ups.status`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from inventory import Inventory
from ups import plan

Shell = Callable[[str, str], tuple[int, str]]
HOLD_SECONDS = 12.0  # on battery but not low: longer than upsmon's two polling periods, and nothing may stop
RETURN_GOAL_SECONDS = 90
SET_VALUE = (
    "P=$(sed -n '/^\\[drill\\]/,/^\\[/s/^ *password *= *//p' /etc/nut/upsd.users); "
    "for u in {units}; do "
    "upsrw -s {name}='{value}' -u drill -p \"$P\" $u@127.0.0.1 >/dev/null 2>&1 || exit 1; done"
)
LISTENING = "ss -Hltn | awk '{n=split($4,a,\":\"); print a[n]}' | sort -un | tr '\\n' ' '"
STARTED = (
    "cat /var/log/postgresql/*.log 2>/dev/null | grep -aoE "
    "'database system was (shut down|interrupted|not properly shut down)[^;]*' | tail -n 2"
)


class Lab(Protocol):
    """What the drill needs of the laboratory."""

    def is_running(self, name: str) -> bool:
        """Whether a host is powered on."""

    def start_one(self, name: str) -> None:
        """Power a host on."""

    def wait_ssh(self, names: Iterable[str]) -> None:
        """Wait until hosts take commands."""


class DrillError(Exception):
    """The drill could not be done; the text says what was not as expected."""


def run(
    site: Inventory,
    hosts: Iterable[str],
    shell: Shell,
    lab: Lab,
    progress: Callable[[str], None],
    lends: Callable[[], bool],
    on_return: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Drill over the running hosts; returns passed, figures and details. Afterwards every host runs again.

    `on_return` is called at the moment power returns, before the first host starts.
    """
    fed = [name for name in hosts if site.host(name).power.supplies]
    readers = sorted(plan.readers(site))
    if not set(readers) <= set(fed):
        raise DrillError(f"{' '.join(readers)} must run: it reads the units")
    listening = {name: ports(shell, name) for name in fed}
    lent_before = lends()
    try:
        set_status(site, shell, "OB DISCHRG")
        progress("the mains are off, the batteries carry")
        hold(fed, lab)
        set_status(site, shell, "OB LB DISCHRG")
        progress("the batteries are low: no way back")
        off = watch(fed, lab, plan.total_seconds(site) + 120, progress)
    except BaseException:
        recover(site, fed, shell, lab)
        raise
    if len(off) < len(fed):
        recover(site, fed, shell, lab)
    returned = time.monotonic()
    on_return()
    up = start(site, fed, listening, shell, lab, progress, returned)
    lent = wait_for(lends, plan.RETURN_REQUIRED_SECONDS - (time.monotonic() - returned)) if lent_before else False
    seconds = time.monotonic() - returned
    unclean = unclean_databases(site, fed, shell)
    return result(site, fed, off, up, lent, lent_before, seconds, unclean)


def ports(shell: Shell, name: str) -> set[str]:
    """TCP ports that listen on a host now."""
    code, said = shell(name, LISTENING)
    if code != 0:
        raise DrillError(f"{name}: listening ports cannot be read: {said}")
    return set(said.split())


def set_status(site: Inventory, shell: Shell, status: str) -> None:
    """Give every simulated unit a status; DrillError when a unit does not take it."""
    set_value(site, shell, "ups.status", status)


def set_value(site: Inventory, shell: Shell, name: str, value: str, only: str | None = None) -> None:
    """Give every simulated unit, or one, a value; DrillError when a unit does not take it."""
    for reader in sorted(plan.readers(site)):
        units = [unit.id for unit in site.power.units if unit.read_by == reader and only in (None, unit.id)]
        code, said = (
            shell(reader, SET_VALUE.format(units=" ".join(units), name=name, value=value)) if units else (0, "")
        )
        if code != 0:
            raise DrillError(f"{reader} does not take {name}={value}: {said} (is it a simulated unit?)")


def hold(fed: list[str], lab: Lab) -> None:
    """On battery alone nobody stops; DrillError naming a host that did."""
    until = time.monotonic() + HOLD_SECONDS
    while time.monotonic() < until:
        for name in fed:
            if not lab.is_running(name):
                raise DrillError(f"{name} stopped although the batteries were not low")
        time.sleep(1)


def watch(fed: list[str], lab: Lab, patience: float, progress: Callable[[str], None]) -> dict[str, float]:
    """Host → seconds until it was off, in the order in which they went; without those that stayed on."""
    began = time.monotonic()
    off: dict[str, float] = {}
    while len(off) < len(fed) and time.monotonic() - began < patience:
        for name in fed:
            if name not in off and not lab.is_running(name):
                off[name] = round(time.monotonic() - began, 1)
                progress(f"{name} is off after {off[name]:.0f} s")
        time.sleep(0.3)
    return off


def recover(site: Inventory, fed: list[str], shell: Shell, lab: Lab) -> None:
    """After a drill that did not go through: mains on, the latched shutdown forgotten, every host running."""
    for reader in sorted(plan.readers(site)):
        if lab.is_running(reader):
            shell(reader, "systemctl restart nut-driver@* nut-server")  # restarted drivers report the mains again
    for name in fed:
        if not lab.is_running(name):
            lab.start_one(name)
    lab.wait_ssh(fed)


def start(
    site: Inventory,
    fed: list[str],
    listening: dict[str, set[str]],
    shell: Shell,
    lab: Lab,
    progress: Callable[[str], None],
    began: float,
) -> dict[str, float]:
    """Start hosts wave by wave; a wave is over when its hosts listen where they did. Host → seconds."""
    up: dict[str, float] = {}
    for wave in plan.return_waves(site):
        names = [name for name in wave if name in fed]
        for name in names:
            if not lab.is_running(name):
                lab.start_one(name)
        lab.wait_ssh(names)
        for name in names:
            wanted = listening[name]
            if not wait_for(lambda name=name, wanted=wanted: listens(shell, name, wanted), 300):  # type: ignore[misc]
                raise DrillError(f"{name} runs but does not listen on {' '.join(sorted(wanted - ports(shell, name)))}")
            up[name] = round(time.monotonic() - began, 1)
            progress(f"{name} serves again after {up[name]:.0f} s")
    return up


def listens(shell: Shell, name: str, wanted: set[str]) -> bool:
    """Whether a host listens on all the ports it had."""
    try:
        return wanted <= ports(shell, name)
    except DrillError:
        return False


def wait_for(question: Callable[[], bool], patience: float) -> bool:
    """Ask until the answer is yes; False when it is not within the seconds."""
    until = time.monotonic() + patience
    while True:
        if question():
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.5)


def unclean_databases(site: Inventory, fed: list[str], shell: Shell) -> dict[str, str]:
    """Database host → what PostgreSQL said at this start, for those that had not been shut down in order."""
    found = {}
    for host in site.service("database").hosts:
        if host.name in fed:
            _, said = shell(host.name, STARTED)
            last = said.strip().splitlines()[-1:] or ["nothing about its start"]
            if not last[0].startswith("database system was shut down"):
                found[host.name] = last[0]
    return found


def out_of_order(site: Inventory, off: dict[str, float]) -> list[str]:
    """Pairs of hosts that went in the wrong order."""
    groups = [[name for name in step.hosts if name in off] for step in plan.steps(site)]
    found = []
    for index, group in enumerate(groups):
        for later in (name for other in groups[index + 1 :] for name in other):
            found += [f"{later} before {name}" for name in group if off[later] < off[name]]
    return found


def stops(site: Inventory, off: dict[str, float]) -> dict[str, dict[str, float]]:
    """Host → how long its own stop took, at most, and how long it may: from the end of the step before it.

    What it may take is what the inventory states (`stop_seconds`) with the margin, and the seconds in which a host is
    not yet believed to be gone.
    """
    found, began = {}, 0.0
    for step in plan.steps(site):
        present = [name for name in step.hosts if name in off]
        for name in present:
            found[name] = {"measured": round(off[name] - began, 1), "budget": step.seconds}
        began = max([began, *(off[name] for name in present)])
    return found


def figure(value: float, unit: str, goal: float | None) -> dict[str, Any]:
    """A measured value with the most it may be."""
    return {"value": round(value, 1), "unit": unit, "goal": goal, "met": None if goal is None else value <= goal}


def result(
    site: Inventory,
    fed: list[str],
    off: dict[str, float],
    up: dict[str, float],
    lent: bool,
    lent_before: bool,
    seconds: float,
    unclean: dict[str, str],
) -> dict[str, Any]:
    """Figures, details and the verdict."""
    wrong = out_of_order(site, off)
    stayed = [name for name in fed if name not in off]
    each = stops(site, off)
    slow = [name for name, row in each.items() if row["measured"] > row["budget"]]
    budget = plan.total_seconds(site)
    to_off = max(off.values(), default=0.0)
    in_time = to_off <= budget and seconds <= plan.RETURN_REQUIRED_SECONDS
    passed = not (wrong or stayed or slow or unclean) and lent and in_time
    weakest = min((unit.runtime_minutes * 60 for unit in site.power.units), default=0)
    return {
        "passed": passed,
        "figures": {
            "power_all_off_seconds": figure(to_off, "s", budget),
            "power_hosts_left_on": figure(len(stayed), "hosts", 0),
            "power_hosts_out_of_order": figure(len(wrong), "pairs", 0),
            "power_stops_over_budget": figure(len(slow), "hosts", 0),
            "power_unclean_databases": figure(len(unclean), "databases", 0),
            "power_to_library_seconds": figure(seconds, "s", RETURN_GOAL_SECONDS),
            "power_battery_share_percent": figure(100 * to_off / weakest if weakest else 0, "%", 100),
        },
        "details": {
            "off_seconds": off,
            "stop_seconds": each,
            "serving_seconds": up,
            "out_of_order": wrong,
            "left_on": stayed,
            "unclean_databases": unclean,
            "library_lent_before": lent_before,
            "library_lends_again": lent,
            "budget_seconds": budget,
        },
    }
