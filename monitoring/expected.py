"""Which measurement must be there on which host: an alert about an age is silent about what was never measured.

Prometheus compares nothing with nothing and finds no fault: `time() - x > 8 * 86400` never fires where no `x` exists.
So what must exist is said here, from the inventory; the rules turn it into series, and one alert (MeasurementMissing)
tells of each that does not. `HELD` names the alerts' other metrics and why they cannot be missed in silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from inventory import Host, Inventory

SERIES = "kura:measure_expected:info"


@dataclass(frozen=True)
class Expected:
    """A series that must exist: the metric with this `host`, left by `unit` on the host `at`.

    `within` is how long that may take after `at` was first seen: an "hour", a "day" or a "week".
    """

    metric: str
    host: str
    at: str
    unit: str
    title: str
    within: str


def expected(site: Inventory) -> tuple[Expected, ...]:
    """Every series that the running appliance must have, by host."""
    return tuple(row for part in (_of_backup, _of_library, _of_watchers) for row in part(site))


def _of_backup(site: Inventory) -> Iterator[Expected]:
    keeper = site.backup.repository
    for host in site.hosts:
        if host.backup != "none":
            yield Expected("kura_backup_keep_success", host.name, keeper, "kura-backup-keep", "控えの整理と検査", "day")
    rows = (
        ("kura_backup_isolated_last_success_timestamp_seconds", "kura-backup-keep", "隔離した世代", "day"),
        ("kura_backup_isolated_damaged_files", "kura-backup-keep", "隔離した世代の照合", "day"),
        ("kura_wal_base_last_success_timestamp_seconds", "kura-wal-base", "データベース全体の控え", "day"),
        ("kura_wal_segments_damaged", "kura-wal-base", "変更履歴の検査", "day"),
        ("kura_wal_archive_last_caught_up_timestamp_seconds", "kura-wal-watch", "変更履歴の受取", "hour"),
        ("kura_wal_archive_delay_seconds", "kura-wal-watch", "変更履歴の遅れ", "hour"),
        ("kura_backup_store_free_bytes", "kura-wal-watch", "控えの保管先の空き", "hour"),
        ("kura_restore_drill_last_success_timestamp_seconds", "kura-restore-rehearsal", "復元の訓練", "week"),
    )
    for metric, unit, title, within in rows:
        yield Expected(metric, keeper, keeper, unit, title, within)


def _of_library(site: Inventory) -> Iterator[Expected]:
    rows = (
        ("kura_job_last_success_timestamp_seconds", "kura-library-jobs@often.timer", "定時処理"),
        ("kura_notices_stuck", "kura-library-metrics", "通知の滞り"),
        ("kura_audit_unsealed_seconds", "kura-library-metrics", "監査記録の封印"),
        ("kura_audit_uncopied_seconds", "kura-library-metrics", "監査記録の封印の写し"),
        ("kura_audit_mass_views_open", "kura-library-metrics", "大量閲覧の知らせ"),
    )
    for host in _hosts(site, "library"):
        for metric, unit, title in rows:
            yield Expected(metric, host.name, host.name, unit, title, "hour")


def _of_watchers(site: Inventory) -> Iterator[Expected]:
    for service, metric, unit, title, within in (
        ("logs", "kura_logs_sealed_timestamp_seconds", "kura-logs-close", "記録の封印", "day"),
        ("logs", "kura_logs_kept_timestamp_seconds", "kura-logs-close", "記録の封印の写し", "day"),
        ("mail", "kura_watcher_last_look_timestamp_seconds", "kura-watcher.timer", "監視の見張り", "hour"),
        ("ups", "kura_ups_battery_test_timestamp_seconds", "kura-ups-exporter", "電池の自己診断", "hour"),
        ("ups", "kura_ups_runtime_needed_seconds", "kura-ups-exporter", "停止に要る時間", "hour"),
    ):
        for host in _hosts(site, service):
            yield Expected(metric, host.name, host.name, unit, title, within)
    for host in site.hosts:
        metric = "kura_certificate_expiry_timestamp_seconds"
        if any(service.row.tls for service in site.services_of(host)):
            yield Expected(metric, host.name, host.name, "kura-certificates", "証明書の期限", "hour")
        metric = "kura_wireguard_last_handshake_timestamp_seconds"
        if host in _hosts(site, "vpn") or (host.kind == "router" and host.at_site):
            yield Expected(metric, host.name, host.name, "kura-tunnel", "館との接続", "hour")
        if host.disks:
            metric = "kura_disk_watch_timestamp_seconds"
            yield Expected(metric, host.name, host.name, "kura-disks", "ディスクの見張り", "hour")


def _hosts(site: Inventory, service: str) -> tuple[Host, ...]:
    return next((found.hosts for found in site.services if found.id == service), ())


def rules(site: Inventory) -> list[dict[str, object]]:
    """A recording rule for each: the alert compares these with what is there."""
    return [
        {
            "record": SERIES,
            "expr": "vector(1)",
            "labels": {
                "measure": row.metric,
                "host": row.host,
                "at": row.at,
                "unit": row.unit,
                "title": row.title,
                "within": row.within,
            },
        }
        for row in expected(site)
    ]


# The other metrics of alerts, by what they begin with, and who tells when they are not there.
HELD = {
    "up": "Prometheus makes it for every target",
    "node_": "a host's exporter, whose end is HostDown",
    "pg_": "the database's exporter, whose end is TargetDown; it says 0 while it has no connection",
    "probe_": "the prober, whose end is TargetDown; it says 0 while it has no answer",
    "kura:": "made by the rules themselves",
    "kura_ups_": "the units' exporter, whose end is TargetDown; it says so when a unit does not answer",
    "kura_job_failed": "said by the same page as the last success of the jobs",
    "kura_backup_last_success_timestamp_seconds": "BackupMissing tells when there is none",
    "kura_backup_last_attempt_success": "left by every attempt; without one BackupMissing tells",
    "kura_backup_archives_vanished": "left by the same round as kura_backup_keep_success",
    "kura_backup_store_size_bytes": "left together with kura_backup_store_free_bytes",
    "kura_wal_segments_missing": "left together with kura_wal_segments_damaged",
    "kura_logs_last_timestamp_seconds": "LogsMissing tells when there is none",
    "kura_integrity_": "left by the check after each start of the database's host; there is none before it",
    "kura_disk_": "left by the disks' watch, whose own time must be there; which ones depends on the disks",
}
