"""The key that signs the library's mail: one on the controller, made when first asked for.

Like Ansible's own `password` lookup this writes what is missing. The public half goes into the DNS hand-over; a new key
means a new record there, so the key stays until somebody takes it away.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path

from ansible.plugins.lookup import LookupBase
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

DOCUMENTATION = """
name: kura_dkim
short_description: The private key that signs mail and its public half
description:
  - Returns C(private), PEM, and C(public), base64 as in a DKIM record.
  - Makes a missing key, readable by the owner only.
options:
  _terms:
    description: File of the key.
    required: true
"""
BITS = 2048  # what every receiver accepts (RFC 8301)


class LookupModule(LookupBase):
    """One dictionary: `private` and `public`."""

    def run(self, terms, variables=None, **kwargs):
        """Read, or make, the key."""
        path = Path(str(terms[0]))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _make(path)
        text = path.read_text(encoding="ascii")
        key = serialization.load_pem_private_key(text.encode(), None)
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return [{"private": text, "public": base64.b64encode(public).decode()}]


def _make(path: Path) -> None:
    """Make the file whole or not at all; of two processes the first one's key stays."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=BITS)
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    candidate = path.with_name(f".{path.name}.{os.getpid()}")
    candidate.touch(mode=0o600)
    candidate.write_bytes(text)
    try:
        path.hardlink_to(candidate)
    except FileExistsError:
        pass  # another worker was first
    finally:
        candidate.unlink()
