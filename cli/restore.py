"""`./kura restore …`: a database, a table, a file, a host or everything, as it was at a moment."""

from __future__ import annotations

import argparse
import contextlib
import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from backup import plan
from backup.recovery import Recovery, RecoveryError
from backup.rehearsal import GOAL_SECONDS
from cli import check, deploy, evidence
from cli.context import Context, Refused
from inventory import Host
from monitoring.evidence import Evidence, write

UNFINISHED = timedelta(days=1)  # after that, what an unfinished restore meant is for a person to say
# What the report calls each restore; what is not here only tells.
TITLES = {
    "database": "データベースの復元",
    "table": "表の照合と復元",
    "file": "ファイルの復元",
    "host": "サーバの復元",
    "site": "全サーバの復元",
    "repository": "隔離世代からの控えの復元",
}
MOMENT = "moment, as 2026-03-01 10:15 in the site's time zone (default: the last that is kept)"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of the verb."""
    parser.epilog = (
        "Without --yes nothing that is live is replaced: a database comes beside the live one, a table is only "
        "compared. An interrupted restore is begun again by the same command."
    )
    kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    listed = kinds.add_parser("list", help="what can be restored, and how each of the last days' backups went")
    listed.add_argument("--days", type=int, default=30)
    database = kinds.add_parser("database", help="a database at any moment of the last days")
    database.add_argument("name", nargs="?", help="database (default: the library's)")
    database.add_argument("--replace", action="store_true", help="put it in the live one's place, which is kept aside")
    table = kinds.add_parser("table", help="one table: what has changed since, by whom, and rows put back")
    table.add_argument("name")
    table.add_argument("--put", metavar="WHICH", help="missing, changed, unexplained, or keys as 17,18: put these back")
    one = kinds.add_parser("file", help="one file of a host")
    one.add_argument("host")
    one.add_argument("path")
    one.add_argument("--out", help="where to on that host (default: /root/restored/PATH)")
    kinds.add_parser("host", help="a host that was lost: made, deployed, its data and databases put back").add_argument(
        "host"
    )
    kinds.add_parser("site", help="the whole data centre on new hosts; only the keeper of the backups is left")
    back = kinds.add_parser("repository", help="a host's backups as they were in an isolated generation")
    back.add_argument("host")
    back.add_argument("generation")
    for name, sub in kinds.choices.items():
        if name not in ("list", "repository"):
            sub.add_argument("--to", metavar="MOMENT", help=MOMENT)
        if name != "list":
            sub.add_argument("--yes", action="store_true", help="yes, replace what is live")
        sub.add_argument("--json", metavar="FILE", help="write the figures as JSON")


def main(context: Context) -> int:
    """Restore, measure, keep the evidence; exit 1 when it failed or took too long, 2 when --yes is missing."""
    given = context.arguments
    recovery = of_context(context)
    started = datetime.now(UTC)
    acts = {
        "list": _list, "database": _database, "table": _table, "file": _file, "host": _host, "site": _site,
        "repository": _repository,
    }  # fmt: skip
    name, title = f"restore-{given.what}", TITLES.get(given.what)
    hosts = [host.name for host in context.twin.running()]
    kept = evidence.begun(context, name, title, started, hosts) if title else contextlib.nullcontext()
    try:
        with kept, context.progress.step(f"restore {given.what}"):
            details = acts[given.what](context, recovery)
    except RecoveryError as error:
        raise Refused(str(error)) from None
    if details is None or title is None:
        return 0
    seconds = (datetime.now(UTC) - started).total_seconds()
    figures = {"restore_seconds": evidence.figure(seconds, "s", GOAL_SECONDS), **details.pop("figures", {})}
    result = {"figures": figures, "details": details}
    passed = all(row["met"] is not False for row in figures.values())
    evidence.drill(context, name, title, started, result, passed, hosts=hosts)
    evidence.write_json(given.json, figures)
    print(json.dumps(details, ensure_ascii=False, indent=1, default=str))
    return 0 if passed else 1


def collect(context: Context) -> int:
    """File the keeper's own rehearsals, which run with nobody present, as evidence; how many were new."""
    keeper = context.site.backup.repository
    if keeper not in {host.name for host in context.twin.running()}:
        return 0
    listed = "for one in /var/lib/kura/rehearsals/*.json; do test -f $one && tr -d '\\n' < $one && echo; done; true"
    code, said = context.twin.shell(keeper, listed)
    new = 0
    for line in said.splitlines() if code == 0 else ():
        record: dict[str, Any] = json.loads(line)
        rows = record.get("databases", {}).values()
        figures = {
            "rehearsal_rows_compared": float(sum(row["rows"] for row in rows)),
            "rehearsal_dump_seconds": float(sum(row["seconds"] for row in rows)),
            "rehearsal_tables_unequal": float(sum(len(row["different"]) for row in rows)),
        }
        one = Evidence(
            kind="drill",
            name="restore-rehearsal",
            started=datetime.fromisoformat(record["started"]),
            finished=datetime.fromisoformat(record["finished"]),
            passed=record["passed"],
            figures=figures,
            details={
                "title": "週ごとの復元の訓練（自動）",
                **{key: record[key] for key in ("error",) if key in record},
            },
            hosts=[keeper],
        )
        with contextlib.suppress(FileExistsError):
            write(context.state, one)
            new += 1
    return new


