"""Reads of the register."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from app.access.queries import is_locked_out
from app.patrons import keys, rules
from app.patrons.models import (
    Application,
    Patron,
    PatronCard,
    PatronCategory,
    PatronNote,
    PatronPolicy,
    PatronStop,
    Postcode,
)

# A search that finds more is too wide to read; the screen asks for another field.
MOST_FOUND = 2000
LONGEST_NOTICE = 92  # days
# What may bind a patron in other areas: relation, what makes it count, words. A relation that no area has is skipped.
BINDING = (
    ("loans", {}, "貸出中の資料{}点"),
    ("holds", {"ended_at": None}, "予約{}件"),
    ("purchase_requests", {"status__in": ("received", "buy", "borrow", "ordered")}, "購入希望{}件"),
)


def policy() -> PatronPolicy:
    """The register's terms. One SQL statement."""
    return PatronPolicy.objects.filter(pk=1).first() or PatronPolicy()


def category_names() -> dict[int, str]:
    """The names of all categories by id. One SQL statement."""
    return dict(PatronCategory.objects.values_list("pk", "name"))


def id_of_card(text: str) -> int | None:
    """The id of the patron with that card (as scanned or typed), whatever the card's state, or None. One SQL
    statement."""
    return PatronCard.objects.filter(number=rules.plain_number(text)).values_list("patron_id", flat=True).first()


def by_card(number: str) -> Patron | None:
    """The patron whom a live card, phone or other identifier opens, with category and branch; None for every other
    number (`card_state` tells why). One SQL statement."""
    patrons = Patron.objects.select_related("category", "branch")
    return patrons.filter(cards__number=number, cards__state=PatronCard.State.LIVE, withdrawn_on=None).first()


@dataclass(frozen=True)
class CardState:
    """A number that is somebody's identifier: what it is, since when, and what the counter says when it is read."""

    kind: str
    state: str
    since: date
    patron_id: int | None
    message: str

    @property
    def live(self) -> bool:
        return self.state == PatronCard.State.LIVE


_STATE_WORDS = {
    "lost": "紛失の届出により停止中の利用券です（{:%Y/%m/%d}）。本人を確かめてください。",
    "replaced": "再発行で使えなくなった旧券です（{:%Y/%m/%d}）。新しい利用券を読み取ってください。",
    "retired": "退会した利用者の利用券です（{:%Y/%m/%d}）。",
}


def card_state(number: str) -> CardState | None:
    """What is known of a number that was ever a patron's identifier; None for every other. One SQL statement.

    For the counter, when `by_card` finds nobody: a stopped card is a warning (and `actions.note_stopped_card`).
    """
    card = PatronCard.objects.filter(number=number).first()
    if card is None:
        return None
    words = _STATE_WORDS.get(card.state, "").format(card.since)
    return CardState(card.kind, card.state, card.since, card.patron_id, words)


def by_id(patron_id: int) -> Patron | None:
    """The patron with category and branch. One SQL statement."""
    return Patron.objects.select_related("category", "branch").filter(pk=patron_id).first()


def sign_in_is_shut(patron: Patron) -> bool:
    """Whether too many misses keep this patron out of My Page now. Two SQL statements."""
    return is_locked_out("patron", patron.card_number, None)


def standing(patron: Patron) -> rules.Standing:
    """What `rules.refusal` needs to know of a patron. No SQL statement when the category is loaded."""
    return rules.Standing(
        valid_until=patron.valid_until,
        withdrawn_on=patron.withdrawn_on,
        lend_stopped_until=patron.stopped_until,
        hold_stopped_until=patron.hold_stopped_until,
        web_stopped_until=patron.web_stopped_until,
        may_hold=patron.category.may_hold,
        may_ill=patron.category.may_ill,
    )


def refusal(patron: Patron, what: str, today: date) -> str:
    """Why this patron may not `lend`, `hold`, `ill` or use the `web` today, as a sentence; empty when nothing speaks
    against it. No SQL statement when the category is loaded."""
    return rules.refusal(standing(patron), what, today)


