"""What a medium says: the host's files as a kernel unpacks them, the menu that erases nothing by itself, refusals."""

from __future__ import annotations

import argparse
import stat
from ipaddress import IPv4Interface

import pytest

from cli import metal
from cli.context import Context, Refused
from cli.metal import live, medium, proof
from disks import layout
from inventory import available, load

KEYS = medium.Keys("ssh-ed25519 AAAA operator\n", "PRIVATE\n", "ssh-ed25519 BBBB host\n")
INSTALLED = [(name, host.name) for name in available() for host in load(name).hosts if host.disks]


def unpacked(archive: bytes) -> dict[str, tuple[int, bytes]]:
    """Name → mode and content, read by the format's own rules; every member's folder has to stand before it."""
    found, at = {}, 0
    while True:
        assert archive[at : at + 6] == b"070701"
        numbers = [int(archive[at + 6 + 8 * place : at + 14 + 8 * place], 16) for place in range(13)]
        mode, size, length = numbers[1], numbers[6], numbers[11]
        name = archive[at + 110 : at + 110 + length - 1].decode()
        start = (at + 110 + length + 3) // 4 * 4
        at = (start + size + 3) // 4 * 4
        if name == "TRAILER!!!":
            return found
        assert "/" not in name or name.rpartition("/")[0] in found
        found[name] = (mode, archive[start : start + size])


@pytest.mark.parametrize(("name", "host"), INSTALLED)
def test_the_archive_of_every_host_makes_it_this_host(name, host):
    site = load(name)
    one = site.host(host)
    files = unpacked(medium.archive(medium.files(site, one, KEYS)))
    assert files["etc/hostname"][1].decode() == f"{host}\n"
    assert files["etc/kura/disks.json"][1].decode() == layout.document(layout.arrays(one))
    for leg, (address, network) in site.legs(one).items():
        assert f"Address={address}/{network.prefixlen}" in files[f"etc/systemd/network/20-{leg}.network"][1].decode()
        card = files[f"etc/systemd/network/10-{leg}.link"][1].decode()
        assert f"MACAddress={dict(one.ports)[leg]}\n" in card
        assert f"Name={leg}\n" in card


def test_the_archive_keeps_secrets_closed_and_can_be_run():
    site = load("nagano")
    files = unpacked(medium.archive(medium.files(site, site.host("db1"), KEYS)))
    modes = {name: stat.S_IMODE(mode) for name, (mode, _) in files.items()}
    assert (modes["root"], modes["root/.ssh"], modes["root/.ssh/authorized_keys"]) == (0o700, 0o700, 0o600)
    assert modes["etc/ssh/ssh_host_ed25519_key"] == 0o600
    assert (modes["init"], modes["etc"], modes["etc/hostname"]) == (0o755, 0o755, 0o644)
    assert stat.S_ISDIR(files["etc"][0])
    assert stat.S_ISREG(files["init"][0])


def test_the_same_inventory_and_keys_make_the_same_archive():
    site = load("nagano")
    made = [medium.archive(medium.files(site, site.host("db1"), KEYS)) for _ in range(2)]
    assert made[0] == made[1]
    assert len(made[0]) % 512 == 0


def test_what_the_medium_runs_is_what_it_carries():
    site = load("nagano")
    files = medium.files(site, site.host("app1"), KEYS)
    for module in ("install", "build", "partition", "state", "care", "command"):
        assert f"{live.LIBRARY}/disks/{module}.py" in files


def test_the_menu_erases_only_when_a_person_chooses_it():
    text = medium.menu("db1")
    first, second, third = text.split("menuentry ")[1:]
    assert "set default=0\n" in text
    assert "kura.erase" not in first + third
    assert "kura.erase=db1\n" in second
    for entry in (first, second, third):
        assert "initrd /kura/root.img /kura/packages.img /kura/host.img\n" in entry


def test_hosts_that_cannot_be_installed_are_refused_all_at_once():
    with pytest.raises(Refused) as refused:
        metal.chosen(load("nagano"), ["opac-nagano-1", "db1", "rt-nagano"])
    assert str(refused.value).splitlines()[1:] == [
        "  opac-nagano-1 has no disks of the kernel's own to start from (disks in hosts.yml)",
        "  rt-nagano has no disks of the kernel's own to start from (disks in hosts.yml)",
    ]
    with pytest.raises(Refused, match="nobody: no such host in inventory/nagano"):
        metal.chosen(load("nagano"), ["nobody"])


def test_without_names_every_host_with_disks_is_meant():
    assert [host.name for host in metal.chosen(load("nagano"), [])] == ["gw1", "app1", "db1", "mon1", "bak1"]
    assert [host.name for host in metal.chosen(load("small"), [])] == ["kura1"]


@pytest.fixture
def context(tmp_path, monkeypatch):
    monkeypatch.setenv("KURA_STATE", str(tmp_path / "state"))
    return Context(argparse.Namespace(inventory="nagano", key=None, custodian_key=None))


def test_the_operator_s_key_must_be_a_public_one(context, tmp_path):
    private, host = tmp_path / "id", context.site.host("db1")
    private.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\n")
    context.arguments.key = str(private)
    with pytest.raises(Refused, match="is not a public SSH key"):
        metal.root_key(context, host)
    context.arguments.key = str(tmp_path / "absent")
    with pytest.raises(Refused, match="cannot be read"):
        metal.root_key(context, host)


@pytest.mark.req("S-BKP-005")
def test_the_keeper_of_the_backups_lets_in_its_custodian_alone(context, tmp_path):
    keeper = context.site.host("bak1")
    with pytest.raises(Refused, match="--custodian-key") as refused:
        metal.root_key(context, keeper)
    assert refused.value.code == 2
    operator = metal.root_key(context, context.site.host("db1"))
    custodian = tmp_path / "custodian.pub"
    context.arguments.custodian_key = str(custodian)
    custodian.write_text(operator.replace("kura operator", "somebody else"))
    with pytest.raises(Refused, match="the operator's own key"):
        metal.root_key(context, keeper)
    custodian.write_text("ssh-ed25519 AAAA custodian\n")
    assert metal.root_key(context, keeper) == "ssh-ed25519 AAAA custodian\n"
    assert [metal.root_key(context, context.site.host(name)) for name in ("gw1", "app1", "mon1")] == [operator] * 3


def test_a_town_s_one_server_lets_in_its_operator():
    site = load("small")
    assert not any(site.in_custody(host) for host in site.hosts)


def test_a_host_keeps_its_key_over_installations_and_the_operator_knows_it(context):
    host = context.site.host("db1")
    first = metal.keys(context, host, KEYS.operator)
    assert metal.keys(context, host, KEYS.operator) == first
    assert metal.known(context) == f"db1,{host.management},{host.address} {' '.join(first.public.split()[:2])}\n"
    assert stat.S_IMODE(metal._host_key(context, host).stat().st_mode) == 0o600


def test_the_drill_installs_a_host_of_the_inventory_with_its_own_rows():
    site = load("nagano")
    host = proof.of_machine(proof.of(site))
    real = site.host(host.name)
    assert [(row.use, row.raid, row.count, row.mount) for row in host.disks] == [
        (row.use, row.raid, row.count, row.mount) for row in real.disks
    ]
    assert [row.encrypted for row in host.disks] == [row.use == "data" for row in host.disks]
    assert len({bay for row in host.disks for bay in row.bays}) == sum(row.count for row in host.disks)
    assert all(IPv4Interface(f"{network[-2]}/24").ip != address for address, network in site.legs(host).values())
