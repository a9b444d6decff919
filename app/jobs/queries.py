"""Reads about work by the clock."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from app.jobs import registry, rules
from app.jobs.models import JobRun


@dataclass(frozen=True)
class Standing:
    """How one job stands: its latest attempt, and whether it is late."""

    code: str
    title: str
    every: str
    last: JobRun | None
    done_at: datetime | None
    late: bool
    asked: bool

    @property
    def bad(self) -> bool:
        """Whether somebody must look."""
        return self.late or (self.last is not None and self.last.state == JobRun.State.FAILED)


def standings(now: datetime) -> list[Standing]:
    """Every job of this release, those that need somebody first. Two SQL statements."""
    runs = JobRun.objects.exclude(state=JobRun.State.ASKED)
    newest = Window(RowNumber(), partition_by=F("job"), order_by=[F("slot").desc(), F("attempt").desc()])
    last = {run.job: run for run in runs.annotate(place=newest).filter(place=1)}
    done = Window(RowNumber(), partition_by=[F("job"), F("state")], order_by=F("finished_at").desc())
    wanted = JobRun.objects.filter(state__in=[JobRun.State.DONE, JobRun.State.ASKED]).annotate(place=done)
    found = {(run.job, run.state): run for run in wanted.filter(place=1)}
    local = timezone.localtime(now)
    made = []
    for job in registry.jobs():
        run = last.get(job.code)
        success = found.get((job.code, JobRun.State.DONE))
        made.append(
            Standing(
                job.code,
                job.title,
                str(job.every),
                run,
                success.finished_at if success else None,
                rules.is_late(job.every, run.slot if run else None, local),
                (job.code, JobRun.State.ASKED) in found,
            )
        )
    return sorted(made, key=lambda standing: (not standing.bad, standing.code))
