"""Watches the watchman: does the monitoring still see, and could it still call? Runs on the mail relay, every minute.

Standard library alone. Prometheus raises one alert that never ends (Heartbeat) and renews it with Alertmanager every
minute. When Alertmanager cannot be asked, or its Heartbeat is old, the chain that would call somebody is broken, and
nothing of it can say so: this program then mails the people on duty itself, again every hour, and once when it is over.
What it last saw it leaves for Prometheus, so that each of the two notices the end of the other.
"""

from __future__ import annotations

import json
import smtplib
import sys
import time
import urllib.request
from dataclasses import asdict, dataclass
from datetime import datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

# How old a heartbeat may be, how long trouble may last before somebody is called, and when they are called again.
# Prometheus renews it every minute; with a look every minute somebody is called within five (S-MON-001).
STALE_SECONDS = 90
PATIENCE_SECONDS = 120
AGAIN_SECONDS = 3600
ASKED = "/api/v2/alerts?filter=alertname%3D%22Heartbeat%22"


@dataclass(frozen=True)
class State:
    """Since when there is trouble (0: there is none) and when people were last told of it (0: not yet)."""

    since: float = 0
    told: float = 0


def judge(now: float, trouble: str, state: State) -> tuple[State, str]:
    """The next state and what to tell: "alarm", "over" or nothing. `trouble` is why nothing was heard, or empty."""
    if not trouble:
        return State(), "over" if state.told else ""
    since = state.since or now
    if now - since < PATIENCE_SECONDS or (state.told and now - state.told < AGAIN_SECONDS):
        return State(since, state.told), ""
    return State(since, now), "alarm"


def heartbeat(url: str, now: float) -> str:
    """Why no fresh heartbeat can be seen in Alertmanager at the address; empty when one can."""
    try:
        with urllib.request.urlopen(url + ASKED, timeout=20) as answer:  # noqa: S310  the inventory names it
            alerts = json.load(answer)
        seen = [datetime.fromisoformat(alert["updatedAt"]).timestamp() for alert in alerts]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"通報（Alertmanager）に問い合わせできません: {error}"
    if not seen:
        return "監視（Prometheus）からの鼓動が通報（Alertmanager）に届いていません。"
    age = now - max(seen)
    return "" if age <= STALE_SECONDS else f"監視（Prometheus）からの鼓動が{age / 60:.0f}分届いていません。"


def message(settings: dict[str, Any], what: str, trouble: str, state: State) -> EmailMessage:
    """The mail to the people on duty."""
    mail = EmailMessage()
    mail["From"], mail["To"] = settings["from"], ", ".join(settings["to"])
    mail["Date"], mail["Message-ID"] = formatdate(localtime=True), make_msgid(domain=settings["domain"])
    since = datetime.fromtimestamp(state.since).astimezone() if state.since else None
    if what == "alarm":
        mail["Subject"] = f"【緊急】{settings['site']}: 監視そのものが止まっています"
        body = (
            f"{since:%Y/%m/%d %H:%M} から、監視が動いていることを確かめられません。\n\n{trouble}\n\n"
            "影響: 障害が起きても警報は出ません。\n"
            f"最初の手順: {settings['monitor']} の稼働を確かめ、systemctl status prometheus prometheus-alertmanager を"
            "確認してください。\n手順書: prometheus#WatcherStopped\n"
        )
    else:
        mail["Subject"] = f"【復旧】{settings['site']}: 監視は再び動いています"
        body = "監視の鼓動が戻りました。止まっていた間に警報の出なかった障害がないか、概況で確認してください。\n"
    mail.set_content(body)
    return mail


def _replace(path: Path, text: str) -> None:
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.chmod(0o644)
    part.replace(path)


def main(configuration: Path) -> int:
    """Look once; 1 when a mail could not be handed over (the next minute tries again)."""
    settings = json.loads(configuration.read_text(encoding="utf-8"))
    kept, now = Path(settings["state"]), time.time()
    try:
        state = State(**json.loads(kept.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        state = State()
    trouble = heartbeat(settings["alertmanager"], now)
    after, what = judge(now, trouble, state)
    if trouble:
        print(trouble)
    failed = False
    if what:
        try:
            with smtplib.SMTP("127.0.0.1", settings.get("port", 25), timeout=30) as server:
                server.send_message(message(settings, what, trouble, after))
        except OSError as error:
            print(f"could not hand over the mail: {error}", file=sys.stderr)
            # Not told: the next minute must try again.
            after, failed = (State(after.since, state.told) if trouble else state), True
    _replace(kept, json.dumps(asdict(after)))
    folder = Path(settings["textfiles"])
    if folder.is_dir():
        lines = (
            "# HELP kura_watcher_last_look_timestamp_seconds When the watcher last looked after the monitoring.\n"
            "# TYPE kura_watcher_last_look_timestamp_seconds gauge\n"
            f"kura_watcher_last_look_timestamp_seconds {now:.0f}\n"
        )
        _replace(folder / "kura_watcher.prom", lines)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
