"""Which host backs up what, when, where to, and for how long: rows for configuration, documents and tests. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from inventory import Host, Inventory, schema

Kind = Literal["daily", "monthly"]
KINDS: tuple[Kind, ...] = ("daily", "monthly")
DUMPS = "/var/backups/kura"


@dataclass(frozen=True)
class Job:
    """One regular backup of one host."""

    host: str
    kind: Kind
    paths: tuple[str, ...]
    databases: tuple[str, ...]
    repository: str  # host that keeps it
    url: str
    folder: str  # the repository's folder on that host
    calendar: str  # systemd's OnCalendar
    keep: dict[str, int]  # borgmatic's retention keys

    @property
    def prefix(self) -> str:
        """What the names of this job's archives begin with."""
        return f"{self.host}-{self.kind}-"


def backup_class(site: Inventory, host: Host) -> schema.BackupClass:
    """The backup class of a host."""
    return next(row for row in site.backup.classes if row.id == host.backup)


def clients(site: Inventory) -> tuple[Host, ...]:
    """Every host that is backed up, in inventory order."""
    return tuple(host for host in site.hosts if backup_class(site, host).paths)


def jobs_of(site: Inventory, host: Host) -> tuple[Job, ...]:
    """The jobs of one host: daily and monthly, or none."""
    row = backup_class(site, host)
    if not row.paths:
        return ()
    plan = site.backup
    server = site.host(plan.repository)
    zone = site.organisation.timezone
    calendars: dict[Kind, str] = {
        "daily": f"*-*-* {plan.schedule.daily}:00 {zone}",
        "monthly": f"*-*-{plan.schedule.monthly_day:02d} {plan.schedule.daily}:00 {zone}",
    }
    keeps: dict[Kind, dict[str, int]] = {
        "daily": {"keep_daily": plan.keep.daily, "keep_weekly": plan.keep.weekly},
        "monthly": {"keep_monthly": plan.keep.monthly},
    }
    folder = f"{plan.path}/{host.name}"
    return tuple(
        Job(
            host=host.name,
            kind=kind,
            paths=tuple(row.paths),
            databases=tuple(row.databases),
            repository=server.name,
            url=f"ssh://borg@{server.address}{folder}",
            folder=folder,
            calendar=calendars[kind],
            keep=keeps[kind],
        )
        for kind in KINDS
    )


def jobs(site: Inventory) -> tuple[Job, ...]:
    """Every job of the site, host by host."""
    return tuple(job for host in clients(site) for job in jobs_of(site, host))
