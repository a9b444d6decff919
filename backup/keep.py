"""Looks after the repositories on the server that keeps them: thins out, gives room back, checks, and measures.

Runs as root on the backup server and works on each repository as the user `borg`. Standard library alone.
A client that has never been set up has no repository and is passed over; any other failure is the unit's failure.

A client's deletion only writes a mark, but giving room back makes every mark final. So a ledger of the archives that
the last round left is kept where no client reaches it: an archive that has gone since then stops the round for that
client before anything is given back, until the administrator has brought it back or removed the client's ledger.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backup.run import TEXTFILES, publish, room

CONFIGS = Path("/etc/kura/borg-server/keep")
LEDGERS = Path("/var/lib/kura/borg-ledger")
PATIENCE_SECONDS = 3 * 3600  # how long a backup that is under way may keep a round waiting

Archives = dict[str, str]  # name → id; a client can make a new archive of an old name, but not of an old id


class KeepError(Exception):
    """A repository could not be looked after; the text says why. Nothing was given back."""


@dataclass(frozen=True)
class Round:
    """What a round did for one client: whether all of it was good, and the names of archives that had vanished."""

    good: bool
    vanished: tuple[str, ...] = ()


def vanished(ledger: Mapping[str, str], found: Mapping[str, str]) -> tuple[str, ...]:
    """Names in the ledger whose archive is there no more, or is another one under the same name."""
    return tuple(sorted(name for name, number in ledger.items() if found.get(name) != number))


def archives(answer: list[dict[str, Any]]) -> Archives:
    """Name → id from the answer of `borgmatic repo-list --json`; KeepError when it lists no repository."""
    if len(answer) != 1 or "archives" not in answer[0]:
        raise KeepError("borgmatic lists no repository")
    return {row["name"]: row["id"] for row in answer[0]["archives"]}


def exposition(sizes: Mapping[str, int], rounds: Mapping[str, Round], at: float) -> str:
    """Prometheus' text: host → bytes, and how each host's round ended at the time `at`."""
    good = {host: f"{at:.0f}" for host, done in rounds.items() if done.good}
    families: dict[str, Mapping[str, object]] = {
        "kura_backup_repository_bytes": sizes,
        "kura_backup_keep_last_success_timestamp_seconds": good,
        "kura_backup_keep_success": {host: int(done.good) for host, done in rounds.items()},
        "kura_backup_archives_vanished": {host: len(done.vanished) for host, done in rounds.items()},
    }
    lines = []
    for name, values in families.items():
        lines.append(f"# TYPE {name} gauge")
        lines += [f'{name}{{host="{host}"}} {value}' for host, value in values.items()]
    return "\n".join(lines) + "\n"


def size_of(folder: Path) -> int:
    """Bytes of a repository's files."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


@contextmanager
def alone(store: Path, host: str) -> Iterator[None]:
    """Hold the lock that the client's own access shares (backup/borgmatic.py), so that nothing vanishes unseen."""
    number = os.open(store / f"{host}.lock", os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise KeepError("the client has held its repository for hours") from None
                time.sleep(1)
        yield
    finally:
        os.close(number)


def borgmatic(config: Path, *action: str) -> str:
    """What borgmatic prints for an action on a repository; KeepError when it fails (its words are in the journal)."""
    argv = ["runuser", "-u", "borg", "--", "borgmatic", "--config", str(config), *action]
    done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=False, cwd="/")
    if done.returncode != 0:
        raise KeepError(f"{config.stem}: borgmatic {action[0]} ended with {done.returncode}")
    return done.stdout


def listed(config: Path) -> Archives:
    """Every archive of the client, whichever job made it."""
    answer: list[dict[str, Any]] = json.loads(borgmatic(config, "repo-list", "--match-archives", "sh:*", "--json"))
    return archives(answer)


def read_ledger(host: str) -> Archives:
    """The archives that the last round left; empty before the first round."""
    path = LEDGERS / f"{host}.json"
    ledger: Archives = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return ledger


def write_ledger(host: str, found: Archives) -> None:
    """Replace a client's ledger atomically; only root reads it."""
    LEDGERS.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = LEDGERS / f".{host}.part"
    part.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    part.chmod(0o600)
    part.replace(LEDGERS / f"{host}.json")


def keep(store: Path, host: str, configs: list[Path], *, force: bool = False) -> Round:
    """Thin out and check one client's repository, unless an archive has vanished that no retention removed.

    Checks have their own frequency; `force` reads everything now.
    """
    ledger = read_ledger(host)
    try:
        if not (store / host / "config").is_file():
            raise KeepError(f"{host}: the repository is gone")
        with alone(store, host):
            gone = vanished(ledger, listed(configs[0]))
            if gone:
                print(f"{host}: archives have vanished, nothing is given back: {', '.join(gone)}", file=sys.stderr)
                return Round(good=False, vanished=gone)
            try:
                for config in configs:
                    borgmatic(config, "prune")
            finally:  # whatever a failed prune removed, the retention removed
                write_ledger(host, listed(configs[0]))
            borgmatic(configs[0], "compact")
        for config in configs:
            borgmatic(config, "check", *(["--force"] if force else []))
    except (KeepError, OSError, ValueError) as error:
        print(f"{host}: failed: {error}", file=sys.stderr)
        return Round(good=False)
    return Round(good=True)


def look_after(store: Path, *, force: bool = False) -> int:
    """One round over every repository that exists or has existed; returns the number of clients that failed."""
    clients: dict[str, list[Path]] = {}
    for config in sorted(CONFIGS.glob("*.yaml")):
        clients.setdefault(config.stem.rpartition("-")[0], []).append(config)
    known = {
        host: configs
        for host, configs in clients.items()
        if (store / host / "config").is_file() or (LEDGERS / f"{host}.json").is_file()
    }
    rounds = {host: keep(store, host, configs, force=force) for host, configs in known.items()}
    sizes = {host: size_of(store / host) for host in known}
    publish(TEXTFILES, "kura_backup_store", exposition(sizes, rounds, time.time()))
    publish(TEXTFILES, "kura_backup_room", room(store))
    return sum(not done.good for done in rounds.values())


if __name__ == "__main__":
    sys.exit(1 if look_after(Path(sys.argv[1]), force="--force" in sys.argv[2:]) else 0)
