"""Tables of the catalogue. Only `actions` (and the bulk loaders that state so) write them."""

from app.catalog.models.changes import Change, ChangeSet, MergedRecord
from app.catalog.models.details import CataloguePolicy, ContentsPart, Cover, DigitalLink
from app.catalog.models.items import Item, ItemSet
from app.catalog.models.marks import CallNumberRule, NumberRange
from app.catalog.models.records import BibliographicRecord
from app.catalog.models.search import (
    SearchAvailable,
    SearchDocument,
    SearchFacetA,
    SearchFacetB,
    SearchGone,
    SearchMoved,
    SearchNumberA,
    SearchNumberB,
    SearchPending,
    SearchPostingA,
    SearchPostingB,
    SearchState,
)

__all__ = [
    "BibliographicRecord",
    "CallNumberRule",
    "CataloguePolicy",
    "Change",
    "ChangeSet",
    "ContentsPart",
    "Cover",
    "DigitalLink",
    "Item",
    "ItemSet",
    "MergedRecord",
    "NumberRange",
    "SearchAvailable",
    "SearchDocument",
    "SearchFacetA",
    "SearchFacetB",
    "SearchGone",
    "SearchMoved",
    "SearchNumberA",
    "SearchNumberB",
    "SearchPending",
    "SearchPostingA",
    "SearchPostingB",
    "SearchState",
]
