"""Writes a report as a Word document as a Japanese office does: A4, cover with seals, contents, page numbers."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from office.chart import chart_workbook, chart_xml
from office.document import Block, Cell, Chapter, Chart, Cover, Heading, Listing, Picture, Table
from office.office import FONT, NO_DATA, stable_zip

TEXT_WIDTH = 170
SEALS = ("承認", "確認", "作成")
_CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def write(
    path: Path, cover: Cover, chapters: Sequence[Chapter], stamp: datetime, pages: Mapping[int, int] | None = None
) -> None:
    """Write the document. `stamp` (UTC) is its date of making; `pages` gives each chapter's page for the contents."""
    document = Document()
    document.core_properties.author = cover.author
    document.core_properties.title = f"{cover.title} {cover.subtitle}"
    document.core_properties.created = document.core_properties.modified = stamp.replace(tzinfo=None)
    styles(document)
    page(document, f"{cover.title}　{cover.subtitle}　　{cover.facts[0][1]}", first_page_differs=True)
    _cover(document, cover)
    _contents(document, chapters, pages or {})
    count: Counter[str] = Counter()
    for number, chapter in enumerate(chapters, start=1):
        _heading(document, number, chapter)
        for block in chapter.blocks:
            add_block(document, block, count, stamp)
    save(document, path, stamp)


def save(document: Any, path: Path, stamp: datetime) -> None:
    """Write a Word file whose bytes depend on nothing but its content and `stamp`."""
    buffer = io.BytesIO()
    document.save(buffer)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(stable_zip(buffer.getvalue(), stamp))


def add_block(document: Any, block: Block, count: Counter[str], stamp: datetime) -> None:
    """Append one block. `count` numbers the tables (表) and the figures (図) of this document."""
    if isinstance(block, Table):
        count["表"] += 1
        _table(document, block, f"表{count['表']} {block.title}")
    elif isinstance(block, Chart):
        count["図"] += 1
        _chart(document, block, count["図"], stamp)
    elif isinstance(block, Picture):
        count["図"] += 1
        _picture(document, block, count["図"])
    elif isinstance(block, Heading):
        document.add_heading(block.text, level=block.level)
    elif isinstance(block, Listing):
        _listing(document, block)
    else:
        document.add_paragraph(block)


def _listing(document: Any, listing: Listing) -> None:
    """Points with a hanging indent; numbers are text, so that each list begins with 1."""
    for number, item in enumerate(listing.items, start=1):
        point = document.add_paragraph(f"{number}." if listing.numbered else "・")
        point.add_run(f"\t{item}")
        shape = point.paragraph_format
        shape.left_indent, shape.first_line_indent, shape.space_after = Mm(8), Mm(-6), Pt(3)
        shape.tab_stops.add_tab_stop(Mm(8))


def _picture(document: Any, picture: Picture, number: int) -> None:
    document.add_paragraph(f"図{number} {picture.title}", style="Caption")
    if picture.png is None:
        document.add_paragraph(NO_DATA)
        return
    shape = document.add_paragraph().add_run().add_picture(io.BytesIO(picture.png), width=Mm(picture.width))
    shape._inline.docPr.set("descr", picture.title)


def styles(document: Any) -> None:
    """Japanese type for every style that the blocks use."""
    sizes = {
        "Normal": 10.5,
        "Heading 1": 15,
        "Heading 2": 12,
        "Heading 3": 10.5,
        "Caption": 9.5,
        "Header": 9,
        "Footer": 9,
    }
    for name, size in sizes.items():
        style = document.styles[name]
        style.font.name = FONT
        style.font.size = Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for attribute in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
            fonts.set(qn(attribute), FONT)
        for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(attribute), None)
    document.styles["Normal"].paragraph_format.space_after = Pt(6)
    document.styles["Normal"].element.get_or_add_rPr().append(
        element("w:lang", {"w:val": "en-US", "w:eastAsia": "ja-JP"})
    )
    heading = document.styles["Heading 1"].paragraph_format
    heading.space_before, heading.space_after = Pt(18), Pt(10)
    for name in ("Heading 2", "Heading 3"):
        below = document.styles[name].paragraph_format
        below.space_before, below.space_after = Pt(12), Pt(4)
    caption = document.styles["Caption"]
    caption.font.bold = True
    caption.paragraph_format.space_before, caption.paragraph_format.space_after = Pt(10), Pt(3)
    caption.paragraph_format.keep_with_next = True


