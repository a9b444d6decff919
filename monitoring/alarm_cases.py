"""What the alarm drill stops: every service and what must run beside, and the alert that is each one's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from inventory import Inventory
from monitoring import targets

# What runs as which service of the inventory; borg is reached through ssh.
UNITS: dict[str, tuple[str, ...]] = {
    "ssh": ("ssh.service",),
    "dns": ("unbound.service",),
    "ntp": ("chrony.service",),
    "site-dns": ("unbound.service",),
    "site-ntp": ("chrony.service",),
    "vpn": ("wg-quick@wg0.service",),
    "library": ("kura-library.socket", "kura-library.service"),
    "database": ("postgresql@17-main.service",),
    "console": ("kura-console.socket", "kura-console.service"),
    "prometheus": ("prometheus.service",),
    "alertmanager": ("prometheus-alertmanager.service",),
    "node": ("prometheus-node-exporter.service",),
    "borg": ("ssh.service",),
    "ups": ("nut-server.service",),
    "mail": ("postfix.service",),
    "mail-return": ("postfix.service",),
    "logs": ("syslog.socket", "rsyslog.service"),
}
# What no service of the inventory is and must run all the same, where it does: unit → title.
BESIDE = {
    "rsyslog.service": "記録の送付",
    "chrony.service": "時刻合わせ",
    "nut-monitor.service": "電源の見張り",
    "kura-power-stages.service": "停電時の段階停止",
    "kura-wal-receive.service": "データベースの変更の受取",
    "kura-disks.service": "ディスクの見張り",
    "opendkim.service": "メールの署名",
    "kura-library-metrics.service": "図書館システムの計測",
    "prometheus-postgres-exporter.service": "データベースの計測",
    "kura-ups-exporter.service": "電源の計測",
    "prometheus-blackbox-exporter.service": "応答の計測",
    "nginx.service": "画面の入口",
    "kura-audit-seal.timer": "監査記録の封印",
    "kura-backup-daily.timer": "日次の控え",
    "kura-backup-keep.timer": "控えの整理と検査",
    "kura-backup-monthly.timer": "月次の控え",
    "kura-battery-test.timer": "電池の自己診断",
    "kura-certificates.timer": "証明書の期限の計測",
    "kura-disks-patrol.timer": "ディスクの全域の読取り",
    "kura-disks-test-long.timer": "ディスクの長い自己診断",
    "kura-disks-test.timer": "ディスクの自己診断",
    "kura-history.timer": "毎分の計測の記録",
    "kura-levels.timer": "サービス水準の集計",
    "kura-library-jobs@daily.timer": "日次の定時処理",
    "kura-library-jobs@often.timer": "定時処理",
    "kura-log-files.timer": "記録ファイルの整理",
    "kura-logs-close.timer": "記録の封印",
    "kura-maintenance.timer": "保守の入室の管理",
    "kura-restore-rehearsal.timer": "復元の訓練",
    "kura-tunnel.timer": "館との接続の計測",
    "kura-wal-base.timer": "データベース全体の控え",
    "kura-wal-watch.timer": "変更の受取の計測",
    "kura-watcher.timer": "監視の見張り",
}
# Services whose own alert is not `ServiceDown`; the unit itself tells where its name is given.
_ALERTS = {"library": "LibraryDown", "database": "DatabaseDown", "node": "HostDown"}
_TARGETS = {
    "kura-library-metrics.service": "library",
    "prometheus-postgres-exporter.service": "database",
    "kura-ups-exporter.service": "ups",
    "prometheus-blackbox-exporter.service": "blackbox",
}
# Units that a socket starts again at once, unless it is stopped first.
_SOCKETS = {"rsyslog.service": "syslog.socket"}
# Later waves: service, or unit of BESIDE → number; all others go together in the first. What people are told by,
# or what asks for the others, stops alone.
_WAVES = {
    "vpn": 1, "kura-ups-exporter.service": 1, "kura-library-metrics.service": 1,
    "prometheus-postgres-exporter.service": 1, "prometheus-blackbox-exporter.service": 1,
    "node": 2, "library": 2,
    "dns": 3, "console": 4, "mail": 5, "opendkim.service": 5, "prometheus": 6, "alertmanager": 7,
}  # fmt: skip
# Without these no mail leaves: an unsigned one waits for its signature.
_NO_MAIL = ("mail", "opendkim.service")
ALONE = ("dns", "console", "mail", "opendkim", "prometheus", "alertmanager")


@dataclass(frozen=True)
class Case:
    """One service to stop. An alert is its own when it has the name `alert` and all of `labels`; no name: the watcher's
    mail tells of it. `screen` and `mail`: whether that way is there while this service is not."""

    name: str
    title: str
    host: str
    units: tuple[str, ...]
    alert: str
    labels: tuple[tuple[str, str], ...]
    wave: int
    screen: bool = True
    mail: bool = True

    def owns(self, labels: dict[str, str]) -> bool:
        """Whether an alert with these labels tells of this service."""
        wanted = {"alertname": self.alert, "host": self.host, **dict(self.labels)}
        return bool(self.alert) and all(labels.get(key) == value for key, value in wanted.items())


def cases(site: Inventory, active: dict[str, set[str]]) -> list[Case]:
    """Every service of the inventory on the running hosts, and what else must run there; `active`: host → units."""
    found: dict[tuple[str, str], Case] = {}
    unprobed = targets.unprobed(site)
    for service in site.services:
        for host in service.hosts:
            units = UNITS[service.id]
            if host.name in active and units[-1] in active[host.name] and (host.name, units[-1]) not in found:
                asked = service.id not in unprobed
                found[host.name, units[-1]] = _service(service.id, service.row.title, host.name, units, asked=asked)
    for unit, title in BESIDE.items():
        for name in active:
            if unit in active[name] and (name, unit) not in found:
                door = unit == "nginx.service"
                found[name, unit] = _door(site, unit, title, name) if door else _beside(unit, title, name)
    return sorted(found.values(), key=lambda case: case.wave)


def _service(service: str, title: str, host: str, units: tuple[str, ...], *, asked: bool) -> Case:
    """`asked`: the monitoring host may ask the service itself; else its host tells that it has stopped."""
    alert = _ALERTS.get(service, "ServiceDown")
    labels: tuple[tuple[str, str], ...] = (("service", service),)
    if not asked and service not in _ALERTS:
        alert, labels = "UnitStopped", (("name", units[-1]),)
    if service in ("prometheus", "alertmanager"):
        alert, labels = "", ()
    return Case(
        f"{service}/{host}", title, host, units, alert, labels, _WAVES.get(service, 0),
        screen=service != "console" and bool(alert), mail=service not in _NO_MAIL,
    )  # fmt: skip


def _beside(unit: str, title: str, host: str) -> Case:
    alert = "UnitStopped"
    labels: tuple[tuple[str, str], ...] = (("name", unit),)
    if unit in _TARGETS:
        alert, labels = "TargetDown", (("job", _TARGETS[unit]),)
    elif unit == "kura-disks.service":
        alert, labels = "DiskWatchSilent", ()
    units = (_SOCKETS[unit], unit) if unit in _SOCKETS else (unit,)
    return Case(
        f"{unit.removesuffix('.service')}/{host}", title, host, units, alert, labels, _WAVES.get(unit, 0),
        mail=unit not in _NO_MAIL,
    )  # fmt: skip


def _door(site: Inventory, unit: str, title: str, host: str) -> Case:
    """The web server before the library or the console: without it they do not answer, and alerts reach no screen."""
    of_console = host in {one.name for one in site.service("console").hosts}
    service = "library" if host in {one.name for one in site.service("library").hosts} else "console"
    alert = _ALERTS.get(service, "ServiceDown")
    return Case(
        f"nginx/{host}", title, host, (unit,), alert, (("service", service),), 9 if of_console else 8,
        screen=not of_console,
    )  # fmt: skip


def waves(todo: Sequence[Case]) -> Iterator[list[Case]]:
    """The cases that are stopped together, in order."""
    for number in sorted({case.wave for case in todo}):
        yield [case for case in todo if case.wave == number]
