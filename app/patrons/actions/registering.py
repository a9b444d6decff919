"""Registering, changing, taking over a register."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.branches.models import Branch
from app.patrons import importing, rules
from app.patrons.actions.operations import CHANGE, IMPORT, REGISTER
from app.patrons.models import Patron, PatronCard, PatronCategory, PatronChange
from app.web import versions

MOST_PROBLEMS = 100
PHONES, MAILS = 3, 2
# What the edit form holds besides the contact lines, in its order; their values go over as they are.
PLAIN = (
    "name",
    "kana",
    "birth_date",
    "category",
    "branch",
    "residence",
    "postal_code",
    "address",
    "district",
    "guardian_name",
    "guardian_phone",
    "representative",
    "group_kind",
)
USED = "この利用券番号はすでに使われています。"


@dataclass(frozen=True)
class Registration:
    """What the registration form collects. `contacts` are all phones and mail addresses as {kind, label, value};
    `phone` and `email` are those in use."""

    card_number: str
    name: str
    kana: str
    birth_date: date | None
    category: PatronCategory
    branch: Branch
    residence: str = Patron.Residence.CITY
    postal_code: str = ""
    address: str = ""
    district: str = ""
    phone: str = ""
    email: str = ""
    contacts: tuple[dict[str, str], ...] = field(default=())
    contact_by: str = Patron.ContactBy.PHONE
    guardian_name: str = ""
    guardian_phone: str = ""
    representative: str = ""
    group_kind: str = ""


@transaction.atomic
def register(actor: Actor, what: Registration, today: date | None = None) -> Patron:
    """Register a patron; the card is valid for the category's years from today.

    ValidationError (by field) for an unsound number and for one that was ever used, by a card of any kind or state.
    """
    access.require(actor, REGISTER)
    today = today or timezone.localdate()
    problem = rules.card_problem(what.card_number)
    if problem:
        raise ValidationError({"card_number": problem})
    patron = Patron(
        card_number=what.card_number,
        registered_on=today,
        address_confirmed_on=today,
        valid_until=rules.years_later(today, what.category.validity_years),
    )
    _take_over(patron, what)
    try:
        with transaction.atomic():
            patron.save(force_insert=True)
            PatronCard.objects.create(number=what.card_number, patron=patron, since=today)
    except IntegrityError as error:
        if "number" not in str(error):
            raise
        raise ValidationError({"card_number": USED}) from error
    audit.record(actor, REGISTER, subject_type="patron", subject_id=patron.pk)
    return patron


@transaction.atomic
def change(actor: Actor, patron: Patron, what: Registration, seen: str = "") -> Patron:
    """Change a patron's registration; cards stay. The log names the fields; their values before and after go, sealed,
    into the patron's own history.

    With `seen` (app.web.versions) Conflict when somebody else saved since the page was opened.
    """
    access.require(actor, CHANGE)
    locked = Patron.objects.select_for_update(of=("self",)).select_related("category", "branch").get(pk=patron.pk)
    if seen:
        versions.check(seen, editable(locked))
    before = {column.attname: getattr(locked, column.attname) for column in Patron._meta.concrete_fields}
    words = shown(locked)
    _take_over(locked, what)
    changed = sorted(name for name, value in before.items() if getattr(locked, name) != value)
    if changed:
        locked.updated_at = timezone.now()
        locked.save(update_fields=[*changed, "keys", "updated_at"])
        record_change(actor, locked, words)
        audit.record(actor, CHANGE, subject_type="patron", subject_id=locked.pk, detail={"fields": changed})
    return locked


def record_change(actor: Actor, patron: Patron, before: dict[str, str]) -> None:
    """Keep what of the shown values became another. The caller holds the row and writes the audit event."""
    now = shown(patron)
    rows = [[label, before[label], now[label]] for label in now if before[label] != now[label]]
    if rows:
        PatronChange.objects.create(
            patron=patron, by="本人" if actor.kind == "patron" else actor.number, at=timezone.now(), fields=rows
        )


def shown(patron: Patron) -> dict[str, str]:
    """What the history keeps: every field of the registration in the screen's words, by its label."""
    contacts = "、".join(f"{row['label']} {row['value']}".strip() for row in patron.contacts)
    values = {
        "氏名": patron.name,
        "カナ氏名": patron.kana,
        "生年月日": f"{patron.birth_date:%Y/%m/%d}" if patron.birth_date else "",
        "利用者区分": patron.category.name,
        "登録館": patron.branch.name,
        "在住・在勤・在学": patron.get_residence_display(),
        "郵便番号": patron.postal_code,
        "住所": patron.address,
        "地区": patron.district,
        "電話": patron.phone,
        "メール": patron.email,
        "連絡先": contacts,
        "連絡方法": patron.get_contact_by_display(),
        "保護者氏名": patron.guardian_name,
        "保護者の電話": patron.guardian_phone,
        "代表者": patron.representative,
        "団体の種別": patron.get_group_kind_display(),
        "利用券番号": patron.card_number,
        "有効期限": f"{patron.valid_until:%Y/%m/%d}" if patron.valid_until else "",
    }
    return {label: str(value) for label, value in values.items()}


def editable(patron: Patron) -> dict[str, Any]:
    """The registration as the edit form holds it: `phone_1` …, `phone_1_label` …, `mail_1` …, `use`."""
    values: dict[str, Any] = {name: getattr(patron, name) for name in PLAIN}
    rows = patron.contacts or [
        {"kind": kind, "label": "", "value": value}
        for kind, value in (("phone", patron.phone), ("mail", patron.email))
        if value
    ]
    values["use"] = patron.contact_by
    for kind, most in (("phone", PHONES), ("mail", MAILS)):
        of_kind = [row for row in rows if row["kind"] == kind]
        in_use = patron.phone if kind == "phone" else patron.email
        for number in range(1, most + 1):
            row = of_kind[number - 1] if number <= len(of_kind) else {"label": "", "value": ""}
            values[f"{kind}_{number}"] = row["value"]
            if kind == "phone":
                values[f"{kind}_{number}_label"] = row["label"]
            if patron.contact_by == kind and row["value"] and row["value"] == in_use:
                values["use"] = f"{kind}_{number}"
    return values


def _take_over(patron: Patron, what: Registration) -> None:
    for name in PLAIN:
        setattr(patron, name, getattr(what, name))
    patron.name = what.name.strip()
    patron.kana = rules.katakana(what.kana)
    patron.phone, patron.email = rules.plain_phone(what.phone), what.email
    patron.guardian_phone = rules.plain_phone(what.guardian_phone)
    patron.contacts = [
        row | {"value": rules.plain_phone(row["value"]) if row["kind"] == "phone" else row["value"]}
        for row in what.contacts
    ]
    patron.contact_by = Patron.ContactBy(what.contact_by)


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
    there = set(PatronCard.objects.values_list("number", flat=True))
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
    made = Patron.objects.bulk_create(fresh, batch_size=2000)
    PatronCard.objects.bulk_create(
        (PatronCard(number=one.card_number, patron=one, since=one.registered_on) for one in made), batch_size=5000
    )
    audit.record(actor, IMPORT, subject_type="patron", detail={"new": len(fresh), "there": old})
    return len(fresh), old
