"""Interfaces and routes of every host, as systemd-networkd files (day 0 and after)."""

from __future__ import annotations

from inventory import Host, Inventory
from network.paths import WAN

ORIGIN = "# Made by Kura from the inventory (network/interfaces.py). Changes here are overwritten.\n"


def networkd(site: Inventory, host: Host) -> dict[str, str]:
    """File name under /etc/systemd/network → text, for every wire of a host and every card that is known.

    A data-centre or site host routes by its router; the hub by the provider. A site router reaches the data centre
    only through the tunnel (wg0 adds those routes), so it gets no default route.
    """
    made = {f"20-{name}.network": _network(site, host, name) for name in site.legs(host)}
    return {**made, **{f"10-{leg}.link": _link(leg, address) for leg, address in host.ports}}


def _link(leg: str, address: str) -> str:
    """By its address a network card becomes the interface it is wired as, wherever it sits in the machine."""
    return f"{ORIGIN}[Match]\nMACAddress={address}\nType=ether\n\n[Link]\nName={leg}\n"


def _network(site: Inventory, host: Host, leg: str) -> str:
    address, network = site.legs(host)[leg]
    lines = [
        ORIGIN + "[Match]",
        f"Name={leg}",
        "",
        "[Network]",
        f"Address={address}/{network.prefixlen}",
        "LinkLocalAddressing=no",
        "IPv6AcceptRA=no",
        "ConfigureWithoutCarrier=yes",
    ]
    if host.kind == "router":
        lines.append("IPv4Forwarding=" + ("no" if leg == "manage" else "yes"))
    elif leg != "manage":
        lines.append(f"Gateway={site.gateway(host)}")
    if leg == WAN and host == site.hub and site.networks.provider_gateway is not None:
        # Answers to citizens anywhere; the firewall lets nothing of ours out this way.
        lines.append(f"Gateway={site.networks.provider_gateway}")
    if leg == host.zone:
        lines.append(f"DNS={site.gateway(host)}" if host.kind != "router" or host.at_site else f"DNS={address}")
        lines.append(f"Domains={site.organisation.domain}")
    return "\n".join(lines) + "\n"
