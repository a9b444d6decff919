"""Papers out of a register, in Word: one row as a certificate, receipt or notice; a register as a report."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.registers import queries, rules
from app.registers.models import Revision
from app.registers.queries import Desk, Seen
from app.registers.schema import Definition, Paper, definitions
from office import office, paper
from office.document import Block, Heading, Table

NARROW = ("date", "number", "flag", "percent", "money", "choice")
MOST = 10


def of_row(
    what: Paper, seen: Seen, on: Desk, *, number: str, moment: datetime, version: Revision | None = None
) -> bytes:
    """One row as a paper. `version`: as it was then. The same row, number and moment give the same bytes."""
    definition = seen.definition
    if version is not None:
        values = {f.key: rules.typed(f, version.values.get(f.key)) for f in definition.typed}
        row = rules.complete(definition, rules.Row(definition.id, seen.entry.number, values), on.book)
        seen = Seen(seen.entry, row, (), seen.settled, definition)
    chosen = [definition.field(key) for key in what.fields] or list(definition.fields)
    facts = [("管理番号", seen.entry.number + (f"（第{version.number}版）" if version else ""))]
    facts += [(f.label, rules.shown(f, seen.row.values.get(f.key)) or "―") for f in chosen]
    if definition.approval and version is None:
        facts.append((f"{definition.approval.word}番号", seen.entry.approval_number or seen.stage))
        if seen.entry.approved_on:
            facts.append((f"{definition.approval.word}日", office.era(seen.entry.approved_on)))
    blocks: list[Block] = [what.sentence] if what.sentence else []
    for name in what.beside:
        blocks.append(_table(definitions()[name], definitions()[name].title, on.all(name)))
    addressee = f"{on.book.facts['city']}長　様"
    return _written(what, number if what.kept else seen.entry.number, addressee, on, facts, blocks, moment)


def of_register(what: Paper, definition: Definition, on: Desk, *, number: str, moment: datetime) -> bytes:
    """A register as a report: how many in each state, what is late, the rows; then the registers beside it."""
    facts = [("作成日", office.era(on.today))]
    if what.weekly:
        monday = on.today - timedelta(days=on.today.weekday())
        facts.append(("対象期間", f"{office.era(monday)}から{office.era(monday + timedelta(days=6))}まで"))
    blocks: list[Block] = [what.sentence] if what.sentence else []
    for each in (definition, *(definitions()[name] for name in what.beside)):
        blocks += _section(what, each, on, counted=each.id == definition.id)
    return _written(what, number, f"{on.book.facts['city']}　御中", on, facts, blocks, moment)


def _section(what: Paper, definition: Definition, on: Desk, *, counted: bool) -> list[Block]:
    seen = on.all(definition.id)
    late = [one for one in seen if any(finding.level == "late" for finding in one.findings)]
    open_rows = sum(not one.settled for one in seen)
    blocks: list[Block] = [
        Heading(definition.title),
        f"全{len(seen)}件、未了{open_rows}件、期限超過{len(late)}件。",
    ]
    if counted and what.count_by:
        field = definition.field(what.count_by)
        blocks.append(Table(f"{field.label}別の件数", [field.label, "件数"], queries.counted(seen, field), (60, 30)))
    if counted and what.top_by:
        top = sorted(queries.counted(seen, definition.field(what.top_by)), key=lambda pair: -pair[1])[:20]
        rows = [(rank, name, count) for rank, (name, count) in enumerate(top, start=1)]
        blocks.append(Table("多かった質問（上位20）", ["順位", "質問", "件数"], rows, (15, 120, 20)))
    for check, missing in on.lacks(definition.id):
        named = f"（{'、'.join(missing[:MOST])}{' ほか' if len(missing) > MOST else ''}）" if missing else ""
        blocks.append(f"{check.text}：{len(missing)}件{named}")
    if late:
        blocks.append(_table(definition, f"{definition.title}　期限を過ぎたもの", late))
    if not what.weekly:
        blocks.append(_table(definition, definition.title, seen))
    return blocks


def _table(definition: Definition, title: str, seen: Sequence[Seen]) -> Table:
    """The list's columns of these rows."""
    fields = definition.listed
    heads = ["番号", *(f.label for f in fields), "確認事項"]
    rows = [[one.entry.number, *one.listed, "、".join(f.text for f in one.findings)] for one in seen]
    return Table(title, heads, rows, [26, *(20 if f.kind in NARROW else 34 for f in fields), 30])


def _written(
    what: Paper,
    number: str,
    addressee: str,
    on: Desk,
    facts: Sequence[tuple[str, str]],
    blocks: Sequence[Block],
    moment: datetime,
) -> bytes:
    vendor = str(on.book.facts["vendor"])
    sheet = paper.Paper(what.title, number, office.era(moment.date()), addressee, vendor, facts, blocks, what.seals)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paper.docx"
        paper.write(path, sheet, moment.astimezone(UTC))
        return path.read_bytes()
