"""What production's own administrator can do to the backups: nothing that is not found, and nothing to a generation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from backup import borgmatic, plan
from tests.twin.verbs import kura

ISOLATE = "cd / && PYTHONPATH=/usr/local/lib/kura python3 -m backup.isolate"
KEYS = ("/etc/kura/borg/id_ed25519", "/etc/kura/seal/id_ed25519")
SSH = (
    "ssh -o BatchMode=yes -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null "
    "-o ConnectTimeout=5"
)


@pytest.fixture(scope="module")
def generation(twin) -> str:
    """A generation of this moment, with a backup of app1 in it; its folder."""
    now = (
        "systemctl stop kura-backup@daily; systemctl reset-failed kura-backup@daily; systemctl start kura-backup@daily"
    )
    assert twin.run("app1", now, patience=300).ok
    done = twin.run("bak1", f"{ISOLATE} now", patience=300)
    assert done.ok, done.stdout
    said = twin.run("bak1", f"{ISOLATE} list").stdout
    return f"{twin.site.backup.path}/_isolated/{json.loads(said)[-1]['name']}"


@pytest.mark.req("S-BKP-005")
def test_roots_of_production_with_every_key_they_hold_cannot_touch_a_generation(twin, generation: str) -> None:
    whole = (
        f"cd {generation} && sha256sum SHA256SUMS && sha256sum --check --quiet SHA256SUMS && find . | sort | sha256sum"
    )
    before = twin.run("bak1", whole)
    assert before.ok, before.stdout
    keeper = twin.site.host(twin.site.backup.repository)
    destroy = f"chattr -R -i {generation}; rm -rf {generation}; date > {generation}/SHA256SUMS; id"
    tried = 0
    for host in [one.name for one in twin.lab.running() if one.kind != "terminal" and one != keeper]:
        if twin.run(host, "test -e /etc/borgmatic/kura-daily.yaml").ok:
            other = f"ssh://borg@{keeper.address}{generation}/{host}"
            shell = f"BORG_RSH='{borgmatic.SSH}' BORG_PASSCOMMAND='cat /etc/kura/borg/passphrase'"
            done = twin.run(host, f"{shell} borg delete --force --force {other} </dev/null")
            assert not done.ok, (host, done.stdout)
            assert "not allowed" in done.stdout
            tried += 1
        # All at once: what the firewall drops is waited for.
        every = "; ".join(
            f"test -e {key} && {{ echo tried; {SSH} -i {key} {user}@{address} '{destroy}' </dev/null & }}"
            for address in (keeper.address, keeper.management)
            for user in ("root", "borg", "seals", "postgres")
            for key in KEYS
        )
        said = twin.run(host, f"{every}; wait").stdout
        assert "uid=" not in said, (host, said)
        tried += said.count("tried")
    # The keeper's sshd now refuses these hosts for a while, their backups too.
    twin.run("bak1", "systemctl restart ssh")
    assert tried > 4
    assert twin.run("bak1", whole).stdout == before.stdout


@pytest.mark.req("S-BKP-005")
def test_the_operators_key_opens_every_host_but_the_keeper_which_is_its_custodians(twin) -> None:
    keeper = twin.site.host(twin.site.backup.repository)
    key = twin.state / "ssh/id_ed25519"
    argv = [*SSH.split(), "-F", "none", "-i", str(key)]

    def said(user: str, address: object) -> str:
        return twin.inside("operator", *argv, f"{user}@{address}", "id").stdout

    assert "uid=0(root)" in said("root", twin.site.host("db1").management)
    for user in ("root", "borg"):
        assert "Permission denied" in said(user, keeper.management), user
    # Nor by way of the hosts that it does open: their own keys are tried above, and it lets nothing else in.
    doors = "cat /root/.ssh/authorized_keys; sshd -T -C user=root,host=x,addr=10.0.0.1 | grep -i ^authorizedkeys"
    found = twin.run(keeper.name, doors).stdout
    assert found.count("ssh-ed25519") == 1
    assert "kura custodian" in found
    assert "authorizedkeyscommand none" in found
    twin.run(keeper.name, "systemctl restart ssh")


@pytest.mark.req("S-BKP-005")
def test_a_superuser_of_the_database_has_no_way_to_what_is_kept_of_it(twin, generation: str) -> None:
    """It can stop the taking of changes; that is told, and what is kept stays."""
    kept = f"cd {twin.site.backup.path}/_wal && find base -name '*.json' | xargs cat | sha256sum"
    before = twin.run("bak1", kept).stdout
    keeper = twin.site.host(twin.site.backup.repository).address
    sql = f"COPY (SELECT 1) TO PROGRAM '{SSH} root@{keeper} rm -rf {generation}'"
    done = twin.run("db1", "cd / && runuser -u postgres -- psql -XqAt -d postgres", stdin=sql)
    assert "failed" in done.stdout
    assert twin.run("bak1", kept).stdout == before
    assert twin.run("bak1", f"test -d {generation}").ok


@pytest.fixture
def destroyed(twin, generation: str) -> Iterator[str]:
    """app1's live repository after somebody who has become the user borg on the keeper; its name."""
    store = twin.site.backup.path
    listed = twin.run("app1", "borgmatic --config /etc/borgmatic/kura-daily.yaml repo-list --json")
    assert listed.ok, listed.stdout
    everything = f"rm -rf {store}/app1/*; rm -rf {generation}; date > {generation}/SHA256SUMS; echo x > {store}/_wal/x"
    twin.run("bak1", f"runuser -u borg -- sh -c '{everything}'")
    try:
        yield "app1"
    finally:
        if not twin.run("bak1", f"test -f {store}/app1/config").ok:
            name = generation.rpartition("/")[2]
            kura("restore", "repository", "app1", name, "--yes")
        twin.run("bak1", f"rm -rf {store}/_app1.before-* /var/lib/kura/borg-ledger/app1.json")


