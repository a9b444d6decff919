"""A console in which known things happened in the third quarter of 2026; prints what `manage records` prints of it.

A program of its own (`python -m tests.reports.known_console FOLDER`), because it starts Django with the console's
settings. Everything is entered by the console's own actions, on the day after the quarter's end.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from unittest import mock
from zoneinfo import ZoneInfo

from inventory import load
from monitoring import dashboards, runbooks

TOKYO = ZoneInfo("Asia/Tokyo")


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of 2026 in Tokyo."""
    return datetime(2026, month, day, hour, minute, tzinfo=TOKYO)


def configure(folder: Path) -> None:
    """The console's settings, with its database in the folder."""
    site = load("nagano")
    host = site.service("console").hosts[0]
    document = {"dashboards": dashboards.document(site, host), "runbooks": runbooks.document(site, host)}
    (folder / "monitoring.json").write_text(json.dumps(document))
    (folder / "console.json").write_text(json.dumps({
        "inventory": "nagano", "secret_key": "s" * 50, "allowed_hosts": ["localhost"], "hook_token": "none",
        "prometheus_url": "http://127.0.0.1:1", "alertmanager_url": "http://127.0.0.1:1",
        "monitoring": str(folder / "monitoring.json"), "inbox": str(folder / "inbox"),
        "database": {"path": str(folder / "console.sqlite3")},
    }))  # fmt: skip
    os.environ |= {"KURA_CONFIG": str(folder / "console.json"), "DJANGO_SETTINGS_MODULE": "app.settings.console"}


def happen() -> None:
    """The known things."""
    from app.incidents.actions import incidents, inquiries
    from app.operations.access import Actor, Role
    from app.operations.models import AlertEvent
    from app.upkeep.actions import inspections, stops, treatments, updates, works
    from app.upkeep.models import Inspection
    from app.upkeep.rules import MANUAL_POINTS, Point

    kobayashi, hoshina = Actor("小林 直樹", Role.OPERATOR), Actor("保科 理恵", Role.ADMINISTRATOR)
    # The alert of the simulated quarter, and a telephone call of the quarter before.
    alert = AlertEvent.objects.create(
        fingerprint="f", starts_at=at(7, 14, 10, 2), name="HostDown", host="app1", severity="critical",
        summary="app1が応答しません", notified_at=at(7, 14, 10, 3))  # fmt: skip
    told = incidents.open_by_alert(alert)
    assert told
    incidents.change(kobayashi, told.pk, {
        "onsite": True, "responded_at": at(7, 14, 10, 4), "departed_at": at(7, 14, 10, 10),
        "arrived_at": at(7, 14, 11, 15), "recovered_at": at(7, 14, 10, 46),
        "cause": "hardware", "measure": "電源の交換",
    })  # fmt: skip
    for moment, title in ((at(8, 2, 9), "返却ができない"), (at(6, 30, 23, 59), "前の四半期の障害")):
        incidents.open_incident(kobayashi, {
            "source": "telephone", "severity": "minor", "title": title, "place": "南部図書館", "received_at": moment,
        })  # fmt: skip
    asked = inquiries.take(kobayashi, {
        "way": "telephone", "sender": "中央図書館", "subject": "統計の見方", "text": "月ごとの貸出数",
        "received_at": at(9, 2, 10)})  # fmt: skip
    inquiries.answer(kobayashi, asked.pk, responded_at=at(9, 2, 11), answer="画面を案内", solved_at=at(9, 2, 11, 30))
    moved = treatments.begin(kobayashi, host="bak1", mountpoint="/srv/borg", analysis="空きが2割を切る見込み",
                             act="古い世代の削除", at=at(9, 1, 10), free=10_000_000_000, measured=True)  # fmt: skip
    treatments.finish(kobayashi, moved.pk, at=at(9, 1, 11), free=15_000_000_000, measured=True, effect="半年分の余裕")
    new = updates.register(kobayashi, {
        "target": "server", "title": "openssl の修正", "content": "DSA-1", "published_on": date(2026, 7, 1),
        "hosts": "gw1, app1", "rollback": "前の版に戻す"}, at(7, 1, 9))  # fmt: skip
    updates.verify(kobayashi, new.pk, at=at(7, 2, 10), where="双子環境", text="正常", passed=True, checks={})
    updates.apply(kobayashi, new.pk, at=at(7, 3, 20), text="適用した")
    for title, verdict in (("月例更新の適用", "approved"), ("配線の入替え", "refused")):
        stop = stops.ask(kobayashi, {
            "title": title, "reason": "修正の適用", "starts_at": at(8, 25, 21, 50), "ends_at": at(8, 25, 22, 20),
            "hosts": "app1", "impact": "業務の停止", "rollback": "前の版に戻す", "public_text": "夜間に停止します",
        })  # fmt: skip
        stops.decide(hoshina, stop.pk, verdict)
        if verdict == "approved":
            stops.decide(kobayashi, stop.pk, "done", "予定どおり終了")
    works.enter(kobayashi, {"title": "予備品の確認", "started_at": at(7, 8, 9), "finished_at": at(7, 8, 10),
                            "by": "小林 直樹", "hosts": ["bak1"], "result": "ok"})  # fmt: skip
    inspections.take_points("inspection-20260915T000000Z-periodic", at(9, 15, 9, 40), "小林 直樹",
                            [Point("時刻が合っている", True, "")])  # fmt: skip
    found = Inspection.objects.get(quarter="2026Q3")
    for number, item in enumerate(found.items.filter(kind="person")):
        good = number != 3
        result, said = ("good", "") if good else ("bad", "電池の膨らみ")
        moment, by = at(9, 15, 14) + timedelta(minutes=number), "保科 理恵" if number == 4 else "小林 直樹"
        inspections.judge(kobayashi, item.pk, result=result, note_text=said, at=moment, by=by)
    assert found.items.count() == len(MANUAL_POINTS) + 1
    inspections.finish(kobayashi, found.pk, at(9, 15, 16))