def at_counter(patron: Patron, today: date) -> list[rules.CounterNote]:
    """Everything the counter shows when this patron's card is read, the gravest first: stops with their reasons,
    messages, returned post, a validity that ends soon.

    No SQL statement for somebody of whom there is nothing to say; one each for messages, stops, and in the last month
    of the validity.
    """
    now = standing(patron)
    ends = (now.lend_stopped_until, now.hold_stopped_until, now.web_stopped_until)
    reasons = []
    if any(end and today <= end for end in ends):
        stops = PatronStop.objects.filter(Q(until=None) | Q(until__gte=today), patron=patron, lifted_on=None)
        reasons = [(row.kind, row.reason) for row in stops]
    soon = patron.valid_until is not None and 0 <= (patron.valid_until - today).days <= LONGEST_NOTICE
    found = rules.standing_notes(
        now,
        today,
        notice_days=policy().expiry_notice_days if soon else 0,
        post_returned_on=patron.post_returned_on,
        reasons=reasons,
    )
    tones = {1: "info", 2: "warn", 3: "bad"}
    noted = patron.noted_until is not None and today <= patron.noted_until
    notes = notes_of(patron.pk, today) if noted else []
    found += [rules.CounterNote(tones[note.importance], note.text) for note in notes]
    return sorted(found, key=lambda note: ("bad", "warn", "info").index(note.tone))


def notes_of(patron_id: int, today: date) -> list[PatronNote]:
    """The messages that are shown on a day, the important ones first. One SQL statement."""
    live = PatronNote.objects.filter(Q(until=None) | Q(until__gte=today), patron_id=patron_id, done_on=None)
    return list(live.order_by("-importance", "-pk"))


@dataclass(frozen=True)
class Found:
    """What a search came to: the ids in the order of reading and birth date; `too_many` when it was cut."""

    ids: list[int]
    too_many: bool = False


def search(
    kana: str = "",
    birth_date: date | None = None,
    number: str = "",
    phone: str = "",
    address: str = "",
    *,
    withdrawn: bool = False,
) -> Found:
    """Patrons by the beginning of the reading, birth date, card number (also an old one), phone, the beginning of the
    town; all given ones must fit.

    Nothing given finds nobody, nor does a value of which nothing remains to compare ("-" as a phone, "・" as a
    reading): the register is not for leafing through. One SQL statement; readings are opened to sort them.
    """
    given = ((kana, rules.kana_key(kana)), (number, rules.plain_number(number)), (phone, rules.plain_phone(phone)))
    place = rules.address_keys(address)
    if not (birth_date or any(value for value, _ in given) or address):
        return Found([])
    if any(value and not key for value, key in given) or (address and not place):
        return Found([])
    wanted = [key for key in (keys.kana(kana), keys.birth(birth_date), keys.phone(phone)) if key]
    rows = Patron.objects.filter(withdrawn_on__isnull=not withdrawn)
    if wanted:
        rows = rows.filter(keys__contains=wanted)
    if place:
        rows = rows.filter(keys__overlap=keys.towns(address))
    if number:
        rows = rows.filter(cards__number=rules.plain_number(number))
    columns = ("pk", "kana", "birth_date", "address")
    found = list(rows.order_by().values_list(*columns)[: MOST_FOUND + 1])
    # Beyond what a hash covers the opened values decide.
    key = rules.kana_key(kana)
    found = [
        row
        for row in found
        if rules.kana_key(row[1]).startswith(key) and (not place or rules.address_fits(row[3], address))
    ]
    found.sort(key=lambda row: (rules.kana_key(row[1]), row[2] or date.min, row[0]))
    return Found([row[0] for row in found[:MOST_FOUND]], len(found) > MOST_FOUND)


def shown(ids: Iterable[int]) -> list[Patron]:
    """These patrons with category and branch, in this order. One SQL statement."""
    order = {patron_id: place for place, patron_id in enumerate(ids)}
    found = Patron.objects.select_related("category", "branch").filter(pk__in=order)
    return sorted(found, key=lambda patron: order[patron.pk])


def alike(kana: str, birth_date: date | None, phone: str, besides: int | None = None) -> list[Patron]:
    """Existing patrons who may be the same person: reading and birth date agree, or reading and phone. At most ten.
    One SQL statement."""
    whole = keys.whole_kana(kana)
    pairs = [[whole, other] for other in (keys.birth(birth_date), keys.phone(phone)) if whole and other]
    if not pairs:
        return []
    same = Q()
    for pair in pairs:
        same |= Q(keys__contains=pair)
    found = Patron.objects.select_related("category", "branch").filter(same, withdrawn_on=None)
    return list(found.exclude(pk=besides).order_by("pk")[:10])


def family_of(patron: Patron) -> list[Patron]:
    """The patron and everybody who agreed to be shown together, by birth date; only the patron without a family. One
    SQL statement, none without a family."""
    if patron.family_id is None:
        return [patron]
    members = Patron.objects.select_related("category", "branch").filter(family_id=patron.family_id, withdrawn_on=None)
    return sorted(members, key=lambda one: (one.birth_date or date.max, one.pk))


