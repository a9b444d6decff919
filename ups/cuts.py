"""Power cuts that end with hosts off while something else goes wrong as well: `./kura drill power --trace …`.

`return`: the mains come back in the middle of the ordered stop; `hung`: a host does not end; `upsd`: upsd dies while
the batteries carry; `split`: a host loses the network meanwhile; `weak`: the batteries give out in the middle.
The outlets lose power and get it back in each but `split`, where the boot nurse has to switch on what stays off.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from inventory import Inventory
from ups import drill, plan
from ups.drill import DrillError, Shell, figure, set_status, wait_for

WEAK_SECONDS = 8.0
NURSE_GOAL_SECONDS = 120.0
# A service that does not end; systemd would wait for it far longer than any battery.
HANG = (
    "systemd-run --quiet --unit=kura-hung --property=TimeoutStopSec=3600 "
    "sh -c 'trap \"\" TERM; while :; do sleep 1; done'"
)
UPSD_DIES = "systemctl mask --runtime --quiet nut-server; systemctl kill --signal=KILL nut-server"

Progress = Callable[[str], None]
Figures = dict[str, dict[str, Any]]


class Lab(drill.Lab, Protocol):
    """What these cuts need of the laboratory beside that."""

    def power_cut(self, name: str) -> None:
        """Pull one host's plug."""

    def unplug(self, name: str) -> None:
        """Pull a host's network cable."""

    def replug(self, name: str) -> None:
        """Plug it in again."""

    def waking(self) -> AbstractContextManager[list[str]]:
        """Network cards listen for magic packets meanwhile; collects the names of the hosts they started."""


class Cut:
    """One cut over the running hosts."""

    def __init__(self, site: Inventory, hosts: Iterable[str], shell: Shell, lab: Lab, progress: Progress) -> None:
        self.site, self.shell, self.lab, self.progress = site, shell, lab, progress
        self.fed = [name for name in hosts if site.host(name).power.supplies]
        self.readers = sorted(plan.readers(site))
        if not set(self.readers) <= set(self.fed):
            raise DrillError(f"{' '.join(self.readers)} must run: it reads the units")
        self.listening = {name: drill.ports(shell, name) for name in self.fed}
        self.began = 0.0

    @property
    def first(self) -> str:
        """A running host of the earliest step, which is not the reader."""
        for step in plan.steps(self.site):
            for name in step.hosts:
                if name in self.fed and name not in self.readers:
                    return name
        raise DrillError("beside the host that reads the units another fed host must run")

    def mains_off(self, *, low: bool) -> None:
        """The mains fail; `low`: the batteries are at their end as soon as everybody has seen it."""
        set_status(self.site, self.shell, "OB DISCHRG")
        self.progress("the mains are off")
        drill.hold(self.fed, self.lab)  # by now every upsmon has seen it, and nobody may have stopped
        if low:
            set_status(self.site, self.shell, "OB LB DISCHRG")
            self.progress("the batteries are low: no way back")
        self.began = time.monotonic()

    def watch(self, names: list[str], patience: float, off: dict[str, float] | None = None) -> dict[str, float]:
        """Host → seconds since the point of no return at which it was off, in that order; `off` is carried on."""
        off = {} if off is None else off
        until = time.monotonic() + patience
        while len([name for name in names if name in off]) < len(names) and time.monotonic() < until:
            for name in self.fed:
                if name not in off and not self.lab.is_running(name):
                    off[name] = round(time.monotonic() - self.began, 1)
                    self.progress(f"{name} is off after {off[name]:.0f} s")
            time.sleep(0.3)
        return off

    def power_cycle(self) -> None:
        """The outlets lose power: whatever still runs is gone."""
        for name in self.fed:
            if self.lab.is_running(name):
                self.lab.power_cut(name)

    def stopped(self, off: dict[str, float], *, but: str | None = None) -> Figures:
        """The figures of an ordered stop, without the host that could not take part."""
        took_part = {name: seconds for name, seconds in off.items() if name != but}
        stayed = [name for name in self.fed if name not in off and name != but]
        wrong = drill.out_of_order(self.site, took_part)
        last = max(took_part.values(), default=0.0)
        return {
            "power_all_off_seconds": figure(last, "s", plan.total_seconds(self.site)),
            "power_hosts_left_on": figure(len(stayed), "hosts", 0),
            "power_hosts_out_of_order": figure(len(wrong), "pairs", 0),
        }


def returning(cut: Cut) -> tuple[Figures, dict[str, Any]]:
    """The mains come back when the first host is off: there is no way back, and nobody may be left behind."""
    cut.mains_off(low=True)
    off = cut.watch([cut.first], plan.total_seconds(cut.site))
    set_status(cut.site, cut.shell, "OL CHRG")
    cut.progress("the mains are back")
    cut.watch(cut.fed, plan.total_seconds(cut.site) + 60, off)
    return cut.stopped(off), {"off_seconds": off}


