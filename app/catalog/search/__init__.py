"""The one search service: `search`, `suggest`, `index`, `rebuild`. Nothing outside this package knows how it works.

Today: folded characters and pairs as integers in an array column with a GIN index, and a recheck on the folded
text. What the package exports stays when the index behind it changes.
"""

from app.catalog.search.engine import search, suggest
from app.catalog.search.indexing import index, rebuild, stale
from app.catalog.search.query import FacetCount, Hit, Query, Result

__all__ = ["FacetCount", "Hit", "Query", "Result", "index", "rebuild", "search", "stale", "suggest"]