def papers(folder: Path) -> None:
    """Every kind of paper that the console makes of its records."""
    from app.incidents import papers as of_incidents
    from app.incidents.queries import incidents
    from app.operations.access import Actor, Role
    from app.registers import papers as of_registers
    from app.registers import queries, sheets
    from app.registers.actions import rows
    from app.registers.schema import definitions
    from app.upkeep.models import Work
    from app.upkeep.papers import work_report

    now = at(10, 1, 9)
    told = next(line.incident for line in incidents() if line.incident.host == "app1")
    made = {f"incident-{name}.docx": make(told, now, "小林 直樹") for name, make in of_incidents.PAPERS.items()}
    made["incidents.xlsx"] = of_incidents.ledger(incidents(), now)
    made["work.docx"] = work_report(Work.objects.get(title="予備品の確認"), now)
    for register, values in {
        "receipts": {"item": "資料データの写し", "quantity": 1, "received": date(2026, 9, 4), "giver": "市の担当者",
                     "receiver": "小林 直樹", "place": "金庫", "purpose": "移行の確認"},
        "erasures": {"device": "旧サーバ1号機", "serial": "OLD-0001", "kind": "消去", "method": "上書き",
                     "erased": at(9, 5, 15), "person": "小林 直樹", "witness": "保科 理恵"},
    }.items():  # fmt: skip
        definition = definitions()[register]
        entry = rows.add(Actor("保科 理恵", Role.ADMINISTRATOR), register, values)
        desk = queries.desk()
        (paper,) = definition.papers
        made[f"{register}.docx"] = of_registers.of_row(paper, desk.seen(entry), desk, number=entry.number, moment=now)
        made[f"register-{register}.xlsx"] = sheets.excel(definition, desk.all(register), now)
    for name, content in made.items():
        (folder / name).write_bytes(content)


def main(folder: Path) -> None:
    """Make the console, let it happen, print the records; the papers go into the folder."""
    configure(folder)
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    with mock.patch("django.utils.timezone.now", return_value=at(10, 1, 9)):
        happen()
        call_command("records")
        papers(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
