"""What happened in a quarter, in numbers: computed from measurements and evidence, quoted by every document.

Nothing here guesses. A value that was not measured is None; a day without measurements is listed as such.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from inventory import Host, Inventory
from monitoring import dashboards
from monitoring.evidence import Evidence
from monitoring.reports.period import Quarter
from monitoring.reports.prometheus import QueryRange, Series, fetch

STEP = 300
HOUR = 3600
MINUTE = 60
# Each question asks about the whole step before its moment, so that nothing between two points is missed and a
# system that has run for minutes is seen too.
MEASURED = 'count(count_over_time(up{job="node"}[1h]))'
# A second short of the step: Prometheus 2 counts a sample on the left edge of a range too, which would count it twice.
HOST_UP = 'min by (host) (avg_over_time(up{job="node"}[3599s]))'
SERVICE_UP = "min by (service) (avg_over_time(probe_success[299s]))"
FIRING = 'ALERTS{alertstate="firing",severity!="none"}'
BACKUP = "max by (host) (last_over_time(kura_backup_last_success_timestamp_seconds[1h]))"
BACKUP_SIZE = "max by (host) (last_over_time(kura_backup_last_size_bytes[1h]))"
# Of services without a web page the file on the host, by the host's name.
CERTIFICATE = (
    "min by (service, instance) (last_over_time(probe_ssl_earliest_cert_expiry[1h]))"
    " or min by (service, instance) (label_replace(last_over_time(kura_certificate_expiry_timestamp_seconds[1h])"
    ' unless on (host, service) last_over_time(probe_ssl_earliest_cert_expiry[1h]), "instance", "$1", "host", "(.+)"))'
)
FORECAST_DAYS = 14


def question(panel: dashboards.Panel) -> str:
    """What a report asks for a panel that it charts: the panel's own expression, as a mean over each step."""
    expr, how = panel.queries[0].expr, panel.report
    return f"avg_over_time(({expr})[{how.step}s:{MINUTE}s])" if how and how.mean else expr


CHARTED = dashboards.charted()
CPU, MEMORY, DISK = (question(CHARTED[name]) for name in ("cpu", "memory", "disk"))


@dataclass(frozen=True)
class Usage:
    """Use of one resource of one server, in percent: mean and highest per month and per day (None: not measured)."""

    months: tuple[tuple[float, float] | None, ...]
    days: tuple[tuple[float, float] | None, ...]


@dataclass(frozen=True)
class Filesystem:
    """One file system: percent used on the last measured day, percent points a day, and the day it is full."""

    host: str
    mountpoint: str
    percent: float
    daily_growth: float | None
    full_on: date | None


@dataclass(frozen=True)
class Outage:
    """A span in which a service did not answer every probe. `minutes` counts only the failed share."""

    service: str
    start: datetime
    end: datetime
    minutes: float
    planned: bool


@dataclass(frozen=True)
class Uptime:
    """Minutes of one service in one span of time."""

    measured: float
    planned: float
    failed: float

    @property
    def percent(self) -> float | None:
        """Share of the promised time in which it answered; planned stops do not count. None: not measured."""
        promised = self.measured - self.planned
        return 100 * (1 - self.failed / promised) if promised > 0 else None


@dataclass(frozen=True)
class Alert:
    """One time that an alert fired. Both ends lie on the quarter's edge when it went on beyond."""

    name: str
    labels: Mapping[str, str]
    start: datetime
    end: datetime


@dataclass(frozen=True)
class Backup:
    """A host's backups: for each day True (a success that day), False (none) or None (not measured)."""

    days: tuple[bool | None, ...]
    last: datetime | None
    bytes: float | None


@dataclass(frozen=True)
class Facts:
    """Everything the quarterly report says, before it is put into words."""

    site: Inventory
    quarter: Quarter
    until: datetime
    measured_days: frozenset[date]
    servers: tuple[Host, ...]
    usage: Mapping[str, Mapping[str, Usage]]
    filesystems: tuple[Filesystem, ...]
    services: tuple[str, ...]
    uptime: Mapping[str, tuple[Uptime, ...]]
    outages: tuple[Outage, ...]
    hosts_up: Mapping[str, float]
    alerts: tuple[Alert, ...]
    backups: Mapping[str, Backup]
    certificates: tuple[tuple[str, str, datetime], ...]
    evidence: tuple[Evidence, ...]
    records: Mapping[str, Any] | None = None  # of the console (reports/console.py); None: it did not answer
    counts: Mapping[str, Any] | None = None  # of the library (`manage report_counts`); None: it did not answer

    def of_kind(self, *kinds: str) -> list[Evidence]:
        """The quarter's evidence of these kinds, oldest first."""
        return [item for item in self.evidence if item.kind in kinds]


