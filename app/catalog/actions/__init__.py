"""The only code that changes the catalogue: permission, one transaction, the index and the audit log together."""

from app.catalog.actions.handling import (
    Moved,
    dissolve_set,
    forget_when_registered,
    join_temporary,
    note_condition,
    put_set,
    register_temporary,
    relocate,
    restore_to_stock,
)
from app.catalog.actions.items import CHANGEABLE, add_item, add_items, next_barcode, update_item
from app.catalog.actions.operations import (
    CONDITION,
    EDIT_ITEM,
    EDIT_RECORD,
    IMPORT,
    RELOCATE,
    RESTORE,
    TEMPORARY,
    VIEW,
    CatalogError,
)
from app.catalog.actions.records import EDITABLE, ImportOutcome, create_record, editable, import_records, update_record

__all__ = [
    "CHANGEABLE",
    "CONDITION",
    "EDITABLE",
    "EDIT_ITEM",
    "EDIT_RECORD",
    "IMPORT",
    "RELOCATE",
    "RESTORE",
    "TEMPORARY",
    "VIEW",
    "CatalogError",
    "ImportOutcome",
    "Moved",
    "add_item",
    "add_items",
    "create_record",
    "dissolve_set",
    "editable",
    "forget_when_registered",
    "import_records",
    "join_temporary",
    "next_barcode",
    "note_condition",
    "put_set",
    "register_temporary",
    "relocate",
    "restore_to_stock",
    "update_item",
    "update_record",
]
