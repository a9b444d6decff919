"""Keys of the tunnel: every router of the inventory has one pair on the controller, made when first asked for.

Like Ansible's own `password` lookup this writes what is missing, so that the hub can know the key of a library whose
router has not been installed yet.
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

from ansible.plugins.lookup import LookupBase
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from inventory import load

DOCUMENTATION = """
name: kura_wireguard
short_description: Own private key and everybody's public keys
description:
  - Returns C(private), the key of the current host, and C(public), the public key of every router by name.
  - Makes missing keys in the folder, readable by the owner only.
options:
  _terms:
    description: Folder of the keys.
    required: true
"""


class LookupModule(LookupBase):
    """One dictionary: `private` (the current host's) and `public` by router."""

    def run(self, terms, variables=None, **kwargs):
        """Read, or make, the keys of all routers."""
        variables = variables or {}
        routers = [host.name for host in load(str(variables["kura_inventory"])).hosts if host.kind == "router"]
        folder = Path(str(terms[0]))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = str(variables["inventory_hostname"])
        return [
            {
                "private": _private(folder, own) if own in routers else None,
                "public": {name: _public(folder, name) for name in routers},
            }
        ]


def _private(folder: Path, name: str) -> str:
    """The private key of a router in WireGuard's text form; made when there is none."""
    path = folder / f"{name}.key"
    if not path.exists():
        raw = X25519PrivateKey.generate().private_bytes(
            serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption()
        )
        _write_once(path, base64.b64encode(raw).decode())
    return path.read_text(encoding="ascii").strip()


def _public(folder: Path, name: str) -> str:
    """The public key of a router, kept beside the private one for people to read."""
    path = folder / f"{name}.pub"
    if not path.exists():
        key = X25519PrivateKey.from_private_bytes(base64.b64decode(_private(folder, name))).public_key()
        raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        _write_once(path, base64.b64encode(raw).decode())
    return path.read_text(encoding="ascii").strip()


def _write_once(path: Path, text: str) -> None:
    """Make the file whole or not at all; of two processes the first one's text stays."""
    candidate = path.with_name(f".{path.name}.{os.getpid()}")
    candidate.touch(mode=0o600)
    candidate.write_text(text + "\n", encoding="ascii")
    try:
        path.hardlink_to(candidate)
    except FileExistsError:
        pass  # another worker was first
    finally:
        candidate.unlink()
