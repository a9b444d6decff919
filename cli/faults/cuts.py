"""Two hosts that do not hear each other, and a host whose cable is out.

The flow between two hosts is dropped where their wires meet, in the lab: neither of them knows why nobody answers.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import combinations

from cli.context import Context, Refused
from cli.faults.case import Case
from cli.ledger import Counters
from lab import wires
from lab.shell import run

CUT_SECONDS = 12.0
# Between an application and its database longer than any request waits: what was on its way must not come to life.
LONG_CUT_SECONDS = 40.0
TABLE = "kura_drill"


def ruleset(one: list[str], other: list[str]) -> str:
    """An nftables ruleset for the bridges: nothing passes between the two, and what tried is counted."""
    a, b = ", ".join(one), ", ".join(other)
    return (
        f"table bridge {TABLE} {{\n chain cut {{\n  type filter hook forward priority 0; policy accept;\n"
        f"  ip saddr {{ {a} }} ip daddr {{ {b} }} counter drop\n"
        f"  ip saddr {{ {b} }} ip daddr {{ {a} }} counter drop\n }}\n}}\n"
    )


def dropped(listing: str) -> int:
    """Packets that the rules of `nft -j list table` have dropped."""
    found = 0
    for entry in json.loads(listing)["nftables"]:
        for part in entry.get("rule", {}).get("expr", []):
            found += part.get("counter", {}).get("packets", 0)
    return found


class Cut(Case):
    """Nothing passes between two hosts."""

    kind = "cut"

    def __init__(self, context: Context, one: str, other: str, seconds: float) -> None:
        super().__init__(context, f"{one}-{other}")
        self.ends, self.seconds = (one, other), seconds
        self.title = f"{one} と {other} の間の通信断（{seconds:.0f}秒）"

    @property
    def hosts(self) -> tuple[str, ...]:
        return self.ends

    def strike(self, counters: Counters) -> str:
        one, other = (self._addresses(name) for name in self.ends)
        self._nft(["-f", "-"], ruleset(one, other))
        began = time.monotonic()
        self.run(self.ends[0], f"ping -c 2 -i 0.3 -W 1 {other[0]}")
        lost = dropped(self._nft(["-j", "list", "table", "bridge", TABLE]))
        if not lost:
            raise Refused(f"{self.name}: no packet was dropped: the two do not talk over these wires")
        time.sleep(max(0.0, self.seconds - (time.monotonic() - began)))
        return f"cut for {self.seconds:.0f} s"

    def mend(self) -> None:
        self._nft(["delete", "table", "bridge", TABLE], check=False)

    def _addresses(self, name: str) -> list[str]:
        """Of every leg but the management's, the one to its own zone first."""
        host = self.context.site.host(name)
        legs = self.context.site.legs(host)
        order = sorted((leg for leg in legs if leg != "manage"), key=lambda leg: leg != host.zone)
        return [str(legs[leg][0]) for leg in order]

    def _nft(self, argv: list[str], text: str | None = None, *, check: bool = True) -> str:
        return run(
            ["nsenter", f"--net=/run/netns/{wires.namespace('wires')}", "--", "nft", *argv], text=text, check=check
        ).stdout


class Cable(Case):
    """A host's cable is out."""

    kind = "cable"

    def __init__(self, context: Context, host: str) -> None:
        super().__init__(context, host)
        self.leg = context.site.host(host).zone
        self.title = f"{host} のケーブル抜け（{CUT_SECONDS:.0f}秒）"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.target,)

    def strike(self, counters: Counters) -> str:
        wires.cut(self.target, self.leg)
        said = self.run(self.target, f"cat /sys/class/net/{self.leg}/carrier")[1].strip()
        if said == "1":
            raise Refused(f"{self.name}: the host still has a carrier")
        time.sleep(CUT_SECONDS)
        return f"out for {CUT_SECONDS:.0f} s"

    def mend(self) -> None:
        wires.mend(self.target, self.leg)


def cases(context: Context, hosts: list[str]) -> Iterator[Case]:
    """Every pair of running hosts, and the cable of every host that has one."""
    site = context.site
    long = {host.name for name in ("library", "database") for host in site.service(name).hosts}
    for one, other in combinations(hosts, 2):
        yield Cut(context, one, other, LONG_CUT_SECONDS if {one, other} <= long else CUT_SECONDS)
    for name in hosts:
        if site.host(name).kind == "server":
            yield Cable(context, name)
