"""How fast an import may go beside the counter.

The counter comes first: each small batch is followed by a pause that keeps the import at a share of the time, and the
batch itself is the measure. When the counters are busy, the database answers slower, the batch takes longer, and the
pause grows with it.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Pace:
    """`share` is the part of the time that may be work, `batch` the records of one transaction.

    A batch slower than `slow` times the fastest seen so far is answered with a pause twice as long.
    """

    batch: int = 500
    share: float = 1.0
    slow: float = 3.0
    longest: float = 10.0
    clock: Callable[[], float] = time.monotonic
    rest: Callable[[float], None] = time.sleep
    _began: float = 0.0
    _fastest: float = field(default=float("inf"))

    def begin(self) -> None:
        """A batch begins."""
        self._began = self.clock()

    def after(self, records: int) -> float:
        """A batch of so many records is over: pause; returns for how many seconds."""
        took = self.clock() - self._began
        each = took / max(records, 1)
        self._fastest = min(self._fastest, each)
        pause = took * (1 - self.share) / self.share
        if each > self.slow * self._fastest:
            pause *= 2
        pause = min(pause, self.longest) if self.share < 1 else 0.0
        if pause > 0:
            self.rest(pause)
        return pause


def polite() -> Pace:
    """Beside an open counter: small batches, one part work to six parts rest."""
    return Pace(batch=20, share=0.15)


def brisk() -> Pace:
    """When somebody waits for it at the screen, for seconds only."""
    return Pace(batch=50)


def step_back() -> None:
    """Give this process the lowest claim on the processor; every other process of the host goes first."""
    os.nice(19 - os.nice(0))
