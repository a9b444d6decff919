"""Each host's disk runs full under load, and is emptied again.

The machine that carries the twin must never run full itself. So the host's /var moves to a file system of its own in
a small file for the time of the case: the host is shut down for that, before and afterwards. A mark beside the host's
disk says where /var is, and whatever was interrupted brings it back.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from cli import preflight
from cli.context import Context, Refused
from cli.faults.case import Case, missing
from cli.ledger import Counters, until
from lab.shell import run

ROOM_MB = 300
FULL_SECONDS = 15.0
BACK_SECONDS = 120.0
FILLER = "/var/.kura-drill-full"
FILL = (
    f"fallocate -l $(df --output=avail -B1 /var | tail -n 1) {FILLER}; "
    f"cat /dev/zero > {FILLER}.rest; ! head -c 65536 /dev/zero > {FILLER}.probe"
)
EMPTY = f"rm -f {FILLER} {FILLER}.rest {FILLER}.probe"
# A database has room in reserve in its old segments: it is made to need new ones.
WAL = (
    "cd / && for i in $(seq 12); do runuser -u postgres -- psql -XqAt -d kura "
    "-c \"SELECT pg_logical_emit_message(true, 'drill', 'full'), pg_switch_wal()\" >/dev/null 2>&1 || break; done; true"
)


class Full(Case):
    """/var of one host has no byte left."""

    kind = "disk"

    def __init__(self, context: Context, host: str, before: dict[str, list[str]]) -> None:
        super().__init__(context, host)
        self.title = f"{host} のディスク満杯"
        self.before = {host: before[host]}
        self.found = ""
        self.machine = context.twin.machine(host)
        home = self.machine.home
        self.image, self.aside, self.mark = home / "small.img", home / "small", home / "small.mark"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.target,)

    def strike(self, counters: Counters) -> str:
        self._move_out()
        self._on(counters)
        if self.run(self.target, FILL)[0]:
            raise Refused(f"{self.name}: there is still room on /var")
        began, answered = time.monotonic(), counters.answered()
        if self.target in {host.name for host in self.context.site.service("database").hosts}:
            self.run(self.target, WAL)
        time.sleep(max(0.0, FULL_SECONDS - (time.monotonic() - began)))
        answered = counters.answered() - answered
        self.must(self.target, EMPTY)
        back = counters.wait_answered(3)
        if not until(lambda: not missing(self.context, self.before), BACK_SECONDS):
            self.found = missing(self.context, self.before)
        return f"{answered} answers while full, the next {back:.0f} s after"

    def trouble(self) -> str:
        return self.found

    def mend(self) -> None:
        if not self.mark.exists():
            self._forget()
            if not self.machine.is_running():
                self._start()
            return
        if self.machine.is_running():
            self.run(self.target, EMPTY)
            self.machine.stop()
        self.machine.mount()
        if self._var.is_mount():
            run(["umount", self._var])
        self._mount(self.aside)
        run(["rsync", "-aHAX", "--delete", f"{self.aside}/", f"{self._var}/"])
        self._forget()
        self._start()

    @property
    def _var(self) -> Path:
        return self.machine.root / "var"

    def _move_out(self) -> None:
        """/var stands on the small file system from the next start on."""
        preflight.debian({"rsync": "rsync"}, self.context.progress)
        self.machine.stop()
        self.machine.mount()
        used = int(run(["du", "-sm", self._var]).stdout.split()[0])
        run(["truncate", "-s", f"{used + ROOM_MB}M", self.image])
        run(["mkfs.ext4", "-q", "-m", "0", self.image])
        self._mount(self.aside)
        run(["cp", "-a", f"{self._var}/.", f"{self.aside}/"])
        run(["umount", self.aside])
        self._mount(self._var)
        self.mark.write_text("The host's /var is in small.img: `./kura drill faults` brings it back.\n")

    def _mount(self, where: Path) -> None:
        where.mkdir(exist_ok=True)
        if not where.is_mount():
            run(["mount", "-o", "loop", self.image, where])

    def _forget(self) -> None:
        for where in (self.aside, self._var):
            if where.is_mount():
                run(["umount", where])
        self.image.unlink(missing_ok=True)
        if self.aside.exists():
            self.aside.rmdir()
        self.mark.unlink(missing_ok=True)

    def _start(self) -> None:
        self.machine.start()
        self.context.twin.wait_ssh([self.target])

    def _on(self, counters: Counters) -> None:
        self._start()
        counters.wait_answered(3)
        if not until(lambda: not missing(self.context, self.before), BACK_SECONDS):
            raise Refused(f"{self.name}: {missing(self.context, self.before)} (before its disk was full)")


def cases(context: Context, hosts: list[str], before: dict[str, list[str]]) -> Iterator[Case]:
    """Every running host."""
    for name in hosts:
        yield Full(context, name, before)
