"""What `./kura restore` does on running hosts: a database, a table, a file, a host, at any moment that is kept.

It acts through `shell(host, command) -> (rc, output)` and `pipe(host, command, host, command)`; every step can be
repeated, and a step that was cut short is done anew. Nothing live is touched before what replaces it is complete.
"""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backup import plan, rows, seals
from inventory import Host, Inventory

Shell = Callable[[str, str], tuple[int, str]]
Pipe = Callable[[str, str, str, str], None]
RESTORE = "cd / && PYTHONPATH=/usr/local/lib/kura python3 -m backup.restore"
PITR = "cd / && PYTHONPATH=/usr/local/lib/kura python3 -m backup.pitr"
# Waits until the keeper has all that the cluster has written by now, or the cluster cannot be asked.
CAUGHT_UP = "cd / && PYTHONPATH=/usr/local/lib/kura python3 -m backup.wal watch"
# What the inventory makes is not put back: /etc comes from the playbooks, dumps are only carried by the backup.
NOT_PUT_BACK = ("/etc", plan.DUMPS)
# Folders that only grow: what came to the new host meanwhile is joined with what comes back.
ADDED_TO = ("/var/log/archive",)
# In a town's one server the keeper stands beside: it takes the last changes while the library rests.
KEEPING = ("kura-backup", "kura-wal-")
ACTIVE = "systemctl list-units --plain --no-legend --state=active 'kura-*.service' 'kura-*.socket' 'kura-*.timer'"


class RecoveryError(Exception):
    """A restore could not be done; the text says why and what is as before."""


def answer(said: str) -> dict[str, Any]:
    """The JSON object in the last line of a program's output; RecoveryError with its words when it tells an error."""
    for line in reversed(said.strip().splitlines()):
        if line.startswith("{"):
            value: dict[str, Any] = json.loads(line)
            if "error" in value:
                raise RecoveryError(str(value["error"]))
            return value
    raise RecoveryError(f"no result in: {said.strip()[-400:]}")


def name_of(to: datetime | None, now: datetime) -> str:
    """What a restore to this moment is called on the hosts: the same moment gives the same name, and can be resumed."""
    return f"at_{(to or now).astimezone(UTC):%Y%m%dt%H%M%S}"


