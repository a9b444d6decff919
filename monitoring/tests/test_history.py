"""The recorder on the monitoring host: minutes become records, hours the long history; nothing is lost or doubled."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from inventory import load
from monitoring import dashboards, history, metrics
from monitoring.history import record

NOW = 1_795_000_000 // 3600 * 3600 + 1800.0
HOUR = 3600


class Answers(BaseHTTPRequestHandler):
    """A Prometheus whose series are a straight line: the value of an instant is its minute of the hour."""

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        start, end, step = (int(form[key][0]) for key in ("start", "end", "step"))
        if self.server.broken:  # type: ignore[attr-defined]
            self.send_response(503)
            self.end_headers()
            return
        self.server.asked.append((form["query"][0], start, end))  # type: ignore[attr-defined]
        values = [[at, str(at % HOUR / 60)] for at in range(start, end + 1, step)]
        rows = [{"metric": {"host": host, "__name__": "x"}, "values": values} for host in ("app1", "db1")]
        if "filesystem" in form["query"][0]:
            rows = [{"metric": {**row["metric"], "mountpoint": "/srv"}, "values": values} for row in rows]
        body = json.dumps({"status": "success", "data": {"result": rows}}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Silent."""


@pytest.fixture
def prometheus() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.asked, server.broken = [], False  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture
def settings(tmp_path: Path, prometheus: ThreadingHTTPServer) -> dict:
    """As deployed, in a folder of its own and with two panels."""
    site = load("nagano")
    document = json.loads(history.settings(site, site.host("mon1")))
    document |= {
        "prometheus": f"http://127.0.0.1:{prometheus.server_port}",
        "archive": str(tmp_path / "archive"),
        "database": str(tmp_path / "history.sqlite3"),
        "expressions": document["expressions"][:2],
    }
    return document


def lines(settings: dict, host: str = "app1") -> list[str]:
    found = sorted(Path(settings["archive"]).glob(f"live/*/{host}/measure.log"))
    return [line for path in found for line in path.read_text().splitlines()]


@pytest.mark.req("S-LOG-001")
def test_every_minute_of_every_host_becomes_one_record_with_processor_memory_disk_and_network(settings):
    record.record(settings, NOW)
    first = len(lines(settings))
    record.record(settings, NOW + 600)
    found = lines(settings)
    assert len(found) == first + 10
    assert len({line.split("\t")[0] for line in found}) == len(found)
    fields = found[-1].split("\t")
    assert fields[1:4] == ["app1", "usage", "info"]
    minute = int(fields[0][14:16])
    assert fields[4] == (
        f"cpu={minute}.0% memory={minute}.0% disk:/srv={minute}.0% received={minute}B/s sent={minute}B/s"
    )
    assert len(lines(settings, "db1")) == len(found)


@pytest.mark.req("S-LOG-001")
def test_what_could_not_be_asked_is_made_up_for(settings, prometheus):
    record.record(settings, NOW)
    first = len(lines(settings))
    prometheus.broken = True
    with pytest.raises(OSError, match="503"):
        record.record(settings, NOW + 3600)
    prometheus.broken = False
    record.record(settings, NOW + 9 * 3600)
    assert len(lines(settings)) == first + 9 * 60


def test_each_hour_is_kept_with_its_lowest_mean_and_highest_value(settings):
    record.record(settings, NOW)
    record.record(settings, NOW + 3 * HOUR)
    with sqlite3.connect(settings["database"]) as store:
        rows = store.execute("SELECT hour, low, mean, high FROM points ORDER BY series, hour").fetchall()
        names = store.execute("SELECT expr, labels FROM series").fetchall()
    assert len(rows) == 4 * 4  # two panels, two hosts; the hour before and three more
    assert set(rows) == {(NOW // HOUR * HOUR + (n - 1) * HOUR, 0.0, 27.5, 55.0) for n in range(4)}
    assert {labels for _, labels in names} == {'{"host": "app1"}', '{"host": "db1"}'}


def test_a_host_is_heard_by_what_it_sends_itself(settings, tmp_path):
    archive = Path(settings["archive"])
    now = time.time()
    record.keep(archive, {("app1", int(now)): ["cpu=1.0%"], ("db1", int(now)): ["cpu=1.0%"]}, now)
    path = next(archive.glob("live/*/app1")) / "os.log"
    path.write_text("x\n")
    text = record.heard(archive, ["app1", "db1"])
    assert f'kura_logs_last_timestamp_seconds{{host="app1"}} {path.stat().st_mtime:.0f}' in text
    assert 'host="db1"' not in text  # only measured, never heard
    target = tmp_path / "node" / "kura_logs.prom"
    record.publish(target, text)
    assert not target.exists()  # a host without the exporter is left alone
    target.parent.mkdir()
    record.publish(target, text)
    assert target.read_text() == text
    assert set(metrics.names_of(text)) <= metrics.recorded()["logs"]


def test_the_settings_name_every_panel_and_only_metrics_that_exist():
    site = load("nagano")
    document = json.loads(history.settings(site, site.host("mon1")))
    assert document["expressions"] == list(dashboards.expressions())
    assert document["hosts"] == [host.name for host in site.hosts if host.kind in ("server", "router")]
    known = frozenset().union(*metrics.recorded().values())
    for expr in document["measures"].values():
        assert metrics.named(expr) <= known, expr
