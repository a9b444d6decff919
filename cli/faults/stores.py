"""What is kept: restores while the counters lend, and segments of backups and changes that went bad on their disk."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from backup import drill as restore
from backup.recovery import RecoveryError, name_of
from cli import evidence, ledger
from cli.context import Context, Refused
from cli.faults.case import Case
from cli.ledger import Counters
from cli.restore import of_context

COPY = "/srv/kura-drill-borg"
# All on a copy: a check writes into the repository that it reads. The copy is whole before it is spoilt.
COPIED = "rm -rf {copy} && cp -a {folder} {copy}"
# A byte in the middle of the largest segment is turned round.
SPOIL = """
set -e
segment=$(find {copy}/data -type f -printf '%s %p\\n' | sort -n | tail -n 1 | cut -d' ' -f2)
at=$(($(stat -c %s "$segment") / 2))
was=$(od -An -tu1 -j $at -N 1 "$segment")
printf "\\\\$(printf %03o $((255 - was)))" | dd of="$segment" bs=1 seek=$at conv=notrunc status=none
"""
CHECK = (
    "cd /srv && export BORG_BASE_DIR=$(mktemp -d) BORG_RELOCATED_REPO_ACCESS_IS_OK=yes "
    "BORG_PASSCOMMAND='cat /etc/kura/borg-server/passphrases/{host}'; borg check --repository-only {folder}; code=$?; "
    'rm -rf "$BORG_BASE_DIR"; exit $code'
)

SETTINGS = "/etc/kura/wal/settings.json"
KEPT = "/srv/kura-drill-wal"
# Finished segments alone, in a copy: the one that is being written gets another name at any moment.
WAL_COPY = (
    "rm -rf {copy} && mkdir {copy} && cd {store} && find wal -type f -regextype posix-extended "
    "-regex '.*/[0-9A-F]{{24}}' -exec cp -a --parents {{}} {copy}/ \\; && "
    "find {copy} -type f | sort | tail -n 1"
)
# Other bytes than they were, in the middle of the segment.
WAL_SPOIL = (
    "dd if=/dev/urandom of={segment} bs=1 seek=$(($(stat -c %s {segment}) / 2)) count=64 conv=notrunc status=none"
)
WAL_CHECK = (
    "cd / && PYTHONPATH=/usr/local/lib/kura python3 -c 'import json, pathlib; from backup.base import verify; "
    'print(json.dumps(verify(pathlib.Path("{copy}")).damaged))\''
)


class RestoreUnderLoad(Case):
    """A file and the database are restored beside the live ones and compared, while the counters lend."""

    kind = "restore"

    def __init__(self, context: Context) -> None:
        super().__init__(context, "drill")
        self.title = "貸出中の復元"

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(host.name for host in restore.drilled_hosts(self.context.site))

    def strike(self, counters: Counters) -> str:
        try:
            result = restore.run(self.context.site, self.context.twin.shell, self.context.progress)
        except restore.DrillError as error:
            raise Refused(f"{self.name}: {error}") from None
        if not result["passed"]:
            raise Refused(f"{self.name}: the restore is not equal to the moment of the backup")
        rows = result["figures"]["restore_rows_compared"]["value"]
        return f"{rows:.0f} rows restored and compared"


class BadSegment(Case):
    """A copy of a repository gets a bad byte: the check finds it, and finds nothing in the repository itself."""

    kind = "corrupt"

    def __init__(self, context: Context, host: str) -> None:
        super().__init__(context, f"borg-{host}")
        self.of, self.at = host, context.site.backup.repository
        self.title = f"バックアップの破損（{host} の控えの複製）"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.at,)

    def strike(self, counters: Counters) -> str:
        folder = f"{self.context.site.backup.path}/{self.of}"
        self.must(self.at, COPIED.format(folder=folder, copy=COPY), 300)
        code, said = self.run(self.at, CHECK.format(host=self.of, folder=COPY), 300)
        if code:
            raise Refused(f"{self.name}: the repository itself is not whole: {said.strip()[-300:]}")
        self.must(self.at, SPOIL.format(copy=COPY), 300)
        code, said = self.run(self.at, CHECK.format(host=self.of, folder=COPY), 300)
        if code == 0 or "integrity" not in said.lower():
            raise Refused(f"{self.name}: the check did not find the bad byte: {said.strip()[-300:]}")
        self.figures = {"corrupt_borg_found": evidence.figure(1, "segments", 1, at_most=False)}
        return "one byte of a segment: found"

    def mend(self) -> None:
        self.run(self.at, f"rm -rf {COPY}")


class Moment(Case):
    """The databases are brought back beside everything as they were at a moment, while the counters lend on.

    What the counters had been told until that moment is compared with what was brought back.
    """

    kind = "restore"

    def __init__(self, context: Context) -> None:
        super().__init__(context, "moment")
        self.title = "貸出中の任意時点への復元"
        self.keeper = context.site.backup.repository

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.keeper,)

    def strike(self, counters: Counters) -> str:
        recovery = of_context(self.context)
        try:
            if not recovery.window()["copies"]:
                self.must(self.keeper, "systemctl start kura-wal-base.service", 300)
            told, moment = counters.tally()["out"], datetime.now(UTC)
            counters.go()
            counters.wait_answered(10)
            began, name = time.monotonic(), name_of(moment, moment)
            opened = recovery.open(name, moment)
            try:
                there = self._there(recovery.there(opened, "psql -XqAt -v ON_ERROR_STOP=1 -d kura"), counters)
            finally:
                recovery.close(name)
        except RecoveryError as error:
            raise Refused(f"{self.name}: {error}") from None
        seconds, wrong = time.monotonic() - began, sum(told.get(item) != there.get(item) for item in {*told, *there})
        self.figures = {
            "restore_moment_seconds": evidence.figure(seconds, "s"),
            "restore_moment_loans": evidence.figure(len(there), "loans"),
            "restore_moment_wrong": evidence.figure(wrong, "loans", 0),
        }
        if not told:
            raise Refused(f"{self.name}: nothing was out at that moment")
        return f"{len(there)} loans as they were {seconds:.0f} s ago, {wrong} otherwise"

    def _there(self, psql: str, counters: Counters) -> dict[str, str]:
        """The open loans of the counters' items in what was brought back."""
        sql = ledger.OPEN % ",".join(counters.given["items"])
        code, said = self.context.twin.shell(self.keeper, psql, stdin=sql, patience=60)
        if code:
            raise Refused(f"{self.name}: {said.strip()[-300:]}")
        found: dict[str, str] = json.loads(said)
        return found


