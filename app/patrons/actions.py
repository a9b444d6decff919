"""Writes to the register of patrons."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access import actions as access
from app.access import queries as access_queries
from app.access.actor import Actor
from app.access.operations import declare
from app.audit import actions as audit
from app.branches.models import Branch
from app.patrons import importing, rules
from app.patrons.models import Patron, PatronCategory

VIEW = declare("patrons.view", "利用者を検索・表示する")
REGISTER = declare("patrons.register", "利用者を登録する")
CHANGE = declare("patrons.change", "利用者の登録内容を変更する")
IMPORT = declare("patrons.import", "利用者を一括で取り込む", roles=())
MOST_PROBLEMS = 100
ISSUE_PASSWORD = declare("patrons.issue_password", "利用者の仮パスワードを発行する")

CATEGORIES = (
    ("general", "一般", 3, False),
    ("high", "高校生", 3, False),
    ("junior", "中学生", 3, False),
    ("child", "児童", 3, False),
    ("infant", "幼児", 3, False),
    ("wide", "広域", 1, False),
    ("group", "団体", 1, True),
    ("staff", "職員", 1, False),
)
# Letters and digits that nobody misreads on a slip of paper.
READABLE = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Registration:
    """What the registration form collects."""

    card_number: str
    name: str
    kana: str
    birth_date: date | None
    category: PatronCategory
    branch: Branch
    postal_code: str = ""
    address: str = ""
    phone: str = ""
    email: str = ""


@transaction.atomic
def register(actor: Actor, what: Registration, today: date | None = None) -> Patron:
    """Register a patron; the card is valid for the category's years from today.

    ValidationError (by field) for an unsound or used card number.
    """
    access.require(actor, REGISTER)
    today = today or timezone.localdate()
    problem = rules.card_problem(what.card_number)
    if problem:
        raise ValidationError({"card_number": problem})
    patron = Patron(registered_on=today, valid_until=rules.years_later(today, what.category.validity_years))
    _take_over(patron, what)
    try:
        with transaction.atomic():
            patron.save(force_insert=True)
    except IntegrityError as error:
        if "card_number" not in str(error):
            raise
        raise ValidationError({"card_number": "この利用券番号はすでに使われています。"}) from error
    audit.record(actor, REGISTER, subject_type="patron", subject_id=patron.pk)
    return patron


@transaction.atomic
def change(actor: Actor, patron: Patron, what: Registration) -> Patron:
    """Change a patron's registration; the card number stays. The log names the fields, not their values."""
    access.require(actor, CHANGE)
    locked = Patron.objects.select_for_update().get(pk=patron.pk)
    before = {field.attname: getattr(locked, field.attname) for field in Patron._meta.concrete_fields}
    number = locked.card_number
    _take_over(locked, what)
    locked.card_number = number
    changed = sorted(name for name, value in before.items() if getattr(locked, name) != value)
    if changed:
        locked.updated_at = timezone.now()
        locked.save(update_fields=[*changed, "updated_at"])
        audit.record(actor, CHANGE, subject_type="patron", subject_id=locked.pk, detail={"fields": changed})
    return locked


def _take_over(patron: Patron, what: Registration) -> None:
    patron.card_number = what.card_number
    patron.name = what.name.strip()
    patron.kana = rules.katakana(what.kana)
    patron.kana_key = rules.kana_key(what.kana)
    patron.birth_date = what.birth_date
    patron.category = what.category
    patron.branch = what.branch
    patron.postal_code, patron.address = what.postal_code, what.address
    patron.phone, patron.email = rules.plain_phone(what.phone), what.email


@transaction.atomic
def issue_password(actor: Actor, patron: Patron) -> str:
    """A temporary password, told to the patron once; the first sign-in with it must change it. 12 characters."""
    access.require(actor, ISSUE_PASSWORD)
    password = "".join(secrets.choice(READABLE) for _ in range(12))
    set_password(patron, password, temporary=True)
    audit.record(actor, ISSUE_PASSWORD, subject_type="patron", subject_id=patron.pk)
    return password


