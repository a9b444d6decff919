"""Time: chrony everywhere. The data-centre router keeps time for all, even with no source of its own."""

from __future__ import annotations

from collections.abc import Sequence

from inventory import Host, Inventory
from network import paths

ORIGIN = "# Made by Kura from the inventory (network/time.py). Changes here are overwritten.\n"
LOCAL_STRATUM = 10


def chrony(site: Inventory, host: Host, upstream: Sequence[str] = ()) -> str:
    """chrony.conf of a host. `upstream` are the time servers of whoever offers ntp in the data centre.

    Its own clock stands in at a low rank, so that hosts agree with each other when the outside is cut.
    """
    lines = [ORIGIN.rstrip()]
    lines += [f"server {server} iburst" for server in servers(site, host, upstream)]
    if _keeps_time(site, host) and not host.at_site:
        lines.append(f"local stratum {LOCAL_STRATUM}")
    for service in site.services_of(host):
        if service.row.probe == "ntp":
            networks = [text for source in service.sources for text in paths.source_addresses(site, source, host)]
            lines += [f"allow {network}" for network in dict.fromkeys(networks)]
    if host.at_site and _keeps_time(site, host):
        # A site keeps its own time through a cut line, below whatever the hub says.
        lines.append(f"local stratum {LOCAL_STRATUM + 2}")
        lines += [f"allow {monitor.address}" for monitor in paths.monitors(site)]
    lines += ["driftfile /var/lib/chrony/chrony.drift", "makestep 1.0 3", "rtcsync"]
    return "\n".join(lines) + "\n"


def servers(site: Inventory, host: Host, upstream: Sequence[str] = ()) -> list[str]:
    """The addresses a host takes its time from: its site's router, else the data centre's time service."""
    if host.at_site and host.kind != "router":
        return [str(site.gateway(host))]
    centre = [one for service in site.services if service.id == "ntp" for one in service.hosts]
    if host in centre:
        return list(upstream)
    return [str(one.address) for one in centre]


def _keeps_time(site: Inventory, host: Host) -> bool:
    return any(service.row.probe == "ntp" for service in site.services_of(host))
