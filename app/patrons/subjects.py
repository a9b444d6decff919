"""How the audit log's pages find a patron."""

from app.audit.subjects import Subject, put
from app.patrons.models import Patron
from app.patrons.queries import id_of_card


def find(text: str) -> str | None:
    """The patron's id by the number on a card."""
    found = id_of_card(text)
    return str(found) if found else None


LABELS = {field.name: str(field.verbose_name) for field in Patron._meta.concrete_fields}
put(Subject("patron", "利用者", "利用券番号", find, LABELS))
