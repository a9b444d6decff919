"""The packet filter of every host, as one nftables file: refused unless the flow matrix says otherwise."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from inventory import Host, Inventory
from network import paths
from network.flows import Flow, echoes, flows, source_is_outside

ORIGIN = """#!/usr/sbin/nft -f
# Made by Kura from the inventory (network/firewall.py). Changes here are overwritten.
# Check with `nft -c -f`; loading replaces this table at one stroke and touches no other.
"""
# nft refuses longer ones.
COMMENT = 120
REFUSED = 'limit rate 5/second burst 20 packets log prefix "kura {chain} refused: " level info'

Match = tuple[str, str, str]


@dataclass
class Sets:
    """The named address sets of one file: few addresses stand in the rule, many get a name."""

    names: dict[tuple[str, ...], str] = field(default_factory=dict)

    def use(self, label: str, addresses: list[str]) -> str:
        """How a rule refers to addresses."""
        unique = tuple(dict.fromkeys(addresses))
        if len(unique) == 1:
            return unique[0]
        if len(unique) <= 4:
            return "{ " + ", ".join(unique) + " }"
        if unique not in self.names:
            taken = sum(name == label or name.startswith(label + "__") for name in self.names.values())
            self.names[unique] = f"{label}__{taken + 1}" if taken else label
        return "@" + self.names[unique]

    def lines(self) -> list[str]:
        """The sets' definitions, for the head of the table."""
        found: list[str] = []
        for addresses, name in self.names.items():
            rows = [", ".join(addresses[start : start + 6]) for start in range(0, len(addresses), 6)]
            found += [f"\tset {name} {{", "\t\ttype ipv4_addr", "\t\tflags interval", "\t\telements = {"]
            found += [f"\t\t\t{row}," for row in rows[:-1]] + [f"\t\t\t{rows[-1]} }}", "\t}", ""]
        return found


def ruleset(site: Inventory, host: Host) -> str:
    """The nftables file of a host: table inet kura, input and forward refused by default, output open."""
    every = flows(site)
    sets = Sets()
    enters = _chain("input", _input(site, host, every, sets))
    crosses = _chain("forward", _forward(site, host, every, sets) if host.kind == "router" else [])
    lines = [ORIGIN.rstrip(), "table inet kura", "delete table inet kura", "", "table inet kura {"]
    lines += [*sets.lines(), *enters, "", *crosses]
    lines += ["", "\tchain output {", "\t\ttype filter hook output priority filter; policy accept;", "\t}"]
    published = _published(site, every) if host.name == site.hub.name else []
    if published:
        lines += ["", "\tchain published {", "\t\ttype nat hook prerouting priority dstnat; policy accept;"]
        lines += [*published, "\t}"]
    return "\n".join([*lines, "}"]) + "\n"


def _chain(name: str, rules: list[str]) -> list[str]:
    head = [
        f"\tchain {name} {{",
        f"\t\ttype filter hook {name} priority filter; policy drop;",
        "\t\tct state established,related accept",
        "\t\tct state invalid drop",
    ]
    if name == "input":
        head.append('\t\tiifname "lo" accept')
    return [*head, *rules, "\t\t" + REFUSED.format(chain=name), "\t\tcounter drop", "\t}"]


