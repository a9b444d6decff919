"""Reads of the register."""

from datetime import date

from django.db.models import Q, QuerySet

from app.patrons import rules
from app.patrons.models import Patron


def id_of_card(text: str) -> int | None:
    """The id of the patron with that card (as scanned or typed), or None. One SQL statement."""
    return Patron.objects.filter(card_number=rules.plain_number(text)).values_list("id", flat=True).first()


def by_card(number: str) -> Patron | None:
    """The patron with that card number, with category and branch. One SQL statement."""
    return Patron.objects.select_related("category", "branch").filter(card_number=number).first()


def by_id(patron_id: int) -> Patron | None:
    """The patron with category and branch. One SQL statement."""
    return Patron.objects.select_related("category", "branch").filter(pk=patron_id).first()


def search(kana: str = "", birth_date: date | None = None, number: str = "", phone: str = "") -> QuerySet[Patron]:
    """Patrons by the beginning of the reading, birth date, card number, phone; all given ones must fit.

    Nothing given finds nobody, nor does a value of which nothing remains to compare ("-" as a phone, "・" as a
    reading): the register is not for leafing through.
    """
    given = {
        "kana_key__startswith": (kana, rules.kana_key(kana)),
        "birth_date": (birth_date, birth_date),
        "card_number": (number, rules.plain_number(number)),
        "phone": (phone, rules.plain_phone(phone)),
    }
    keys = {name: key for name, (value, key) in given.items() if value}
    patrons = Patron.objects.select_related("category", "branch")
    if not keys or not all(keys.values()):
        return patrons.none()
    return patrons.filter(**keys).order_by("kana_key", "birth_date", "id")


def alike(kana: str, birth_date: date | None, phone: str, besides: int | None = None) -> list[Patron]:
    """Existing patrons who may be the same person: reading and birth date agree, or reading and phone. At most ten."""
    same = Q(birth_date=birth_date) if birth_date else Q(pk__in=[])
    if digits := rules.plain_phone(phone):
        same |= Q(phone=digits)
    found = Patron.objects.select_related("category", "branch").filter(same, kana_key=rules.kana_key(kana))
    return list(found.exclude(pk=besides)[:10])
