"""The wires: a network namespace for each host, a bridge for each segment, in namespaces of the lab's own.

Nothing is added to the machine's own network: bridges stand in the namespace `<instance>-wires`, every host in
`<instance>-<host>`. A wire outlives the host's reboot and can be cut with `cut`.
"""

from __future__ import annotations

import hashlib

from inventory import Host, Inventory
from lab import paths
from lab.shell import run


def namespace(host: str) -> str:
    """The network namespace of a host (or of `wires`, where the bridges are)."""
    return f"{paths.instance()}-{host}"


def existing() -> set[str]:
    """Names of this instance's namespaces, without the prefix."""
    prefix = paths.instance() + "-"
    names = (line.split()[0] for line in run(["ip", "netns", "list"]).stdout.splitlines() if line.strip())
    return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


def segment(site: Inventory, host: Host, leg: str) -> str:
    """The bridge a host's interface is plugged into: one per zone, per place at a site, and `wan`, `manage`."""
    zone = site.zones[leg]
    if zone.place == "site" and host.place:
        return f"s{host.place.number}-{leg}"[:15]
    return leg


def lay(site: Inventory, hosts: list[Host]) -> None:
    """Make the namespaces, bridges and wires that these hosts need; what exists stays."""
    present = existing()
    if "wires" not in present:
        run(["ip", "netns", "add", namespace("wires")])
    bridges = {
        line.split(":")[1].strip().split("@")[0]
        for line in run(["ip", "-n", namespace("wires"), "-o", "link", "show"]).stdout.splitlines()
    }
    for host in hosts:
        if host.name in present:
            continue
        run(["ip", "netns", "add", namespace(host.name)])
        for leg in site.legs(host):
            bridge, port = segment(site, host, leg), _port(host.name, leg)
            if bridge not in bridges:
                bridges.add(bridge)
                run(["ip", "-n", namespace("wires"), "link", "add", bridge, "type", "bridge", "forward_delay", "0"])
                run(["ip", "-n", namespace("wires"), "link", "set", bridge, "up"])
            run(
                [
                    "ip",
                    "link",
                    "add",
                    port,
                    "netns",
                    namespace("wires"),
                    "type",
                    "veth",
                    "peer",
                    "name",
                    leg,
                    "netns",
                    namespace(host.name),
                ]
            )
            run(["ip", "-n", namespace("wires"), "link", "set", port, "master", bridge, "up"])
            if leg == host.zone and host.power.wake and host.power.wake.mac:
                run(["ip", "-n", namespace(host.name), "link", "set", leg, "address", host.power.wake.mac])
        run(["ip", "-n", namespace(host.name), "link", "set", "lo", "up"])


def configure(site: Inventory, host: Host) -> None:
    """Give a namespace without a system in it (the operator's workstation) its addresses and route."""
    space = namespace(host.name)
    for leg, (address, network) in site.legs(host).items():
        run(["ip", "-n", space, "address", "replace", f"{address}/{network.prefixlen}", "dev", leg])
        run(["ip", "-n", space, "link", "set", leg, "up"])
    run(["ip", "-n", space, "route", "replace", "default", "via", str(site.gateway(host))])


def cut(host: str, leg: str) -> None:
    """Pull a host's cable."""
    run(["ip", "-n", namespace("wires"), "link", "set", _port(host, leg), "down"])


def mend(host: str, leg: str) -> None:
    """Plug it in again."""
    run(["ip", "-n", namespace("wires"), "link", "set", _port(host, leg), "up"])


def remove() -> None:
    """Remove every namespace of this instance, and with them bridges and wires."""
    for name in sorted(existing()):
        run(["ip", "netns", "delete", namespace(name)])


def _port(host: str, leg: str) -> str:
    """The bridge's end of a wire: interface names hold at most 15 letters."""
    return "p" + hashlib.sha256(f"{host}/{leg}".encode()).hexdigest()[:12]
