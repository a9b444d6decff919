"""Running what is due, each once; running again what failed."""

import logging
import socket
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.access.operations import LIBRARIAN, declare
from app.audit import actions as audit
from app.jobs import registry, rules
from app.jobs.models import JobRun
from app.jobs.registry import Job, JobFailed

VIEW = declare("jobs.view", "定時処理の結果を見る", roles=(LIBRARIAN,), kind="view")
RERUN = declare("jobs.rerun", "定時処理を再実行する", roles=(), kind="change")

LOCKS = 0x4B555241  # "KURA": the first of the two keys of our advisory locks; the second is the job's code
KEEP_OFTEN = timedelta(days=3)
KEEP_DAILY = timedelta(days=400)
State = JobRun.State
log = logging.getLogger(__name__)


@contextmanager
def _alone(code: str) -> Iterator[bool]:
    """Whether this process alone runs the job. The server frees the lock when the process or its host dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCKS, code])
        got = bool(cursor.fetchone()[0])
    try:
        yield got
    finally:
        if got and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [LOCKS, code])


def run_due(now: datetime, lane: str | None = None) -> list[JobRun]:
    """Run every job that is due or was asked for, one after the other; returns the attempts made.

    Two processes may call this at once: a job is run by one of them. A run whose process died is found and run
    again by the next call. A failure is recorded and stops no other job. `lane` restricts to rules.LANES.
    """
    made = []
    for job in registry.jobs():
        if lane is None or job.every.lane == lane:
            with _alone(job.code) as alone:
                run = _begin(job, now) if alone else None
                if run:
                    made.append(_perform(job, run, now))
    return made


@transaction.atomic
def _begin(job: Job, now: datetime) -> JobRun | None:
    """The attempt to make now, marked as running; None when nothing is due. Needs the job's lock."""
    asked = JobRun.objects.filter(job=job.code, state=State.ASKED).first()
    # The lock is ours: whoever left a row running is gone.
    stale = JobRun.objects.filter(job=job.code, state=State.RUNNING)
    stale.update(state=State.INTERRUPTED, finished_at=now, line="途中で止まったため、やり直しました。")
    slot = asked.slot if asked else rules.slot(job.every, timezone.localtime(now))
    last = JobRun.objects.filter(job=job.code, slot=slot).exclude(state=State.ASKED).order_by("-attempt").first()
    if asked is None:
        if last and last.state != State.INTERRUPTED:
            return None
        asked = JobRun(job=job.code, slot=slot, attempt=last.attempt + 1 if last else 1)
    asked.state, asked.started_at, asked.host = State.RUNNING, now, socket.gethostname()[:64]
    asked.save()
    return asked


def _perform(job: Job, run: JobRun, now: datetime) -> JobRun:
    """Do the work and write down how it went. Time is taken from the clock: a test's `now` only says what is due."""
    began = timezone.now()
    try:
        run.line, run.state = job.run(now), State.DONE
    except JobFailed as failure:
        run.line, run.state = str(failure), State.FAILED
    except Exception as error:  # whatever a job does wrong, the others must run
        log.exception("job %s failed", job.code)
        run.line, run.state = _where(error), State.FAILED
    run.finished_at = now + (timezone.now() - began)
    run.save(update_fields=["line", "state", "finished_at"])
    return run


def _where(error: Exception) -> str:
    """The kind of an error and the place in our code, without its text."""
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "/app/" in frame.filename]
    place = f"{Path(ours[-1].filename).parent.name}/{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    return f"予期しない誤り {type(error).__name__}（{place}）。詳しくはアプリケーションサーバの記録にあります。"


@transaction.atomic
def ask_again(actor: Actor, code: str, now: datetime) -> JobRun:
    """Have the latest run of a job made once more within a minute; the same request twice asks once.

    NotPermitted; KeyError for an unknown job.
    """
    access.require(actor, RERUN)
    job = registry.find(code)
    if job is None:
        raise KeyError(code)
    with connection.cursor() as cursor:  # two clicks at once: the second waits and finds the first's row
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [LOCKS + 1, code])
    waiting = JobRun.objects.filter(job=code, state=State.ASKED).first()
    if waiting:
        return waiting
    last = JobRun.objects.filter(job=code).first()
    slot = last.slot if last else rules.slot(job.every, timezone.localtime(now))
    run = JobRun.objects.create(
        job=code, slot=slot, attempt=last.attempt + 1 if last else 1, state=State.ASKED, asked_by=actor.number
    )
    audit.record(actor, RERUN, subject_type="job", subject_id=code)
    return run


def forget_old_runs(now: datetime) -> int:
    """Delete old attempts: three days of what runs often, a year and a month of the rest; returns how many.

    The last success of a job stays, however old: monitoring reads from it how long ago it was.
    """
    gone = 0
    known = {job.code: job.every.lane for job in registry.jobs()}
    for code in JobRun.objects.values_list("job", flat=True).distinct().order_by("job"):
        keep = KEEP_OFTEN if known.get(code) == rules.OFTEN else KEEP_DAILY
        kept = JobRun.objects.filter(job=code, state=State.DONE).first()
        old = JobRun.objects.filter(job=code, finished_at__lt=now - keep)
        gone += old.exclude(pk=kept.pk if kept else None).delete()[0]
    return gone
