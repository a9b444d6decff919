"""`./kura drill alarms`: every service is stopped once; minutes until it is on the screen and in somebody's mail."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import Any

from cli.context import Context, Refused
from monitoring import alarm_cases, alarm_drill


def run(context: Context) -> dict[str, Any]:
    """The drill as the arguments say: `case`, `again`. An interrupted one goes on where it was, and does again
    what failed."""
    given, book = context.arguments, alarm_drill.Book(context.state / "drills" / "alarms.json")
    drill = alarm_drill.Drill(context.site, context.twin.shell, book, context.progress)
    book.load()
    if book.struck:
        context.progress("the interrupted drill's services are started again")
        drill.mend()
    book.rows = [row for row in book.rows if row.passed and not given.again]
    hosts = [host.name for host in context.twin.running() if host.kind in ("server", "router")]
    if missing := sorted({drill.monitor, drill.relay} - set(hosts)):
        raise Refused(f"{', '.join(missing)}: not running, and without it nobody is told; start it with: ./kura up")
    todo = chosen(alarm_cases.cases(context.site, drill.active(hosts)), given.case)
    done = {row.case for row in book.rows}
    if done & {case.name for case in todo}:
        context.progress(f"{len(done)} services were done before the interruption")
    try:
        for some in alarm_cases.waves([case for case in todo if case.name not in done]):
            drill.wave(some)
    except alarm_drill.DrillError as error:
        raise Refused(str(error)) from None
    wanted = {case.name for case in todo}
    found = alarm_drill.result([row for row in book.rows if row.case in wanted])
    if found["passed"]:
        book.path.unlink(missing_ok=True)
    return found


def chosen(everything: list[alarm_cases.Case], patterns: list[str]) -> list[alarm_cases.Case]:
    """Those whose name a pattern matches (`dns`, `ssh/gw1`, `*/db1`); Refused when one matches nothing."""
    for pattern in patterns:
        if not any(_fits(case, pattern) for case in everything):
            names = ", ".join(case.name for case in everything)
            raise Refused(f"no service is called {pattern}; there are: {names}", 2)
    return [case for case in everything if not patterns or any(_fits(case, pattern) for pattern in patterns)]


def _fits(case: alarm_cases.Case, pattern: str) -> bool:
    return fnmatch(case.name, pattern) or case.name.split("/")[0] == pattern
