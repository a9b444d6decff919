"""What is kept beyond Prometheus: each host's use by the minute, every panel's measurements by the hour, for years.

`record.py` runs on the monitoring host with nothing but Python; here stands what it is told.
"""

from __future__ import annotations

import json

from inventory import Host, Inventory
from monitoring import dashboards

# Name → PromQL that yields one series a host (disk: one a file system). They become one record a host and minute.
MEASURES = {
    "cpu": '100 * (1 - avg by (host) (rate(node_cpu_seconds_total{mode="idle"}[1m])))',
    "memory": "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
    "disk": (
        "100 * (1 - node_filesystem_avail_bytes / node_filesystem_size_bytes) "
        "unless on (host, mountpoint) node_filesystem_readonly == 1"
    ),
    "received": 'sum by (host) (rate(node_network_receive_bytes_total{device!="lo"}[1m]))',
    "sent": 'sum by (host) (rate(node_network_transmit_bytes_total{device!="lo"}[1m]))',
}
ARCHIVE = "/var/log/archive"
DATABASE = "/var/lib/kura-history/history.sqlite3"
TEXTFILE = "/var/lib/prometheus/node-exporter/kura_logs.prom"


def settings(site: Inventory, host: Host) -> str:
    """The recorder's settings on the monitoring host, as JSON."""
    document = {
        "prometheus": "http://127.0.0.1:9090",
        "archive": ARCHIVE,
        "database": DATABASE,
        "textfile": TEXTFILE,
        "hosts": [one.name for one in site.hosts if one.kind in ("server", "router")],
        "measures": MEASURES,
        "expressions": list(dashboards.expressions()),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"
