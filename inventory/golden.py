"""Hosts and services of an inventory as text: what one edit changes, for the person who reviews it.

`python -m inventory.golden` writes the files anew; a test compares.
"""

from __future__ import annotations

from pathlib import Path

from inventory.loader import available, load
from inventory.model import Inventory

FOLDER = Path(__file__).parent / "tests" / "golden"


def text(site: Inventory) -> str:
    """Every host with its wires and services, then every service with its hosts and sources."""
    lines = [f"# {site.name}: {len(site.hosts)} hosts, {len(site.services)} services"]
    for host in site.hosts:
        feeds = "+".join(host.power.supplies) or "-"
        belongs = f"zone={host.zone} owner={host.owner} backup={host.backup} feed={feeds}"
        lines.append(f"host {host.name} {host.kind} {belongs}")
        lines += [f"  {leg} {address}/{net.prefixlen}" for leg, (address, net) in site.legs(host).items()]
        lines.append("  offers " + " ".join(service.id for service in site.services_of(host)))
    for service in site.services:
        ports = " ".join(map(str, service.listen))
        names = " ".join(map(site.fqdn, service.row.names)) or "-"
        lines.append(f"service {service.id} {ports} from={','.join(service.sources)} names={names}")
        lines.append(f"  on {len(service.hosts)}: " + " ".join(host.name for host in service.hosts))
    return "\n".join(lines) + "\n"


def write() -> None:
    """Writes the golden file of every inventory."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in available():
        (FOLDER / f"{name}.txt").write_text(text(load(name)), encoding="utf-8")


if __name__ == "__main__":
    write()
