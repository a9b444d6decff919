"""The alarm drill: every service is stopped once; how long until somebody sees it on the screen and has it by mail?

What it stops: `alarm_cases.py`. It acts on running hosts through `shell(host, command) -> (rc, output)`. Services are
stopped in waves: those whose alarms can be told apart and that do not take each other's alarm away go together. Each
host starts its service again by itself, should nobody do so. The goal is the acceptance of S-MON-001: five minutes.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from inventory import Inventory
from monitoring import targets
from monitoring.alarm_cases import BESIDE, UNITS, Case

Shell = Callable[[str, str], tuple[int, str]]
GOAL_SECONDS = 300.0
# A service comes back by itself this long after it was stopped.
RESCUE_SECONDS = 480
PAUSE_SECONDS = 3.0
STOPPERS = 6
# How the mail of an alert goes on after its summary (targets.MAIL_TEXT), and what the watcher's says.
FIRING = "発生中"
WATCHER = "監視そのものが止まっています"


@dataclass(frozen=True)
class Row:
    """What came of one case: seconds to the screen and to the first mail; None: it did not come, or has no such way."""

    case: str
    title: str
    host: str
    alert: str
    screen: float | None
    mail: float | None
    ways: tuple[str, ...]

    @property
    def seconds(self) -> float | None:
        """Until somebody was told in every way that there was; None when one did not come."""
        came = [{"screen": self.screen, "mail": self.mail}[way] for way in self.ways]
        known = [one for one in came if one is not None]
        return max(known) if known and len(known) == len(came) else None

    @property
    def passed(self) -> bool:
        """Whether that was within the goal."""
        return self.seconds is not None and self.seconds <= GOAL_SECONDS

    def line(self) -> str:
        """One line of the table."""
        cells = [
            f"{way} {value:5.0f} s" if value is not None else f"{way}   {'none' if way in self.ways else '—':>5}"
            for way, value in (("screen", self.screen), ("mail", self.mail))
        ]
        return f"{'ok    ' if self.passed else 'FAILED'} {self.case:<44} {'  '.join(cells)}  {self.alert or 'watcher'}"


# Which units run, of those that can be asked for.
_ACTIVE = "for unit in {units}; do systemctl is-active --quiet $unit && echo $unit; done; true"
# A service starts again by itself when nobody comes back to start it.
_STOP = (
    "systemctl reset-failed {rescue}.timer {rescue}.service 2>/dev/null; "
    "systemd-run --quiet --unit={rescue} --on-active={seconds} systemctl start {units} && systemctl stop {units}"
)
_START = "systemctl start {units} && {{ systemctl stop {rescue}.timer 2>/dev/null; true; }}"
# What Alertmanager knows and what the console's screen shows, as JSON; either may be away.
_SEEN = """\
import json, sqlite3, urllib.request
try:
    known = json.load(urllib.request.urlopen("http://127.0.0.1:9093/api/v2/alerts", timeout=10))
except OSError:
    known = []
rows = sqlite3.connect("file:/var/lib/kura/console.sqlite3?mode=ro", uri=True, timeout=20).execute(
    "SELECT labels, summary FROM operations_alertevent WHERE ends_at IS NULL AND starts_at >= datetime(?, 'unixepoch')",
    [BEGAN])
shown = [{"labels": json.loads(labels), "summary": summary} for labels, summary in rows]
fired = [{"labels": one["labels"], "summary": one["annotations"].get("summary", "")} for one in known]
print(json.dumps({"fired": fired, "shown": shown}))
"""
# The mails that lie at their recipients since a moment: when, and what they say.
_MAILS = """\
import email, glob, json, os
from email import policy
found = []
for path in glob.glob("/var/lib/kura-sink/**", recursive=True):
    try:
        at = os.stat(path).st_mtime
        if not os.path.isfile(path) or at < BEGAN:
            continue
        mail = email.message_from_binary_file(open(path, "rb"), policy=policy.default)
    except OSError:
        continue
    body = mail.get_body(("plain",))
    found.append([at, f"{mail['Subject']}\\n{body.get_content() if body else ''}"])