def page(document: Any, header: str, first_page_differs: bool) -> None:
    """A4 upright; `header` at the top right and the page's number at the foot, from the second page on if so wanted."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(20)
    section.top_margin, section.bottom_margin = Mm(22), Mm(20)
    section.different_first_page_header_footer = first_page_differs
    top = section.header.paragraphs[0]
    top.text = header
    top.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _field(footer, "PAGE", "1")
    footer.add_run(" / ")
    _field(footer, "NUMPAGES", "1")


def _cover(document: Any, cover: Cover) -> None:
    document.add_paragraph(cover.facts[0][1]).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    line(document, cover.addressee, 14, before=30)
    line(document, cover.title, 26, before=110, centre=True, bold=True)
    line(document, cover.subtitle, 15, before=6, centre=True)
    line(document, cover.author, 13, before=60, centre=True)
    facts_table(document, cover.facts, (38, 92))
    document.add_paragraph().paragraph_format.space_after = Pt(24)
    seal_boxes(document, SEALS)


def facts_table(document: Any, facts: Sequence[tuple[str, str]], millimetres: tuple[float, float]) -> None:
    """Names and values in two columns, as on a cover or a form."""
    table = document.add_table(rows=0, cols=2)
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    for name, value in facts:
        row = table.add_row()
        row._tr.get_or_add_trPr().append(element("w:cantSplit", {"w:val": "true"}))
        fill(row.cells[0], name, bold=True, size=10.5)
        fill(row.cells[1], value, size=10.5)
        row.height = Mm(9)
    widths(table, millimetres)


def seal_boxes(document: Any, names: Sequence[str]) -> None:
    """A box for the seal of each of these, at the right."""
    seals = document.add_table(rows=2, cols=len(names))
    seals.style = "Table Grid"
    seals.alignment = WD_TABLE_ALIGNMENT.RIGHT
    for cell, name in zip(seals.rows[0].cells, names, strict=True):
        fill(cell, name, centre=True)
    seals.rows[1].height = Mm(24)
    widths(seals, [26] * len(names))


def line(document: Any, text: str, size: float, before: float = 0, centre: bool = False, bold: bool = False) -> None:
    """A paragraph of its own size (points), `before` points below what stands above."""
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(before)
    if centre:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.font.bold = bold


def _contents(document: Any, chapters: Sequence[Chapter], pages: Mapping[int, int]) -> None:
    title = document.add_paragraph()
    title.paragraph_format.page_break_before = True
    title.paragraph_format.space_after = Pt(12)
    run = title.add_run("目次")
    run.font.size, run.font.bold = Pt(15), True
    for number, chapter in enumerate(chapters, start=1):
        entry = document.add_paragraph()
        entry.paragraph_format.tab_stops.add_tab_stop(Mm(TEXT_WIDTH), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)
        entry.add_run(f"{number}　{chapter.title}\t")
        _field(entry, f"PAGEREF chapter{number} \\h", str(pages.get(number, "")))


def _heading(document: Any, number: int, chapter: Chapter) -> None:
    paragraph = document.add_heading(f"{number}　{chapter.title}", level=1)
    paragraph.paragraph_format.page_break_before = chapter.new_page
    start = element("w:bookmarkStart", {"w:id": str(number), "w:name": f"chapter{number}"})
    paragraph._p.insert(1, start)
    paragraph._p.append(element("w:bookmarkEnd", {"w:id": str(number)}))


def _table(document: Any, table: Table, caption: str) -> None:
    document.add_paragraph(caption, style="Caption")
    shown = table.rows[: table.brief] if table.brief else table.rows
    if not shown:
        document.add_paragraph(f"{table.empty}。" if not table.empty.endswith("）") else table.empty)
        return
    grid = document.add_table(rows=1, cols=len(table.headings))
    grid.style = "Table Grid"
    grid.alignment = WD_TABLE_ALIGNMENT.CENTER
    for cell, heading in zip(grid.rows[0].cells, table.headings, strict=True):
        fill(cell, heading, bold=True, centre=True, shade="D9E2F3", size=7 if len(table.headings) > 20 else 9)
    grid.rows[0]._tr.get_or_add_trPr().append(element("w:tblHeader", {"w:val": "true"}))
    for values in shown:
        row = grid.add_row()
        row._tr.get_or_add_trPr().append(element("w:cantSplit", {"w:val": "true"}))
        for cell, value in zip(row.cells, values, strict=True):
            short = len(table.headings) > 20  # days of a month: one sign a cell
            fill(
                cell,
                shown_as(value, table.digits),
                right=isinstance(value, int | float),
                centre=short,
                size=7 if short else 9,
            )
    unit = TEXT_WIDTH / sum(table.widths)
    widths(grid, [width * unit for width in table.widths])
    if len(table.headings) > 20:
        _narrow(grid)
    document.add_paragraph().paragraph_format.space_after = Pt(0)
    left_out = len(table.rows) - len(shown)
    if left_out:
        document.add_paragraph(f"ほか{left_out:,}件。全{len(table.rows):,}件はエクセルの「{table.title}」に示す。")


def shown_as(value: Cell, digits: int) -> str:
    """How a value is written: thousands separated, so many decimals, データなし when there is none."""
    if value is None:
        return NO_DATA
    if isinstance(value, float):
        return f"{value:,.{digits}f}"
    return f"{value:,}" if isinstance(value, int) else value


def fill(
    cell: Any,
    text: str,
    bold: bool = False,
    centre: bool = False,
    right: bool = False,
    shade: str | None = None,
    size: float = 9,
) -> None:
    """Write text into a cell of a table; `size` in points, `shade` a colour as D9E2F3."""
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(size / 5)
    paragraph.paragraph_format.line_spacing = 1.0
    cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
    paragraph.alignment = (
        WD_ALIGN_PARAGRAPH.CENTER if centre else WD_ALIGN_PARAGRAPH.RIGHT if right else WD_ALIGN_PARAGRAPH.LEFT
    )
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    run.font.bold = bold
    mark = element("w:rPr", {})  # the paragraph's end has a height of its own
    mark.append(element("w:sz", {"w:val": str(round(2 * size))}))
    paragraph._p.get_or_add_pPr().append(mark)
    if shade:
        cell._tc.get_or_add_tcPr().append(element("w:shd", {"w:val": "clear", "w:color": "auto", "w:fill": shade}))


def _narrow(table: Any) -> None:
    """No margins left and right in the cells, so that thirty columns fit a page."""
    margins = element("w:tblCellMar", {})
    for side in ("w:left", "w:right"):
        margins.append(element(side, {"w:w": "0", "w:type": "dxa"}))
    table._tbl.tblPr.append(margins)


def widths(table: Any, millimetres: Sequence[float]) -> None:
    """Set the widths of a table's columns; LibreOffice and Word heed different ones, so all are set."""
    table.autofit = False
    for column, width in zip(table.columns, millimetres, strict=True):
        column.width = Mm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, millimetres, strict=True):
            cell.width = Mm(width)