def _binding() -> Iterator[tuple[QuerySet[Any], str]]:
    """The rows of other areas that bind a patron, with the words for a number of them."""
    for relation, condition, words in BINDING:
        if relation in Patron._meta.fields_map:
            model: Any = Patron._meta.get_field(relation).related_model
            yield model._default_manager.filter(**condition).order_by(), words


def obligations(ids: Iterable[int]) -> dict[int, list[str]]:
    """What binds these patrons in other areas, in words; a patron that is no key is free. One SQL statement for each
    kind of obligation."""
    wanted = list(ids)
    found: dict[int, list[str]] = {}
    for rows, words in _binding():
        for patron_id, count in rows.filter(patron_id__in=wanted).values_list("patron_id").annotate(n=Count("pk")):
            found.setdefault(patron_id, []).append(words.format(count))
    return found


def unused(years: int, today: date) -> list[int]:
    """The ids of those who have not used the library for so many years and owe nothing, the longest first. One SQL
    statement."""
    before = rules.years_later(today, -years)
    last = Coalesce(F("last_used_on"), F("registered_on"))
    rows = Patron.objects.filter(withdrawn_on=None).alias(last=last).filter(last__lt=before)
    for bound, _ in _binding():
        rows = rows.exclude(Exists(bound.filter(patron_id=OuterRef("pk"))))
    return list(rows.order_by("last", "pk").values_list("pk", flat=True))


def due_for_erasure(today: date) -> list[int]:
    """The ids of the withdrawn whose term is over. Two SQL statements."""
    last = today - timedelta(days=policy().erase_after_days)
    return list(Patron.objects.filter(withdrawn_on__lte=last).order_by("pk").values_list("pk", flat=True))


def expiring(today: date) -> list[Patron]:
    """Whom to tell that their card ends: valid today and no longer than the policy's days from now. Two SQL
    statements."""
    last = today + timedelta(days=policy().expiry_notice_days)
    rows = Patron.objects.select_related("category", "branch").filter(withdrawn_on=None)
    return list(rows.filter(valid_until__gte=today, valid_until__lte=last).order_by("valid_until", "pk"))


def moves(year: int) -> Iterator[tuple[int, int, int]]:
    """Everybody whose category becomes another by age on 1 April of `year`: (patron, from, to). Two SQL statements."""
    rows = PatronCategory.objects.filter(age_from__isnull=False).order_by("age_from")
    bands = [rules.AgeBand(*row) for row in rows.values_list("pk", "age_from", "age_until")]
    people = Patron.objects.filter(withdrawn_on=None, category_id__in=[band.category_id for band in bands])
    for patron_id, category, born in people.order_by().values_list("pk", "category_id", "birth_date").iterator():
        new = rules.category_by_age(bands, born, year) if born else None
        if new is not None and new != category:
            yield patron_id, category, new


def addressee(patron: Patron, today: date, terms: PatronPolicy | None = None) -> str:
    """Who a letter to this patron is written to (a child's guardian). One SQL statement without `terms`."""
    terms = terms or policy()
    return rules.addressee(patron.name, patron.birth_date, patron.guardian_name, today, terms.guardian_until_age)


def places_of(text: str) -> list[Postcode]:
    """The towns of a postal code, or those whose name begins with a text; at most twenty. One SQL statement."""
    digits = rules.plain_phone(text)
    if len(digits) == 7:
        return list(Postcode.objects.filter(code=digits)[:20])
    return list(Postcode.objects.filter(town__startswith=text.strip())[:20]) if text.strip() and not digits else []


def application(number: str, today: date) -> Application | None:
    """What somebody typed at home under this number, while it lasts. One SQL statement."""
    return Application.objects.filter(number=rules.plain_number(number), expires_on__gte=today).first()


def holds_of(ids: Iterable[int]) -> list[Any]:
    """The open holds of these patrons with record and pickup library, the ready ones first. One SQL statement, none
    on a site without holds."""
    if "holds" not in Patron._meta.fields_map:
        return []
    model: Any = Patron._meta.get_field("holds").related_model
    rows = model._default_manager.filter(patron_id__in=list(ids), ended_at=None).select_related("record", "pickup")
    rows = rows.defer("record__marc").order_by("queue_at", "pk")
    return sorted(rows, key=lambda hold: hold.status != "ready")
