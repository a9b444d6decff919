"""Small reshapings and decisions that would be programs in Jinja."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature


def files_under(texts, folder, **attributes):
    """`{name: text}` of a derivation as the list that kura_files takes, every file under `folder`."""
    return [{"path": f"{folder}/{name}", "content": text, **attributes} for name, text in sorted(texts.items())]


def with_consumers(requests, consumers):
    """Certificate requests with the group that reads the key and the unit that reads a new certificate."""
    return [{**request, **consumers[request["service"]]} for request in requests]


def certificate_path(state, host, service):
    """The controller's copy of an issued certificate."""
    return Path(str(state)) / "certificates" / f"{host}-{service}.crt"


def certificates_due(requests, state, host, renew_before_days, new_keys):
    """Those requests that need a certificate: none yet, a new key, other names, another authority, near its end."""
    authority = x509.load_pem_x509_certificate((Path(str(state)) / "ca.crt").read_bytes())
    limit = datetime.now(UTC) + timedelta(days=int(renew_before_days))
    due = []
    for request in requests:
        path = certificate_path(state, host, request["service"])
        path.parent.mkdir(exist_ok=True)
        if request["service"] in new_keys or not path.exists() or _stale(path, authority, request, limit):
            due.append(request)
    return due


def _stale(path, authority, request, limit):
    """Whether an issued certificate no longer serves: end before `limit`, other names or addresses, other authority."""
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError):
        return True
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = set(held.get_values_for_type(x509.DNSName)) == set(request["names"])
    addresses = {str(one) for one in held.get_values_for_type(x509.IPAddress)} == set(request["addresses"])
    return not (names and addresses) or certificate.not_valid_after_utc < limit


def certificate_files(requests, state, host):
    """The issued certificates as kura_files takes them; one not issued yet is left out (check mode)."""
    copies = [(request, certificate_path(state, host, request["service"])) for request in requests]
    return [
        {
            "path": f"/etc/kura/tls/{request['service']}.crt",
            "content": copy.read_text(encoding="ascii"),
            "group": request["group"],
            "mode": "0644",
        }
        for request, copy in copies
        if copy.exists()
    ]


class FilterModule:
    """The filters by name."""

    def filters(self):
        """Ansible asks for them here."""
        return {
            "kura_files_under": files_under,
            "kura_with_consumers": with_consumers,
            "kura_certificates_due": certificates_due,
            "kura_certificate_files": certificate_files,
        }
