"""Where the audit log's seals are kept, and by which keys they get there. Derived from the inventory, for playbooks.

The library's hosts seal (app/audit/actions/sealing.py); the host of the backups keeps every seal (keep_seals.py), over
the way that backups go anyway: no other port is opened. Keys are made once and live with the other secrets; the one
that signs seals is on the sealing hosts only, readable by the sealer's own account and not by the application's.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backup.borgmatic import ORIGIN, known_hosts
from backup.keys import once, server_key
from inventory import Host, Inventory

FOLDER = "/etc/kura/seal"
KEPT = "/var/lib/seals/audit/audit.seals"
LOGS_KEPT = "/var/lib/seals/audit/logs.seals"
PROGRAM = "/usr/local/lib/kura/backup/keep_seals.py"


def sealers(site: Inventory) -> tuple[Host, ...]:
    """The hosts that seal: those of the library."""
    return tuple(site.service("library").hosts)


def signing_key(site: Inventory, host: Host | None, *, state: str) -> str:
    """The Ed25519 key that signs seals, in PEM; made once. `state` is KURA_STATE."""
    path = Path(state) / "secrets" / "audit_seal"
    if path.exists():
        return path.read_text(encoding="ascii")
    made = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return once(path, made.decode("ascii"))


def public_keys(site: Inventory, host: Host | None, *, state: str) -> list[str]:
    """What an auditor verifies seals with, in PEM: the key's public half, and those of keys that were in use before it
    (`secrets/audit_seal.<when>`)."""
    found = [signing_key(site, host, state=state)]
    found += [path.read_text(encoding="ascii") for path in sorted((Path(state) / "secrets").glob("audit_seal.*"))]
    return [_public(pem) for pem in found]


def _public(pem: str) -> str:
    key = serialization.load_pem_private_key(pem.encode("ascii"), password=None).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def private_key(site: Inventory, host: Host, *, state: str) -> str:
    """A sealing host's private SSH key in OpenSSH's format; made once."""
    return _ssh_key(Path(state) / "secrets" / "seal_ssh" / host.name)


def logs_key(site: Inventory, host: Host | None, *, state: str) -> str:
    """The private SSH key by which the archive of records sends its seals; made once."""
    return _ssh_key(Path(state) / "secrets" / "seal_ssh" / f"{site.service('logs').hosts[0].name}.logs")


def _ssh_key(path: Path) -> str:
    if path.exists():
        return path.read_text(encoding="ascii")
    made = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return once(path, made.decode("ascii"))


def authorized_keys(site: Inventory, host: Host, *, state: str) -> str:
    """The keeper's authorized_keys: each sealing host may talk with the keeper's program and do nothing else."""
    lines = [_permitted(private_key(site, sealer, state=state), KEPT, sealer.name) for sealer in sealers(site)]
    lines.append(_permitted(logs_key(site, None, state=state), LOGS_KEPT, site.service("logs").hosts[0].name))
    return ORIGIN + "\n".join(lines) + "\n"


def _permitted(private: str, kept: str, name: str) -> str:
    key = serialization.load_ssh_private_key(private.encode("ascii"), password=None)
    public = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    return f'command="/usr/bin/python3 {PROGRAM} {kept}",restrict {public.decode("ascii")} {name}'


def keeper_key(site: Inventory, host: Host, *, state: str) -> str:
    """The sealer's known_hosts: the one server; empty while its key is not known."""
    return known_hosts(site, host, key=server_key(site, host, state=state))


def command(site: Inventory, host: Host, *, folder: str = FOLDER) -> str:
    """What reaches the keeper from a sealing host; `%d` is systemd's folder of the unit's credentials, `folder` has
    the known hosts."""
    keeper = site.host(site.backup.repository).address
    return (
        "ssh -i %d/id_ed25519 -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes "
        f"-o ConnectTimeout=10 -o UserKnownHostsFile={folder}/known_hosts seals@{keeper}"
    )
