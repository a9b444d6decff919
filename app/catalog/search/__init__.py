"""The one search service. Nothing outside this package knows how it works; app/catalog/README.md says it.

`search`, `suggest`: asking. `index` (in the caller's transaction), `later` (very many), `set_popularity`: what
changed. `rebuild`, `merge`, `refresh`: by the clock and after bulk loads. `stale`: what is not yet as it should be;
`outdated`: whether it must be rebuilt before the night.
"""

from app.catalog.search.availability import refresh
from app.catalog.search.building import Busy, merge, outdated, rebuild
from app.catalog.search.engine import search, suggest
from app.catalog.search.indexing import index, later, set_popularity, stale
from app.catalog.search.query import AllOf, AnyOf, FacetCount, Hit, Query, Result, Term, Without

__all__ = [
    "AllOf", "AnyOf", "Busy", "FacetCount", "Hit", "Query", "Result", "Term", "Without",
    "index", "later", "merge", "outdated", "rebuild", "refresh", "search", "set_popularity", "stale", "suggest",
]  # fmt: skip
