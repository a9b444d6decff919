"""Small real rows for tests: a branch, a patron, an item, somebody who works."""

from datetime import date, timedelta
from itertools import count
from typing import Any

from django.db import transaction
from django.test import Client
from django.utils import timezone

from app.access.actor import Actor
from app.access.models import StaffUser
from app.access.queries import operations_of
from app.branches.models import Branch
from app.catalog.models import BibliographicRecord, Item
from app.patrons.models import Patron, PatronCard, PatronCategory
from app.patrons.rules import with_check_digit
from app.regulations.models import Regulation

_number = count(1)
PASSWORD = "yomu-yomu-yomu-1"


def branch(code: str = "nagano", **fields: Any) -> Branch:
    """The branch of that code, made when it is not there; it is open every day unless said otherwise."""
    given = {"number": next(_number), "kind": "main", "name": "長野図書館", "short": "長野", "closed_weekdays": ""}
    return Branch.objects.get_or_create(code=code, defaults={**given, **fields})[0]


def patron(**fields: Any) -> Patron:
    """A patron whose card is valid for a year."""
    number = next(_number)
    given: dict[str, Any] = {
        "card_number": with_check_digit(f"1{number:08}"),
        "name": "小林 花子",
        "kana": "コバヤシ ハナコ",
        "birth_date": date(1980, 4, 1),
        "category": PatronCategory.objects.get(code="general"),
        "branch": branch(),
        "registered_on": timezone.localdate(),
        "valid_until": timezone.localdate() + timedelta(days=365),
    }
    given.update(fields)
    with transaction.atomic():  # the card in use is one of the patron's own, at the end of a transaction
        made = Patron.objects.create(**given)
        PatronCard.objects.create(number=made.card_number, patron=made, since=made.registered_on)
    return made


def item(title: str = "ごんぎつね", **fields: Any) -> Item:
    """An item on the shelf of the branch."""
    number = next(_number)
    record = fields.pop("record", None) or BibliographicRecord.objects.create(title=title)
    given = {"branch": branch(), "barcode": with_check_digit(f"2{number:08}"), "record": record}
    return Item.objects.create(**{**given, **fields})


def rule(**fields: Any) -> Regulation:
    """The library's first rule for these keys (branch, category, material_type, location), with these values."""
    names = ("branch", "category", "material_type", "location", "effective_until")
    key = {name: fields.pop(name) for name in names if name in fields}
    wanted = {"branch": None, "category": None, "material_type": "", "location": "", "effective_until": None, **key}
    return Regulation.objects.update_or_create(effective_from=date(2000, 1, 1), **wanted, defaults=fields)[0]


def staff(role: str = "counter", **fields: Any) -> StaffUser:
    """A member of staff at the branch with one role."""
    given = {"number": f"{role}{next(_number)}", "name": "窓口 一郎", "branch": branch(), **fields}
    return StaffUser.objects.create_user(given.pop("number"), PASSWORD, roles=(role,), **given)


def actor(role: str = "counter") -> Actor:
    """The same as an actor, without a request."""
    user = staff(role)
    return Actor("staff", user.number, user.name, operations_of(user), user.branch_id, "10.81.1.70", "test-request")


def client(role: str = "counter", **fields: Any) -> Client:
    """A browser in which somebody with that role is signed in."""
    browser = Client()
    browser.force_login(staff(role, **fields))
    return browser
