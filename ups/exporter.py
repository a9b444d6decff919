"""Prometheus metrics of the UPS units, at :9199/ups_metrics on the host that reads them.

Runs with Debian's python3 and python3-prometheus-client, without Kura's own Python environment: when a deployment
goes wrong, power must still be seen.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
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


class UpsCollector(Collector):
    """Asks upsd at each scrape."""

    def __init__(self, server: str, units: list[str]) -> None:
        self._server, self._units = server, units

    def collect(self) -> Iterable[Metric]:
        """Metric families of this moment."""
        return metrics(read(self._server, self._units))


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Scrapes every few seconds are no news for the journal."""


def main() -> None:
    """Serve the metrics until ended."""
    parser = argparse.ArgumentParser(description="Prometheus metrics of UPS units")
    parser.add_argument("--listen", default="0.0.0.0", help="address; the firewall lets only operations in")  # noqa: S104
    parser.add_argument("--port", type=int, default=9199)
    parser.add_argument("--server", default="127.0.0.1", help="where upsd runs")
    parser.add_argument("units", nargs="+", help="units that must answer")
    options = parser.parse_args()
    registry = CollectorRegistry()
    registry.register(UpsCollector(options.server, options.units))
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
