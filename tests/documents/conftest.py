"""One set of facts and one delivery for every test of the documents; both are dear to make."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cli import docfacts
from monitoring.documents import delivery
from monitoring.documents.facts import Facts
from monitoring.reports import spans
from office import pages
from tests.documents.reading import ROOT, context

DAY = date(2025, 12, 14)
APPROVED = {
    "registers": {
        "deliverables": {
            "rows": [
                {
                    "values": {"document": f"NCL-PLN-00{n}"},
                    "approved_on": f"2025-09-0{n}",
                    "approval_number": f"承認-{n}",
                }
                for n in (1, 2, 3, 4)
            ]
        }
    }
}


@pytest.fixture(scope="session")
def known(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """The facts of nagano, without a running twin, with the city's approvals of the four plans."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(docfacts, "ask", lambda *_: None)
        patch.setenv("KURA_STATE", str(tmp_path_factory.mktemp("state")))
        return replace(docfacts.gather(context("nagano"), DAY, "第1版", None), records=APPROVED)


@pytest.fixture(scope="session")
def made(known: Facts, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One whole delivery in a folder, its contents without page numbers (LibreOffice is asked elsewhere)."""
    folder = tmp_path_factory.mktemp("delivery")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "chapter_pages", lambda *_: {})
        delivery.write(known, folder, None, lambda _: None)
    return folder


# Of a delivery, those that LibreOffice lays out: one of each form, and what a person signs or sticks on.
LAID_OUT = ("PLN-003", "DSN-005", "DSN-008", "TST-001", "TST-003", "MAN-001", "MAN-002", "REG-003", "REG-005",
            "DLV-001", "DLV-002", "DLV-003")  # fmt: skip


@pytest.fixture(scope="session")
def laid_out(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """File → its text as LibreOffice lays it out, pages ending with a form feed: documents, papers and reports."""
    if not (shutil.which("soffice") and shutil.which("pdftotext")):
        pytest.skip("LibreOffice is not installed")
    out = tmp_path_factory.mktemp("laid-out")
    argv = [sys.executable, "-m", "tests.reports.known_console", str(out)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    site, records = context("nagano").site, json.loads(done.stdout)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "chapter_pages", lambda *_: {})
        for kind, span in (("month", "2026-07"), ("privacy", "2026Q3")):
            spans.run(site, kind, spans.Span.parse(span), out, records, None, date(2026, 10, 1))
    chosen = [path for path in made.iterdir() if path.name[4:11] in LAID_OUT]
    files = sorted([*chosen, *out.glob("*.docx"), *out.glob("*.xlsx")])
    assert len({path.stem for path in files}) == len(files), "two files of one name would give one PDF"
    told = {}
    for path, pdf in zip(files, pages.to_pdfs(files, out), strict=True):
        read = subprocess.run(["pdftotext", "-layout", pdf, "-"], check=True, capture_output=True, text=True)
        told[path.name] = read.stdout
    return told
