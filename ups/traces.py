"""Power drills that nobody has to boot after: a dip, a cut that ends in time, a line that comes and goes.

The full cut is `ups/drill.py`; these play what happens far more often, and prove that it costs little.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from inventory import Inventory
from ups import staging
from ups.drill import DrillError, Lab, Shell, figure, set_status, set_value, wait_for

DIP_SECONDS = 20.0
STOP_PATIENCE_SECONDS = 150.0
RETURN_GOAL_SECONDS = 30.0
FLAPS = 5
CLEAN = (
    "/usr/lib/postgresql/17/bin/pg_controldata -D /var/lib/postgresql/17/main | grep -q 'cluster state: *shut down$'"
)

Progress = Callable[[str], None]
Lends = Callable[[], bool]


class Play:
    """One trace over the running hosts."""

    def __init__(
        self, site: Inventory, hosts: Iterable[str], shell: Shell, lab: Lab, lends: Lends, told: Lends
    ) -> None:
        self.site, self.shell, self.lab, self.lends, self.told = site, shell, lab, lends, told
        self.fed = [name for name in hosts if site.host(name).power.supplies]
        if not lends():
            raise DrillError("the library does not lend before the drill")
        self.booted = self.boots()

    def boots(self) -> dict[str, str]:
        """Host → when its first process began: another time means another boot."""
        return {name: self.shell(name, "ps -o lstart= -p 1")[1].strip() for name in self.fed}

    def stopped(self) -> bool:
        """Whether every service that stops before its host does has stopped: one that still ends is not there yet."""
        return all(
            self.shell(host.name, f"systemctl is-active {staging.UNITS[name][-1]}")[1].strip() in ("inactive", "failed")
            for name in staging.UNITS
            for host in self.site.service(name).hosts
            if host.name in self.fed
        )

    def clean(self) -> bool:
        """Whether every database has been shut down in order."""
        return all(self.shell(host.name, CLEAN)[0] == 0 for host in self.site.service("database").hosts)

    def ask(self, seconds: float) -> tuple[int, int]:
        """Ask the library all the while; how often it was asked, and how often it did not answer."""
        asked = failed = 0
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            asked, failed = asked + 1, failed + (not self.lends())
            time.sleep(0.5)
        return asked, failed

    def mains_off(self, *, weak: bool) -> None:
        """The mains fail; with weak batteries there is just enough left for what the stages keep back."""
        if weak:
            set_value(self.site, self.shell, "battery.runtime", str(staging.needed_seconds(self.site) - 1))
        set_status(self.site, self.shell, "OB DISCHRG")

    def mains_on(self) -> None:
        """The mains are back and the batteries full."""
        set_status(self.site, self.shell, "OL")
        for unit in self.site.power.units:
            set_value(self.site, self.shell, "battery.runtime", str(unit.runtime_minutes * 60), only=unit.id)

    def stop_services(self, progress: Progress) -> float:
        """Seconds until the services have stopped after the mains failed; DrillError when they do not."""
        began = time.monotonic()
        self.mains_off(weak=True)
        progress("the mains are off, the batteries weak")
        if not wait_for(self.stopped, STOP_PATIENCE_SECONDS):
            raise DrillError("services did not stop")
        return time.monotonic() - began

    def return_of_mains(self) -> float:
        """Seconds from the return of the mains until the library lends; DrillError when it does not."""
        began = time.monotonic()
        self.mains_on()
        if not wait_for(self.lends, 300):
            raise DrillError("the library does not lend after the mains returned")
        return time.monotonic() - began

    def rebooted(self) -> list[str]:
        """Hosts that are off or have booted since the drill began."""
        now = self.boots()
        return [name for name in self.fed if not self.lab.is_running(name) or now[name] != self.booted[name]]


def dip(play: Play, progress: Progress) -> dict[str, Any]:
    """The mains fail for some seconds: readers notice nothing."""
    play.mains_off(weak=False)
    progress("the mains are off")
    asked, failed = play.ask(DIP_SECONDS)
    play.mains_on()
    return {"figures": {"power_dip_failed_requests": figure(failed, "requests", 0)}, "details": {"asked": asked}}


def feed(play: Play, progress: Progress) -> dict[str, Any]:
    """One of two feeds ends altogether, its battery included: the other carries everybody."""
    unit = play.site.power.units[0].id
    alone = sorted(name for name in play.fed if play.site.host(name).power.supplies == [unit])
    if alone:
        raise DrillError(f"{' '.join(alone)} hang on {unit} alone: there is no second feed to carry them")
    set_value(play.site, play.shell, "ups.status", "OB LB DISCHRG", only=unit)
    progress(f"{unit} is at its end")
    asked, failed = play.ask(DIP_SECONDS)
    return {"figures": {"power_feed_failed_requests": figure(failed, "requests", 0)}, "details": {"asked": asked}}


def services(play: Play, progress: Progress) -> dict[str, Any]:
    """The mains return after services have stopped and before the point of no return."""
    return _stop_and_return(play, progress, flaps=0)


def flap(play: Play, progress: Progress) -> dict[str, Any]:
    """As `services`, but the mains come and go meanwhile: nothing starts until they are steady."""
    return _stop_and_return(play, progress, flaps=FLAPS)


def _stop_and_return(play: Play, progress: Progress, flaps: int) -> dict[str, Any]:
    seconds = play.stop_services(progress)
    clean = play.clean()
    progress(f"services stopped after {seconds:.0f} s, hosts stay on")
    told = play.told()
    started = 0
    for _ in range(flaps):
        for status in ("OL", "OB DISCHRG"):
            set_status(play.site, play.shell, status)
            time.sleep(staging.STEADY_SECONDS / 3)
            started += not play.stopped()
    back = play.return_of_mains()
    progress(f"the library lends {back:.0f} s after the mains returned")
    figures = {
        "power_services_stopped_seconds": figure(seconds, "s", STOP_PATIENCE_SECONDS),
        "power_unclean_databases": figure(0 if clean else 1, "databases", 0),
        "power_readers_not_told": figure(0 if told else 1, "pages", 0),
        "power_services_back_seconds": figure(back, "s", RETURN_GOAL_SECONDS),
    }
    if flaps:
        figures["power_flap_starts"] = figure(started, "starts", 0)
    return {"figures": figures, "details": {"flaps": flaps}}


TRACES = {"dip": dip, "feed": feed, "services": services, "flap": flap}


def run(
    name: str,
    site: Inventory,
    hosts: Iterable[str],
    shell: Shell,
    lab: Lab,
    progress: Progress,
    lends: Lends,
    told: Lends,
) -> dict[str, Any]:
    """Play a trace; passed, figures and details. Whatever happens, the mains are on afterwards.

    `told`: whether readers get the page that says it is the power, asked while services are stopped.
    """
    play = Play(site, hosts, shell, lab, lends, told)
    try:
        result = TRACES[name](play, progress)
    finally:
        play.mains_on()
    rebooted = play.rebooted()
    result["figures"]["power_hosts_rebooted"] = figure(len(rebooted), "hosts", 0)
    result["details"] |= {"trace": name, "rebooted": rebooted}
    result["passed"] = all(row["met"] for row in result["figures"].values()) and wait_for(lends, 120)
    return result
