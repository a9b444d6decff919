"""Generations of all backups that no administrator of production can change or remove. Runs on their keeper, as root.

    python3 -m backup.isolate due                      make a generation when one is due (after each keeper's round)
    python3 -m backup.isolate now                      make one now
    python3 -m backup.isolate verify                   read every generation and compare it with its checksums
    python3 -m backup.isolate list                     the generations (JSON)
    python3 -m backup.isolate put-back HOST WHEN       put a host's repository back as it was in a generation

A generation is a folder `<store>/_isolated/<when>`: every repository, the newest copy of the databases with
its changes, and SHA256SUMS. Clients come in as the user borg, each confined to its own; generations belong to
root, and nothing that arrives over the network is ever run as root here. What has not changed since the generation
before is linked with it, after its checksum was compared. The oldest goes only when a newer one has been read back.
Standard library alone.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from backup.base import bases, digest, index_of
from backup.keep import LEDGERS, KeepError, alone
from backup.run import TEXTFILES, publish, text
from backup.wal import STAMP, Settings, WalError

CONFIG = Path("/etc/kura/borg-server/isolated.json")
SUMS = "SHA256SUMS"
# include/uapi/linux/fs.h: the file system refuses every change of a file with this flag, to root as well.
GETFLAGS, SETFLAGS, IMMUTABLE = 0x80086601, 0x40086602, 0x10
SLACK = timedelta(hours=12)  # a round that comes a little early is the day's round all the same


@dataclass(frozen=True)
class Plan:
    """What isolated.json says (backup/moments.py)."""

    store: Path
    hosts: tuple[str, ...]
    every_days: int
    generations: int
    unchangeable: bool = True

    @classmethod
    def read(cls, path: Path = CONFIG) -> Plan:
        """The host's plan; KeepError when it has none."""
        try:
            said = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise KeepError(f"this host isolates nothing: {error}") from None
        return cls(**{**said, "store": Path(said["store"]), "hosts": tuple(said["hosts"])})

    @property
    def folder(self) -> Path:
        """Where the generations are; root's alone."""
        return self.store / "_isolated"


def generations(plan: Plan) -> list[Path]:
    """Every complete generation, oldest first."""
    return sorted(path for path in plan.folder.glob("*Z") if (path / SUMS).is_file())


def made(generation: Path) -> datetime:
    """When a generation was made, by its name."""
    return datetime.strptime(generation.name, STAMP).replace(tzinfo=UTC)


def is_due(plan: Plan, now: datetime) -> bool:
    """Whether the newest generation is older than the plan allows."""
    found = generations(plan)
    return not found or now - made(found[-1]) >= timedelta(days=plan.every_days) - SLACK


def flag(path: Path, on: bool) -> bool:
    """Make a file (un)changeable; False where the file system has no such flag."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        now = struct.unpack("i", fcntl.ioctl(descriptor, GETFLAGS, struct.pack("i", 0)))[0]
        wanted = now | IMMUTABLE if on else now & ~IMMUTABLE
        if wanted != now:
            fcntl.ioctl(descriptor, SETFLAGS, struct.pack("i", wanted))
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(descriptor)


def protect(plan: Plan, generation: Path) -> None:
    """Make everything of a generation unchangeable, where the file system can that."""
    for path in everything(generation) if plan.unchangeable else ():
        flag(path, on=True)


def everything(folder: Path) -> Iterator[Path]:
    """Every file and folder below a folder, and the folder itself last."""
    for root, _, names in os.walk(folder, topdown=False):
        yield from (Path(root) / name for name in names)
        yield Path(root)


def sums_of(generation: Path) -> dict[str, str]:
    """Relative path → checksum, as it was when the generation was made."""
    lines = (generation / SUMS).read_text(encoding="utf-8").splitlines()
    return {line[66:]: line[:64] for line in lines}


def take(sources: dict[str, Path], part: Path, before: Path | None) -> dict[str, str]:
    """Copy or link the sources (relative path → file) into a new generation; relative path → checksum."""
    known = sums_of(before) if before else {}
    sums: dict[str, str] = {}
    for name, source in sources.items():
        target = part / name
        target.parent.mkdir(parents=True, exist_ok=True)
        sums[name] = digest(source)
        old = before / name if before and known.get(name) == sums[name] else None
        if old and old.is_file() and digest(old) == sums[name]:
            flag(old, on=False)
            os.link(old, target)
            continue
        shutil.copyfile(source, target)
        target.chmod(0o400)
        if digest(target) != sums[name]:  # it was written to while it was copied: what was copied counts
            sums[name] = digest(target)
    return sums


def of_host(plan: Plan, host: str) -> dict[str, Path]:
    """A repository's files, under the names that they have in a generation."""
    folder = plan.store / host
    return {str(path.relative_to(plan.store)): path for path in sorted(folder.rglob("*")) if path.is_file()}


