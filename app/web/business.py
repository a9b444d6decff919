"""The library's figures for Prometheus, read from the database when it scrapes."""

import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily, Metric

# Exact, and cheap at any scale: tables that hold what is out now or a few ten thousand rows.
EXACT = {
    "kura_loans_open": ("Items out now", "SELECT count(*) FROM circulation_loan"),
    "kura_loans_overdue": ("Items overdue", "SELECT count(*) FROM circulation_loan WHERE due_on < %(today)s"),
    "kura_patrons": ("Patrons registered", "SELECT count(*) FROM patrons_patron"),
    "kura_sign_in_failures": (
        "Failed sign-ins in the last 15 minutes",
        "SELECT count(*) FROM access_failedsignin WHERE at > now() - interval '15 minutes'",
    ),
    "kura_notices_stuck": (
        "Notices that should have left an hour ago",
        "SELECT count(*) FROM notices_notice n JOIN notices_means m ON m.id = n.means_id WHERE n.state IN"
        " ('ready', 'handing') AND m.adapter IN ('mail', 'http', 'file')"
        " AND (n.not_before < now() - interval '1 hour' OR n.attempts >= 6)",
    ),
    "kura_audit_mass_views_open": (
        "Members of staff who saw many people in a short time and whom nobody has asked yet",
        "SELECT count(*) FROM audit_auditalert WHERE seen_at IS NULL",
    ),
    "kura_audit_uncopied_seconds": (
        "Age of the oldest seal that the keeper elsewhere has not",
        "SELECT coalesce(extract(epoch FROM now() - (SELECT min(at) FROM audit_auditseal WHERE number > (SELECT"
        " min(number) FROM audit_sealcopy))), 0)",
    ),
    "kura_audit_unsealed_seconds": (
        "Age of the oldest audit event that no seal covers",
        "SELECT coalesce(extract(epoch FROM now() - (SELECT at FROM audit_auditevent WHERE id > coalesce("
        "(SELECT top FROM audit_auditseal ORDER BY number DESC LIMIT 1), 0) ORDER BY id LIMIT 1)), 0)",
    ),
}
# Millions of rows: counted at most every five minutes.
LARGE = {
    "kura_records": ("Bibliographic records", "SELECT count(*) FROM catalog_bibliographicrecord"),
    "kura_items": ("Items", "SELECT count(*) FROM catalog_item"),
    # Identity values are taken in order and rows never leave: the highest is as good as a count.
    "kura_audit_events": ("Audit events written", "SELECT coalesce(max(id), 0) FROM audit_auditevent"),
}
TODAY = "SELECT act, count(*) FROM circulation_loanstatistic WHERE on_date = %(today)s GROUP BY act"
ACTS = ("lend", "renew", "return")
WORK = (
    "SELECT job, extract(epoch FROM max(finished_at) FILTER (WHERE state = 'done')),"
    " (array_agg(state ORDER BY slot DESC, attempt DESC) FILTER (WHERE state IN ('done', 'failed')))[1] = 'failed'"
    " FROM jobs_jobrun GROUP BY job"
)
KEEP_SECONDS = 300


class Business:
    """A prometheus-client collector. A database that does not answer gives `kura_database_up 0`, not an error."""

    def __init__(self) -> None:
        self.kept: tuple[float, dict[str, int]] = (float("-inf"), {})

    def collect(self) -> Iterator[Metric]:
        """Every gauge that can be read now."""
        info = GaugeMetricFamily("kura_info", "The release that runs", labels=["release"])
        info.add_metric([settings.RELEASE], 1)
        yield info
        found: list[Metric] = []
        up = 1
        try:
            found = list(self._figures())
        except DatabaseError:
            up = 0
        finally:
            # Every scrape is a thread of its own: what it leaves open nobody uses again.
            if not connection.in_atomic_block:
                connection.close()
        yield GaugeMetricFamily("kura_database_up", "Whether the database answers the application", value=up)
        yield from found

    def _figures(self) -> Iterator[Metric]:
        for name, (text, statement) in EXACT.items():
            yield GaugeMetricFamily(name, text, value=_scalar(statement))
        if time.monotonic() - self.kept[0] > KEEP_SECONDS:
            self.kept = (time.monotonic(), {name: _scalar(statement) for name, (_, statement) in LARGE.items()})
        for name, value in self.kept[1].items():
            yield GaugeMetricFamily(name, LARGE[name][0], value=value)
        acts = GaugeMetricFamily("kura_circulation_today", "Loans, renewals and returns today", labels=["act"])
        counted = dict(_rows(TODAY))
        for act in ACTS:
            acts.add_metric([act], counted.get(act, 0))
        yield acts
        # `name`, not `job`: Prometheus calls itself what it scrapes by that.
        success = GaugeMetricFamily(
            "kura_job_last_success_timestamp_seconds", "When it last went well", labels=["name"]
        )
        failed = GaugeMetricFamily("kura_job_failed", "Whether the latest run failed", labels=["name"])
        for name, at, bad in _rows(WORK):
            if at is not None:
                success.add_metric([name], float(at))
            failed.add_metric([name], int(bool(bad)))
        yield success
        yield failed


def _rows(statement: str) -> list[Any]:
    with connection.cursor() as cursor:
        # The library's day, not the connection's: Django keeps connections in UTC.
        cursor.execute(statement, {"today": timezone.localdate()})
        return cursor.fetchall()


def _scalar(statement: str) -> int:
    return int(_rows(statement)[0][0])
