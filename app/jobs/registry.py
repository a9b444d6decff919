"""The catalogue of work by the clock. Each area registers its own in its `jobs.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.jobs.rules import Every, parse

Run = Callable[[datetime], str]


class JobFailed(Exception):
    """A failure told to staff in the job's own words.

    Every other exception is shown by its kind and place only: its text may name a person, and the history of runs
    outlives what it tells of.
    """


@dataclass(frozen=True)
class Job:
    """`run(now)` does the work and returns one line in Japanese; a run that was killed is run again from the start,
    so it must be idempotent and commit in pieces."""

    code: str
    title: str
    run: Run
    every: Every


_jobs: dict[str, Job] = {}


def job(code: str, title: str, run: Run, every: str) -> Job:
    """Register work: `every` is `1m`, `30m`, `2h` (from midnight on) or `02:10` (daily, local time).

    ValueError for an unreadable `every` and for a code that is taken.
    """
    made = Job(code, title, run, parse(every))
    if code in _jobs:
        raise ValueError(f"job {code} is registered twice")
    _jobs[code] = made
    return made


def jobs() -> tuple[Job, ...]:
    """Every job, by code."""
    return tuple(_jobs[code] for code in sorted(_jobs))


def find(code: str) -> Job | None:
    """The job of that code, or None."""
    return _jobs.get(code)
