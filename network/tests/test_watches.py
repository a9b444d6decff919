"""What runs on hosts tells the end of certificates and the life of tunnels, also when there is nothing good to tell."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from inventory import load
from network import certificate_watch, tunnel_watch, vpn

NAGANO = load("nagano")
# `wg show wg0 dump` of a router with three peers, the third of which was never heard (WireGuard's tools 1.0.20210914).
DUMP = (
    "cHJpdmF0ZQ==\tcHVibGlj\t51820\toff\n"
    "key-a\t(none)\t198.18.1.1:40000\t10.80.0.2/32,10.81.0.0/24\t1790000000\t1234567890123\t456\t25\n"
    "key-b\t(none)\t198.18.1.2:40001\t10.80.0.3/32\t1790000100\t7\t8\toff\n"
    "key-c\t(none)\t(none)\t10.80.0.4/32\t0\t0\t0\toff\n"
)


def certificate(path: Path, ends: datetime) -> None:
    """A certificate that ends then."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, path.stem)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - timedelta(days=400))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(Encoding.PEM))


def samples(path: Path) -> dict[str, float]:
    """Series → value of a textfile."""
    rows = [line.rsplit(" ", 1) for line in path.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    return {name: float(value) for name, value in rows}


def test_each_certificate_of_a_host_is_told_and_one_that_cannot_be_read_counts_as_ended(tmp_path: Path) -> None:
    ends = datetime(2027, 3, 4, 5, 6, 7, tzinfo=UTC)
    certificate(tmp_path / "mail.crt", ends)
    certificate(tmp_path / "ca.crt", ends + timedelta(days=3000))
    (tmp_path / "mail.key").write_text("no certificate")
    out = tmp_path / "kura_certificates.prom"
    assert certificate_watch.main(tmp_path, out) == 0
    assert samples(out) == {
        'kura_certificate_expiry_timestamp_seconds{service="ca"}': (ends + timedelta(days=3000)).timestamp(),
        'kura_certificate_expiry_timestamp_seconds{service="mail"}': ends.timestamp(),
    }
    (tmp_path / "mail.crt").write_text("torn")
    assert certificate_watch.main(tmp_path, out) == 1
    assert samples(out)['kura_certificate_expiry_timestamp_seconds{service="mail"}'] == 0
    assert certificate_watch.main(tmp_path, tmp_path / "nowhere" / "x.prom") == 1


def test_every_peer_that_there_must_be_is_told_also_one_that_the_interface_does_not_know() -> None:
    found = tunnel_watch.text({"key-a": "rt-a", "key-c": "rt-c", "key-x": "rt-x"}, tunnel_watch.read(DUMP))
    rows = dict(line.rsplit(" ", 1) for line in found.splitlines() if line[0] != "#")
    last = "kura_wireguard_last_handshake_timestamp_seconds"
    assert {peer: rows[f'{last}{{peer="{peer}"}}'] for peer in ("rt-a", "rt-c", "rt-x")} == {
        "rt-a": "1790000000", "rt-c": "0", "rt-x": "0",
    }  # fmt: skip
    assert rows['kura_wireguard_received_bytes_total{peer="rt-a"}'] == "1234567890123"
    assert rows['kura_wireguard_sent_bytes_total{peer="rt-a"}'] == "456"
    assert tunnel_watch.read("") == {}


def test_the_watch_knows_the_peers_that_the_tunnel_has_and_no_private_key() -> None:
    keys = {host.name: f"public-{host.name}" for host in NAGANO.hosts if host.kind == "router"}
    for host in (NAGANO.hub, NAGANO.host("rt-nagano")):
        config = vpn.wireguard(NAGANO, host, "the private key", keys)
        told = vpn.watched(NAGANO, host, keys)
        assert sorted(json.loads(told)["peers"]) == sorted(re.findall(r"PublicKey = (\S+)", config))
        assert "the private key" not in told


def test_both_run_on_a_host_by_themselves() -> None:
    """They are copied to hosts, which have neither this package nor its neighbours."""
    for program in (certificate_watch, tunnel_watch):
        done = subprocess.run(
            [sys.executable, "-I", program.__file__], cwd="/", capture_output=True, text=True, check=False
        )
        assert "IndexError" in done.stderr, done.stderr