def hung(cut: Cut) -> tuple[Figures, dict[str, Any]]:
    """One host does not end: it holds the others no longer than its own time, and they end cleanly."""
    victim = cut.first
    code, said = cut.shell(victim, HANG)
    if code:
        raise DrillError(f"{victim} cannot be made to hang: {said}")
    cut.mains_off(low=True)
    others = [name for name in cut.fed if name != victim]
    off = cut.watch(others, plan.total_seconds(cut.site) + 60)
    return cut.stopped(off, but=victim), {"off_seconds": off, "hung": victim}


def upsd(cut: Cut) -> tuple[Figures, dict[str, Any]]:
    """upsd dies while the batteries carry: NUT 2.8.1 calls that the end, and the order comes from the clock alone."""
    cut.mains_off(low=False)
    for reader in cut.readers:
        code, said = cut.shell(reader, UPSD_DIES)
        if code:
            raise DrillError(f"{reader}: {said}")
    cut.progress("upsd is dead")
    off = cut.watch(cut.fed, plan.total_seconds(cut.site) + 60)
    return cut.stopped(off), {"off_seconds": off}


def weak(cut: Cut) -> tuple[Figures, dict[str, Any]]:
    """The batteries give out in the middle of the ordered stop: everything loses power where it stands."""
    cut.mains_off(low=True)
    until = time.monotonic() + WEAK_SECONDS
    while time.monotonic() < until and all(cut.lab.is_running(name) for name in cut.fed):
        time.sleep(0.2)
    running = [name for name in cut.fed if cut.lab.is_running(name)]
    cut.power_cycle()
    cut.progress(f"the batteries are empty: {' '.join(running)} lost power")
    return {"power_hosts_cut": figure(len(running), "hosts", None)}, {"cut": running}


def split(cut: Cut) -> tuple[Figures, dict[str, Any]]:
    """One host loses the network on battery and ends itself; the others go on, and the nurse switches it on again."""
    victim = cut.first
    others = [name for name in cut.fed if name != victim]
    cut.mains_off(low=False)
    cut.lab.unplug(victim)
    cut.progress(f"{victim} has lost the network")
    try:
        off = cut.watch([victim], plan.total_seconds(cut.site))
    finally:
        cut.lab.replug(victim)
    lost = [name for name in others if not cut.lab.is_running(name)]
    with cut.lab.waking() as woken:
        set_status(cut.site, cut.shell, "OL")
        cut.progress("the mains are back")
        began = time.monotonic()
        wait_for(lambda: cut.lab.is_running(victim), NURSE_GOAL_SECONDS)
        seconds = time.monotonic() - began
    by_nurse = victim in woken
    return {
        "power_partitioned_off_seconds": figure(off.get(victim, 9999.0), "s", plan.total_seconds(cut.site)),
        "power_hosts_lost": figure(len(lost), "hosts", 0),
        "power_hosts_not_woken": figure(0 if by_nurse else 1, "hosts", 0),
        "power_nurse_seconds": figure(seconds, "s", NURSE_GOAL_SECONDS),
    }, {"off_seconds": off, "woken": list(woken)}


CUTS: dict[str, Callable[[Cut], tuple[Figures, dict[str, Any]]]] = {
    "return": returning,
    "hung": hung,
    "upsd": upsd,
    "weak": weak,
    "split": split,
}
# Cuts in which a database cannot have been shut down in order.
ABRUPT = {"weak"}


def run(
    name: str,
    site: Inventory,
    hosts: Iterable[str],
    shell: Shell,
    lab: Lab,
    progress: Progress,
    lends: Callable[[], bool],
) -> dict[str, Any]:
    """Play a cut to the end and bring everything back; passed, figures and details."""
    if not lends():
        raise DrillError("the library does not lend before the drill")
    cut = Cut(site, hosts, shell, lab, progress)
    cycled = name != "split"
    try:
        figures, details = CUTS[name](cut)
        if cycled:
            cut.power_cycle()
        began = time.monotonic()
        up = drill.start(site, cut.fed, cut.listening, shell, lab, progress, began)
        lent = wait_for(lends, plan.RETURN_REQUIRED_SECONDS - (time.monotonic() - began))
    except BaseException:
        cut.power_cycle()  # simulated units forget what they were told when their host boots
        drill.recover(site, cut.fed, shell, lab)
        raise
    if lent:
        figures["power_to_library_seconds"] = figure(time.monotonic() - began, "s", drill.RETURN_GOAL_SECONDS)
    unclean = drill.unclean_databases(site, cut.fed, shell) if cycled and name not in ABRUPT else {}
    if name not in ABRUPT:
        figures["power_unclean_databases"] = figure(len(unclean), "databases", 0)
    details |= {"trace": name, "serving_seconds": up, "unclean_databases": unclean, "library_lends_again": lent}
    must = {key: row for key, row in figures.items() if key != "power_to_library_seconds"}
    return {
        "passed": lent and all(row["met"] is not False for row in must.values()),
        "figures": figures,
        "details": details,
    }
