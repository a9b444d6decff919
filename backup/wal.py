"""Takes every change of the database cluster as it happens, on the keeper of the backups. Standard library alone.

`receive` runs for ever as the user postgres (kura-wal-receive.service); `watch` measures every minute how far the kept
changes are behind the cluster. Below the store:

    wal/<system>-<when>/   one run of changes without a gap, of one cluster (its system identifier); pg_receivewal's
    base/<when>/           copies of the whole cluster, each with <when>.json beside it (backup/base.py)
    sums/<run>             checksum of every finished segment, as it was first read

A new run begins when the cluster is another one, or when the cluster has dropped changes that were not taken in time.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from backup.run import TEXTFILES, publish, room, text

SETTINGS = Path("/etc/kura/wal/settings.json")
PGPASS = "/etc/kura/wal/pgpass"
BIN = Path("/usr/lib/postgresql/17/bin")
STAMP = "%Y%m%dT%H%M%SZ"
WATCH_SECONDS = 20


class WalError(Exception):
    """Changes cannot be taken or used; the text says why."""


@dataclass(frozen=True)
class Settings:
    """What /etc/kura/wal/settings.json says (backup/moments.py)."""

    server: str
    port: int
    user: str
    slot: str
    store: Path
    days: int
    databases: tuple[str, ...]
    source: str
    repository: Path

    @classmethod
    def read(cls, path: Path = SETTINGS) -> Settings:
        """The host's settings; WalError when this host keeps no changes."""
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise WalError(f"this host keeps no database changes: {error}") from None
        lists = {"databases": tuple(said["databases"])}
        folders = {name: Path(said[name]) for name in ("store", "repository")}
        return cls(**{**said, **lists, **folders})

    @property
    def connection(self) -> str:
        """Connection string of the replication protocol: over TLS, to the name on the certificate."""
        return (
            f"host={self.server} port={self.port} user={self.user} passfile={PGPASS} sslmode=verify-full "
            f"sslrootcert=/etc/kura/tls/ca.crt connect_timeout=10 application_name=kura-archive"
        )


def number(lsn: str) -> int:
    """A position in the changes (`1/A0`) as a number of bytes."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def ask(settings: Settings, command: str) -> list[str]:
    """The answer's fields to a command of the replication protocol; WalError when the cluster does not answer."""
    argv = ["psql", "-XqAtw", "-F", "|", "-d", f"{settings.connection} replication=true", "-c", command]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise WalError(f"{settings.server}: {done.stderr.strip()[-300:]}")
    return done.stdout.strip().split("|")


@dataclass(frozen=True)
class Source:
    """The cluster as it is now: who it is, where its changes end, and from where on it still has ours."""

    system: str
    end: int
    taken: int | None  # None: it keeps nothing for us (the slot is missing, or its changes were dropped)
    slot: bool

    @property
    def behind(self) -> int | None:
        """Bytes of changes that are not kept yet."""
        return None if self.taken is None else max(0, self.end - self.taken)


def source(settings: Settings) -> Source:
    """Ask the cluster."""
    system, _, end, *_ = ask(settings, "IDENTIFY_SYSTEM")
    kind, taken, *_ = [*ask(settings, f"READ_REPLICATION_SLOT {settings.slot}"), "", ""]
    return Source(system, number(end), number(taken) if taken else None, bool(kind))


def runs(store: Path) -> list[Path]:
    """Every run of changes, oldest first."""
    return sorted((path for path in (store / "wal").glob("*-*") if path.is_dir()), key=lambda path: path.name[-16:])


def run_to_continue(store: Path, now: Source) -> Path | None:
    """The run that goes on with the cluster's changes; None when a new one must begin."""
    found = runs(store)
    if not found or now.taken is None or not found[-1].name.startswith(f"{now.system}-"):
        return None
    return found[-1]


def receive(settings: Settings) -> None:
    """Become pg_receivewal on the right run; it ends when the connection does, and systemd starts it again."""
    now = source(settings)
    folder = run_to_continue(settings.store, now)
    program = [str(BIN / "pg_receivewal"), "--slot", settings.slot, "--no-password", "--dbname", settings.connection]
    if folder is None:
        if now.slot:
            subprocess.run([*program, "--drop-slot"], check=True)
        subprocess.run([*program, "--create-slot", "--if-not-exists"], check=True)
        folder = settings.store / "wal" / f"{now.system}-{datetime.now(UTC):{STAMP}}"
        folder.mkdir(parents=True)
        print(f"a new run of changes begins: {folder.name}", flush=True)
    os.execv(  # noqa: S606 - without a shell is what is meant
        program[0],
        [*program, "--directory", str(folder), "--synchronous", "--status-interval", "1", "--no-loop"],
    )


def watch(settings: Settings, patience: float = WATCH_SECONDS) -> dict[str, float]:
    """Measure how long a position of the cluster takes until it is kept here; returns metric → value.

    What is measured is an upper bound of what would be lost if the cluster vanished now.
    """
    began = time.monotonic()
    wanted = source(settings)
    now = wanted
    while now.taken is None or now.taken < wanted.end:
        if time.monotonic() - began > patience:
            return {"kura_wal_archive_behind_bytes": float(wanted.end - now.taken) if now.taken else wanted.end}
        time.sleep(0.2)
        now = source(settings)
    return {
        "kura_wal_archive_behind_bytes": 0.0,
        "kura_wal_archive_delay_seconds": time.monotonic() - began,
        "kura_wal_archive_last_caught_up_timestamp_seconds": time.time(),
    }


def needs_base(store: Path) -> bool:
    """Whether the newest run has no copy of the whole to begin from: it cannot be recovered yet."""
    found = runs(store)
    names = {json.loads(path.read_text())["run"] for path in (store / "base").glob("*.json")}
    return bool(found) and found[-1].name not in names


def watch_once(settings: Settings) -> int:
    """One round of the watch: leave the figures, and have a copy of the whole made where one is missing."""
    publish(TEXTFILES, "kura_backup_room", room(settings.store))
    known = TEXTFILES / "kura_wal_archive.prom"
    try:
        values = watch(settings)
    except WalError as error:
        # The last good figures stay: their timestamp ages, and the alert looks at that.
        print(error, file=sys.stderr)
        return 1
    if "kura_wal_archive_last_caught_up_timestamp_seconds" not in values and known.is_file():
        last = "kura_wal_archive_last_caught_up_timestamp_seconds "
        kept = [line for line in known.read_text().splitlines() if line.startswith(last)]
        values |= {last.strip(): float(line.split()[1]) for line in kept}
    publish(TEXTFILES, "kura_wal_archive", text(values))
    if needs_base(settings.store):
        subprocess.run(["systemctl", "start", "--no-block", "kura-wal-base.service"], check=False)
    return 0


def main(argv: list[str]) -> int:
    """`receive` or `watch`."""
    try:
        settings = Settings.read()
        if argv == ["receive"]:
            receive(settings)
        if argv == ["watch"]:
            return watch_once(settings)
    except (WalError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    print("usage: python3 -m backup.wal receive | watch", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
