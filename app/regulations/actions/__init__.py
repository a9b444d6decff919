"""Everything that changes rules, codes and words."""

from app.regulations.actions.codes import CODES, Line, put_codes, put_location_on_items, seen_of
from app.regulations.actions.seed import after_migrate, seed_codes, seed_rules
from app.regulations.actions.table import CHANGE, VIEW, put, withdraw
from app.regulations.actions.words import WORDS, put_wording

__all__ = [
    "CHANGE",
    "CODES",
    "VIEW",
    "WORDS",
    "Line",
    "after_migrate",
    "put",
    "put_codes",
    "put_location_on_items",
    "put_wording",
    "seed_codes",
    "seed_rules",
    "seen_of",
    "withdraw",
]
