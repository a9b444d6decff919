"""One sheet without cover and contents: a receipt, a certificate, a work report, an incident report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm

from office import word
from office.document import Block


@dataclass(frozen=True)
class Paper:
    """What stands on the sheet, from the top: number and date, addressee, author, title, facts, blocks, seals.

    `date` is as it is written (令和8年7月1日); `facts` are the form's lines; an empty text leaves its line out.
    """

    title: str
    number: str
    date: str
    addressee: str = ""
    author: str = ""
    facts: Sequence[tuple[str, str]] = field(default_factory=tuple)
    blocks: Sequence[Block] = field(default_factory=tuple)
    seals: Sequence[str] = word.SEALS


def write(path: Path, paper: Paper, stamp: datetime) -> None:
    """Write the sheet as Word, A4 upright. `stamp` (UTC) is its date of making; equal input gives equal bytes."""
    document = Document()
    document.core_properties.author = paper.author
    document.core_properties.title = paper.title
    document.core_properties.created = document.core_properties.modified = stamp.replace(tzinfo=None)
    word.styles(document)
    word.page(document, header=f"{paper.title}　{paper.number}", first_page_differs=True)
    for text in (paper.number, paper.date):
        if text:
            document.add_paragraph(text).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    if paper.addressee:
        word.line(document, paper.addressee, 12)
    if paper.author:
        document.add_paragraph(paper.author).alignment = WD_ALIGN_PARAGRAPH.RIGHT
    word.line(document, paper.title, 18, before=12, centre=True, bold=True)
    document.paragraphs[-1].paragraph_format.space_after = Mm(6)
    if paper.facts:
        word.facts_table(document, paper.facts, (42, 128))
        document.add_paragraph()
    count: Counter[str] = Counter()
    for block in paper.blocks:
        word.add_block(document, block, count, stamp)
    if paper.seals:
        document.add_paragraph()
        word.seal_boxes(document, paper.seals)
    word.save(document, path, stamp)
