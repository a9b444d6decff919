"""What is kept: a restore while the counters lend, and a segment of a backup that went bad on its disk."""

from __future__ import annotations

from collections.abc import Iterator

from backup import drill as restore
from cli import evidence
from cli.context import Context, Refused
from cli.faults.case import Case
from cli.ledger import Counters

COPY = "/srv/kura-drill-borg"
# A byte in the middle of the largest segment is turned round; the copy's own caches know nothing of it.
SPOIL = """
set -e
rm -rf {copy}; cp -a {folder} {copy}
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
        self.must(self.at, SPOIL.format(folder=folder, copy=COPY), 300)
        code, said = self.run(self.at, CHECK.format(host=self.of, folder=COPY), 300)
        if code == 0 or "integrity" not in said.lower():
            raise Refused(f"{self.name}: the check did not find the bad byte: {said.strip()[-300:]}")
        code, said = self.run(self.at, CHECK.format(host=self.of, folder=folder), 300)
        if code:
            raise Refused(f"{self.name}: the repository itself is not whole: {said.strip()[-300:]}")
        self.figures = {"corrupt_segments_found": evidence.figure(1, "segments", 1, at_most=False)}
        return "one byte of a segment: found"

    def mend(self) -> None:
        self.run(self.at, f"rm -rf {COPY}")


def cases(context: Context) -> Iterator[Case]:
    """A restore, and a bad segment of the database's backups."""
    yield RestoreUnderLoad(context)
    for host in context.site.service("database").hosts:
        yield BadSegment(context, host.name)
