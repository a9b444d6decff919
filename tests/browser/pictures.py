"""Pictures of screens for the manuals: tests that pass by leave them where `./kura docs` looks for them.

`picture(page, "lending-貸出の画面")` is for the manual's page `lending` (docs/manual, docs/runbooks), under that title.
What moves and blinks stands still, so that two runs differ in times and numbers alone.
"""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path(os.environ.get("KURA_SCREENSHOTS", Path(__file__).parents[2] / "results" / "screenshots"))
WIDTH = 1280


def picture(page: Page, name: str) -> None:
    """Keep what the page shows now, whole; only of a desk's width, replaced whole."""
    assert page.viewport_size is not None
    assert page.viewport_size["width"] == WIDTH, "pictures for the manuals are of a desk's width"
    FOLDER.mkdir(parents=True, exist_ok=True)
    part = FOLDER / f".{name}.png"
    page.screenshot(path=part, type="png", animations="disabled", caret="hide", full_page=False)
    part.replace(FOLDER / f"{name}.png")