class BadChanges(Case):
    """A segment of a copy of the kept changes goes bad: the check names it."""

    kind = "corrupt"

    def __init__(self, context: Context) -> None:
        super().__init__(context, "wal")
        self.title = "変更記録（WAL）の破損（複製）"
        self.keeper = context.site.backup.repository

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.keeper,)

    def strike(self, counters: Counters) -> str:
        store = json.loads(self.must(self.keeper, f"cat {SETTINGS}"))["store"]
        ledger.ask(self.context, "SELECT to_json(pg_switch_wal()::text)")
        segment = ""

        def finished() -> bool:
            nonlocal segment
            segment = self.must(self.keeper, WAL_COPY.format(copy=KEPT, store=store), 120).strip()
            return bool(segment)

        if not ledger.until(finished, 60):
            raise Refused(f"{self.name}: no segment of changes is finished on {self.keeper}")
        if before := self._damaged():
            raise Refused(f"{self.name}: the kept changes themselves are damaged: {before}")
        self.must(self.keeper, WAL_SPOIL.format(segment=segment))
        found = self._damaged()
        if len(found) != 1 or not segment.endswith(found[0]):
            raise Refused(f"{self.name}: {segment} was spoilt, the check found {found or 'nothing'}")
        self.figures = {"corrupt_wal_found": evidence.figure(1, "segments", 1, at_most=False)}
        return f"{found[0].rsplit('/', 1)[-1]}: found"

    def _damaged(self) -> list[str]:
        said = self.must(self.keeper, WAL_CHECK.format(copy=KEPT), 120)
        found: list[str] = json.loads(said.strip().splitlines()[-1])
        return found

    def mend(self) -> None:
        self.run(self.keeper, f"rm -rf {KEPT}")


def cases(context: Context) -> Iterator[Case]:
    """Restores, and bad segments of the database's backups and of its changes."""
    yield RestoreUnderLoad(context)
    yield Moment(context)
    for host in context.site.service("database").hosts:
        yield BadSegment(context, host.name)
    yield BadChanges(context)