print(json.dumps([[at, text.replace("\\r", "")] for at, text in found]))
"""


@dataclass
class Book:
    """What a drill has done so far, on disk: an interrupted one starts what it had stopped and goes on."""

    path: Path
    rows: list[Row] = field(default_factory=list)
    struck: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)

    def load(self) -> None:
        """Read what an interrupted drill left."""
        if self.path.exists():
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            self.rows = [row_of(row) for row in kept["rows"]]
            self.struck = [(host, tuple(units)) for host, units in kept["struck"]]

    def save(self) -> None:
        """Write it down."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"rows": [asdict(row) for row in self.rows], "struck": self.struck}
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        fresh.replace(self.path)


class Drill:
    """One drill on the hosts that `shell` reaches."""

    def __init__(self, site: Inventory, shell: Shell, book: Book, tell: Callable[[str], None]) -> None:
        self.site, self.shell, self.book, self.tell = site, shell, book, tell
        self.monitor = site.service("alertmanager").hosts[0].name
        self.relay = site.service("mail").hosts[0].name

    def active(self, hosts: Sequence[str]) -> dict[str, set[str]]:
        """Host → units of this drill that run there."""
        units = sorted({unit for units in UNITS.values() for unit in units} | set(BESIDE))
        command = _ACTIVE.format(units=" ".join(units))
        return {host: set(self.shell(host, command)[1].split()) for host in hosts}

    def mend(self) -> str:
        """Start all that is stopped; what did not start."""
        trouble = []
        deadline = time.time() + RESCUE_SECONDS
        for host, units in self.book.struck:
            command = _START.format(units=" ".join(reversed(units)), rescue=_rescue(units))
            code, said = self.shell(host, command)
            while code and time.time() < deadline:  # a host without ssh is reached again when it has rescued itself
                time.sleep(PAUSE_SECONDS)
                code, said = self.shell(host, command)
            if code:
                trouble.append(f"{host}: {' '.join(units)}: {said.strip()[-200:]}")
        self.book.struck = []
        self.book.save()
        return "; ".join(trouble)

    def wave(self, some: Sequence[Case]) -> None:
        """Stop these, wait until each was told in all its ways or the goal is long past, start them, write down."""
        if not all(case.alert for case in some):
            self._await_watcher()
        self.book.struck = [(case.host, case.units) for case in some]
        self.book.save()
        began: dict[str, float] = {}
        screen: dict[str, float] = {}
        mail: dict[str, float] = {}
        try:
            with ThreadPoolExecutor(STOPPERS) as pool:
                for case, at in zip(some, pool.map(self._stop, some), strict=True):
                    began[case.name] = at
            self.tell(f"stopped: {', '.join(case.name for case in some)}")
            while time.time() - min(began.values()) < GOAL_SECONDS + 60 and not all(
                (not case.screen or case.name in screen) and (not case.mail or case.name in mail) for case in some
            ):
                self._look(some, began, screen, mail)
                for host in {case.host for case in some if "ssh.service" in case.units}:
                    self.shell(host, ":")  # the way that is open stays open
                time.sleep(PAUSE_SECONDS)
        finally:
            trouble = self.mend()
        if trouble:
            raise DrillError(f"not started again: {trouble}")
        for case in some:
            ways = tuple(way for way, there in (("screen", case.screen), ("mail", case.mail)) if there)
            row = Row(case.name, case.title, case.host, case.alert, screen.get(case.name), mail.get(case.name), ways)
            self.book.rows.append(row)
            print(row.line(), flush=True)
        self.book.save()

    def _await_watcher(self) -> None:
        """Wait until the watcher of the monitoring has no trouble: of trouble that goes on it tells once an hour."""
        deadline = time.time() + GOAL_SECONDS
        while (state := self._watcher()) is None or state.get("since") or state.get("told"):
            if time.time() > deadline:
                raise DrillError(f"{self.relay}: the watcher finds the monitoring in trouble before the drill does")
            time.sleep(PAUSE_SECONDS)

    def _watcher(self) -> dict[str, float] | None:
        kept = json.loads(targets.watcher(self.site, self.site.host(self.relay)))["state"]
        code, said = self.shell(self.relay, f"cat {kept}")
        try:
            found: dict[str, float] | None = json.loads(said) if code == 0 else None
        except ValueError:
            return None  # it is just being written
        return found

    def _stop(self, case: Case) -> float:
        """Stop one service; the moment just before."""
        at = time.time()
        command = _STOP.format(units=" ".join(case.units), rescue=_rescue(case.units), seconds=RESCUE_SECONDS)
        code, said = self.shell(case.host, command)
        if code:
            raise DrillError(f"{case.host}: {' '.join(case.units)} was not stopped: {said.strip()[-300:]}")
        return at

    def _look(
        self, some: Sequence[Case], began: dict[str, float], screen: dict[str, float], mail: dict[str, float]
    ) -> None:
        """Note when each case was first seen on the screen and in a mail."""
        first = min(began.values())
        seen = self._ask(self.monitor, _SEEN, first) or {"fired": [], "shown": []}
        now = time.time()
        mails = self._ask(self.relay, _MAILS, first) or []
        for case in some:
            if any(case.owns(row["labels"]) for row in seen["shown"]):
                screen.setdefault(case.name, now - began[case.name])
            rows = (*seen["fired"], *seen["shown"])
            words = {f"{row['summary']}\n{FIRING}" for row in rows if case.owns(row["labels"])}
            words |= set() if case.alert else {WATCHER}
            told = [at for at, text in mails if at >= began[case.name] and any(word in text for word in words)]
            if told:
                mail.setdefault(case.name, min(told) - began[case.name])

    def _ask(self, host: str, program: str, began: float) -> Any:
        text = program.replace("BEGAN", f"{began:.0f}")
        code, said = self.shell(host, f"python3 - <<'PROGRAM'\n{text}PROGRAM")
        try:
            return json.loads(said) if code == 0 else None
        except ValueError:
            return None


