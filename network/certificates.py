"""Which certificates a host needs, for the role that has them signed."""

from __future__ import annotations

from inventory import Host, Inventory


def requests(site: Inventory, host: Host) -> list[dict[str, object]]:
    """One request per TLS service of a host: {service, names, addresses}; the first name is the principal one."""
    return [
        {
            "service": service.id,
            "names": [site.fqdn(name) for name in (*service.row.names, host.name)],
            "addresses": [str(host.address)],
        }
        for service in site.services_of(host)
        if service.row.tls
    ]
