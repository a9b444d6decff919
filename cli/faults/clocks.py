"""The clock of a service jumps: a day and two hours ahead, then two hours back, then right again.

All hosts of the twin share this machine's clock, and no container can set it. So one service at a time is given a
clock of its own: the C library's answers to "what time is it" are shifted, while its monotonic clock and its waiting
stay as they are, as when a host's clock is set. (libfaketime cannot: it breaks the sleep of Python 3.13.) What the
kernel and other processes of that host see does not jump: chrony's answer to a jump is beyond the lab.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from cli import ledger, preflight
from cli.context import Context, Refused
from cli.faults.case import Case
from cli.ledger import Counters
from lab.shell import run

COMPILER = {"gcc": "gcc", "/usr/include/stdio.h": "libc6-dev"}
THERE = "/usr/local/lib/kura-drill-clock.so"
CLOCK = "/run/kura-drill-clock"
SOURCE = r"""
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long ahead(void) {
    char text[32] = "";
    int kept = errno, file = open("/run/kura-drill-clock", O_RDONLY | O_CLOEXEC);
    if (file >= 0) {
        if (read(file, text, sizeof text - 1) < 0) text[0] = 0;
        close(file);
    }
    errno = kept;
    return atol(text);
}
int clock_gettime(clockid_t which, struct timespec *at) {
    int said = syscall(SYS_clock_gettime, which, at);
    if (!said && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) at->tv_sec += ahead();
    return said;
}
int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""
JUMPS = ("+93600", "-7200", "+0")
AT_LEAST_SECONDS = 4.0
# A unit reads its variables from a drop-in; PostgreSQL's on Debian hand on only those of the cluster's own file.
DROP_IN = "/run/systemd/system/{unit}.d/90-drill.conf"
CLUSTER = "/etc/postgresql/17/main/environment"
# The application dates a loan by its own clock.
NEWEST = "SELECT extract(epoch FROM lent_at) FROM circulation_loan ORDER BY id DESC LIMIT 1"
MARK = "# clock of the fault drill"


class Jump(Case):
    """The clock of one service jumps."""

    kind = "clock"

    def __init__(self, context: Context, service: str, unit: str) -> None:
        super().__init__(context, service)
        self.unit, self.host = unit, context.site.service(service).hosts[0].name
        self.title = f"{self.host} の {unit.removesuffix('.service')} の時計の飛び（+26時間、-2時間）"

    @property
    def hosts(self) -> tuple[str, ...]:
        return (self.host,)

    def strike(self, counters: Counters) -> str:
        self._build(self.context.twin.machine(self.host).root / THERE.lstrip("/"))
        self._set("+0")
        self.must(self.host, self._install())
        self._restart()
        for jump in JUMPS:
            self._set(jump)
            began = time.monotonic()
            counters.wait_answered(8)
            time.sleep(max(0.0, AT_LEAST_SECONDS - (time.monotonic() - began)))
            if not ledger.until(lambda jump=int(jump): abs(self._ahead() - jump) < 600, 30):  # type: ignore[misc]
                raise Refused(f"{self.name}: the clock of {self.unit} did not jump to {jump} s")
        return "jumps of " + ", ".join(f"{int(jump) / 3600:+.0f} h" for jump in JUMPS[:2])

    def mend(self) -> None:
        code, _ = self.run(self.host, f"test -e {THERE}")
        if code == 0:
            self.must(self.host, self._remove())
            self._restart()
            self.run(self.host, f"rm -f {THERE} {CLOCK}")

    @property
    def _is_cluster(self) -> bool:
        return self.unit.startswith("postgresql@")

    def _build(self, there: Path) -> None:
        preflight.debian(COMPILER, self.context.progress)
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "clock.so"
            run(["gcc", "-shared", "-fPIC", "-O2", "-x", "c", "-", "-o", made], text=SOURCE)
            shutil.copy(made, there)
        there.chmod(0o755)

    def _install(self) -> str:
        if self._is_cluster:
            return f"printf '%s\\n' '{MARK}' \"LD_PRELOAD = '{THERE}'\" >> {CLUSTER}"
        path = DROP_IN.format(unit=self.unit)
        lines = f"'[Service]' 'Environment=LD_PRELOAD={THERE}'"
        return f"mkdir -p $(dirname {path}) && printf '%s\\n' {lines} > {path} && systemctl daemon-reload"

    def _remove(self) -> str:
        if self._is_cluster:
            return f"sed -i '/^{MARK}$/,$d' {CLUSTER}"
        path = DROP_IN.format(unit=self.unit)
        return f"rm -f {path}; rmdir $(dirname {path}) 2>/dev/null; systemctl daemon-reload"

    def _restart(self) -> None:
        self.must(self.host, f"systemctl restart {self.unit}", 120)

    def _set(self, offset: str) -> None:
        """Atomically: a process that reads half of it would jump anywhere."""
        self.must(
            self.host, f"printf '%s\\n' '{offset}' > {CLOCK}.new && chmod 644 {CLOCK}.new && mv {CLOCK}.new {CLOCK}"
        )

    def _ahead(self) -> float:
        """Seconds by which the service is ahead, as it says itself."""
        asked = "SELECT extract(epoch FROM now())" if self._is_cluster else NEWEST
        return float(ledger.ask(self.context, asked)) - time.time()


def cases(context: Context) -> Iterator[Case]:
    """The application and the database: what dates loans."""
    yield Jump(context, "library", "kura-library.service")
    yield Jump(context, "database", "postgresql@17-main.service")
