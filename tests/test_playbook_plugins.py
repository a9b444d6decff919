"""Decisions that playbooks take in Python: certificates that are due, packages that are there, files that differ."""

from __future__ import annotations

import importlib.util
import json
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

PLAYBOOKS = Path(__file__).resolve().parents[1] / "playbooks"
REQUEST = {"service": "library", "names": ["opac.example", "staff.example"], "addresses": ["10.80.10.11"]}


def module(name):
    """A plugin as Python, the way Ansible loads it: by path."""
    spec = importlib.util.spec_from_file_location(Path(name).stem, PLAYBOOKS / name)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def certificate(issuer, key, names=("opac.example", "staff.example"), days=397):
    """A certificate signed by `issuer` = (name, key)."""
    now = datetime.now(UTC)
    alternatives = [x509.DNSName(name) for name in names] + [x509.IPAddress(IPv4Address("10.80.10.11"))]
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]))
        .issuer_name(issuer[0])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(issuer[1], hashes.SHA256())
    )


@pytest.fixture
def authority():
    """The authority's name and key."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority")]), ec.generate_private_key(ec.SECP256R1())


@pytest.fixture
def issued(tmp_path, authority):
    """The controller's state with an authority; puts a certificate for app1's library there."""

    def put(one=authority, **kwargs):
        key = ec.generate_private_key(ec.SECP256R1())
        (tmp_path / "certificates").mkdir(exist_ok=True)
        path = tmp_path / "certificates" / "app1-library.crt"
        path.write_bytes(certificate(one, key, **kwargs).public_bytes(Encoding.PEM))
        return tmp_path

    (tmp_path / "ca.crt").write_bytes(
        certificate(authority, authority[1], names=("Authority",)).public_bytes(Encoding.PEM)
    )
    return put


def due(state, new_keys=()):
    """What the filter asks to be issued, 30 days before the end."""
    return module("filter_plugins/kura.py").certificates_due([REQUEST], state, "app1", 30, new_keys)


def test_a_service_without_certificate_is_due(tmp_path, issued):
    assert due(tmp_path) == [REQUEST]


def test_a_good_certificate_is_left_alone(issued):
    assert due(issued()) == []


@pytest.mark.parametrize("days", [29, -0.5])
def test_a_certificate_within_thirty_days_of_its_end_is_due(issued, days):
    assert due(issued(days=days)) == [REQUEST]


def test_a_certificate_with_more_than_thirty_days_is_not_due(issued):
    assert due(issued(days=31)) == []


def test_another_name_makes_it_due(issued):
    assert due(issued(names=("opac.example",))) == [REQUEST]


def test_a_new_key_makes_it_due(issued):
    assert due(issued(), new_keys=["library"]) == [REQUEST]


def test_a_certificate_of_another_authority_is_due(issued, authority):
    other = (authority[0], ec.generate_private_key(ec.SECP256R1()))
    assert due(issued(one=other)) == [REQUEST]


def test_only_packages_that_dpkg_calls_installed_count():
    text = (
        "Package: nginx\nStatus: install ok installed\nDescription: a\n b: c\n\n"
        "Package: gone\nStatus: deinstall ok config-files\n\nPackage: half\nStatus: install ok half-configured\n"
    )
    assert module("library/kura_installed.py").installed(text) == ["nginx"]


def run_files(tmp_path, files, check=False):
    """Run kura_files as Ansible would, on this machine; returns its answer."""
    arguments = {"ANSIBLE_MODULE_ARGS": {"files": files, "_ansible_check_mode": check, "_ansible_diff": True}}
    done = subprocess.run(
        [sys.executable, str(PLAYBOOKS / "library" / "kura_files.py")],
        input=json.dumps(arguments),
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout)


def own(path, **entry):
    """An entry whose owner is whoever runs the test."""
    return {"path": str(path), "owner": path.parent.owner(), "group": path.parent.group(), **entry}


def test_files_are_made_once_and_then_left_alone(tmp_path):
    files = [own(tmp_path / "a", content="one\n", mode="0640"), own(tmp_path / "b", link="/nowhere")]
    assert run_files(tmp_path, files)["changed_paths"] == [str(tmp_path / "a"), str(tmp_path / "b")]
    assert run_files(tmp_path, files)["changed"] is False
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_check_mode_tells_and_touches_nothing(tmp_path):
    answer = run_files(tmp_path, [{"path": str(tmp_path / "deep" / "a"), "content": "x"}], check=True)
    assert answer["changed"] is True
    assert not (tmp_path / "deep").exists()


def test_one_invalid_file_keeps_all_files_as_they_were(tmp_path):
    good, bad = tmp_path / "good", tmp_path / "bad"
    answer = run_files(tmp_path, [own(good, content="x"), own(bad, content="y", validate="/bin/false %s")])
    assert answer["failed"] is True
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_two_parts_of_a_role_both_want_is_named_and_nothing_is_written(tmp_path):
    answer = run_files(tmp_path, [own(tmp_path / "a", content="x"), own(tmp_path / "a", content="x")])
    assert answer["failed"] is True
    assert answer["msg"] == f"named twice: {tmp_path / 'a'}"
    assert list(tmp_path.iterdir()) == []


def test_a_secret_text_is_not_shown_as_a_difference(tmp_path):
    answer = run_files(tmp_path, [own(tmp_path / "key", content="hush", mode="0600")])
    assert "hush" not in json.dumps(answer["diff"])


def test_a_link_is_replaced_by_a_file_and_its_target_stays(tmp_path):
    target, path = tmp_path / "target", tmp_path / "path"
    target.write_text("old")
    path.symlink_to(target)
    run_files(tmp_path, [own(path, content="new")])
    assert (path.is_symlink(), path.read_text(), target.read_text()) == (False, "new", "old")


def test_an_absent_file_is_gone_and_stays_gone(tmp_path):
    path = tmp_path / "old"
    path.write_text("x")
    assert run_files(tmp_path, [own(path, state="absent")])["changed"] is True
    assert not path.exists()
    assert run_files(tmp_path, [own(path, state="absent")])["changed"] is False
