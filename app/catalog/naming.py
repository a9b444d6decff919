"""What numbers and call numbers are made from: ranges, rules, and what they look at in a record. Reads only."""

from app.authorities.models import Kind
from app.authorities.queries import reading_of
from app.branches.revisions import kept
from app.catalog.callnumbers import Described, Rule, rule_for
from app.catalog.codes import MarcFormat
from app.catalog.headings import headings
from app.catalog.models import BibliographicRecord, CallNumberRule, NumberRange
from app.catalog.numbers import Range


def number_ranges() -> list[Range]:
    """The ranges in use. One SQL statement; none while unchanged and just read."""

    def load() -> list[Range]:
        rows = NumberRange.objects.filter(in_use=True).order_by("pk")
        names = ("pk", "name", "prefix", "length", "check_digit", "first", "last", "material_type", "branch_id")
        return [Range(**row) for row in rows.values(*names)]

    return kept("numbers", "ranges", load)


def call_rules() -> list[Rule]:
    """The table that makes call numbers. One SQL statement; none while unchanged and just read."""

    def load() -> list[Rule]:
        names = (
            "ndc_prefix", "material_type", "shelf_mark", "class_places", "source", "letters", "script", "with_volume",
        )  # fmt: skip
        return [Rule(**row) for row in CallNumberRule.objects.values(*names)]

    return kept("callnumbers", "rules", load)


def described(record: BibliographicRecord, material_type: str) -> Described:
    """What the rules look at. The person named is looked for only where a rule asks: in the record's own headings,
    then among the authorities. At most two SQL statements more than were made."""
    by_person = rule_for(call_rules(), record.ndc, material_type).source == "person"
    return Described(
        ndc=record.ndc,
        material_type=material_type,
        creator=next(filter(None, record.creator_readings), ""),
        person=person_named(record) if by_person else "",
        title=record.title_reading,
        volume=record.volume,
    )


def person_named(record: BibliographicRecord) -> str:
    """How the person is read whom a biography is about; "" when no subject names one."""
    if record.pk and record.marc and record.marc_format == MarcFormat.MARC21:
        for heading in headings(bytes(record.marc)):
            if heading.subject and heading.kind == Kind.PERSON and heading.reading:
                return heading.reading
    return next(filter(None, (reading_of(subject, [Kind.PERSON]) for subject in record.subjects)), "")
