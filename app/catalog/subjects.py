"""How the audit log's pages tell of records and items."""

from app.audit.subjects import Subject, put
from app.catalog.models import BibliographicRecord, Item

put(
    Subject(
        "record",
        "書誌",
        "書誌番号",
        labels={field.name: str(field.verbose_name) for field in BibliographicRecord._meta.concrete_fields},
    ),
    Subject(
        "item",
        "資料",
        "資料番号",
        labels={field.attname: str(field.verbose_name) for field in Item._meta.concrete_fields},
    ),
)
