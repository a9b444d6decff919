"""Screenshots that browser tests leave stand in the manuals beside the page that they show."""

from __future__ import annotations

import argparse
import ast
from dataclasses import replace
from pathlib import Path

import pytest

from cli import docs
from cli.context import Context, Refused
from monitoring.documents import manuals
from office.document import Picture

ROOT = Path(__file__).parents[2]
PAGES = {path.stem for folder in ("manual", "runbooks") for path in (ROOT / "docs" / folder).glob("*.md")}


def names() -> set[str]:
    """Every name of a picture that a browser test keeps: literal texts that have a page of a manual before them."""
    found = set()
    for path in (ROOT / "tests/browser").glob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if "import picture" in text:
            nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)]
            found |= {
                str(node.value) for node in nodes if any(str(node.value).startswith(f"{page}-") for page in PAGES)
            }
    return found


def test_the_browser_tests_keep_pictures_for_both_manuals_and_each_has_its_page(known):
    kept = names()
    assert len(kept) >= 10
    shown = replace(known, screenshots=dict.fromkeys(sorted(kept), b"picture"))
    found = {
        block.title
        for chapters in (manuals.staff(shown), manuals.operation(shown))
        for chapter in chapters
        for block in chapter.blocks
        if isinstance(block, Picture)
    }
    assert found == {name.split("-", 2 if name.startswith("hold-shelf-") else 1)[-1] for name in kept}


def test_the_documents_take_what_the_browser_tests_left_and_refuse_a_folder_that_is_not_there(tmp_path, monkeypatch):
    context = Context(argparse.Namespace(inventory="nagano"))
    monkeypatch.setattr(Context, "root", property(lambda self: tmp_path))
    assert docs.pictures(context, None) is None
    (tmp_path / docs.SCREENSHOTS).mkdir(parents=True)
    assert docs.pictures(context, None) == tmp_path / docs.SCREENSHOTS
    with pytest.raises(Refused, match="no such folder"):
        docs.pictures(context, tmp_path / "elsewhere")