@dataclass
class Recovery:
    """Restores on one site's hosts."""

    site: Inventory
    shell: Shell
    pipe: Pipe
    progress: Callable[[str], None]

    @property
    def keeper(self) -> str:
        """The host that keeps the backups."""
        return self.site.backup.repository

    @property
    def database_host(self) -> str:
        """The host whose databases are kept."""
        return self.site.service("database").hosts[0].name

    def run(self, host: str, command: str) -> str:
        """Output of a command; RecoveryError with its words when it fails."""
        code, said = self.shell(host, command)
        if code != 0:
            raise RecoveryError(f"{host}: {said.strip()[-500:] or command[:80]}")
        return said

    def ask(self, host: str, command: str) -> dict[str, Any]:
        """The JSON answer of a program of ours."""
        _, said = self.shell(host, f"{command} 2>&1")
        try:
            return answer(said)
        except RecoveryError as error:
            raise RecoveryError(f"{host}: {error}") from None

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run SQL as the administrator of the live cluster; all or nothing."""
        psql = f"runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d {shlex.quote(database)}"
        return self.run(self.database_host, f"cd / && {psql} -c {shlex.quote(statement)}").strip()

    def window(self) -> dict[str, Any]:
        """From when to when the databases can be restored."""
        return self.ask(self.keeper, f"{PITR} window")

    def archives(self, host: Host) -> list[dict[str, str]]:
        """Name and moment of a host's archives."""
        found: list[dict[str, str]] = self.ask(host.name, f"{RESTORE} archives")["archives"]
        return found

    # --- databases

    def open(self, name: str, to: datetime | None, lost: datetime | None = None) -> dict[str, Any]:
        """Recover the databases at the moment on the keeper, beside everything.

        `lost`: when the cluster was lost, whose place a new one has taken since. A cluster that is there sends the
        last changes first: after a cut of the line the keeper may be behind, and would take its own last change for
        the cluster's.
        """
        if lost is None:
            self.shell(self.keeper, CAUGHT_UP)
        when = f" --to {to.astimezone(UTC).isoformat()}" if to else ""
        when += f" --lost {lost.astimezone(UTC).isoformat()}" if lost else ""
        self.progress(f"{self.keeper}: recovering the databases at {to or 'the last kept change'}")
        told = self.ask(self.keeper, f"{PITR} open {name}{when}")
        self.progress(
            f"{self.keeper}: recovered in {told['copy_seconds'] + told['recover_seconds']:.0f} s, "
            f"last change {told['reached']} (until the {told['ended']})"
        )
        return told

    def close(self, name: str) -> None:
        """Remove what was recovered on the keeper."""
        self.ask(self.keeper, f"{PITR} close {name}")

    def there(self, told: dict[str, Any], program: str) -> str:
        """A program of PostgreSQL on the recovered cluster, as a shell command on the keeper."""
        return f"cd / && runuser -u postgres -- env PGHOST={told['socket']} PGPORT={told['port']} {program}"

    def database(
        self, database: str, to: datetime | None, now: datetime, *, replace: bool, lost: datetime | None = None
    ) -> dict[str, Any]:
        """Bring a database as it was at the moment to its host, compared; `replace` puts it in the live one's place.

        Beside the live one it is called `<database>_at_<moment>`; a live one that is replaced is kept aside, and the
        library stands still meanwhile: what it answered then would be in no database that stays. `lost`: see `open`.
        """
        with self.at_rest(self.library_hosts if replace else []):
            return self._database(database, to, now, replace=replace, lost=lost)

    def _database(
        self, database: str, to: datetime | None, now: datetime, *, replace: bool, lost: datetime | None
    ) -> dict[str, Any]:
        name = name_of(to or lost, now)
        into, dump = f"{database}_{name}", f"{plan.DUMPS}/{database}_{name}.dump"
        told = self.open(name, to, lost)
        try:
            manifest = self.run(
                self.keeper,
                self.there(told, f"PYTHONPATH=/usr/local/lib/kura /usr/bin/python3 -m backup.dump manifest {database}"),
            )
            self._bring(told, database, dump, manifest)
            result = self._load(database, into, dump, replace=replace)
        finally:
            self.shell(self.database_host, f"rm -f {dump} {dump}.part {dump.removesuffix('.dump')}.manifest.json")
            self.close(name)
        result |= {"reached": told["reached"], "ended": told["ended"], "recover": told}
        if replace and result["equal"]:
            result["seals_set_aside"] = self._seals_follow(database)
        return result

    def _bring(self, told: dict[str, Any], database: str, dump: str, manifest: str) -> None:
        """The dump and its manifest, from the keeper to the database host."""
        self.progress(f"{self.keeper} → {self.database_host}: {database}")
        beside = f"{dump.removesuffix('.dump')}.manifest.json"
        written = json.dumps({"taken": told["reached"], "tables": json.loads(manifest.strip().splitlines()[-1])})
        receive = f"install -d -o postgres -g postgres -m 0700 {plan.DUMPS} && umask 077 && cat > {dump}.part"
        program = self.there(told, f"pg_dump -Fc -Z zstd:1 -d {database}")
        self.pipe(self.keeper, program, self.database_host, receive)
        own = f"chown postgres:postgres {dump} {beside}"
        self.run(
            self.database_host,
            f"mv {dump}.part {dump} && printf %s {shlex.quote(written)} > {beside} && {own}",
        )

    def _load(self, database: str, into: str, dump: str, *, replace: bool) -> dict[str, Any]:
        """Load the dump beside the live database, or in its place when it is equal to what was recovered."""
        self.progress(f"{self.database_host}: loading {into}")
        self.sql(f'DROP DATABASE IF EXISTS "{into}" WITH (FORCE)')
        given = f"{RESTORE} load {database} --into {into} --dump {dump}" + (" --replace" if replace else "")
        result = self.ask(self.database_host, given)
        if not result["equal"]:
            raise RecoveryError(
                f"{into} on {self.database_host} is not what was recovered: {', '.join(result['different'])}; "
                "nothing was replaced"
            )
        return result

    def _seals_follow(self, database: str) -> str:
        """The keeper of the audit log's seals has those of a future that is no more: they are set aside, not lost.

        Returns where they are; empty when there were none. Else the keeper would refuse every seal from now on.
        """
        last = self.sql("SELECT coalesce(max(number), 0) FROM audit_auditseal", database)
        aside = f"{seals.KEPT}.{secrets.token_hex(3)}-before-restore"
        command = (
            f"cd {seals.KEPT.rpartition('/')[0]} && test $(wc -l < {seals.KEPT}) -gt {int(last)} || exit 0; "
            f"cp -a {seals.KEPT} {aside} && head -n {int(last)} {aside} > {seals.KEPT} && echo {aside}"
        )
        return self.run(self.keeper, f"test -f {seals.KEPT} || exit 0; {command}").strip()

    # --- one table

    def table(self, name: str, database: str, to: datetime | None, now: datetime) -> tuple[rows.Table, dict[str, Any]]:
        """A table as it was, in a schema of its own beside the live one, and how the two differ.

        The schema `restored_<moment>` stays until `forget`.
        """
        if not rows.NAME.fullmatch(name):
            raise RecoveryError(f"{name} is no name of a table")
        moment = name_of(to, now)
        told = self.open(moment, to)
        try:
            asked = shlex.quote(" ".join(rows.COLUMNS.format(table=name).split()))
            then = self.run(self.keeper, self.there(told, f"psql -XqAt -d {database} -c {asked}"))
            one = rows.table(name, self.sql(rows.COLUMNS.format(table=name), database), then, f"restored_{moment}")
            self.sql(rows.make_beside(one), database)
            out = shlex.quote(f"COPY (SELECT {one.shared} FROM {one.live}) TO STDOUT")  # noqa: S608
            into = shlex.quote(f"COPY {one.then} ({one.shared}) FROM STDIN")
            self.pipe(
                self.keeper,
                self.there(told, f"psql -XqAt -v ON_ERROR_STOP=1 -d {database} -c {out}"),
                self.database_host,
                f"cd / && runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d {database} -c {into}",
            )
        except rows.RowsError as error:
            raise RecoveryError(str(error)) from None
        finally:
            self.close(moment)
        since = told["reached"] if to is None else to.astimezone(UTC).isoformat()
        found: dict[str, Any] = json.loads(self.sql(rows.differences(one, since), database))
        return one, {**found, "reached": told["reached"], "unexplained": rows.unexplained(found["rows"])}

    def put_back(self, one: rows.Table, keys: list[str], database: str, moment: str, by: str) -> None:
        """Put rows back as they were at the moment; all of them or none."""
        self.sql(rows.put_back(one, keys, moment, by), database)

    def forget(self, one: rows.Table, database: str) -> None:
        """Drop the copy beside the live table."""
        self.sql(f'DROP SCHEMA IF EXISTS "{one.beside}" CASCADE', database)

    # --- files and hosts

    def file(self, host: Host, path: str, out: str, to: datetime | None) -> dict[str, Any]:
        """One file from the newest archive at or before the moment."""
        at = f" --at {to.astimezone(UTC).isoformat()}" if to else ""
        return self.ask(host.name, f"{RESTORE}{at} file {shlex.quote(path)} --to {shlex.quote(out)}")

    def data_of(self, host: Host) -> list[str]:
        """Folders of a host that are put back: what its backup holds and the playbooks do not make."""
        return [path for path in plan.backup_class(self.site, host).paths if path not in NOT_PUT_BACK]

    def host(self, host: Host, to: datetime | None) -> dict[str, Any]:
        """Put a deployed host's own data back; its services stand still meanwhile. What was there is kept beside."""
        paths = self.data_of(host)
        if not paths:
            return {"paths": [], "before": []}
        self.progress(f"{host.name}: {', '.join(paths)}")
        at = f" --at {to.astimezone(UTC).isoformat()}" if to else ""
        joined = "".join(f" --join {path}" for path in paths if path in ADDED_TO)
        with self.at_rest([host.name]):
            return self.ask(host.name, f"{RESTORE}{at} paths {' '.join(paths)}{joined}")

    @property
    def library_hosts(self) -> list[str]:
        """The hosts that write into the databases."""
        return [host.name for host in self.site.service("library").hosts]

    @contextmanager
    def at_rest(self, hosts: list[str]) -> Iterator[None]:
        """Everything of Kura's on these hosts stands still, but what keeps; one that does not answer writes nothing."""
        stopped: dict[str, str] = {}
        try:
            for host in hosts:
                code, said = self.shell(host, ACTIVE)
                names = [line.split()[0] for line in said.splitlines() if line.startswith("kura-")] if code == 0 else []
                stopped[host] = " ".join(unit for unit in names if not unit.startswith(KEEPING))
                if stopped[host]:
                    self.run(host, f"systemctl stop {stopped[host]}")
            yield
        finally:
            for host, units in stopped.items():
                if units:
                    self.shell(host, f"systemctl start {units}")
