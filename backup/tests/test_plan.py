"""Every host that holds something is backed up, by a configuration that says what the inventory says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import yaml

from backup import borgmatic, plan
from inventory import load

SITE = load("nagano")
SERVER = SITE.host(SITE.backup.repository)


def test_every_host_has_a_job_or_a_stated_reason_for_none() -> None:
    with_job = {job.host for job in plan.jobs(SITE)}
    for host in SITE.hosts:
        row = plan.backup_class(SITE, host)
        assert (host.name in with_job) == bool(row.paths)
        assert row.paths or row.reason


def test_every_client_has_a_daily_and_a_monthly_job() -> None:
    for host in plan.clients(SITE):
        assert [job.kind for job in plan.jobs_of(SITE, host)] == ["daily", "monthly"]


def test_every_client_may_reach_the_server_by_the_flow_matrix() -> None:
    sources = SITE.service("borg").sources
    assert {host.zone for host in plan.clients(SITE)} <= set(sources)


def test_every_kept_job_is_thinned_out_as_the_inventory_says() -> None:
    files = borgmatic.server_files(SITE, SERVER)
    assert len(files) == len(plan.jobs(SITE))
    daily = yaml.safe_load(files["/etc/kura/borg-server/keep/db1-daily.yaml"])
    monthly = yaml.safe_load(files["/etc/kura/borg-server/keep/db1-monthly.yaml"])
    assert (daily["keep_daily"], daily["keep_weekly"]) == (SITE.backup.keep.daily, SITE.backup.keep.weekly)
    assert monthly["keep_monthly"] == SITE.backup.keep.monthly
    assert daily["match_archives"] != monthly["match_archives"]


def test_two_backups_within_a_second_have_two_names() -> None:
    value = yaml.safe_load(borgmatic.client_files(SITE, SITE.host("app1"))["/etc/borgmatic/kura-daily.yaml"])
    moment = datetime(2026, 3, 1, 2, 0, 0, 100, tzinfo=UTC)
    names = {value["archive_name_format"].format(now=moment + timedelta(microseconds=n)) for n in range(2)}
    assert len(names) == 2
    assert all(name.startswith("app1-daily-2026-03-01T02:00:00.0001") for name in names)


def test_a_damaged_repository_is_no_warning_to_its_keeper() -> None:
    for text in borgmatic.server_files(SITE, SERVER).values():
        assert {"code": 1, "treat_as": "error"} in yaml.safe_load(text)["borg_exit_codes"]


def test_a_client_never_thins_out_its_own_archives() -> None:
    for host in plan.clients(SITE):
        for text in borgmatic.client_files(SITE, host).values():
            assert not [key for key in yaml.safe_load(text) if key.startswith("keep_")]


def test_each_client_may_only_add_to_its_own_repository() -> None:
    keys = {host.name: f"ssh-ed25519 KEY-{host.name}" for host in plan.clients(SITE)}
    lines = borgmatic.authorized_keys(SITE, SERVER, keys=keys).splitlines()[1:]
    assert len(lines) == len(keys)
    for host, line in zip(plan.clients(SITE), lines, strict=True):
        folder = f"{SITE.backup.path}/{host.name}"
        command = f"flock --shared {folder}.lock borg serve --append-only --restrict-to-path {folder}"
        assert line == f'command="{command}",restrict ssh-ed25519 KEY-{host.name}'


def test_the_database_is_dumped_before_its_host_is_backed_up() -> None:
    value = yaml.safe_load(borgmatic.client_files(SITE, SITE.host("db1"))["/etc/borgmatic/kura-daily.yaml"])
    assert value["before_backup"][0].endswith("backup.dump save kura /var/backups/kura")
    assert plan.DUMPS in value["source_directories"]


def test_passphrases_stand_in_no_configuration_file() -> None:
    for host in plan.clients(SITE):
        for text in borgmatic.client_files(SITE, host).values():
            assert "encryption_passphrase" not in text


def test_timers_run_at_the_inventorys_hour_in_its_own_time_zone() -> None:
    units = borgmatic.units(SITE, SITE.host("app1"))
    assert "OnCalendar=*-*-* 02:00:00 Asia/Tokyo" in units["/etc/systemd/system/kura-backup-daily.timer"]
    assert "OnCalendar=*-*-01 02:00:00 Asia/Tokyo" in units["/etc/systemd/system/kura-backup-monthly.timer"]
    assert borgmatic.units(SITE, SERVER) == {}
