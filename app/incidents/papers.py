"""Papers of one incident (障害報告書, 第一報, 公表用の資料) and the ledger of all (障害管理表)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from openpyxl import Workbook

from app.incidents import queries, rules
from app.incidents.models import Incident
from app.operations import papers
from app.operations.health import site
from app.operations.papers import NONE, day, moment
from office import office
from office.document import Table

# To whom an accident is reported at once, by role of contacts.yml.
TOLD_FIRST = ("library", "city")


def contacts() -> list[Any]:
    """Who is called: people by role. No SQL."""
    return list(site(settings.INVENTORY).contacts.roles)


def _facts(incident: Incident) -> list[tuple[str, str]]:
    line = queries.line(incident, incident.closed_at or incident.received_at)
    facts = [
        ("番号", incident.number),
        ("件名", incident.title),
        ("種別・重さ", f"{incident.get_kind_display()}（{incident.get_severity_display()}）"),
        ("機器・場所", f"{incident.host} {incident.place}".strip() or NONE),
        ("受付", f"{moment(incident.received_at)}（{incident.get_source_display()}、受付者 {incident.received_by}）"),
        ("応答", moment(incident.responded_at)),
    ]
    if incident.onsite:
        taken = "" if line.minutes_to_arrival is None else f"（受付から{line.minutes_to_arrival}分）"
        facts += [("出発", moment(incident.departed_at)), ("到着", moment(incident.arrived_at) + taken)]
    facts += [("復旧", moment(incident.recovered_at)), ("担当", incident.assignee or NONE)]
    return facts


def _course(incident: Incident) -> Table:
    rows = [(moment(row.at), row.what, row.text, row.by) for row in queries.course(incident)]
    return Table("経過", ("日時", "区分", "内容", "記入者"), rows, (4, 2, 7, 2))


def report(incident: Incident, on: datetime, by: str) -> bytes:
    """The incident report: course, cause, influence, measures. Its times are those of the record."""
    people = "" if incident.affected_people is None else f"（{incident.affected_people:,}人）"
    tables = [
        _course(incident),
        papers.two_columns("影響", {"影響": incident.impact + people}),
        papers.two_columns("原因", {"区分": rules.CAUSES.get(incident.cause, ""), "内容": incident.cause_text}),
        papers.two_columns(
            "再発防止の対策",
            {
                "対策": incident.measure,
                "状況": incident.get_measure_state_display(),
                "期限": day(incident.measure_due),
            },
        ),
    ]
    return papers.word("障害報告書", incident.number, on, [*_facts(incident), ("作成", by)], list(tables))


def first(incident: Incident, on: datetime, by: str) -> bytes:
    """The first report (第一報) of an accident with personal data, with what is known now and whom it goes to."""
    told = {row.kind: row for row in incident.tellings.all()}
    given = [(row.get_kind_display(), moment(row.at), row.to, f"{row.get_way_display()} {row.by}") for row in
             incident.tellings.all()]  # fmt: skip
    to = [(row.name, f"{row.organisation} {row.person}", row.phone, row.mail) for row in contacts() if
          row.id in TOLD_FIRST]  # fmt: skip
    known = {
        "発生・発見の日時": moment(incident.received_at),
        "発見の経緯": f"{incident.get_source_display()} {incident.informant}".strip(),
        "事故の概要": incident.title,
        "影響を受けた（おそれのある）範囲": incident.impact,
        "人数": "調査中" if incident.affected_people is None else f"{incident.affected_people:,}人",
        "原因（判明している範囲）": rules.CAUSES.get(incident.cause, "調査中"),
        "応急の処置": "\n".join(row.text for row in incident.stages.all() if row.stage > 1),
        "次の報告の予定": "",
    }
    facts = [
        ("番号", incident.number),
        ("報告の時刻", moment(told["first"].at) if "first" in told else "　　　　　　（報告したら記録する）"),
        ("報告者", by),
    ]
    tables = [
        papers.two_columns("第一報の内容", known),
        Table("報告先", ("役割", "氏名", "電話", "メール"), to, (3, 5, 3, 5)),
        Table("報告の記録", ("報告", "時刻", "報告先", "方法・報告者"), given, (2, 5, 4, 4)),
    ]
    return papers.word("個人情報の事故に関する第一報", incident.number, on, facts, list(tables))


def public(incident: Incident, on: datetime, by: str) -> bytes:
    """What the city publishes from: course, people affected, cause, measures; and, apart, responsibility and cost."""
    people = "調査中" if incident.affected_people is None else f"{incident.affected_people:,}人"
    cost = NONE if incident.cost_yen is None else f"{incident.cost_yen:,}円"
    rows = [(moment(row.at), row.what, row.text) for row in queries.course(incident)]
    tables = [
        Table("経緯", ("日時", "区分", "内容"), rows, (4, 2, 9)),
        papers.two_columns("影響", {"影響の内容": incident.impact, "影響を受けた人数": people}),
        papers.two_columns(
            "原因と対策",
            {
                "原因": "\n".join(filter(None, (rules.CAUSES.get(incident.cause, ""), incident.cause_text))),
                "再発防止の対策": incident.measure,
                "対策の状況": incident.get_measure_state_display(),
            },
        ),
        papers.two_columns(
            "参考（公表しない）",
            {
                "責任の区分": rules.RESPONSIBILITIES.get(incident.responsibility, ""),
                "費用": cost,
                "契約・法令の遵守状況": incident.compliance,
            },
        ),
    ]
    facts = [("番号", incident.number), ("件名", incident.title), ("作成", by)]
    return papers.word("事故の経緯・影響・対策（公表用資料）", incident.number, on, facts, list(tables))


Paper = Callable[[Incident, datetime, str], bytes]
PAPERS: dict[str, Paper] = {"report": report, "first": first, "public": public}

HEADINGS = {
    "番号": 13, "状態": 9, "種別": 12, "重さ": 8, "件名": 34, "機器": 13, "受付": 17, "応答": 17, "出発": 17,
    "到着": 17, "到着まで(分)": 10, "超過": 7, "復旧": 17, "完了": 17, "担当": 12, "期限": 12, "残りの段階": 26,
    "原因": 16, "対策": 34, "対策の状況": 11,
}  # fmt: skip


def ledger(lines: list[queries.Line], on: datetime) -> bytes:
    """All incidents with state, deadline and who has them; the number that is open stands on the first sheet."""
    workbook = Workbook()
    cover = workbook.active
    assert cover is not None
    cover.title = "表紙"
    still = sum(line.is_open for line in lines)
    late = sum(line.late for line in lines)
    facts = [
        ("作成日", day(on.date())),
        ("件数", f"{len(lines)}件"),
        ("未完了", f"{still}件"),
        ("駆けつけの超過", f"{late}件"),
    ]
    office.cover_sheet(cover, "障害管理表", facts)
    sheet = workbook.create_sheet("障害管理表")
    office.sheet_table(sheet, list(HEADINGS), [_row(line) for line in lines], list(HEADINGS.values()))
    return papers.excel(workbook, on)


def _row(line: queries.Line) -> list[str | int]:
    row = line.incident
    names = ("received_at", "responded_at", "departed_at", "arrived_at", "recovered_at", "closed_at")
    moments = [_short(getattr(row, name)) for name in names]
    received, responded, departed, arrived, recovered, closed = moments
    return [
        row.number,
        "未完了" if line.is_open else "完了",
        row.get_kind_display(),
        row.get_severity_display(),
        row.title,
        row.host,
        received,
        responded,
        departed,
        arrived,
        "" if line.minutes_to_arrival is None else line.minutes_to_arrival,
        "超過" if line.late else "",
        recovered,
        closed,
        row.assignee,
        row.due.isoformat() if row.due else "",
        "・".join(line.missing) if line.is_open else "",
        rules.CAUSES.get(row.cause, ""),
        row.measure,
        row.get_measure_state_display(),
    ]


def _short(at: datetime | None) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at else ""
