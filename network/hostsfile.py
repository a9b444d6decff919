"""Names that must resolve while DNS is down: the data centre's hosts and services, and the host itself."""

from __future__ import annotations

from inventory import Host, Inventory
from network.dns import records


def entries(site: Inventory, host: Host) -> list[dict[str, object]]:
    """Rows for /etc/hosts: {address, names}, each host's own name first."""
    wanted = [one for one in site.hosts if one.name == host.name or not one.at_site]
    known = records(site)
    rows: list[dict[str, object]] = []
    for one in wanted:
        full = site.fqdn(one.name)
        others = [name for name, address in known.items() if address == one.address and name != full]
        rows.append({"address": str(one.address), "names": [full, one.name, *others]})
    return rows
