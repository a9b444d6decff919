"""WireGuard between the data centre (hub) and the libraries (spokes), as wg-quick files."""

from __future__ import annotations

import json
from collections.abc import Mapping

from inventory import Host, Inventory
from network import paths

ORIGIN = "# Made by Kura from the inventory (network/vpn.py). Changes here are overwritten.\n"
MTU = 1420
KEEPALIVE_SECONDS = 25


def peers(site: Inventory, host: Host) -> list[str]:
    """Names of the hosts whose public keys this router needs; empty for a host without tunnel."""
    if not paths.has_tunnel(site, host):
        return []
    if host.at_site:
        return [site.hub.name]
    return [router.name for router in paths.routers(site) if router.at_site]


def watched(site: Inventory, host: Host, public_keys: Mapping[str, str]) -> str:
    """What network/tunnel_watch.py looks at on this router, as JSON: the interface, and whose key is whose."""
    known = {public_keys[name]: name for name in peers(site, host) if name in public_keys}
    return json.dumps({"interface": "wg0", "peers": known}, indent=1) + "\n"


def port(site: Inventory) -> int:
    """The hub's UDP port, from the vpn row of services.yml."""
    return site.service("vpn").listen[0].port


def wireguard(site: Inventory, host: Host, private_key: str, public_keys: Mapping[str, str]) -> str:
    """/etc/wireguard/wg0.conf of a router. Peers without a key yet are left out (a site not built is no peer).

    Raises KeyError when a spoke has no key of the hub.
    """
    head = [
        ORIGIN + "[Interface]",
        f"Address = {site.tunnel_address(host.place)}/32",
        f"PrivateKey = {private_key}",
        f"MTU = {MTU}",
        # networkd switches forwarding on for its own wires only; this one is made later.
        "PostUp = echo 1 > /proc/sys/net/ipv4/conf/%i/forwarding",
    ]
    if host.at_site:
        return "\n".join([*head, *_to_hub(site, public_keys)]) + "\n"
    head.append(f"ListenPort = {port(site)}")
    for name in peers(site, host):
        if name in public_keys:
            head += _to_spoke(site, site.host(name), public_keys[name])
    return "\n".join(head) + "\n"


def _to_hub(site: Inventory, public_keys: Mapping[str, str]) -> list[str]:
    return [
        "",
        "[Peer]",
        f"# {site.hub.name}: {site.hub.purpose}",
        f"PublicKey = {public_keys[site.hub.name]}",
        f"Endpoint = {site.provider_address(site.hub)}:{port(site)}",
        f"AllowedIPs = {site.networks.datacentre}, {site.networks.tunnels}",
        f"PersistentKeepalive = {KEEPALIVE_SECONDS}",
    ]


def _to_spoke(site: Inventory, router: Host, public_key: str) -> list[str]:
    if router.place is None:
        raise ValueError(f"{router.name} stands at no place")
    return [
        "",
        "[Peer]",
        f"# {router.name}: {router.place.name}",
        f"PublicKey = {public_key}",
        f"AllowedIPs = {site.tunnel_address(router.place)}/32, {site.place_network(router.place)}",
    ]