@pytest.mark.req("S-BKP-005")
def test_even_the_keepers_own_account_cannot_and_the_backups_come_back(twin, generation: str, destroyed: str) -> None:
    job = "borgmatic --config /etc/borgmatic/kura-daily.yaml"
    assert not twin.run("app1", f"{job} repo-list --json").ok
    assert twin.run("bak1", f"cd {generation} && sha256sum --check --quiet SHA256SUMS").ok
    said = kura("restore", "repository", destroyed, generation.rpartition("/")[2], expect=2)
    assert "say --yes" in said
    kura("restore", "repository", destroyed, generation.rpartition("/")[2], "--yes")
    listed = twin.run("app1", f"{job} repo-list --json")
    assert listed.ok, listed.stdout
    assert json.loads(listed.stdout)[0]["archives"]


MONTHS = [f"{2025 + (month // 12)}-{month % 12 + 1:02d}" for month in range(9, 23)]


@pytest.fixture
def monthly(twin) -> Iterator[tuple[str, str]]:
    """A repository of its own with fourteen months of archives, one a month, and the file that it is kept by."""
    folder, config = "/srv/kura-monthly/app1", "/srv/kura-monthly/keep.yaml"
    job = next(one for one in plan.jobs_of(twin.site, twin.site.host("app1")) if one.kind == "monthly")
    text = borgmatic.keep_config(replace(job, folder=folder))
    make = "install -d -o borg -g borg -m 0700 /srv/kura-monthly && cat > " + config + f" && chown borg {config}"
    assert twin.run("bak1", make, stdin=text).ok
    borg = "BORG_PASSCOMMAND='cat /etc/kura/borg-server/passphrases/app1' borg"
    steps = [f"{borg} init -e repokey-blake2 {folder}"]
    for month in MONTHS:
        archive = f"{folder}::app1-monthly-{month}-01T02:00:00"
        steps.append(f"echo {month} | {borg} create --timestamp {month}-01T02:00:00 {archive} -")
    done = twin.run("bak1", "cd /srv/kura-monthly && runuser -u borg -- sh -e", stdin="\n".join(steps), patience=300)
    assert done.ok, done.stdout
    try:
        yield folder, config
    finally:
        twin.run("bak1", "rm -rf /srv/kura-monthly")


@pytest.mark.req("S-BKP-002")
def test_the_last_twelve_months_are_listed_after_thinning_out_and_come_back(twin, monthly: tuple[str, str]) -> None:
    folder, config = monthly
    as_borg = "cd /srv/kura-monthly && runuser -u borg --"
    done = twin.run("bak1", f"{as_borg} borgmatic --config {config} prune", patience=120)
    assert done.ok, done.stdout
    listed = twin.run("bak1", f"{as_borg} borgmatic --config {config} repo-list --json")
    names = [row["archive"] for row in json.loads(listed.stdout)[0]["archives"]]
    assert names[-12:] == [f"app1-monthly-{month}-01T02:00:00" for month in MONTHS[-12:]]
    borg = "env BORG_PASSCOMMAND='cat /etc/kura/borg-server/passphrases/app1' borg extract --stdout"
    for month in (MONTHS[-12], MONTHS[-1]):
        found = twin.run("bak1", f"{as_borg} {borg} {folder}::app1-monthly-{month}-01T02:00:00")
        assert found.stdout.strip().splitlines()[-1] == month
