"""When work by the clock is due. Pure: times come in with their zone."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

# A due run that nobody began this long after its time: the clock that starts jobs has stopped.
LATE_AFTER = timedelta(minutes=5)
OFTEN, DAILY = "often", "daily"
LANES = (OFTEN, DAILY)
_INTERVAL = re.compile(r"([1-9]\d{0,3})([mh])")
_DAILY = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class Every:
    """Either `step` (from midnight on, through the day) or `at` (once a day, local time)."""

    step: timedelta | None = None
    at: time | None = None

    @property
    def lane(self) -> str:
        """Which of the two clocks runs it: a long nightly job must not hold up what runs each minute."""
        return OFTEN if self.step else DAILY

    def __str__(self) -> str:
        if self.at:
            return f"毎日 {self.at:%H:%M}"
        minutes = int(self.step.total_seconds() // 60) if self.step else 0
        return f"{minutes // 60}時間ごと" if minutes % 60 == 0 else f"{minutes}分ごと"


def parse(text: str) -> Every:
    """`1m`, `30m`, `2h` or `02:10`. ValueError for anything else, and for steps that do not divide a day."""
    if found := _DAILY.fullmatch(text):
        return Every(at=time(int(found[1]), int(found[2])))
    if found := _INTERVAL.fullmatch(text):
        step = timedelta(minutes=int(found[1])) if found[2] == "m" else timedelta(hours=int(found[1]))
        if timedelta(days=1) % step == timedelta(0):
            return Every(step=step)
    raise ValueError(f"every={text!r}: expected minutes or hours that divide a day (1m, 30m, 2h) or a time (02:10)")


def slot(every: Every, now: datetime) -> datetime:
    """The latest time, not after `now`, at which the job was due. `now` is aware and in local time.

    Times that passed while nothing ran are not made up for one by one: only the latest counts.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if every.step:
        return midnight + (now - midnight) // every.step * every.step
    if every.at is None:
        raise ValueError("a job has an interval or a time of day")
    today = midnight.replace(hour=every.at.hour, minute=every.at.minute)
    return today if today <= now else today - timedelta(days=1)


def is_late(every: Every, last_slot: datetime | None, now: datetime) -> bool:
    """Whether a run has not even begun minutes after its time. A job that never ran is new, not late."""
    return last_slot is not None and last_slot < slot(every, now - LATE_AFTER)
