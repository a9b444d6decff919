"""Writes a report's data as an Excel workbook: one sheet a table, charts beside the days they are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.chart import LineChart, Reference
from openpyxl.chart.axis import DateAxis

from office import office
from office.chart import COLOURS, TICK_DAYS
from office.document import Chapter, Chart, Cover, Table


def write(path: Path, cover: Cover, chapters: Sequence[Chapter], stamp: datetime, suffix: str = "（データ）") -> None:
    """Write the workbook; its numbers are unrounded and complete. `suffix` follows the cover's title."""
    workbook = Workbook()
    first = workbook.active
    first.title = "表紙"
    office.cover_sheet(
        first, f"{cover.title}{suffix}", [("対象", cover.subtitle), *cover.facts, ("作成者", cover.author)]
    )
    for number, chapter in enumerate(chapters, start=1):
        for block in chapter.blocks:
            if isinstance(block, Table):
                _table(workbook, f"{number} {block.title}", block)
            elif isinstance(block, Chart):
                _chart(workbook, f"{number} {block.title.split()[0]}", block)
    office.save_workbook(workbook, path, stamp)


def _table(workbook: Workbook, name: str, table: Table) -> None:
    sheet = workbook.create_sheet(name[:31])
    rows = [[office.NO_DATA if value is None else value for value in row] for row in table.rows]
    if not rows:
        rows = [[table.empty, *([""] * (len(table.headings) - 1))]]
    unit = 110 / sum(table.widths)
    office.sheet_table(sheet, table.headings, rows, [max(8.0, width * unit) for width in table.widths])
    pattern = "#,##0" + ("." + "0" * table.digits if table.digits else "")
    for line in sheet.iter_rows(min_row=2):
        for cell in line:
            if isinstance(cell.value, float):
                cell.number_format = pattern


def _chart(workbook: Workbook, name: str, chart: Chart) -> None:
    """The days stand in columns A…, empty where nothing was measured; the chart stands beside them."""
    sheet = workbook.create_sheet(name[:31])
    headings = ["日", *(f"{series}（{chart.unit}）" for series, _ in chart.series)]
    rows = [[day, *(values[at] for _, values in chart.series)] for at, day in enumerate(chart.days)]
    office.sheet_table(sheet, headings, rows, [12, *([14] * len(chart.series))])
    for line in sheet.iter_rows(min_row=2, max_col=1):
        line[0].number_format = "yyyy-mm-dd"
    drawn = LineChart()
    drawn.title = chart.title
    drawn.height, drawn.width = 9, 22
    drawn.y_axis.scaling.min, drawn.y_axis.scaling.max = 0, chart.top
    drawn.y_axis.title = chart.unit
    drawn.y_axis.number_format, drawn.y_axis.majorUnit = "0", chart.top / 4
    drawn.x_axis = DateAxis(crossAx=100)
    drawn.x_axis.number_format, drawn.x_axis.majorTimeUnit = "m/d", "days"
    drawn.x_axis.majorUnit, drawn.x_axis.tickLblPos = TICK_DAYS, "low"
    drawn.y_axis.crossAx = 500
    drawn.x_axis.delete = drawn.y_axis.delete = False
    drawn.legend.position = "b"
    last = len(rows) + 1
    drawn.add_data(Reference(sheet, min_col=2, max_col=len(headings), min_row=1, max_row=last), titles_from_data=True)
    drawn.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=last))
    for line, colour in zip(drawn.series, COLOURS, strict=False):
        line.graphicalProperties.line.solidFill = colour
        line.graphicalProperties.line.width = 15875
        line.smooth = False
    sheet.add_chart(drawn, f"{chr(ord('A') + len(headings) + 1)}2")
