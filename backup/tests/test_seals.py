"""The way of the audit log's seals to their keeper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from backup import seals
from inventory import load

SITE = load("nagano")
APP, KEEPER = SITE.service("library").hosts[0], SITE.host(SITE.backup.repository)
ROLE = Path(__file__).parents[2] / "roles" / "audit_seal"


def test_keys_are_made_once_and_the_auditors_half_fits(tmp_path: Path) -> None:
    private = seals.signing_key(SITE, APP, state=str(tmp_path))
    assert private == seals.signing_key(SITE, KEEPER, state=str(tmp_path))
    key = load_pem_private_key(private.encode(), password=None)
    assert isinstance(key, Ed25519PrivateKey)
    (public,) = seals.public_keys(SITE, None, state=str(tmp_path))
    assert load_pem_public_key(public.encode()).public_bytes_raw() == key.public_key().public_bytes_raw()
    files = [path for path in (tmp_path / "secrets").rglob("*") if path.is_file()]
    assert {oct(path.stat().st_mode & 0o777) for path in files} == {"0o600"}


def test_after_a_change_of_keys_the_auditor_has_both(tmp_path: Path) -> None:
    old = seals.public_keys(SITE, None, state=str(tmp_path))
    (tmp_path / "secrets/audit_seal").rename(tmp_path / "secrets/audit_seal.2027-04-01")
    both = seals.public_keys(SITE, None, state=str(tmp_path))
    assert len(both) == 2
    assert both[1:] == old


def test_a_sealing_host_can_talk_with_the_keepers_program_only(tmp_path: Path) -> None:
    lines = seals.authorized_keys(SITE, KEEPER, state=str(tmp_path)).splitlines()[1:]
    assert len(lines) == len(seals.sealers(SITE)) + 1  # and the archive of records
    assert len({line.split("/var/lib/seals/")[1].split('"')[0] for line in lines}) == 2  # each its own chain
    assert len({line.split()[-2] for line in lines}) == len(lines)
    for line in lines:
        program = r'command="/usr/bin/python3 \S+/keep_seals\.py /var/lib/seals/\S+"'
        assert re.fullmatch(program + r",restrict ssh-ed25519 \S+ \S+", line)


@pytest.mark.parametrize("name", ["nagano", "small"])
def test_the_way_is_one_that_the_firewall_knows(name: str, tmp_path: Path) -> None:
    site = load(name)
    keeper = site.host(site.backup.repository)
    for host in seals.sealers(site):
        assert seals.command(site, host).endswith(f"seals@{keeper.address}")
        borg = site.service("borg")
        assert keeper in borg.hosts
        assert host == keeper or host.zone in borg.sources


def test_the_sealers_secrets_are_not_the_applications() -> None:
    defaults = yaml.safe_load((ROLE / "defaults/main.yml").read_text())
    assert defaults["audit_seal_user"] != "kura"
    unit = (ROLE / "templates/kura-audit-seal.service.j2").read_text()
    assert unit.count("LoadCredential=") == 2
    hardening = (ROLE.parent / "library/templates/hardening.j2").read_text()
    assert (ROLE / "templates/hardening.j2").read_text() == hardening
