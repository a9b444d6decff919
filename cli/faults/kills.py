"""Every service of every host is killed without a word, and comes back by itself."""

from __future__ import annotations

from collections.abc import Iterator

from cli.context import Context, Refused
from cli.faults.case import Case
from cli.ledger import Counters

KILL = "systemctl kill --signal=KILL --kill-whom=all {unit}"
PROCESS = "systemctl show -P MainPID {unit}; systemctl is-active {unit}"


class Kill(Case):
    """`kill -9` to all processes of one service."""

    kind = "kill"

    def __init__(self, context: Context, host: str, unit: str) -> None:
        super().__init__(context, f"{host}/{unit.removesuffix('.service')}")
        self.host, self.unit = host, unit
        self.title = f"{host} の {unit.removesuffix('.service')} の強制終了"
        self.was = ""

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host,)

    def strike(self, counters: Counters) -> str:
        self.was = self._process()[0]
        if self.was in ("", "0"):
            raise Refused(f"{self.name}: there is no process to kill")
        self.run(self.host, KILL.format(unit=self.unit))  # the shell of sshd may die with it
        return f"process {self.was} killed"

    def trouble(self) -> str:
        process, state = self._process()
        if state == "active" and process not in (self.was, "0", ""):
            return ""
        return f"{self.host}: {self.unit} is {state or 'not to be asked'}"

    def mend(self) -> None:
        """What does not come back by itself is the drill's finding; the next case needs it running all the same."""
        if self.was:
            self.run(self.host, f"systemctl reset-failed {self.unit}; systemctl start {self.unit}")

    def _process(self) -> tuple[str, str]:
        code, said = self.run(self.host, PROCESS.format(unit=self.unit), patience=20)
        words = said.split()
        return (words[0], words[-1]) if len(words) == 2 else ("", said.strip() if code else "")


def cases(context: Context, before: dict[str, list[str]]) -> Iterator[Case]:
    """One case for each service with a process, as listed by host."""
    for host, units in before.items():
        for unit in sorted(unit for unit in units if not unit.startswith("!")):
            yield Kill(context, host, unit)
