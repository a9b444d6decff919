"""Prometheus metrics of the UPS units, at :9199/ups_metrics on the host that reads them.

Runs with Debian's python3 and python3-prometheus-client, without Kura's own Python environment: when a deployment
goes wrong, power must still be seen.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ups.client import Client, UpsError

PATH = "/ups_metrics"
STATUSES = ("OL", "OB", "LB", "HB", "RB", "CHRG", "DISCHRG", "BYPASS", "CAL", "OFF", "OVER", "TRIM", "BOOST", "FSD")
GAUGES = {
    "battery.charge": ("kura_ups_battery_charge_percent", "Charge of the battery."),
    "battery.runtime": ("kura_ups_battery_runtime_seconds", "Seconds that the battery lasts at the present load."),
    "battery.runtime.low": ("kura_ups_battery_runtime_low_seconds", "Remaining seconds at which the stop begins."),
    "ups.load": ("kura_ups_load_percent", "Load in per cent of what the unit can carry."),
    "input.voltage": ("kura_ups_input_volts", "Voltage from the mains."),
}

Readings = Mapping[str, Mapping[str, str] | None]
Clients = Mapping[str, set[str]]


def metrics(readings: Readings) -> Iterator[Metric]:
    """Metric families of unit → variables; None stands for a unit whose driver does not answer."""
    up = GaugeMetricFamily("kura_ups_up", "1 when the unit's driver answers.", labels=["ups"])
    status = GaugeMetricFamily("kura_ups_status", "1 for every status the unit reports.", labels=["ups", "status"])
    for unit, values in readings.items():
        flags = (values or {}).get("ups.status", "").split()
        up.add_metric([unit], 1.0 if flags else 0.0)
        if flags:
            for flag in STATUSES:
                status.add_metric([unit, flag], 1.0 if flag in flags else 0.0)
    yield up
    yield status
    for variable, (name, text) in GAUGES.items():
        family = GaugeMetricFamily(name, text, labels=["ups"])
        for unit, values in readings.items():
            try:
                family.add_metric([unit], float((values or {})[variable]))
            except (KeyError, ValueError):
                continue  # not every unit reports every value
        yield family


def upkeep(facts: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]], since: float) -> Iterator[Metric]:
    """What is known of the batteries beside the units' own words, and of flags that somebody left behind.

    `facts` come from the inventory, `results` from `ups/battery.py`; a unit never tested counts from `since`, when
    the facts were written.
    """
    each = [
        ("battery_installed_timestamp_seconds", "When the battery was installed.", "installed"),
        ("battery_replacement_timestamp_seconds", "When the battery is to be replaced.", "replacement"),
    ]
    for name, text, key in each:
        family = GaugeMetricFamily(f"kura_ups_{name}", text, labels=["ups"])
        for unit, row in facts["units"].items():
            if row[key] is not None:
                family.add_metric([unit], float(row[key]))
        yield family
    tested = GaugeMetricFamily(
        "kura_ups_battery_test_timestamp_seconds", "When the battery was tested.", labels=["ups"]
    )
    passed = GaugeMetricFamily("kura_ups_battery_test_passed", "1 when its last test passed, 0 if not.", labels=["ups"])
    running = GaugeMetricFamily("kura_ups_battery_test_running", "1 while the unit tests its battery.", labels=["ups"])
    for unit in facts["units"]:
        row = results.get(unit, {})
        tested.add_metric([unit], float(row.get("tested", since)))
        running.add_metric([unit], 1.0 if row.get("running") else 0.0)
        if row.get("passed") is not None:
            passed.add_metric([unit], float(row["passed"]))
    yield from (tested, passed, running)
    needed = GaugeMetricFamily("kura_ups_runtime_needed_seconds", "Battery seconds of an ordered stop with its margin.")
    needed.add_metric([], float(facts["needed"]))
    yield needed
    left = [path for path in facts["killpower"] if Path(path).exists()]
    flag = GaugeMetricFamily("kura_ups_killpower", "1 while a flag stands that cuts the units at the next power-off.")
    flag.add_metric([], 1.0 if left else 0.0)
    yield flag


def logins(facts: Mapping[str, Any], present: Clients) -> Iterator[Metric]:
    """Which of the hosts that a unit feeds listen to it: one that does not is not told to stop.

    `present`: addresses logged in at upsd by unit; without an answer of upsd nothing is said of anybody.
    """
    family = GaugeMetricFamily(
        "kura_ups_login", "1 while a host that the unit feeds is logged in at upsd.", labels=["ups", "client"]
    )
    for unit, addresses in present.items():
        for host, address in facts["units"].get(unit, {}).get("logins", {}).items():
            family.add_metric([unit, host], 1.0 if address in addresses else 0.0)
    yield family


def read_json(path: Path | None) -> Any:
    """A file's value; None when there is none yet, or it is just being replaced."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path else None
    except (OSError, ValueError):
        return None


def read(server: str, expected: Iterable[str]) -> Readings:
    """What upsd says now about the expected units."""
    readings: dict[str, Mapping[str, str] | None] = dict.fromkeys(expected)
    try:
        with Client(server) as client:
            for unit in readings:
                try:
                    readings[unit] = client.variables(unit)
                except UpsError:
                    readings[unit] = None
    except UpsError:
        pass
    return readings


def read_clients(server: str, units: Iterable[str]) -> Clients:
    """Who is logged in on each unit; without the units that upsd says nothing of."""
    found = {}
    try:
        with Client(server) as client:
            for unit in units:
                found[unit] = client.clients(unit)
    except UpsError:
        pass
    return found


class UpsCollector(Collector):
    """Asks upsd at each scrape."""

    def __init__(self, server: str, units: list[str], facts: Path | None = None, results: Path | None = None) -> None:
        self._server, self._units, self._facts, self._results = server, units, facts, results

    def collect(self) -> Iterable[Metric]:
        """Metric families of this moment."""
        yield from metrics(read(self._server, self._units))
        facts = read_json(self._facts)
        if facts and self._facts:
            yield from upkeep(facts, read_json(self._results) or {}, self._facts.stat().st_mtime)
            yield from logins(facts, read_clients(self._server, self._units))


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Scrapes every few seconds are no news for the journal."""


def main() -> None:
    """Serve the metrics until ended."""
    parser = argparse.ArgumentParser(description="Prometheus metrics of UPS units")
    parser.add_argument("--listen", default="0.0.0.0", help="address; the firewall lets only operations in")  # noqa: S104
    parser.add_argument("--port", type=int, default=9199)
    parser.add_argument("--server", default="127.0.0.1", help="where upsd runs")
    parser.add_argument("--facts", type=Path, help="what the inventory says of the units (JSON)")
    parser.add_argument("--results", type=Path, help="what the battery tests said (JSON)")
    parser.add_argument("units", nargs="+", help="units that must answer")
    options = parser.parse_args()
    registry = CollectorRegistry()
    registry.register(UpsCollector(options.server, options.units, options.facts, options.results))
    application = make_wsgi_app(registry)

    def routed(environ, start_response):  # type: ignore[no-untyped-def]
        if environ["PATH_INFO"] != PATH:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"not found\n"]
        return application(environ, start_response)

    with make_server(options.listen, options.port, routed, handler_class=_Quiet) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
