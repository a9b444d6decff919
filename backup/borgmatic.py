"""borgmatic 1.9 configuration of clients and of the server that keeps their repositories. Pure.

Clients only add: the server's forced command is append-only. Thinning out and checking happen on the server, where
no client's administrator has a shell.
"""

from __future__ import annotations

from typing import Any

import yaml

from backup import plan
from inventory import Host, Inventory

ORIGIN = "# Made by Kura from the inventory (backup/borgmatic.py). Changes here are overwritten.\n"
CLIENT_FOLDER = "/etc/kura/borg"
SERVER_FOLDER = "/etc/kura/borg-server"
SSH = (
    f"ssh -i {CLIENT_FOLDER}/id_ed25519 -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes "
    f"-o UserKnownHostsFile={CLIENT_FOLDER}/known_hosts -o ServerAliveInterval=30 -o ConnectTimeout=15"
)


def client_files(site: Inventory, host: Host) -> dict[str, str]:
    """Path → text of a client's configuration, one file a job; empty for a host that is not backed up."""
    return {f"/etc/borgmatic/kura-{job.kind}.yaml": config(job) for job in plan.jobs_of(site, host)}


def server_files(site: Inventory, host: Host) -> dict[str, str]:
    """Path → text of the server's configuration, one file for each job it keeps; empty on other hosts."""
    kept = [job for job in plan.jobs(site) if job.repository == host.name]
    return {f"{SERVER_FOLDER}/keep/{job.host}-{job.kind}.yaml": keep_config(job) for job in kept}


def config(job: plan.Job) -> str:
    """What a client runs for a job."""
    value: dict[str, Any] = {
        "source_directories": list(job.paths),
        "source_directories_must_exist": True,
        "repositories": [{"path": job.url, "label": job.repository}],
        "ssh_command": SSH,
        "encryption_passcommand": f"cat {CLIENT_FOLDER}/passphrase",
        "archive_name_format": job.prefix + "{now:%Y-%m-%dT%H:%M:%S.%f}",
        "match_archives": f"sh:{job.prefix}*",
        "compression": "auto,zstd",
        "exclude_caches": True,
        "exclude_if_present": [".kura-no-backup"],
        "lock_wait": 900,
    }
    if job.databases:
        value["before_backup"] = [
            "runuser -u postgres -- env PYTHONPATH=/usr/local/lib/kura "
            f"/usr/bin/python3 -m backup.dump save {database} {plan.DUMPS}"
            for database in job.databases
        ]
    return ORIGIN + yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=160)


def keep_config(job: plan.Job) -> str:
    """What the server does with a job's archives: thins them out, gives the room back, reads a part of them."""
    value: dict[str, Any] = {
        "repositories": [{"path": job.folder, "label": job.host}],
        "encryption_passcommand": f"cat {SERVER_FOLDER}/passphrases/{job.host}",
        "archive_name_format": job.prefix + "{now}",
        "match_archives": f"sh:{job.prefix}*",
        "lock_wait": 3600,
        # Borg tells a damaged repository by a warning's code, which borgmatic would let pass as good.
        "borg_exit_codes": [{"code": 1, "treat_as": "error"}],
        **job.keep,
        "checks": [{"name": "repository", "frequency": "1 week"}, {"name": "archives", "frequency": "1 week"}],
    }
    return ORIGIN + yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=160)


def authorized_keys(site: Inventory, host: Host, *, keys: dict[str, str]) -> str:
    """The borg user's authorized_keys: each client may only add to its own repository. `keys` is host → public line."""
    lines = []
    for client in plan.clients(site):
        job = plan.jobs_of(site, client)[0]
        # The server's own round takes the same lock alone: no archive can be deleted while room is given back.
        command = f"flock --shared {job.folder}.lock borg serve --append-only --restrict-to-path {job.folder}"
        lines.append(f'command="{command}",restrict {keys[client.name]}')
    return ORIGIN + "\n".join(lines) + "\n"


def known_hosts(site: Inventory, host: Host, *, key: str) -> str:
    """A client's known_hosts: the one server, at the address the client uses; empty while its key is not known."""
    return ORIGIN + f"{site.host(site.backup.repository).address} {key}\n" if key else ""


def units(site: Inventory, host: Host) -> dict[str, str]:
    """Path → text of a client's systemd units; empty for a host that is not backed up."""
    jobs = plan.jobs_of(site, host)
    if not jobs:
        return {}
    result = {"/etc/systemd/system/kura-backup@.service": _service(jobs[0])}
    for job in jobs:
        result[f"/etc/systemd/system/kura-backup-{job.kind}.timer"] = (
            ORIGIN
            + f"[Unit]\nDescription=Kura: {job.kind} backup of {job.host}\n\n"
            + f"[Timer]\nOnCalendar={job.calendar}\nRandomizedDelaySec=30min\nFixedRandomDelay=true\nPersistent=true\n"
            + f"Unit=kura-backup@{job.kind}.service\n\n[Install]\nWantedBy=timers.target\n"
        )
    return result


def _service(job: plan.Job) -> str:
    # Persistent timers fire at boot when one was missed; a failed run is tried twice more a quarter of an hour apart.
    return ORIGIN + (
        "[Unit]\nDescription=Kura: %i backup\nAfter=network-online.target postgresql.service\n"
        "Wants=network-online.target\nStartLimitIntervalSec=2h\nStartLimitBurst=3\n\n"
        "[Service]\nType=oneshot\nUser=root\nNice=10\nIOSchedulingClass=idle\nRestart=on-failure\nRestartSec=15min\n"
        "TimeoutStartSec=6h\nEnvironment=PYTHONPATH=/usr/local/lib/kura\n"
        f"ExecStart=/usr/bin/python3 -m backup.run --kind %i --host {job.host} --repository {job.repository}\n"
    )


def timers(site: Inventory, host: Host) -> list[str]:
    """Names of a client's timers."""
    return [f"kura-backup-{job.kind}.timer" for job in plan.jobs_of(site, host)]


def databases(site: Inventory, host: Host) -> list[str]:
    """Databases that a client dumps before a backup."""
    return list(plan.backup_class(site, host).databases)


def store(site: Inventory, host: Host) -> str:
    """Folder of the repositories on the server that keeps them."""
    return site.backup.path