def gather(site: Inventory, quarter: Quarter, query: QueryRange, evidence: Sequence[Evidence], now: datetime) -> Facts:
    """Ask for everything a quarter's report needs; `now` (aware) bounds a quarter that is not over."""
    until = max(quarter.start, min(quarter.end, now + timedelta(seconds=-now.timestamp() % HOUR)))

    def ask(promql: str, step: int) -> list[Series]:
        return fetch(query, promql, quarter.start, until, step)

    servers = tuple(host for host in site.hosts if not host.at_site and host.kind in ("server", "router"))
    names = {host.name for host in servers}
    measured = frozenset(quarter.day(moment - HOUR) for series in ask(MEASURED, HOUR) for moment, _ in series.points)
    disk = ask(DISK, HOUR)
    usage = {
        "cpu": _usages(quarter, _of_hosts(ask(CPU, STEP), names), STEP),
        "memory": _usages(quarter, _of_hosts(ask(MEMORY, STEP), names), STEP),
        "disk": _usages(quarter, _fullest(_of_hosts(disk, names)), HOUR),
    }
    planned = [(item.started, item.finished, frozenset(item.hosts)) for item in evidence if item.kind in PLANNED]
    probes = {series.labels.get("service", ""): series for series in ask(SERVICE_UP, STEP)}
    services = tuple(service.id for service in site.services if service.id in probes or _promised(site, service.id))
    uptime, outages = _uptimes(site, quarter, probes, planned)
    return Facts(
        site=site,
        quarter=quarter,
        until=until,
        measured_days=measured,
        servers=servers,
        usage=usage,
        filesystems=tuple(_filesystems(quarter, disk)),
        services=services,
        uptime=uptime,
        outages=tuple(outages),
        hosts_up={
            s.labels["host"]: 100 * _mean(v for _, v in s.points) for s in ask(HOST_UP, HOUR) if "host" in s.labels
        },
        alerts=tuple(_alerts(quarter, ask(FIRING, MINUTE))),
        backups=_backups(site, quarter, until, measured, ask(BACKUP, HOUR), ask(BACKUP_SIZE, HOUR)),
        certificates=tuple(_certificates(quarter, ask(CERTIFICATE, HOUR))),
        evidence=tuple(evidence),
    )


PLANNED = ("deploy", "drill")


def _promised(site: Inventory, service_id: str) -> bool:
    """Services that readers and staff use: they stand in the table even when nothing was measured."""
    row = site.service(service_id).row
    return row.tls and bool(row.names)


def _mean(values: Iterable[float]) -> float:
    numbers = list(values)
    return sum(numbers) / len(numbers)


def _of_hosts(found: Sequence[Series], names: set[str]) -> list[Series]:
    return [series for series in found if series.labels.get("host") in names]


def _fullest(found: Sequence[Series]) -> list[Series]:
    """Of a host's file systems the fullest at each moment."""
    highest: dict[str, dict[float, float]] = defaultdict(dict)
    for series in found:
        best = highest[series.labels["host"]]
        for moment, value in series.points:
            best[moment] = max(value, best.get(moment, value))
    return [Series({"host": host}, tuple(sorted(points.items()))) for host, points in highest.items()]


def _usages(quarter: Quarter, found: Sequence[Series], step: int) -> dict[str, Usage]:
    """Per host: mean and highest per month and per day. A point speaks for the `step` seconds before it."""
    usages = {}
    for series in found:
        by_day: dict[date, list[float]] = defaultdict(list)
        for moment, value in series.points:
            by_day[quarter.day(moment - step)].append(value)
        by_month = {
            month: [value for day, values in by_day.items() if day.month == month for value in values]
            for month in quarter.months
        }
        usages[series.labels["host"]] = Usage(
            tuple(_mean_and_highest(by_month[month]) for month in quarter.months),
            tuple(_mean_and_highest(by_day.get(day, [])) for day in quarter.days),
        )
    return usages


def _mean_and_highest(values: Sequence[float]) -> tuple[float, float] | None:
    return (_mean(values), max(values)) if values else None


def _filesystems(quarter: Quarter, found: Sequence[Series]) -> Iterable[Filesystem]:
    for series in found:
        days: dict[date, float] = {}
        for moment, value in series.points:
            days[quarter.day(moment - HOUR)] = value
        last = max(days)
        slope = trend(sorted((day.toordinal(), percent) for day, percent in days.items()))
        full = None
        if slope is not None and slope > 0.001:
            ahead = (100 - days[last]) / slope
            full = last + timedelta(days=1 + int(ahead + 1e-6)) if ahead < 36500 else None  # counted from midnight
        yield Filesystem(series.labels.get("host", ""), series.labels.get("mountpoint", ""), days[last], slope, full)


