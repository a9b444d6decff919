"""Who may see a record: its own 公開区分, and what the library decided about records that lost their last item."""

from django.db.models import Exists, OuterRef, Q

from app.catalog.codes import VISIBLE_TO, ShelfStatus, Visibility
from app.catalog.models import BibliographicRecord, CataloguePolicy, Item
from app.catalog.rules import chosen_class

Emptied = CataloguePolicy.Emptied

# The same for the search index: a record's 公開区分 as it works. `r` is the record.
EFFECTIVE = (
    f"CASE WHEN r.visibility <> '{Visibility.STAFF.value}'"  # noqa: S608 - codes of our own
    f" AND NOT EXISTS (SELECT FROM catalog_cataloguepolicy AS c WHERE c.emptied = '{Emptied.SHOW.value}')"
    " AND EXISTS (SELECT FROM catalog_item AS i WHERE i.record_id = r.id)"
    " AND NOT EXISTS (SELECT FROM catalog_item AS i WHERE i.record_id = r.id"
    f" AND i.status <> '{ShelfStatus.WITHDRAWN.value}') THEN '{Visibility.STAFF.value}' ELSE r.visibility END"
)


def emptied() -> Q:
    """Records whose every item was withdrawn. A record that never had one is not emptied."""
    items = Item.objects.filter(record=OuterRef("pk"))
    return Q(Exists(items)) & ~Q(Exists(items.exclude(status=ShelfStatus.WITHDRAWN)))


def seen_by(eyes: str) -> Q:
    """The records that these eyes ("public", "inside", "staff") see. Part of a statement, none of its own."""
    seen = Q(visibility__in=VISIBLE_TO[eyes])
    if eyes == "staff":
        return seen
    return seen & (~emptied() | Q(Exists(CataloguePolicy.objects.filter(emptied=Emptied.SHOW))))


def policy() -> CataloguePolicy:
    """What the library decided about its catalogue. One SQL statement."""
    return CataloguePolicy.objects.filter(pk=1).first() or CataloguePolicy()


def emptied_records() -> list[int]:
    """The numbers of all emptied records. One SQL statement."""
    return list(BibliographicRecord.objects.filter(emptied()).order_by("pk").values_list("pk", flat=True))


def counted_class(record: BibliographicRecord, decided: CataloguePolicy) -> str:
    """The classification number by which statistics count this record, as the library decided; the number that it is
    searched by when the record has none of that kind. Pure."""
    if decided.counted_class == CataloguePolicy.Counted.LOCAL:
        return record.local_class or record.ndc
    wanted = decided.counted_class.removeprefix("ndc")
    if not wanted.isdigit():
        return record.ndc
    return chosen_class(record.ndc, record.ndc_edition, record.other_classes, int(wanted))[0]
