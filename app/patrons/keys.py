"""The keyed hashes by which a patron is found, kept in one array with one index.

Searching asks for rows whose array contains all of some hashes; so every combination of reading, birth date, phone and
town is one look-up, and the database never learns what was asked.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from app.patrons import rules
from app.web.context import organisation
from app.web.sealed import blind, prefixes

KANA, WHOLE_KANA, BIRTH, PHONE, TOWN = (f"patrons.{name}" for name in ("kana", "whole", "birth", "phone", "town"))
LONGEST = 6


def kana(typed: str) -> str:
    """The hash of the beginning of a reading."""
    return blind(rules.kana_key(typed)[:LONGEST], KANA)


def whole_kana(reading: str) -> str:
    """The hash of a whole reading."""
    return blind(rules.kana_key(reading), WHOLE_KANA)


def birth(day: date | None) -> str:
    """The hash of a birth date; empty without one."""
    return blind(day.isoformat() if day else "", BIRTH)


def phone(text: str) -> str:
    """The hash of a phone number."""
    return blind(rules.plain_phone(text), PHONE)


def towns(typed: str) -> list[str]:
    """The hashes of the beginning of an address, one for each form in which it may be meant; any of them fits."""
    return [blind(form[:LONGEST], TOWN) for form in rules.address_keys(typed)]


def at_home(address: str) -> bool:
    """Whether an address is in the library's own city: nobody is found by that, it would list everybody."""
    return rules.city_key(address).startswith(organisation(settings.INVENTORY)["city"])


def keys_of(reading: str, born: date | None, phones: Iterable[str], address: str) -> list[str]:
    """Every hash under which a patron is found, sorted."""
    found = {
        *prefixes(rules.kana_key(reading), KANA, LONGEST),
        whole_kana(reading),
        birth(born),
        *(phone(number) for number in phones),
        *prefixes(rules.town_key(address), TOWN, LONGEST),
        *([] if at_home(address) else prefixes(rules.city_key(address), TOWN, LONGEST)),
    }
    return sorted(found - {""})


class KeysField(ArrayField):
    """The hashes of its row, computed anew whenever the row is written, so that none is forgotten."""

    derived_from_sealed = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs = {"editable": False, "default": list, "base_field": models.CharField(max_length=12)} | kwargs
        super().__init__(*args, **kwargs)

    def pre_save(self, instance: Any, add: bool) -> list[str]:
        """The hashes of what the row says now."""
        phones = [instance.phone, instance.guardian_phone]
        phones += [row["value"] for row in instance.contacts if row["kind"] == "phone"]
        value = keys_of(instance.kana, instance.birth_date, phones, instance.address)
        setattr(instance, self.attname, value)
        return value