def _input(site: Inventory, host: Host, every: list[Flow], sets: Sets) -> list[str]:
    """Accepts for what this host offers: interface, source addresses, ports."""
    ports: dict[Match, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for flow in every:
        if flow.destination.name == host.name:
            wire = paths.arrival(site, flow.source, host)
            ports[wire, flow.source, flow.protocol][flow.port].append(flow.service)
    rules = []
    for (wire, source, protocol), offered in ports.items():
        if source_is_outside(site, source):
            origin = "" if wire == paths.WAN else f" ip saddr != {site.networks.supernet}"
        else:
            origin = " ip saddr " + sets.use(_label(source), paths.source_addresses(site, source, host))
        rules.append(_rule(f'iifname "{wire}"{origin}', protocol, offered))
    asking: dict[str, list[str]] = defaultdict(list)
    for source, target in echoes(site):
        if target.name == host.name:
            asking[paths.arrival(site, source, host)] += paths.source_addresses(site, source, host)
    return rules + [_echo(f'iifname "{wire}"', sets.use("may_ping", who)) for wire, who in asking.items()]


def _forward(site: Inventory, router: Host, every: list[Flow], sets: Sets) -> list[str]:
    """Accepts for what crosses a router: wire in, wire out, source, destination, ports."""
    ports: dict[tuple[str, str, str, str, str], dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for flow in every:
        wires = paths.crossing(site, flow.source, flow.destination, router)
        if wires is not None:
            ports[*wires, flow.source, flow.protocol, flow.destination.name][flow.port].append(flow.service)
    # Destinations that offer the same ports to the same source share a rule.
    together: dict[tuple[str, str, str, str, tuple[int, ...]], list[str]] = defaultdict(list)
    services: dict[tuple[str, str, str, str, tuple[int, ...]], dict[int, list[str]]] = {}
    for (entry, leave, source, protocol, target), offered in ports.items():
        group = (entry, leave, source, protocol, tuple(sorted(offered)))
        together[group] += paths.local_addresses(site, site.host(target))
        services.setdefault(group, offered)
    rules = []
    for group, targets in together.items():
        entry, leave, source, protocol, _ = group
        origin = " ct status dnat" if source_is_outside(site, source) else _origin(site, source, router, sets)
        names = "_".join(dict.fromkeys(name for rows in services[group].values() for name in rows))
        towards = sets.use("to_" + names.replace("-", "_"), targets)
        condition = f'iifname "{entry}" oifname "{leave}"{origin} ip daddr {towards}'
        rules.append(_rule(condition, protocol, services[group]))
    asking: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source, host in echoes(site):
        wires = paths.crossing(site, source, host, router)
        if wires is not None:
            asking[wires] += paths.forward_addresses(site, source, router)
    rules += [
        _echo(f'iifname "{entry}" oifname "{leave}"', sets.use("may_ping", who))
        for (entry, leave), who in asking.items()
    ]
    # Nothing of ours goes out by itself; said at once, so that no program waits for an answer.
    return [*rules, f'\t\toifname "{paths.WAN}" counter reject with icmpx admin-prohibited']


def _origin(site: Inventory, source: str, router: Host, sets: Sets) -> str:
    return " ip saddr " + sets.use(_label(source), paths.forward_addresses(site, source, router))


def _label(source: str) -> str:
    return "from_" + source.removeprefix("host:").replace("-", "_")


def _published(site: Inventory, every: list[Flow]) -> list[str]:
    """Translation from the hub's provider address to the first host of each public service."""
    outer = site.provider_address(site.hub)
    return [
        f'\t\tiifname "{paths.WAN}" ip daddr {outer} {flow.protocol} dport {flow.port} '
        f'dnat ip to {flow.destination.address}:{flow.port} comment "{flow.service}"'
        for flow in every
        if source_is_outside(site, flow.source)
        and flow.destination.name != site.hub.name
        and flow.destination.name == site.service(flow.service).hosts[0].name
    ]


def _rule(condition: str, protocol: str, ports: dict[int, list[str]]) -> str:
    numbers = sorted(ports)
    shown = str(numbers[0]) if len(numbers) == 1 else "{ " + ", ".join(map(str, numbers)) + " }"
    services = ", ".join(dict.fromkeys(name for number in numbers for name in ports[number]))
    return f'\t\t{condition} {protocol} dport {shown} accept comment "{services[:COMMENT]}"'


def _echo(condition: str, addresses: str) -> str:
    return f"\t\t{condition} ip saddr {addresses} icmp type echo-request accept"