def row_of(kept: dict[str, Any]) -> Row:
    """A row as a book, or the record of a run, has it."""
    return Row(**{**kept, "ways": tuple(kept["ways"])})


class DrillError(Exception):
    """A step of the drill failed; the text says which and how."""


def _rescue(units: tuple[str, ...]) -> str:
    return "kura-drill-" + re.sub(r"[^a-z0-9]+", "-", units[-1].removesuffix(".service"))


def result(rows: Sequence[Row]) -> dict[str, Any]:
    """Figures, details for the evidence, and whether every stopped service was told of in time."""
    figures: dict[str, dict[str, Any]] = {
        "alarms_services": _figure(len(rows), "services", None),
        "alarms_late_or_missing": _figure(sum(not row.passed for row in rows), "services", 0),
    }
    known = [row.seconds for row in rows if row.seconds is not None]
    if known:
        figures["alarms_slowest"] = _figure(max(known), "s", GOAL_SECONDS)
        figures["alarms_middle"] = _figure(sorted(known)[len(known) // 2], "s", GOAL_SECONDS)
    for row in rows:
        if row.seconds is not None:
            figures[f"alarm_{row.case}"] = _figure(row.seconds, "s", GOAL_SECONDS)
    items = [
        {"title": f"{row.host} の{row.title}の停止", "passed": row.passed, "note": _note(row), "hosts": [row.host]}
        for row in rows
    ]
    return {"passed": bool(rows) and all(row.passed for row in rows), "figures": figures, "details": {"items": items}}


def _note(row: Row) -> str:
    parts = [
        f"{title} {value:.0f}秒" if value is not None else f"{title} なし"
        for way, title, value in (("screen", "画面", row.screen), ("mail", "通知", row.mail))
        if way in row.ways
    ]
    return f"{row.alert or '監視の見張り'}：{'、'.join(parts)}"


def _figure(value: float, unit: str, goal: float | None) -> dict[str, Any]:
    return {"value": round(value, 1), "unit": unit, "goal": goal, "met": None if goal is None else value <= goal}