def of_databases(settings: Settings) -> dict[str, Path]:
    """The newest copy of the databases and the finished changes since, under the names they have in a generation."""
    found = bases(settings.store)
    if not found:
        return {}
    base = found[-1]
    run = settings.store / "wal" / base.run
    first = base.start // (16 * 1024 * 1024)
    changes = [path for path in run.iterdir() if len(path.name) == 24 and index_of(path.name) >= first]
    files = [path for path in base.folder.rglob("*") if path.is_file()]
    beside = base.folder.with_suffix(".json")
    return {f"_wal/{path.relative_to(settings.store)}": path for path in sorted([*files, *changes, beside])}


def make(plan: Plan, now: datetime) -> Path:
    """Make a generation; each repository is copied while nobody writes to it. An unfinished one is begun anew."""
    plan.folder.mkdir(mode=0o700, exist_ok=True)
    for left in plan.folder.glob("*.part"):
        remove(left)
    found = generations(plan)
    before = found[-1] if found else None
    part = plan.folder / f"{now:{STAMP}}.part"
    part.mkdir(mode=0o700)
    sums: dict[str, str] = {}
    for host in plan.hosts:
        if (plan.store / host / "config").is_file():
            with alone(plan.store, host):
                sums |= take(of_host(plan, host), part, before)
    try:
        sums |= take(of_databases(Settings.read()), part, before)
    except WalError as error:
        print(error, file=sys.stderr)  # a site whose keeper takes no changes
    (part / SUMS).write_text("".join(f"{sum_}  {name}\n" for name, sum_ in sorted(sums.items())), encoding="utf-8")
    os.sync()
    final = part.with_suffix("")
    part.rename(final)
    protect(plan, final)
    return final


def damaged(generation: Path) -> list[str]:
    """Names of a generation's files that are missing or are not what they were; reads all of it."""
    wrong = []
    for name, sum_ in sums_of(generation).items():
        try:
            if digest(generation / name) != sum_:
                wrong.append(name)
        except OSError:
            wrong.append(name)
    return wrong


def remove(generation: Path) -> None:
    """Remove a generation, or what is left of an unfinished one."""
    for path in [*everything(generation)][::-1]:
        flag(path, on=False)
    shutil.rmtree(generation)


def expire(plan: Plan) -> list[str]:
    """Remove generations beyond the plan's number, but only while the newest is good; their names."""
    found = generations(plan)
    old = found[: -plan.generations]
    if not old or damaged(found[-1]):
        return []
    # Links are shared with newer generations: their flag goes with the removal and comes back below.
    for generation in old:
        remove(generation)
    for generation in generations(plan):
        protect(plan, generation)
    return [path.name for path in old]