def set_password(patron: Patron, password: str, *, temporary: bool) -> None:
    """Store the hash. Whoever calls has checked the right to do it."""
    patron.password = make_password(password)
    patron.must_change_password = temporary
    Patron.objects.filter(pk=patron.pk).update(password=patron.password, must_change_password=temporary)


@transaction.atomic
def change_own_password(actor: Actor, patron: Patron, old: str, new: str) -> None:
    """A patron's own change of password. ValidationError for a wrong old or a weak new one."""
    if not check_password(old, patron.password):
        raise ValidationError({"old": "現在のパスワードが違います。"})
    validate_password(new)
    if new in (patron.card_number, old):
        raise ValidationError({"new": "利用券番号や現在と同じパスワードは使えません。"})
    set_password(patron, new, temporary=False)
    audit.record(actor, "patrons.change_own_password", subject_type="patron", subject_id=patron.pk)


def sign_in(card_number: str, password: str, actor: Actor) -> Patron:
    """The patron with that card and password, or access.SignInRefused with one text for every cause.

    `actor` is the anonymous one (terminal, request id). Five misses in fifteen minutes lock the card out.
    """
    number = rules.plain_number(card_number) or card_number.strip()[:64]
    locked = access_queries.is_locked_out("patron", number, actor.terminal)
    patron = Patron.objects.select_related("category").filter(card_number=number).first()
    if patron is None or not patron.password:
        make_password(password)
        good = False
    else:
        good = check_password(password, patron.password) and rules.is_valid(patron.valid_until, timezone.localdate())
    if locked or not good or patron is None:
        access.note_failure("patron", number[:64], actor, locked=locked)
        raise access.SignInRefused
    with transaction.atomic():
        access.clear_failures("patron", number)
        audit.record(
            Actor("patron", str(patron.pk), terminal=actor.terminal, request_id=actor.request_id),
            "patrons.sign_in",
            subject_type="patron",
            subject_id=patron.pk,
        )
    return patron


def sign_out(actor: Actor) -> None:
    """Log that a patron signed out."""
    audit.record(actor, "patrons.sign_out", subject_type="patron", subject_id=actor.number)


def seed_categories() -> None:
    """The usual categories, in a register that has none."""
    if not PatronCategory.objects.exists():
        PatronCategory.objects.bulk_create(
            PatronCategory(code=code, name=name, validity_years=years, is_group=group, order=order)
            for order, (code, name, years, group) in enumerate(CATEGORIES)
        )


def after_migrate(sender: Any, using: str, **_: Any) -> None:
    """`post_migrate`: a new register has categories."""
    if using == "default":
        seed_categories()


@transaction.atomic
def import_register(actor: Actor, lines: Iterable[str], today: date | None = None) -> tuple[int, int]:
    """Take over patrons from CSV lines, all or none; returns (new, already there).

    A card number that is already registered is left as it is, so the same file may be read twice.
    ImportRefused lists every problem of the file by line and column (at most a hundred).
    """
    access.require(actor, IMPORT)
    today = today or timezone.localdate()
    categories = dict(PatronCategory.objects.values_list("code", "id"))
    branches = dict(Branch.objects.values_list("code", "id"))
    there = set(Patron.objects.values_list("card_number", flat=True))
    problems: list[importing.Problem] = []
    seen: dict[str, int] = {}
    fresh: list[Patron] = []
    old = 0
    for line, row in importing.read(lines):
        values, wrong = importing.values_of(line, row, categories, branches, today)
        number = values["card_number"]
        if number in seen:
            wrong.append(importing.Problem(line, "card_number", number, f"a number not used on line {seen[number]}"))
        seen[number] = line
        problems += wrong
        if len(problems) >= MOST_PROBLEMS:
            break
        if number in there:
            old += 1
        elif not problems:
            fresh.append(Patron(**values))
    if problems:
        raise importing.ImportRefused(problems[:MOST_PROBLEMS])
    Patron.objects.bulk_create(fresh, batch_size=2000)
    audit.record(actor, IMPORT, subject_type="patron", detail={"new": len(fresh), "there": old})
    return len(fresh), old