def trend(points: Sequence[tuple[int, float]]) -> float | None:
    """Least-squares slope per day; None with fewer than FORECAST_DAYS days, from which nothing should be foretold."""
    if len(points) < FORECAST_DAYS:
        return None
    middle_x = _mean(x for x, _ in points)
    middle_y = _mean(y for _, y in points)
    spread = sum((x - middle_x) ** 2 for x, _ in points)
    return sum((x - middle_x) * (y - middle_y) for x, y in points) / spread


Window = tuple[datetime, datetime, frozenset[str]]


def _uptimes(
    site: Inventory, quarter: Quarter, probes: Mapping[str, Series], windows: Sequence[Window]
) -> tuple[dict[str, tuple[Uptime, ...]], list[Outage]]:
    """Per service: minutes per month and for the whole quarter (last), and the outages."""
    uptime: dict[str, tuple[Uptime, ...]] = {}
    outages: list[Outage] = []
    for service, series in sorted(probes.items()):
        hosts = {host.name for host in site.service(service).hosts} if service in _ids(site) else set()
        mine = [(start.timestamp(), end.timestamp()) for start, end, of in windows if not of or of.intersection(hosts)]
        sums: dict[int, list[float]] = {month: [0.0, 0.0, 0.0] for month in quarter.months}
        failures: list[tuple[float, float, bool]] = []
        for moment, value in series.points:
            counts = sums[quarter.day(moment - STEP).month]
            counts[0] += STEP / 60
            down = (1 - value) * STEP / 60
            if down > 0:
                planned = any(start < moment and end > moment - STEP for start, end in mine)
                counts[1 if planned else 2] += down
                failures.append((moment, down, planned))
        months = [Uptime(*sums[month]) for month in quarter.months]
        total = Uptime(*(sum(row[index] for row in sums.values()) for index in range(3)))
        uptime[service] = (*months, total)
        outages += _joined(service, failures, quarter)
    return uptime, sorted(outages, key=lambda outage: (outage.start, outage.service))


def _ids(site: Inventory) -> set[str]:
    return {service.id for service in site.services}


def _joined(service: str, failures: Sequence[tuple[float, float, bool]], quarter: Quarter) -> list[Outage]:
    """Neighbouring failed steps of the same sort as one outage."""
    runs: list[list[tuple[float, float, bool]]] = []
    for failure in failures:
        if runs and failure[0] - runs[-1][-1][0] <= STEP and failure[2] == runs[-1][-1][2]:
            runs[-1].append(failure)
        else:
            runs.append([failure])
    return [
        Outage(
            service,
            datetime.fromtimestamp(run[0][0] - STEP, quarter.zone),
            datetime.fromtimestamp(run[-1][0], quarter.zone),
            sum(minutes for _, minutes, _ in run),
            run[0][2],
        )
        for run in runs
    ]


def _alerts(quarter: Quarter, found: Sequence[Series]) -> list[Alert]:
    alerts = []
    for series in found:
        labels = {name: value for name, value in series.labels.items() if name not in ("__name__", "alertstate")}
        start = previous = series.points[0][0]
        spans = []
        for moment, _ in series.points[1:]:
            if moment - previous > MINUTE:
                spans.append((start, previous))
                start = moment
            previous = moment
        spans.append((start, previous))
        alerts += [
            Alert(
                labels.get("alertname", ""),
                labels,
                datetime.fromtimestamp(first - MINUTE, quarter.zone),
                datetime.fromtimestamp(last, quarter.zone),
            )
            for first, last in spans
        ]
    return sorted(alerts, key=lambda alert: (alert.start, alert.name, sorted(alert.labels.items())))


def _backups(
    site: Inventory,
    quarter: Quarter,
    until: datetime,
    measured: frozenset[date],
    times: Sequence[Series],
    sizes: Sequence[Series],
) -> dict[str, Backup]:
    """Per host with a backup class: which days had a success.

    A day counts as failed when monitoring measured that day, the host's backups were known by then, and no success
    carries its date. Before the first known backup, on unmeasured days and on a day that is not over, nothing
    is claimed.
    """
    over = {day for day in measured if day < quarter.day(until)}
    size = {series.labels.get("host", ""): series.points[-1][1] for series in sizes}
    backups = {}
    for series in times:
        host = series.labels.get("host", "")
        if host not in {known.name for known in site.hosts}:
            continue
        known_from = quarter.day(series.points[0][0] - HOUR)
        successes = {quarter.day(value) for _, value in series.points}
        days = tuple(
            True if day in successes else (False if day in over and day >= known_from else None) for day in quarter.days
        )
        last = datetime.fromtimestamp(max(value for _, value in series.points), quarter.zone)
        backups[host] = Backup(days, last, size.get(host))
    return backups


def _certificates(quarter: Quarter, found: Sequence[Series]) -> Iterable[tuple[str, str, datetime]]:
    for series in found:
        expires = datetime.fromtimestamp(series.points[-1][1], quarter.zone)
        yield series.labels.get("service", ""), series.labels.get("instance", ""), expires
