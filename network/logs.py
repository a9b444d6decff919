"""Who speaks to the archive of records, and where it is."""

from __future__ import annotations

import json

from inventory import Host, Inventory
from network.paths import address_towards, local_addresses

SENDERS = ("server", "router")


def senders(site: Inventory) -> list[Host]:
    """The hosts whose records are kept: every server and router."""
    return [host for host in site.hosts if host.kind in SENDERS]


def archive(site: Inventory, host: Host) -> dict[str, str]:
    """Where a host sends its records: the name of the certificate, and the address (no name service is needed)."""
    service = site.service("logs")
    return {"name": site.fqdn(service.row.names[0]), "address": str(service.hosts[0].address)}


def speakers(site: Inventory, host: Host) -> str:
    """rsyslog's lookup table: each address from which a sender's packets arrive at the archive → the host's name."""
    table: dict[str, str] = {}
    for sender in senders(site):
        for address in _addresses(site, sender, host):
            table[address] = sender.name
    rows = [{"index": address, "value": name} for address, name in sorted(table.items())]
    document = {"version": 1, "nomatch": "unknown", "type": "string", "table": rows}
    return json.dumps(document, indent=1) + "\n"


def _addresses(site: Inventory, sender: Host, archive: Host) -> list[str]:
    found = local_addresses(site, sender)
    if sender.kind == "router" and sender.name != archive.name:
        found.append(address_towards(site, sender, archive))
    return found