def figures(plan: Plan) -> tuple[dict[str, Any], list[str]]:
    """Metric values after reading every generation, and the names of files that are not what they were."""
    found = generations(plan)
    wrong = [f"{path.name}/{name}" for path in found for name in damaged(path)]
    inodes = {(status.st_dev, status.st_ino): status.st_size for status in map(os.lstat, _files(found))}
    values: dict[str, Any] = {
        "kura_backup_isolated_generations": len(found),
        "kura_backup_isolated_damaged_files": len(wrong),
        "kura_backup_isolated_bytes": sum(inodes.values()),
        "kura_backup_isolated_immutable": int(bool(found) and plan.unchangeable and flag(found[-1] / SUMS, on=True)),
        "kura_backup_isolated_verify_timestamp_seconds": time.time(),
    }
    if found:
        values["kura_backup_isolated_last_success_timestamp_seconds"] = made(found[-1]).timestamp()
    return values, wrong


def _files(found: list[Path]) -> Iterator[Path]:
    for generation in found:
        yield from (path for path in everything(generation) if path.is_file())


def put_back(plan: Plan, host: str, when: str) -> dict[str, Any]:
    """Put a host's repository back as it was in a generation; the present one is kept beside it.

    KeepError when there is no such generation or its copy is damaged: then nothing has been changed.
    """
    generation = plan.folder / when
    names = [name for name in sums_of(generation) if name.startswith(f"{host}/")] if generation.is_dir() else []
    if not names:
        raise KeepError(f"no generation {when} with {host}; there are: {[path.name for path in generations(plan)]}")
    wrong = [name for name in damaged(generation) if name.startswith(f"{host}/")]
    if wrong:
        raise KeepError(f"generation {when} of {host} is damaged: {', '.join(wrong[:5])}")
    live, part = plan.store / host, plan.store / f"_{host}.part"
    shutil.rmtree(part, ignore_errors=True)
    for name in names:
        target = part / Path(name).relative_to(host)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(generation / name, target)
    for path in everything(part):
        shutil.chown(path, "borg", "borg")
        path.chmod(0o700 if path.is_dir() else 0o600)
    aside = plan.store / f"_{host}.before-{datetime.now(UTC):{STAMP}}"
    with alone(plan.store, host):
        if live.exists():
            live.rename(aside)
        part.rename(live)
        (LEDGERS / f"{host}.json").unlink(missing_ok=True)
    identity = identity_of(live)
    # Borg refuses a repository that is older than the one it saw last: here, going back is what is meant.
    for seen in Path("/var/lib/borg/.config/borg/security").glob(f"{identity}/manifest-timestamp"):
        seen.unlink()
    before = str(aside) if aside.exists() else None
    return {"host": host, "generation": when, "files": len(names), "before": before, "id": identity}


def identity_of(repository: Path) -> str:
    """Borg's name of a repository, under which it remembers what it saw; empty when the file does not say."""
    lines = (repository / "config").read_text(encoding="utf-8", errors="replace").splitlines()
    return next((line.partition("=")[2].strip() for line in lines if line.startswith("id =")), "-")


def main() -> int:
    """Do what the arguments ask; exit 1 when it could not be done or something is damaged."""
    parser = argparse.ArgumentParser(description="generations of the backups that production cannot reach")
    acts = parser.add_subparsers(dest="act", required=True)
    for name in ("due", "now", "verify", "list"):
        acts.add_parser(name)
    back = acts.add_parser("put-back")
    back.add_argument("host")
    back.add_argument("when")
    options = parser.parse_args()
    os.umask(0o077)
    try:
        plan = Plan.read()
        if options.act == "list":
            print(json.dumps([{"name": path.name, "made": made(path).isoformat()} for path in generations(plan)]))
            return 0
        if options.act == "put-back":
            print(json.dumps(put_back(plan, options.host, options.when)))
            return 0
        if options.act == "now" or (options.act == "due" and is_due(plan, datetime.now(UTC))):
            print(f"made {make(plan, datetime.now(UTC)).name}")
            for name in expire(plan):
                print(f"removed {name}")
        elif options.act == "due":
            return 0
        values, wrong = figures(plan)
        publish(TEXTFILES, "kura_backup_isolated", text(values))
    except (KeepError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for name in wrong:
        print(f"damaged: {name}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
