"""Everything this room derives for the twin's hosts, as files: what one edit of the inventory changes where.

`python -m network.golden` writes them anew; a test compares. Read the difference before you commit it.
"""

from __future__ import annotations

import json
from pathlib import Path

from inventory import Host, Inventory, available, load
from network import (
    certificates,
    diagram,
    dns,
    firewall,
    hostsfile,
    interfaces,
    mail,
    matrix,
    paths,
    restrict,
    time,
    vpn,
)

FOLDER = Path(__file__).parent / "tests" / "golden"
PICTURE = Path(__file__).parent


def files(site: Inventory) -> dict[str, str]:
    """Relative path → text, for one inventory."""
    found = {"flows.txt": "\n".join(matrix.flow_lines(site)) + "\n"}
    for host in site.twin:
        found |= {f"{host.name}/{name}": text for name, text in of_host(site, host).items()}
    return found


def of_host(site: Inventory, host: Host) -> dict[str, str]:
    """File name → text, for one host."""
    found = {
        "firewall.nft": firewall.ruleset(site, host),
        "chrony.conf": time.chrony(site, host),
        "resolv.conf": dns.resolv(site, host),
        "certificates.json": _json(certificates.requests(site, host)),
        "hosts.json": _json(hostsfile.entries(site, host)),
        "names.json": _json([one for name in _web(site, host) for one in restrict.names(site, host, name)]),
        "interfaces.network": "\n".join(
            f"### {name}\n{text}" for name, text in interfaces.networkd(site, host).items()
        ),
    }
    if any(service.row.probe == "dns" for service in site.services_of(host)):
        found["unbound.conf"] = dns.unbound(site, host)
    if mail.is_relay(site, host) or mail.is_application(site, host):
        found["postfix.cf"] = mail.postfix(site, host, lab=True)
    if mail.is_relay(site, host):
        found["mail.zone"] = mail.zone(site, host, "(public key)")
        found["opendkim.conf"] = mail.opendkim(site, host)
    if paths.has_tunnel(site, host):
        keys = {name: f"(public key of {name})" for name in vpn.peers(site, host)}
        found["wg0.conf"] = vpn.wireguard(site, host, f"(private key of {host.name})", keys)
    return found


def _web(site: Inventory, host: Host) -> list[str]:
    return [service.id for service in site.services_of(host) if service.row.tls]


def write() -> None:
    """Writes the golden files of every inventory, and the picture of each."""
    for name in available():
        site = load(name)
        wanted = {FOLDER / name / path: text for path, text in files(site).items()}
        wanted[PICTURE / f"diagram-{name}.svg"] = diagram.svg(site)
        for old in (FOLDER / name).rglob("*"):
            if old.is_file() and old not in wanted:
                old.unlink()
        for path, text in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    write()
