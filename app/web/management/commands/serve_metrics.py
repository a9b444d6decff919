"""`manage serve_metrics --port 9180`: the figures for Prometheus, in a process of their own."""

import os
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from app.web.business import Business


class Command(BaseCommand):
    help = "Serve /metrics: the library's figures, and the web workers' requests (PROMETHEUS_MULTIPROC_DIR)."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=9180)
        parser.add_argument("--address", default="0.0.0.0")  # noqa: S104 - the firewall lets only ops in

    def handle(self, *args: Any, **options: Any) -> None:
        registry = CollectorRegistry()
        registry.register(Business())
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            MultiProcessCollector(registry)
        server, thread = start_http_server(options["port"], options["address"], registry)
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        self.stdout.write(f"metrics on {options['address']}:{server.server_port}")
        stop.wait()
        server.shutdown()
        thread.join(timeout=5)