def of_context(context: Context) -> Recovery:
    """Restores on the running twin."""
    if not context.twin.running():
        raise Refused("no twin is running; start it with: ./kura up")

    def pipe(source: str, command: str, target: str, into: str) -> None:
        ssh = ["ssh", "-F", str(context.twin.ssh_config)]
        with subprocess.Popen([*ssh, source, command], stdout=subprocess.PIPE) as read:
            done = subprocess.run([*ssh, target, into], stdin=read.stdout, capture_output=True, text=True, check=False)
            if read.stdout:
                read.stdout.close()
        if read.returncode or done.returncode:
            raise RecoveryError(f"{source} → {target}: {done.stderr.strip()[-400:] or 'the connection was cut'}")

    def shell(host: str, command: str) -> tuple[int, str]:
        return context.twin.shell(host, command, patience=6 * 3600)

    return Recovery(context.site, shell, pipe, context.progress)


def moment(context: Context) -> datetime | None:
    """The moment that --to names; None for the last. Refused when it cannot be read or has not come."""
    said = getattr(context.arguments, "to", None)
    if said is None:
        return None
    try:
        value = datetime.fromisoformat(said)
    except ValueError:
        raise Refused(f"--to {said}: write it as 2026-03-01 10:15 or 2026-03-01T10:15:00+09:00", 2) from None
    if value.tzinfo is None:
        value = value.replace(tzinfo=ZoneInfo(context.site.organisation.timezone))
    if value > datetime.now(UTC):
        raise Refused(f"--to {said} has not come yet", 2)
    return value


def _agreed(context: Context, what: str) -> None:
    if not context.arguments.yes:
        raise Refused(f"this replaces {what}; say --yes when that is meant. Nothing has been changed", 2)


def _named(context: Context, name: str) -> Host:
    host: Host = context.twin.machine(name).host
    return host


def _list(context: Context, recovery: Recovery) -> dict[str, Any] | None:
    """Moments of the databases; archives of each host and what each day came to; isolated generations."""
    found = recovery.window()
    print(f"databases: any moment from {found['from'] or '-'} to {found['to'] or '-'}")
    said = recovery.run(recovery.keeper, "PYTHONPATH=/usr/local/lib/kura python3 -m backup.isolate list")
    print("isolated generations: " + (", ".join(row["name"] for row in json.loads(said.splitlines()[-1])) or "none"))
    running = {host.name for host in context.twin.running()}
    program = f"cd / && PYTHONPATH=/usr/local/lib/kura python3 -m backup.history --days {context.arguments.days}"
    marks = {"good": "o", "good after retry": "r", "failed": "x", "no record": "-"}
    for host in plan.clients(context.site):
        if host.name in running:
            archives = recovery.archives(host)
            days = json.loads(recovery.run(host.name, program).splitlines()[-1])
            print(f"{host.name:<10} {len(archives):>3} archives, newest {archives[-1]['name'] if archives else '-'}")
            print(f"{'':<10} {days[0]['day']} {''.join(marks[row['outcome']] for row in days)} {days[-1]['day']}")
    print("o good   r good after a retry   x failed   - no record")
    return None


def _database(context: Context, recovery: Recovery) -> dict[str, Any]:
    names = list(dict.fromkeys(name for row in context.site.backup.classes for name in row.databases))
    name = context.arguments.name or names[0]
    if name not in names:
        raise Refused(f"{name}: no database of this site; there are: {', '.join(names)}", 2)
    if context.arguments.replace:
        _agreed(context, f"the live database {name}")
    done = recovery.database(name, moment(context), datetime.now(UTC), replace=context.arguments.replace)
    return {**done, "figures": {"restore_rows": evidence.figure(done["rows"], "rows")}}


def _table(context: Context, recovery: Recovery) -> dict[str, Any]:
    given, to = context.arguments, moment(context)
    database = next(name for row in context.site.backup.classes for name in row.databases)
    one, found = recovery.table(given.name, database, to, datetime.now(UTC))
    try:
        keys = _chosen(given.put, found)
        if keys:
            _agreed(context, f"{len(keys)} rows of {given.name} ({', '.join(keys[:10])})")
            recovery.put_back(one, keys, database, found["reached"], "restore")
    finally:
        recovery.forget(one, database)
    told = {key: found[key] for key in ("reached", "then", "now", "counts", "unexplained")}
    figures = {
        "restore_rows_put_back": evidence.figure(len(keys), "rows"),
        "restore_rows_unexplained": evidence.figure(len(found["unexplained"]), "rows"),
    }
    return {"table": given.name, **told, "rows": found["rows"][:50], "put_back": keys, "figures": figures}


