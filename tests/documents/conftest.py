"""One set of facts and one delivery for every test of the documents; both are dear to make."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cli import docfacts
from monitoring.documents import delivery
from monitoring.documents.facts import Facts
from office import pages
from tests.documents.reading import context

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
