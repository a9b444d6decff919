"""The plug is pulled without warning, at moments nobody chose.

SIGKILL to a host's init ends every process of it at once. The kernel of this machine lives on, and with it what was
written but not yet synced to a disk: torn pages and lost caches of a real disk are beyond the lab.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

from cli.context import Context
from cli.faults.case import Case
from cli.ledger import Counters
from lab import wires

EVERYTHING = "everything"


class PowerCut(Case):
    """One host, or all of them, lose power at a moment drawn by chance; they are started at once."""

    kind = "power"

    def __init__(self, context: Context, number: int, struck: tuple[str, ...], wait: float) -> None:
        what = struck[0] if len(struck) == 1 else EVERYTHING
        super().__init__(context, f"{number:02d}-{what}")
        self.struck, self.wait = struck, wait
        self.title = f"予告なしの電源断 {number}回目（{'全サーバ' if what == EVERYTHING else what}）"

    @property
    def hosts(self) -> tuple[str, ...]:
        return self.struck

    def strike(self, counters: Counters) -> str:
        time.sleep(self.wait)
        for name in self.struck:
            self.context.twin.power_cut(name)
            self._wires(name, wires.cut)  # a router that is off does not pass anything on: its namespace would
        began = time.monotonic()
        self.mend()
        counters.wait_answered(1)
        return f"answers {time.monotonic() - began:.0f} s after power returned"

    def mend(self) -> None:
        twin = self.context.twin
        for name in self.struck:
            self._wires(name, wires.mend)
            if not twin.is_running(name):
                twin.start_one(name)
        twin.wait_ssh(self.struck)

    def _wires(self, name: str, act: Callable[[str, str], None]) -> None:
        for leg in self.context.site.legs(self.context.site.host(name)):
            act(name, leg)


def cases(context: Context, hosts: list[str], times: int, seed: int) -> Iterator[Case]:
    """So many cuts: every third takes everything, the others one host after another, each at a random moment."""
    draw = random.Random(seed)  # noqa: S311 - cuts that can be repeated
    order: list[str] = []
    for number in range(1, times + 1):
        if number % 3 == 0:
            struck = tuple(hosts)
        else:
            order = order or draw.sample(hosts, len(hosts))
            struck = (order.pop(),)
        yield PowerCut(context, number, struck, round(draw.uniform(0.0, 4.0), 3))