def _chosen(put: str | None, found: dict[str, Any]) -> list[str]:
    """Keys that --put means; Refused when a named row has not changed since."""
    if put is None:
        return []
    back = [row for row in found["rows"] if row["how"] in ("missing", "changed")]
    if put in ("missing", "changed"):
        return [row["key"] for row in back if row["how"] == put]
    if put == "unexplained":
        return list(found["unexplained"])
    keys = [key.strip() for key in put.split(",") if key.strip()]
    strange = sorted(set(keys) - {row["key"] for row in back})
    if strange:
        raise Refused(f"not missing and not changed since: {', '.join(strange)}", 2)
    return keys


def _file(context: Context, recovery: Recovery) -> dict[str, Any]:
    given = context.arguments
    if not given.path.startswith("/"):
        raise Refused(f"{given.path}: an absolute path is expected", 2)
    host, out = _named(context, given.host), given.out or f"/root/restored{given.path}"
    if recovery.shell(host.name, f"test -e '{out}'")[0] == 0 and given.out:
        _agreed(context, f"{out} on {host.name}")
    return recovery.file(host, given.path, out, moment(context))


def _host(context: Context, recovery: Recovery) -> dict[str, Any]:
    host, to = _named(context, context.arguments.host), moment(context)
    if host.name == recovery.keeper:
        raise Refused(
            f"{host.name} keeps the backups: it is rebuilt by ./kura up, its repositories are gone with it", 2
        )
    _agreed(context, f"what is on {host.name}")
    return bring_back(context, recovery, [host.name], to)


def _site(context: Context, recovery: Recovery) -> dict[str, Any]:
    _agreed(context, "the data of every host of this site")
    return bring_back(context, recovery, list(context.site.hosts_file.twin), moment(context))


def bring_back(context: Context, recovery: Recovery, names: list[str], to: datetime | None) -> dict[str, Any]:
    """Hosts that were lost: made, deployed, with their databases and data; RecoveryError when the library is not back.

    The end of what is restored is when the restore began first: a new host's own backups and changes are no past.
    """
    hosts = [_named(context, name) for name in names]
    with _began(context, "-".join(names) if len(names) == 1 else "site") as lost:
        context.twin.start(names, context.progress)
        deploy.playbook(context, "site", limit=",".join(names))
        done = _data(context, recovery, hosts, to, lost)
        if done["databases"]:
            # A database of an older release becomes one of this release.
            served = [host.name for host in context.site.service("library").hosts]
            limit = ",".join(dict.fromkeys([recovery.database_host, *served]))
            deploy.playbook(context, "site", limit=limit, tags="database,library")
            # From now on every moment of the new cluster can be recovered.
            recovery.run(recovery.keeper, "systemctl start kura-wal-base.service")
        if failed := check.run(context):
            raise RecoveryError("restored, but: " + "; ".join(failed))
    return done


@contextlib.contextmanager
def _began(context: Context, what: str) -> Iterator[datetime]:
    """When this restore began first; an interrupted one goes on with what was kept until then."""
    mark = context.state / "restoring" / what
    if mark.exists():
        began = datetime.fromisoformat(mark.read_text().strip())
        if datetime.now(UTC) - began > UNFINISHED and moment(context) is None:
            raise Refused(f"a restore of {what} was begun at {began.isoformat()} and not finished: say --to", 2)
        context.progress(f"going on with the restore that began at {began.isoformat()}")
    else:
        began = datetime.now(UTC)
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(began.isoformat() + "\n")
    yield began
    mark.unlink()


def _data(
    context: Context, recovery: Recovery, hosts: list[Host], to: datetime | None, lost: datetime
) -> dict[str, Any]:
    """Databases first, then what each host holds itself; each can be begun again."""
    result: dict[str, Any] = {"databases": {}, "hosts": {}}
    for host in hosts:
        for name in plan.backup_class(context.site, host).databases:
            result["databases"][name] = recovery.database(name, to, datetime.now(UTC), replace=True, lost=lost)
    for host in hosts:
        if host.name != recovery.keeper and recovery.data_of(host):
            result["hosts"][host.name] = recovery.host(host, to or lost)
    rows = sum(row["rows"] for row in result["databases"].values())
    return {**result, "figures": {"restore_rows": evidence.figure(rows, "rows")}}


def _repository(context: Context, recovery: Recovery) -> dict[str, Any]:
    given = context.arguments
    host = _named(context, given.host)
    _agreed(context, f"the repository of {host.name} on {recovery.keeper}")
    program = f"PYTHONPATH=/usr/local/lib/kura python3 -m backup.isolate put-back {host.name} '{given.generation}' 2>&1"
    code, said = recovery.shell(recovery.keeper, program)
    if code:
        raise RecoveryError(said.strip()[-400:])
    done: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    # The client has seen a later state, and borg would take the older one for an attack: here it is meant.
    seen = f"rm -f /root/.config/borg/security/{done['id']}/manifest-timestamp; rm -rf /root/.cache/borg/{done['id']}"
    recovery.run(host.name, seen)
    return done
