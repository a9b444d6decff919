"""Looks at what the library stands on, once a minute. Each look gives one finding and never fails.

What the application may open a connection to follows from the inventory; what only monitoring sees (servers, backups,
what fires) is asked of Prometheus. A part that could not be asked is said to be unknown, never well.
"""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

from app.jobs.queries import standings
from app.office.models import Check
from app.operations.sources import Prometheus, SourceDown
from inventory import load

Level = Check.Level
SERVERS, DATABASE, LINKS, BACKUP, WORK = "サーバ", "データベース", "連携・接続先", "バックアップ", "定時処理"
GROUPS = (SERVERS, DATABASE, LINKS, BACKUP, WORK)
CONNECT_SECONDS = 3.0
BACKUP_TOO_OLD = timedelta(hours=30)


@dataclass(frozen=True)
class Finding:
    """What one look found; `code` is the same at every look."""

    code: str
    group: str
    title: str
    level: str
    text: str


@dataclass(frozen=True)
class Link:
    """A service that the application's zone may open, on one host."""

    code: str
    title: str
    address: str
    port: int


def links() -> list[Link]:
    """Every TCP service of the inventory that the application's hosts may reach on other hosts."""
    site = load(settings.INVENTORY)
    mine = site.service("library").hosts
    zones = {host.zone for host in mine} | {f"host:{host.name}" for host in mine}
    found = []
    for service in site.services:
        ports = [listen.port for listen in service.listen if listen.protocol == "tcp"]
        if ports and zones & set(service.sources):
            found += [
                Link(f"link.{service.id}.{host.name}", f"{service.row.title}({host.name})", str(host.address), ports[0])
                for host in service.hosts
                if host not in mine
            ]
    return found


def look_at(link: Link) -> Finding:
    """Whether somebody answers at a link."""
    began = time.monotonic()
    try:
        with socket.create_connection((link.address, link.port), timeout=CONNECT_SECONDS):
            said, level = f"応答 {(time.monotonic() - began) * 1000:.0f} ミリ秒", Level.OK
    except OSError as error:
        said, level = f"応答がありません({type(error).__name__})", Level.BAD
    return Finding(link.code, LINKS, link.title, level, said)


def _database(now: datetime) -> Iterator[Finding]:
    """The database answers, or we would not be here; how fast, and how full it is of connections."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), current_setting('max_connections')::int, pg_database_size(current_database())"
            " FROM pg_stat_activity"
        )
        used, most, size = cursor.fetchone()
    level = Level.WARN if used > most * 0.9 else Level.OK
    text = f"応答 {(time.monotonic() - began) * 1000:.0f} ミリ秒・接続 {used}/{most}・{size / 1e9:.1f} GB"
    yield Finding("database", DATABASE, "応答と接続", level, text)


def _work(now: datetime) -> Iterator[Finding]:
    bad = [standing.title for standing in standings(now) if standing.bad]
    text = f"失敗・未開始: {'、'.join(bad)}" if bad else "失敗はありません"
    yield Finding("jobs", WORK, "定時処理", Level.BAD if bad else Level.OK, text[:200])


def _monitored(now: datetime) -> Iterator[Finding]:
    """Servers, backups and what fires, as Prometheus has them."""
    url = getattr(settings, "PROMETHEUS_URL", "")
    if not url:
        for code, group in (("servers", SERVERS), ("backup", BACKUP)):
            yield Finding(code, group, group, Level.UNKNOWN, "この環境では監視サーバにつながりません")
        return
    source = Prometheus(url)
    try:
        up = source.now('up{job="node"}')
        backups = source.now("kura_backup_last_success_timestamp_seconds")
        firing = source.now('ALERTS{alertstate="firing",severity!="none"}')
    except SourceDown:
        yield Finding("monitoring", SERVERS, "監視サーバ", Level.BAD, "応答がありません")
        for code, group in (("servers", SERVERS), ("backup", BACKUP)):
            yield Finding(code, group, group, Level.UNKNOWN, "監視サーバが応答しないため、分かりません")
        return
    yield Finding("monitoring", SERVERS, "監視サーバ", Level.OK, f"警報 {len(firing)} 件")
    for series in up:
        alive = bool(series.last)
        host = series.labels.get("host", "?")
        level, said = (Level.OK, "稼働しています") if alive else (Level.BAD, "応答がありません")
        yield Finding(f"server.{host}", SERVERS, host, level, said)
    for series in firing:
        name, host = series.labels.get("alertname", "?"), series.labels.get("host", "")
        level = Level.BAD if series.labels.get("severity") == "critical" else Level.WARN
        said = f"{host} 詳しくは運用コンソールへ"
        yield Finding(f"alert.{name}.{host}"[:80], SERVERS, f"警報 {name}", level, said)
    if not backups:
        yield Finding("backup", BACKUP, "バックアップ", Level.BAD, "成功した記録がありません")
    for series in backups:
        host, at = series.labels.get("host", "?"), series.last or 0.0
        old = now.timestamp() - at > BACKUP_TOO_OLD.total_seconds()
        when = timezone.localtime(datetime.fromtimestamp(at, tz=timezone.get_current_timezone()))
        name = f"{host} {series.labels.get('repository', '')}".strip()
        level = Level.BAD if old else Level.OK
        yield Finding(f"backup.{name}"[:80], BACKUP, name, level, f"最後の成功 {when:%m/%d %H:%M}")


LOOKS: tuple[Callable[[datetime], Iterator[Finding]], ...] = (_monitored, _database, _work)


def look(now: datetime) -> list[Finding]:
    """Every finding of this minute. Links are tried side by side: all silent ones together cost three seconds."""
    found = [finding for part in LOOKS for finding in part(now)]
    if not getattr(settings, "PROBE_LINKS", False):
        return [*found, Finding("links", LINKS, "接続先", Level.UNKNOWN, "この環境では確かめていません")]
    with ThreadPoolExecutor(max_workers=16) as pool:
        return found + list(pool.map(look_at, links()))
