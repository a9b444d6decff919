"""What a case of the fault drill is: something that breaks, its repair, and how one sees that all is as before."""

from __future__ import annotations

from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

from cli.context import Context, Refused
from cli.evidence import Figures
from cli.ledger import Counters

# Units with a process, one a line; what a host must have again after the fault.
SERVICES = "systemctl list-units --type=service --state=running --no-legend --plain | cut -d' ' -f1"
# Failed, and no timer will start it again.
FAILED = (
    "for unit in $(systemctl list-units --state=failed --no-legend --plain | cut -d' ' -f1); do "
    "systemctl show -P TriggeredBy $unit | grep -q timer || echo $unit; done"
)
# What comes and goes by itself, and so proves nothing by being gone.
PASSING = ("user@", "user-runtime-dir@", "getty@", "systemd-hostnamed", "systemd-timedated", "systemd-localed", "run-")


class Case(ABC):
    """One fault. `name` is `kind/target`; a case repairs itself by `mend`, which may be called at any time."""

    kind: ClassVar[str]
    # What the report calls it.
    title: str

    def __init__(self, context: Context, target: str) -> None:
        self.context, self.target = context, target
        # What this case measured beyond what every case does.
        self.figures: Figures = {}

    @property
    def name(self) -> str:
        """How `--case` names it."""
        return f"{self.kind}/{self.target}"

    @property
    @abstractmethod
    def hosts(self) -> tuple[str, ...]:
        """The hosts that it strikes."""

    @abstractmethod
    def strike(self, counters: Counters) -> str:
        """Break it while the counters work, for as long as it is to be broken; what happened, in a few words.

        Refused when the fault did not take place: a drill that broke nothing proves nothing.
        """

    def mend(self) -> None:  # noqa: B027 - most faults are over by themselves
        """Take the fault away. Also called after an interruption, and when there is nothing to mend."""

    def trouble(self) -> str:
        """What of this fault is still wrong; empty when nothing is."""
        return ""

    def run(self, host: str, command: str, patience: float = 60) -> tuple[int, str]:
        """A shell command on a host: exit code and output."""
        return self.context.twin.shell(host, command, patience=patience)

    def must(self, host: str, command: str, patience: float = 60) -> str:
        """Output of a command that has to succeed; Refused with its words when it does not."""
        code, said = self.run(host, command, patience)
        if code:
            raise Refused(f"{self.name}: {host}: {command[:80]}: {said.strip()[-400:]}")
        return said


def services(context: Context, hosts: list[str]) -> dict[str, list[str]]:
    """Host → units that run there now; those that have failed, whoever is to blame, with `!` before their name."""
    running, failed = _asked(context, hosts, SERVICES), _asked(context, hosts, FAILED)
    return {host: [*running[host], *(f"!{unit}" for unit in failed[host])] for host in hosts}


def missing(context: Context, before: dict[str, list[str]]) -> str:
    """What ran before and does not run now, and what has failed since; empty when everything is as it was."""
    hosts = [name for name in before if context.twin.is_running(name)]
    off = [f"{name} is off" for name in before if name not in hosts]
    now = services(context, hosts)
    gone = [
        f"{name}: {unit} does not run"
        for name in hosts
        for unit in before[name]
        if unit not in now[name] and not unit.startswith("!")
    ]
    bad = [
        f"{name}: {unit[1:]} failed"
        for name in hosts
        for unit in now[name]
        if unit.startswith("!") and unit not in before[name]
    ]
    return "; ".join([*off, *gone, *bad])


def _asked(context: Context, hosts: list[str], command: str) -> dict[str, list[str]]:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda name: context.twin.shell(name, command, patience=20), hosts))
    return {
        host: [] if code else [unit for unit in said.split() if not unit.startswith(PASSING)]
        for host, (code, said) in zip(hosts, answers, strict=True)
    }