def _chart(document: Any, chart: Chart, number: int, stamp: datetime) -> None:
    caption = document.add_paragraph(f"図{number} {chart.title}", style="Caption")
    caption.paragraph_format.keep_with_next = True
    if all(value is None for _, values in chart.series for value in values):
        document.add_paragraph(NO_DATA)
        return
    package = document.part.package
    book = Part(PackURI(f"/word/embeddings/chart{number}.xlsx"), _SHEET_TYPE, chart_workbook(chart, stamp), package)
    part = Part(PackURI(f"/word/charts/chart{number}.xml"), _CHART_TYPE, b"", package)
    part._blob = chart_xml(chart, part.relate_to(book, f"{_RELATIONS}/package"))
    relation = document.part.relate_to(part, f"{_RELATIONS}/chart")
    width, height = Mm(TEXT_WIDTH), Mm(50)
    inline = parse_xml(
        '<w:drawing xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
        'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
        f'xmlns:r="{_RELATIONS}"><wp:inline distT="0" distB="0" distL="0" distR="0">'
        f'<wp:extent cx="{int(width)}" cy="{int(height)}"/>'
        f'<wp:docPr id="{100 + number}" name="chart{number}" descr=""/>'
        '<wp:cNvGraphicFramePr/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/chart">'
        f'<c:chart r:id="{relation}"/></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )
    inline.find(f".//{qn('wp:docPr')}").set("descr", chart.title)
    document.add_paragraph().add_run()._r.append(inline)


def _field(paragraph: Any, instruction: str, shown: str) -> None:
    for kind, text in (("begin", ""), ("", f" {instruction} "), ("separate", ""), ("shown", shown), ("end", "")):
        run = paragraph.add_run()
        if kind == "shown":
            run.text = text
        elif kind:
            run._r.append(element("w:fldChar", {"w:fldCharType": kind}))
        else:
            code = element("w:instrText", {"xml:space": "preserve"})
            code.text = text
            run._r.append(code)


def element(name: str, attributes: Mapping[str, str]) -> Any:
    """An element of Word's XML with attributes, both with their prefix (`w:sz`)."""
    made = OxmlElement(name)
    for key, value in attributes.items():
        made.set(qn(key), value)
    return made
