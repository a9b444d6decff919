"""The only code that writes here: files become records, items and articles; what each run did is kept."""

from app.exchange.actions.articles import import_articles
from app.exchange.actions.items import import_items, preview_items
from app.exchange.actions.loading import load_marc
from app.exchange.actions.marc import BusyImport, accept, import_marc, open_run, proceed
from app.exchange.actions.previewing import preview

__all__ = [
    "BusyImport",
    "accept",
    "import_articles",
    "import_items",
    "import_marc",
    "load_marc",
    "open_run",
    "preview",
    "preview_items",
    "proceed",
]
