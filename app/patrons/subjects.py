"""How the audit log's pages find a patron."""

from app.audit.subjects import Subject, put
from app.patrons.models import Patron
from app.patrons.queries import id_of_card


def find(text: str) -> str | None:
    """The patron's id by the number on a card."""
    found = id_of_card(text)
    return str(found) if found else None


COLUMNS = Patron._meta.concrete_fields
LABELS = {name: str(field.verbose_name) for field in COLUMNS for name in (field.name, field.attname)}
LABELS |= {"note": "連絡事項", "all": "すべて", "family": "家族"}
put(
    Subject("patron", "利用者", "利用券番号", find, LABELS),
    Subject("application", "仮登録"),
    Subject("category", "利用者区分", "区分の符号"),
)
