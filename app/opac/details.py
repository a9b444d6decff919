"""What a record's page shows besides its description: contents, siblings, issues, digital copies, related titles."""

from dataclasses import dataclass, field

from django.db.models import Exists, F, OuterRef, QuerySet

from app.catalog.codes import VISIBLE_TO, Level
from app.catalog.models import BibliographicRecord, CataloguePolicy, ContentsPart, Cover, DigitalLink, MergedRecord
from app.catalog.search import Query, search
from app.catalog.search.query import Term
from app.catalog.showing import seen_by
from app.opac import queries
from app.opac.queries import ItemLine, RecordLine

NEWEST_ISSUES = 12
MOST_ISSUES = 600
MOST_PARTS = 300
RELATED = 6
LEFT_OUT = ("marc", "contents", "notes", "toc", "summary", "author_note")


@dataclass(frozen=True)
class Issue:
    """One issue of a serial with the states of its copies; `url` where it has a record of its own."""

    name: str
    items: tuple[ItemLine, ...]
    url: str = ""


@dataclass(frozen=True)
class Sibling:
    """One volume of the set that the record belongs to, or stands above."""

    record: BibliographicRecord
    here: bool


@dataclass(frozen=True)
class Details:
    """Everything that is not in the record's own row."""

    parts: tuple[ContentsPart, ...] = ()
    links: tuple[DigitalLink, ...] = ()
    siblings: tuple[Sibling, ...] = ()
    issues: tuple[Issue, ...] = ()
    issue_count: int = 0
    related: tuple[RecordLine, ...] = ()
    policy: CataloguePolicy = field(default_factory=CataloguePolicy)

    @property
    def more_issues(self) -> bool:
        return self.issue_count > len(self.issues)


def visible(eyes: str) -> QuerySet[BibliographicRecord]:
    """The records that these eyes ("public", "inside") may see, without what only one page needs."""
    rows = BibliographicRecord.objects.filter(seen_by(eyes))
    return rows.exclude(Exists(MergedRecord.objects.filter(record=OuterRef("pk")))).defer(*LEFT_OUT)


def record_of(record_id: int, eyes: str) -> BibliographicRecord | None:
    """One record with what stands above it and whether it has a cover (`has_cover`). One SQL statement."""
    rows = BibliographicRecord.objects.filter(seen_by(eyes), pk=record_id)
    return (
        rows.annotate(
            has_cover=Exists(Cover.objects.filter(record=OuterRef("pk"))),
            stands_for=F("merged__into_id"),
        )
        .select_related("parent")
        .defer("marc", *(f"parent__{name}" for name in LEFT_OUT))
        .first()
    )


def details_of(record: BibliographicRecord, eyes: str, items: list[ItemLine], *, every_issue: bool) -> Details:
    """What the page of this record shows. At most eleven SQL statements."""
    policy = CataloguePolicy.objects.filter(pk=1).first() or CataloguePolicy()
    issues, count = _issues(record, eyes, items, every_issue)
    return Details(
        parts=tuple(ContentsPart.objects.filter(record=record)),
        links=tuple(links_of(record.pk, eyes)),
        siblings=_siblings(record, eyes) if record.level != Level.SERIAL else (),
        issues=issues,
        issue_count=count,
        related=_related(record, eyes),
        policy=policy,
    )


def links_of(record_id: int, eyes: str) -> QuerySet[DigitalLink]:
    """The digital copies that these eyes may open, without their bytes. One SQL statement."""
    return DigitalLink.objects.filter(record_id=record_id, visibility__in=VISIBLE_TO[eyes]).defer("file")


def _siblings(record: BibliographicRecord, eyes: str) -> tuple[Sibling, ...]:
    """The volumes of the set in their order: of the one above, or of the record itself. One SQL statement."""
    above = record.parent_id if record.level not in (Level.SET, Level.ISSUE, Level.ARTICLE) else record.pk
    if above is None:
        return ()
    rows = visible(eyes).filter(parent_id=above).order_by(F("part_order").asc(nulls_last=True), "volume", "pk")
    found = [Sibling(row, row.pk == record.pk) for row in rows[:MOST_PARTS]]
    return tuple(found) if any(not row.here for row in found) else ()


def _issues(
    record: BibliographicRecord, eyes: str, items: list[ItemLine], every: bool
) -> tuple[tuple[Issue, ...], int]:
    """The newest issues first. Issues have records below the serial; a magazine that came without has its items.

    No SQL statement for what is no serial, else at most four."""
    if record.level != Level.SERIAL and record.material_type != "magazine":
        return (), 0
    most = MOST_ISSUES if every else NEWEST_ISSUES
    rows = visible(eyes).filter(parent_id=record.pk, level=Level.ISSUE)
    count = rows.count()
    if count:
        order = (F("part_order").desc(nulls_last=True), F("year").desc(nulls_last=True), "-issued", "-pk")
        newest = list(rows.order_by(*order)[:most])
        copies = queries.item_lines([row.pk for row in newest], eyes)
        return tuple(
            Issue(
                f"{row.volume or row.title} {row.issued}".strip(), tuple(copies.get(row.pk, ())), row.get_absolute_url()
            )
            for row in newest
        ), count
    by_name: dict[str, list[ItemLine]] = {}
    for line in sorted(items, key=lambda line: (line.acquired, line.order), reverse=True):
        by_name.setdefault(line.issue, []).append(line)
    named = [Issue(name, tuple(lines)) for name, lines in by_name.items() if name]
    return tuple(named[:most]), len(named)


def _issue_name(record: BibliographicRecord) -> str:
    return f"{record.volume or record.title} {record.issued}".strip()


def _related(record: BibliographicRecord, eyes: str) -> tuple[RecordLine, ...]:
    """Other held titles of the first author, else of the first subject. At most seven SQL statements."""
    asked = [Term(name, "author", "exact") for name in record.creators[:1]]
    asked += [Term(name, "subject", "exact") for name in record.subjects[:1]]
    found: list[int] = []
    for term in asked:
        if len(found) < RELATED // 2:
            hits = search(Query(where=term, scope="held", shown_to=eyes, sort="popular", size=RELATED + 1)).hits
            found += [hit.record_id for hit in hits if hit.record_id != record.pk and hit.record_id not in found]
    return tuple(queries.record_lines(found[:RELATED]))
