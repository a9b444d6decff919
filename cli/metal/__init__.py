"""`./kura metal [HOST…] --out DIR`: a medium for each host, which installs it on bare disks unattended."""

from __future__ import annotations

import argparse
from pathlib import Path

from cli.context import Context, Refused
from cli.metal import medium
from inventory import Host, Inventory
from lab.shell import run


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.add_argument("hosts", nargs="*", metavar="HOST", help="default: every host with disks of its own")
    parser.add_argument("--out", required=True, metavar="DIR", help="where the media go; they hold private keys")
    parser.add_argument(
        "--key", metavar="FILE", help="the operator's public SSH key (default: the site's own, made when there is none)"
    )
    parser.add_argument(
        "--custodian-key", metavar="FILE",
        help="the public SSH key of the backups' custodian: the keeper of the backups lets in this one alone",
    )  # fmt: skip


def main(context: Context) -> int:
    """Write the media, a list of checksums, and what the operator's ssh must know."""
    site, given = context.site, context.arguments
    hosts = chosen(site, given.hosts)
    roots = {host.name: root_key(context, host) for host in hosts}
    out = Path(given.out)
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = {}
    for host in hosts:
        with context.progress.step(f"medium of {host.name}"):
            iso = medium.write(site, host, keys(context, host, roots[host.name]), out, context.progress)
        lines[iso.name] = f"{medium.checksum(iso)}  {iso.name}\n"
    sums = out / "SHA256SUMS"
    kept = {row.split("  ", 1)[1]: row + "\n" for row in sums.read_text().splitlines()} if sums.exists() else {}
    sums.write_text("".join(text for name, text in sorted({**kept, **lines}.items()) if (out / name).exists()))
    (out / "known_hosts").write_text(known(context))
    print(f"{len(hosts)} media in {out}: {', '.join(lines)}")
    print("each installs its host on empty disks as soon as a machine starts from it, and switches it off;")
    print(f"then: ./kura deploy --real, with ssh told of UserKnownHostsFile {out / 'known_hosts'}")
    return 0


def chosen(site: Inventory, names: list[str]) -> list[Host]:
    """The hosts that are meant. Refused with a sentence for each that cannot be installed."""
    by_name = {host.name: host for host in site.hosts}
    if unknown := [name for name in names if name not in by_name]:
        raise Refused(f"{', '.join(unknown)}: no such host in inventory/{site.name}", 2)
    hosts = [by_name[name] for name in dict.fromkeys(names)] or [host for host in site.hosts if host.disks]
    told = []
    for host in hosts:
        if not any(row.use == "boot" and row.controller == "md" for row in host.disks):
            told.append(f"{host.name} has no disks of the kernel's own to start from (disks in hosts.yml)")
        elif not host.ports:
            told.append(f"{host.name} says not which network card is which (ports in hosts.yml)")
        told += [
            f"{host.name}: the controller's disks for {row.mount} are joined by its maker's program, not here"
            for row in host.disks
            if row.controller != "md" and row.use == "boot"
        ]
    if told or not hosts:
        raise Refused("no medium was made:\n  " + "\n  ".join(told or ["no host has disks of its own"]), 2)
    return hosts


def root_key(context: Context, host: Host) -> str:
    """The public key that root of a host lets in: the operator's, or the custodian's on the keeper of the backups.

    Refused when the custodian's is not given: made here, it would lie beside the operator's.
    """
    given = context.arguments
    path = Path(given.key) if given.key else context.state / "ssh/id_ed25519.pub"
    if context.site.in_custody(host):
        if not given.custodian_key:
            raise Refused(
                f"{host.name} keeps the backups, and production's administrator must have no way to them: "
                "--custodian-key FILE, the public key of whoever keeps the other half elsewhere",
                2,
            )
        custodian = _public(Path(given.custodian_key), "custodian")
        if path.exists() and path.read_text(encoding="utf-8").split()[:2] == custodian.split()[:2]:
            raise Refused(f"{given.custodian_key} is the operator's own key: {host.name} needs another's", 2)
        return custodian
    if not given.key and not path.exists():
        _make_key(path.with_suffix(""), "kura operator")
    return _public(path, "operator")


def _public(path: Path, whose: str) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(f"{path}: the {whose}'s key cannot be read ({error})", 2) from None
    if not text.startswith(("ssh-", "ecdsa-", "sk-")) or len(text.split()) < 2:
        raise Refused(f"{path} is not a public SSH key", 2)
    return text


def keys(context: Context, host: Host, root: str) -> medium.Keys:
    """A host's own key is made once: the host keeps it when it is installed again."""
    path = _host_key(context, host)
    if not path.exists():
        _make_key(path, host.name)
    return medium.Keys(root, path.read_text(), path.with_suffix(".pub").read_text())


def known(context: Context) -> str:
    """Every host's key, as ssh's list of known hosts: nobody trusts at first sight."""
    lines = []
    for host in context.site.hosts:
        public = _host_key(context, host).with_suffix(".pub")
        if public.exists():
            names = f"{host.name},{host.management},{host.address}"
            lines.append(f"{names} {' '.join(public.read_text().split()[:2])}\n")
    return "".join(lines)


def _host_key(context: Context, host: Host) -> Path:
    return context.state / "ssh/hosts" / host.name / "ssh_host_ed25519_key"


def _make_key(path: Path, comment: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
