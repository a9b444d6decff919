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


def terms(site: Inventory, host: Host | None = None) -> dict[str, object]:
    """How long the authority and its certificates last, in days; the same for every host."""
    authority, server = site.certificates.authority, site.certificates.server
    return {
        "authority_name": authority.common_name,
        "authority_days": authority.years * 365 + authority.years // 4,
        "days": server.days,
        "renew_before_days": server.renew_before_days,
    }
