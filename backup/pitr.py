"""Recovers the database cluster as it was at a moment, beside everything, on the keeper. Standard library alone.

    python3 -m backup.pitr window                       from when to when (JSON)
    python3 -m backup.pitr open NAME [--to MOMENT]      recover and leave it running on a socket of its own
                           [--lost MOMENT]              of the cluster that was there then, not of its successor
    python3 -m backup.pitr close NAME                   stop it and remove it

The last line printed is a JSON object. MOMENT is ISO 8601 with a zone; without one the last kept change is meant.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from backup.base import SEGMENT, SEGMENT_BYTES, Base, bases, index_of, intact, known_sums, segment_of
from backup.wal import BIN, Settings, WalError, number

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,40}")
LAST = re.compile(r"redo done at ([0-9A-F]+/[0-9A-F]+)")
UNTIL = re.compile(r"last completed transaction was at log time (\S+ \S+)")
SHORT = "recovery ended before configured recovery target was reached"
PORT = 5432  # of the socket's name: the cluster listens on no address


@dataclass(frozen=True)
class Scratch:
    """A recovered cluster: where its files, its socket and its words are."""

    folder: Path

    @property
    def data(self) -> Path:
        """The cluster's files."""
        return self.folder / "data"

    @property
    def sockets(self) -> Path:
        """The socket's folder, closed to everybody but postgres (and root)."""
        return Path("/run/kura-pitr") / self.folder.name

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "log"

    @property
    def told(self) -> Path:
        """How it was opened; there only when the recovery is complete."""
        return self.folder / "opened.json"


