"""The work by the clock of the staff room."""

from datetime import datetime

from app.jobs.registry import job
from app.office.actions.checking import keep
from app.office.probes import look


def check(now: datetime) -> str:
    """Every part of the system is looked at."""
    findings = look(now)
    bad = keep(findings, now)
    return f"{len(findings)}か所を確かめました。異常・注意 {bad}か所。"


job("office.check", "稼働の確認", check, "1m")
