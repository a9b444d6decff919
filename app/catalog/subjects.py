"""How the audit log's pages tell of records and items."""

from app.audit.subjects import Subject, put
from app.catalog.models import BibliographicRecord, CallNumberRule, Item, NumberRange

# Columns that hold several values have no name of their own.
LISTS = {
    "creators": "著者",
    "creator_readings": "著者ヨミ",
    "series": "シリーズ",
    "subjects": "件名",
    "contents": "内容細目",
    "notes": "注記",
}
RECORD = {field.name: str(field.verbose_name) for field in BibliographicRecord._meta.concrete_fields}

put(
    Subject("change_set", "変更のまとまり", "番号"),
    Subject("record", "書誌", "書誌番号", labels=RECORD | LISTS),
    Subject(
        "item",
        "資料",
        "資料番号",
        labels={field.attname: str(field.verbose_name) for field in Item._meta.concrete_fields},
    ),
    Subject(
        "numbers",
        "資料番号帯",
        "番号",
        labels={field.attname: str(field.verbose_name) for field in NumberRange._meta.concrete_fields},
    ),
    Subject(
        "callrule",
        "請求記号の規則",
        labels={field.name: str(field.verbose_name) for field in CallNumberRule._meta.concrete_fields},
    ),
)