def as_postgres(*argv: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a program as postgres; WalError with its words when it fails."""
    done = subprocess.run(
        ["runuser", "-u", "postgres", "--", *argv], capture_output=True, text=True, check=False, cwd="/"
    )
    if check and done.returncode != 0:
        raise WalError(f"{' '.join(argv[:2])}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done


def base_for(found: list[Base], to: datetime | None, lost: datetime | None = None) -> Base:
    """The newest copy that a recovery to the moment can begin from; WalError when the moment is too early.

    `lost` is when the cluster was lost: what was copied later is of the empty one in its place.
    """
    found = [base for base in found if lost is None or base.started <= lost]
    usable = [base for base in found if to is None or base.finished <= to]
    if not found:
        raise WalError("there is no copy of the databases to begin from")
    if not usable or to is None:
        if to is None:
            return found[-1]
        first = found[0].finished.isoformat(timespec="seconds")
        raise WalError(f"{to.isoformat(timespec='seconds')} is too early: the first moment is {first}")
    return usable[-1]


def configuration(run: Path, scratch: Scratch, to: datetime | None, position: str | None = None) -> str:
    """postgresql.conf of the recovered cluster: small, on no address, in no hurry to be durable."""
    # The newest segment is still being written and has another name.
    fetch = f'cp {shlex.quote(str(run))}/%f "%p" 2>/dev/null || cp {shlex.quote(str(run))}/%f.partial "%p" 2>/dev/null'
    rows = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": str(scratch.sockets),
        "unix_socket_permissions": "0700",
        "hba_file": str(scratch.folder / "pg_hba.conf"),
        "ident_file": str(scratch.folder / "pg_ident.conf"),
        "restore_command": fetch.replace("'", "''"),
        "recovery_target_action": "promote",
        "recovery_target_timeline": "latest",
        "hot_standby": "off",
        "max_connections": "20",
        "shared_buffers": "128MB",
        "maintenance_work_mem": "128MB",
        "fsync": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "off",
        "jit": "off",
        "timezone": "UTC",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        **({"recovery_target_lsn": position} if position else {}),
        **({"recovery_target_time": to.astimezone(UTC).isoformat(sep=" ")} if to else {}),
    }
    return "".join(f"{name} = '{value}'\n" for name, value in rows.items())


def start(scratch: Scratch) -> str | None:
    """Start the cluster and wait until its recovery is over; None when it reached its target.

    Else the kept changes end before the moment: the position of the last of them.
    """
    scratch.log.unlink(missing_ok=True)
    program = [str(BIN / "pg_ctl"), "start", "-w", "-t", "86400", "-s", "-D", str(scratch.data), "-l", str(scratch.log)]
    as_postgres(*program, "-o", f"-c config_file={scratch.folder / 'postgresql.conf'}", check=False)
    ready = [str(BIN / "pg_isready"), "-q", "-h", str(scratch.sockets), "-p", str(PORT)]
    # pg_ctl comes back when the recovery begins: what is wanted is its end, however long it takes.
    while as_postgres(*ready, check=False).returncode != 0:
        if not is_running(scratch):
            said = scratch.log.read_text(encoding="utf-8", errors="replace") if scratch.log.exists() else "no word"
            if SHORT in said and (last := LAST.search(said)):
                return last[1]
            raise WalError(f"the recovery failed: {said.strip()[-800:]}")
        time.sleep(0.2)
    return None


def kept_in(run: Path) -> dict[int, str]:
    """Place → name of every kept segment, also of the one that is being written."""
    names = (path.name.partition(".")[0] for path in run.iterdir())
    return {index_of(name): name for name in names if SEGMENT.fullmatch(name)}


def first_bad(run: Path, last: int, timeline: int, newest: int) -> str | None:
    """The first segment from the last change of a recovery on that is missing or damaged; None when none is.

    A recovery ends quietly where it can read no further. Only the segment that was the newest when it began
    (`newest`, its place) is a natural end: what has come since does not count.
    """
    there, known, first = kept_in(run), known_sums(run), last // SEGMENT_BYTES
    for place in range(first, newest + 1):
        name = there.get(place) or segment_of(place * SEGMENT_BYTES, timeline)
        finished = run / name
        if place not in there or (finished.exists() and not intact(finished, known)):
            return name
    # The changes go on beyond the next segment, and yet none of them could be read: a record across two segments.
    return there[first + 1] if newest > first + 1 else None


def refuse_bad(scratch: Scratch, run: Path, base: Base, newest: int) -> None:
    """WalError when a recovery that ended before its moment did so at a change that is damaged or missing."""
    said = scratch.log.read_text(encoding="utf-8", errors="replace") if scratch.log.exists() else ""
    done, until = LAST.search(said), UNTIL.findall(said)
    if bad := first_bad(run, number(done[1]) if done else base.start, base.timeline, newest):
        reached = until[-1] if until else base.finished.isoformat(timespec="seconds")
        raise WalError(
            f"{run.name}/{bad} is damaged or missing: from the copy {base.name} no moment after {reached} can be "
            "recovered. Name an earlier moment, or one after the next copy of the whole"
        )


def is_running(scratch: Scratch) -> bool:
    """Whether the cluster's server runs, ready or not."""
    return as_postgres(str(BIN / "pg_ctl"), "status", "-D", str(scratch.data), check=False).returncode == 0


def write(scratch: Scratch, name: str, content: str) -> None:
    """A file of the cluster's configuration, readable by postgres."""
    path = scratch.folder / name
    path.write_text(content, encoding="utf-8")
    shutil.chown(path, "postgres", "postgres")


def opened(scratch: Scratch) -> dict[str, Any] | None:
    """How a cluster that is running was opened; None when it is not complete or not running."""
    if not scratch.told.exists():
        return None
    told: dict[str, Any] = json.loads(scratch.told.read_text(encoding="utf-8"))
    return told if is_running(scratch) else None


def open_at(settings: Settings, name: str, to: datetime | None, lost: datetime | None = None) -> dict[str, Any]:
    """Recover to the moment and leave the cluster running; the one that is already open at that moment is taken.

    WalError says why it cannot be; nothing is left then but what the server said, in the error's text.
    """
    scratch = Scratch(settings.store / "scratch" / name)
    wanted = to.isoformat() if to else None
    if to and to > datetime.now(UTC):
        raise WalError(f"{to.isoformat(timespec='seconds')} has not come yet")
    told = opened(scratch)
    if told and told["to"] == wanted:
        return told
    close(settings, name)
    base = base_for(bases(settings.store), to, lost)
    try:
        return recover(scratch, settings.store / "wal" / base.run, base, to)
    except WalError:
        close(settings, name)
        raise


def prepare(scratch: Scratch, base: Base) -> None:
    """The copy of the whole, ready to be recovered, with a socket's folder that only postgres enters."""
    scratch.folder.mkdir(parents=True)
    scratch.folder.chmod(0o750)
    scratch.sockets.mkdir(parents=True, exist_ok=True)
    scratch.sockets.parent.chmod(0o711)
    for folder in (scratch.folder, scratch.sockets):
        shutil.chown(folder, "postgres", "postgres")
    scratch.sockets.chmod(0o700)
    subprocess.run(["cp", "-a", "--reflink=auto", str(base.folder), str(scratch.data)], check=True)
    subprocess.run(["chown", "-R", "postgres:postgres", str(scratch.data)], check=True)
    (scratch.data / "postgresql.auto.conf").write_text("")
    write(scratch, "data/recovery.signal", "")
    write(scratch, "pg_hba.conf", "local all all peer map=scratch\n")
    write(scratch, "pg_ident.conf", "scratch postgres postgres\nscratch root postgres\n")


def recover(scratch: Scratch, run: Path, base: Base, to: datetime | None) -> dict[str, Any]:
    """Recover a copy to the moment and start it; returns how it went."""
    began = time.monotonic()
    prepare(scratch, base)
    copied = time.monotonic()
    write(scratch, "postgresql.conf", configuration(run, scratch, to))
    ended, newest = "moment" if to else "last change", max(kept_in(run), default=0)
    try:
        last_change = start(scratch)
    except WalError:
        refuse_bad(scratch, run, base, newest)
        raise
    if last_change or to is None:
        refuse_bad(scratch, run, base, newest)
    if last_change:
        # Nothing had been changed between it and the moment. Newer changes may have come meanwhile: they do not count.
        write(scratch, "postgresql.conf", configuration(run, scratch, None, last_change))
        ended = "last change"
        start(scratch)
    last = query(scratch, "SELECT pg_last_xact_replay_timestamp()")
    told = {
        "name": scratch.folder.name,
        "to": to.isoformat() if to else None,
        "base": base.name,
        "ended": ended,
        "reached": datetime.fromisoformat(last).isoformat() if last else base.finished.isoformat(),
        "socket": str(scratch.sockets),
        "port": PORT,
        "bytes": base.bytes,
        "copy_seconds": round(copied - began, 2),
        "recover_seconds": round(time.monotonic() - copied, 2),
    }
    scratch.told.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return told


def query(scratch: Scratch, sql: str, database: str = "postgres") -> str:
    """The answer of a recovered cluster."""
    where = ["-h", str(scratch.sockets), "-p", str(PORT), "-d", database]
    return as_postgres("psql", "-XqAt", *where, "-c", sql).stdout.strip()


def close(settings: Settings, name: str) -> bool:
    """Stop a recovered cluster and remove it, also one whose recovery was cut short; whether there was one."""
    scratch = Scratch(settings.store / "scratch" / name)
    if not scratch.folder.exists():
        return False
    if scratch.data.exists():
        as_postgres(str(BIN / "pg_ctl"), "stop", "-m", "immediate", "-w", "-s", "-D", str(scratch.data), check=False)
    shutil.rmtree(scratch.folder)
    shutil.rmtree(scratch.sockets, ignore_errors=True)
    return True


def window(settings: Settings) -> dict[str, Any]:
    """From when to when moments can be recovered, and the copies they begin from."""
    found = bases(settings.store)
    figures = Path("/var/lib/prometheus/node-exporter/kura_wal_archive.prom")
    last = None
    for line in figures.read_text().splitlines() if figures.exists() else ():
        if line.startswith("kura_wal_archive_last_caught_up_timestamp_seconds "):
            last = datetime.fromtimestamp(float(line.split()[1]), UTC).isoformat(timespec="seconds")
    rows = [{"name": base.name, "finished": base.finished.isoformat(), "bytes": base.bytes} for base in found]
    return {"from": rows[0]["finished"] if rows else None, "to": last, "copies": rows}


def moment(said: str) -> datetime:
    """A moment with its zone, from the command line."""
    value = datetime.fromisoformat(said)
    if value.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{said} has no zone: write 2026-03-01T10:15:00+09:00")
    return value


def main() -> int:
    """Do what the arguments ask; the result is the last line, as JSON."""
    parser = argparse.ArgumentParser(description="recover the databases at a moment, beside everything")
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("window")
    one = acts.add_parser("open")
    one.add_argument("name")
    one.add_argument("--to", type=moment)
    one.add_argument("--lost", type=moment)
    acts.add_parser("close").add_argument("name")
    options = parser.parse_args()
    os.umask(0o077)
    # A connection that is cut ends this program, not the server that it has started.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        settings = Settings.read()
        if options.act != "window" and not NAME.fullmatch(options.name):
            raise WalError(f"{options.name}: small letters, digits and _ only")
        if options.act == "window":
            result = window(settings)
        elif options.act == "open":
            result = open_at(settings, options.name, options.to, options.lost)
        else:
            result = {"closed": close(settings, options.name)}
    except (WalError, OSError, subprocess.CalledProcessError) as error:
        print(json.dumps({"error": str(error)}, ensure_ascii=False))
        return 1
    print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
