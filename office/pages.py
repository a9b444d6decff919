"""How LibreOffice lays a document out: its PDF, and the page on which each chapter begins."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from office.document import Chapter


def chapter_pages(report: Path, body: Sequence[Chapter]) -> Mapping[int, int]:
    """On which page each chapter begins, as LibreOffice lays the document out.

    Empty when LibreOffice or pdftotext is not installed: the contents then show numbers once Word updates its fields.
    """
    if not (shutil.which("soffice") and shutil.which("pdftotext")):
        return {}
    with tempfile.TemporaryDirectory() as folder:
        pdf = to_pdf(report, Path(folder))
        text = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True).stdout
    pages: dict[int, int] = {}
    for page, content in enumerate(text.split("\f"), start=1):
        for number, chapter in enumerate(body, start=1):
            heading = re.compile(rf"^\s*{number}\s*{re.escape(chapter.title)}\s*$", re.MULTILINE)
            if number not in pages and heading.search(content):
                pages[number] = page
    return pages


def to_pdf(document: Path, folder: Path) -> Path:
    """The PDF of an Office document, made by LibreOffice with a profile of its own in `folder`."""
    return to_pdfs([document], folder)[0]


def to_pdfs(documents: Sequence[Path], folder: Path) -> list[Path]:
    """The PDFs of many Office documents, Word and Excel, from one start of LibreOffice; their names must differ."""
    command = ["soffice", f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "pdf"]
    wait = 180 * max(1, len(documents) // 4)
    subprocess.run(
        [*command, "--outdir", str(folder), *map(str, documents)], check=True, capture_output=True, timeout=wait
    )
    return [folder / f"{document.stem}.pdf" for document in documents]
