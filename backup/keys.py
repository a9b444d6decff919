"""Keys and passphrases of the backup, kept on the controller (KURA_STATE) and made once. For playbooks' lookups.

Clients' SSH keys and passphrases live with the other secrets, so that a host that burns down is rebuilt with the key
that opens its backups. Every function names where it reads and writes: `state` is KURA_STATE.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backup import plan
from inventory import Host, Inventory


def once(path: Path, make: str) -> str:
    """The text of a secret file; the first caller writes it (two playbook forks may come at once)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(make)
    with contextlib.suppress(FileExistsError):
        os.link(name, path)  # atomic: never a half-written secret, never a second one
    Path(name).unlink()
    return path.read_text(encoding="ascii")


def _key(state: str, name: str) -> str:
    path = Path(state) / "secrets" / "borg_ssh" / name
    if path.exists():
        return path.read_text(encoding="ascii")
    made = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    )
    return once(path, made.decode("ascii"))


def private_key(site: Inventory, host: Host, *, state: str) -> str:
    """A client's private SSH key in OpenSSH's format."""
    return _key(state, host.name)


def public_keys(site: Inventory, host: Host, *, state: str) -> dict[str, str]:
    """Host → public key line, for every client of the site."""
    result = {}
    for client in plan.clients(site):
        key = serialization.load_ssh_private_key(_key(state, client.name).encode("ascii"), password=None)
        line = key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
        result[client.name] = f"{line.decode('ascii')} {client.name}"
    return result


def passphrase(site: Inventory, host: Host, *, state: str) -> str:
    """The passphrase of a client's repository."""
    path = Path(state) / "secrets" / f"borg_{host.name}"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    return once(path, secrets.token_urlsafe(32) + "\n").strip()


def passphrases(site: Inventory, host: Host, *, state: str) -> dict[str, str]:
    """Host → passphrase, for every client of the site."""
    return {client.name: passphrase(site, client, state=state) for client in plan.clients(site)}


def server_key(site: Inventory, host: Host, *, state: str) -> str:
    """The backup server's SSH host key as the operator's known_hosts has it; empty while the server is not known."""
    path = Path(state) / "ssh" / "known_hosts"
    if not path.exists():
        return ""
    for line in path.read_text(encoding="utf-8").splitlines():
        names, _, key = line.partition(" ")
        if site.backup.repository in names.split(",") and key.startswith("ssh-ed25519 "):
            return " ".join(key.split()[:2])
    return ""
