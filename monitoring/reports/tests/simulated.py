"""A quarter whose faults are known: answers the report's questions as Prometheus would, from injected events."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from monitoring.evidence import Evidence
from monitoring.reports import facts

TOKYO = ZoneInfo("Asia/Tokyo")
SERVERS = ("gw1", "app1", "db1", "mon1", "bak1")


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of 2026 in Tokyo."""
    return datetime(2026, month, day, hour, minute, tzinfo=TOKYO)


@dataclass(frozen=True)
class Span:
    """From `start` (included) to `end`."""

    start: datetime
    end: datetime

    @cached_property
    def seconds(self) -> tuple[float, float]:
        """Both ends in Unix time."""
        return self.start.timestamp(), self.end.timestamp()

    def covers(self, moment: float) -> bool:
        return self.seconds[0] <= moment < self.seconds[1]

    def share(self, left: float, right: float) -> float:
        """Which part of [left, right) lies in the span."""
        overlap = min(right, self.seconds[1]) - max(left, self.seconds[0])
        return max(0.0, overlap) / (right - left)


@dataclass
class Simulated:
    """The injected events. Outside them everything answers and every backup at 02:00 succeeds."""

    outages: dict[str, list[Span]] = field(default_factory=dict)
    blind: list[Span] = field(default_factory=list)
    alerts: list[tuple[dict[str, str], Span]] = field(default_factory=list)
    failed_backups: dict[str, set[tuple[int, int]]] = field(default_factory=dict)
    certificates: dict[tuple[str, str], datetime] = field(default_factory=dict)
    cpu: Callable[[str, float], float] = lambda host, moment: 0.25

    def query(self, promql: str, start: datetime, end: datetime, step: int) -> Sequence[Mapping[str, Any]]:
        """The answer at start, start + step, … end, as the HTTP API writes it."""
        first = start.timestamp()
        moments = [first + index * step for index in range(int((end - start).total_seconds()) // step + 1)]
        assert len(moments) <= 11_000, "Prometheus would refuse so many points"
        seen = [moment for moment in moments if not any(span.covers(moment - 1) for span in self.blind)]
        answers: dict[str, Callable[[], list[Mapping[str, Any]]]] = {
            facts.MEASURED: lambda: [_series({}, seen, lambda _: 5)],
            facts.CPU: lambda: [_series({"host": h}, seen, lambda m, h=h: 100 * self.cpu(h, m)) for h in SERVERS],
            facts.MEMORY: lambda: [_series({"host": h}, seen, lambda _: 40) for h in SERVERS],
            facts.DISK: lambda: [
                _series({"host": h, "mountpoint": p}, seen, lambda m, p=p: 100 * _filling(p, m))
                for h in SERVERS
                for p in (("/", "/srv/borg") if h == "bak1" else ("/",))
            ],
            facts.HOST_UP: lambda: [_series({"host": h}, seen, lambda _: 1) for h in SERVERS],
            facts.SERVICE_UP: lambda: [
                _series({"service": s}, seen, lambda m, s=s: self._answered(s, m, step))
                for s in ("library", "database")
            ],
            facts.FIRING: lambda: [
                _series(
                    {"__name__": "ALERTS", "alertstate": "firing", **labels},
                    [m for m in seen if span.covers(m - 1)],
                    lambda _: 1,
                )
                for labels, span in self.alerts
            ],
            facts.BACKUP: lambda: [
                _series({"host": h}, seen, lambda m, h=h: self._last_backup(h, m)) for h in SERVERS if h != "bak1"
            ],
            facts.BACKUP_SIZE: lambda: [_series({"host": "db1"}, seen, lambda _: 1.5e9)],
            facts.CERTIFICATE: lambda: [
                _series({"service": s, "instance": i}, seen, lambda _, e=expires: e.timestamp())
                for (s, i), expires in self.certificates.items()
            ],
        }
        return [series for series in answers[promql]() if series["values"]]

    def _answered(self, service: str, moment: float, step: int) -> float:
        return 1 - sum(span.share(moment - step, moment) for span in self.outages.get(service, []))

    def _last_backup(self, host: str, moment: float) -> float:
        day = datetime.fromtimestamp(moment, TOKYO).replace(hour=2, minute=0, second=0, microsecond=0)
        while day.timestamp() >= moment or (day.month, day.day) in self.failed_backups.get(host, set()):
            day -= timedelta(days=1)
        return day.timestamp()


def _filling(mountpoint: str, moment: float) -> float:
    """/srv/borg grows half a percent point a day from 20 % on 1 July; / stands still."""
    if mountpoint == "/":
        return 0.31
    return 0.20 + 0.005 * (moment - at(7, 1).timestamp()) / 86400


def _series(labels: Mapping[str, str], moments: Sequence[float], value: Callable[[float], float]) -> Mapping[str, Any]:
    return {"metric": dict(labels), "values": [[moment, str(value(moment))] for moment in moments]}


def daily_wave(host: str, moment: float) -> float:
    """CPU that rises in the afternoon, differently on each server: for looking at the charts."""
    hour = (moment / 3600 + 9) % 24
    return (
        0.08
        + 0.05 * SERVERS.index(host)
        + 0.3 * max(0, math.sin((hour - 8) / 12 * math.pi)) * (1 + math.sin(moment / 864000)) / 2
    )


def known_quarter() -> Simulated:
    """The third quarter of 2026 with the faults that the tests look for."""
    return Simulated(
        outages={
            "library": [Span(at(7, 14, 10, 0), at(7, 14, 10, 45)), Span(at(8, 25, 22, 0), at(8, 25, 22, 12))],
            "database": [Span(at(9, 3, 15, 2), at(9, 3, 15, 4))],
        },
        blind=[Span(at(8, 1), at(8, 3)), Span(at(9, 10, 4), at(9, 10, 10))],
        alerts=[
            (
                {"alertname": "BackupStale", "host": "db1", "severity": "critical"},
                Span(at(8, 21, 8, 5), at(8, 22, 2, 1)),
            ),
            (
                {"alertname": "HostDown", "host": "app1", "severity": "critical"},
                Span(at(7, 14, 10, 2), at(7, 14, 10, 46)),
            ),
        ],
        failed_backups={"db1": {(8, 20), (8, 21)}, "gw1": {(9, 30)}},
        certificates={("library", "https://opac.kura-nagano.example/health"): at(10, 20)},
        cpu=daily_wave,
    )


def known_evidence() -> list[Evidence]:
    """What was done in that quarter."""

    def done(kind: str, name: str, start: datetime, minutes: float, **more: Any) -> Evidence:
        passed = more.pop("passed", True)
        end = start + timedelta(minutes=minutes)
        data = {"kind": kind, "name": name, "started": start, "finished": end, "passed": passed, **more}
        return Evidence.model_validate(data)

    items = [
        {"title": "全サーバの時刻が基準と0.1秒以内で合っている", "passed": True, "hosts": list(SERVERS)},
        {"title": "使われていない待受けポートがない", "passed": False, "note": "bak1 の tcp/111", "hosts": ["bak1"]},
        {"title": "無停電電源装置の自己診断が正常である", "passed": None, "note": "装置の交換待ち", "hosts": ["gw1"]},
    ]
    return [
        done("drill", "restore-database", at(7, 20, 9), 12, hosts=["db1", "bak1"],
             figures={"restore_rows_compared": 1190000.0, "restore_database_seconds": 512.5},
             details={"title": "データベースの復元", "by": "小林 直樹"}),
        done("deploy", "site", at(8, 25, 21, 50), 30, hosts=["app1"], figures={"changed": 7.0},
             details={"title": "月例更新の適用", "by": "保科 理恵"}),
        done("drill", "power-cut", at(9, 8, 9), 9, hosts=list(SERVERS), passed=False,
             figures={"power_all_off_seconds": 171.0},
             details={"title": "停電と復電", "by": "小林 直樹"}),
        done("drill", "faults", at(9, 10, 9), 50, hosts=list(SERVERS), passed=False,
             figures={"faults_cases": 2.0, "faults_cut_longest_silence": 41.2},
             details={"title": "負荷中の障害と台帳の照合", "items": [
                 {"title": "nginx の強制終了", "passed": True, "hosts": ["app1"]},
                 {"title": "app1 と db1 の間の通信断", "passed": False, "note": "cut", "hosts": ["app1", "db1"]}]}),
        done("drill", "disk", at(9, 11, 9), 3, passed=False,
             details={"title": "ディスクの故障と交換", "aborted": "the machine does not start"}),
        done("inspection", "periodic", at(9, 15, 9), 40, passed=False, hosts=list(SERVERS),
             details={"title": "第2四半期 定期点検", "by": "小林 直樹", "items": items}),
    ]  # fmt: skip
