"""Reads of My Page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from app.authorities.queries import forms_of
from app.branches.queries import closing_of
from app.catalog.codes import VISIBLE_TO, ShelfStatus
from app.catalog.models import BibliographicRecord, Item
from app.catalog.search.fold import folded
from app.circulation import queries as circulation
from app.circulation import rules as lending
from app.circulation.models import Loan
from app.holds.models import Hold, Route, Status
from app.mypage import links, rules
from app.mypage.models import FamilyShare, Favourite, MailChange, PasswordReset, Reading, ReadingYear, Watch
from app.notices.codes import Kind
from app.notices.queries import declined
from app.patrons.models import Patron
from app.regulations.rules import Rule
from app.terminals.models import Terminal
from app.web.wording import wording

SEEN = VISIBLE_TO["public"]
ASK = _("延長できません。窓口でお尋ねください。")
SHORTLY = {
    "late": _("返却期限を過ぎています。"),
    "held": _("予約している方がいます。"),
    "renewals": _("これ以上延長できません。"),
    "too_early": _("まだ延長できません。"),
    "no_gain": _("いま延長しても期限は延びません。"),
}


def _public() -> QuerySet[BibliographicRecord]:
    """Records that anybody may see, without their MARC."""
    return BibliographicRecord.objects.filter(visibility__in=SEEN).defer("marc")


@dataclass(frozen=True)
class LoanLine:
    """One thing on loan: how late it is, and whether it may be extended now (else why not)."""

    loan: Loan
    late: int
    """Days past the due date; zero or less while it is not due."""
    may_renew: bool
    new_due: date | None
    why_not: str
    code: str = ""

    @property
    def reason(self) -> str:
        """Why it cannot be extended: as the counter says it in Japanese, in other languages shortly."""
        if get_language() in ("ja", "ja-kids", None):
            return self.why_not
        return str(SHORTLY.get(self.code, ASK))


def loan_lines(patron: Patron, now: datetime) -> list[LoanLine]:
    """What a patron has out, the earliest due date first, each judged as the counter would judge its extension.

    Two SQL statements, one more for each lending branch whose calendar is not in memory.
    """
    today = timezone.localdate(now)
    loans = circulation.loans_of(patron.pk)
    if not loans:
        return []
    waiting = _waiting([loan.item for loan in loans])
    table = circulation.rule_table(today)
    return [_judged(loan, loans, patron, waiting.get(loan.item_id, 0), table, today) for loan in loans]


def _waiting(items: Iterable[Item]) -> dict[int, int]:
    """How many holds wait that each of these items could serve. One SQL statement."""
    given = {item.pk: item.record_id for item in items}
    rows = Hold.objects.filter(record_id__in=set(given.values()), status__in=[Status.WAITING, Status.PULL]).order_by()
    of_record: dict[int, int] = {}
    of_copy: dict[int, int] = {}
    for record_id, copy_id, number in rows.values_list("record_id", "only_item_id").annotate(n=Count("pk")):
        if copy_id is None:
            of_record[record_id] = number
        else:
            of_copy[copy_id] = number
    return {pk: of_record.get(record_id, 0) + of_copy.get(pk, 0) for pk, record_id in given.items()}


def _judged(
    loan: Loan, loans: list[Loan], patron: Patron, waiting: int, table: tuple[Rule, ...], today: date
) -> LoanLine:
    item = loan.item
    late = (today - loan.due_on).days
    if getattr(loan, "compensation", ""):
        return LoanLine(loan, late, False, None, wording("mypage.compensation", "弁償の手続き中です。"))
    verdict = lending.may_renew(
        circulation.borrower(patron, loans, item),
        circulation.terms_for(table, loan.branch_id, patron.category_id, item, today, waiting),
        closing_of(loan.branch, today),
        today,
        due_on=loan.due_on,
        renewed=loan.renewed,
        lent_on=timezone.localdate(loan.lent_at),
        waiting=waiting,
    )
    if verdict.allowed:
        return LoanLine(loan, late, True, verdict.due_on, "")
    return LoanLine(loan, late, False, None, verdict.message, verdict.code)


def records_in_order(record_ids: Iterable[int]) -> list[BibliographicRecord]:
    """These records in this order, those that readers may see. One SQL statement, none for no ids."""
    wanted = list(record_ids)
    found = _public().in_bulk(wanted) if wanted else {}
    return [found[pk] for pk in wanted if pk in found]


def record_of(record_id: int) -> BibliographicRecord | None:
    """One record that readers may see. One SQL statement."""
    return _public().filter(pk=record_id).first()


def route_from(terminal: str | None) -> str:
    """From a registered terminal of the library it is 館内OPAC, from anywhere else the Web. One SQL statement."""
    inside = bool(terminal) and Terminal.objects.filter(address=terminal).exists()
    return Route.KIOSK if inside else Route.WEB


def reset_of(token: str, now: datetime) -> PasswordReset | None:
    """The row of a link that still opens a new password. One SQL statement."""
    return PasswordReset.objects.filter(mark=links.mark_of(token), used_at=None, expires_at__gt=now).first()


def mail_change_of(token: str, now: datetime) -> MailChange | None:
    """The row of a link that still confirms an address. One SQL statement."""
    return MailChange.objects.filter(mark=links.mark_of(token), expires_at__gt=now).first()


def waiting_mail(patron_id: int, now: datetime) -> MailChange | None:
    """The address that waits for its owner's word. One SQL statement."""
    return MailChange.objects.filter(pk=patron_id, expires_at__gt=now).first()


def reading_of(patron_id: int) -> Reading | None:
    """The consent to a record of reading, if it was given. One SQL statement."""
    return Reading.objects.filter(pk=patron_id).first()


def reading_years(patron_id: int) -> list[ReadingYear]:
    """The record of reading, the latest year first, each year's entries the latest first. One SQL statement."""
    years = list(ReadingYear.objects.filter(reading=patron_id).order_by("-year"))
    for year in years:
        year.entries = year.entries[::-1]
    return years


@dataclass(frozen=True)
class Kept:
    """A title on a reader's list; `record` is None when readers cannot see it any more."""

    favourite: Favourite
    record: BibliographicRecord | None

    @property
    def title(self) -> str:
        """As it was when it was put there, whatever became of the record."""
        return str(self.favourite.content["title"])

    @property
    def ndc(self) -> str:
        """The class mark as far as the record is known."""
        return self.record.ndc if self.record else ""


def favourites(patron_id: int, shelf: str, order: str = "new") -> list[Kept]:
    """A reader's list, the latest first (`new`), or by `title` or `class`. Two SQL statements."""
    rows = list(Favourite.objects.filter(patron=patron_id, shelf=shelf))
    records = _public().in_bulk([row.content["record"] for row in rows])
    found = [Kept(row, records.get(row.content["record"])) for row in rows]
    if order == "title":
        found.sort(key=lambda kept: folded(kept.title))
    if order == "class":
        found.sort(key=lambda kept: (rules.by_class(kept.ndc), folded(kept.title)))
    return found


def favourite(patron_id: int, favourite_id: int) -> Favourite | None:
    """One of the reader's own, or None. One SQL statement."""
    return Favourite.objects.filter(pk=favourite_id, patron=patron_id).first()


def favourite_of(mark: str) -> Favourite | None:
    """What a reader keeps of a title, by its mark. One SQL statement."""
    return Favourite.objects.filter(mark=mark).first()


def shelf_sizes(patron_id: int) -> dict[str, int]:
    """How many titles each list has. One SQL statement."""
    return dict(Favourite.objects.filter(patron=patron_id).order_by().values_list("shelf").annotate(n=Count("pk")))


def watches_of(patron_id: int) -> list[Watch]:
    """The words of which a reader wants to hear. One SQL statement."""
    return list(Watch.objects.filter(patron=patron_id))


@dataclass(frozen=True)
class Arrival:
    """A title that the library received for the first time on a day, as words are compared with it."""

    record: BibliographicRecord
    texts: dict[str, str]


def arrived(day: date) -> list[Arrival]:
    """What came new on a day: titles of which no copy was there before. At most three SQL statements."""
    before = Item.objects.filter(record=OuterRef("record")).filter(Q(acquired_on__lt=day) | Q(acquired_on=None))
    items = Item.objects.filter(acquired_on=day, visibility__in=SEEN).exclude(status=ShelfStatus.WITHDRAWN)
    ids = items.filter(~Exists(before)).order_by().values_list("record_id", flat=True)
    records = list(_public().filter(pk__in=set(ids)).order_by("pk"))
    if not records:
        return []
    forms = forms_of({name for record in records for name in (*record.creators, *record.subjects)})
    return [Arrival(record, _texts(record, forms)) for record in records]


def _texts(record: BibliographicRecord, forms: dict[str, list[str]]) -> dict[str, str]:
    also = {name: forms.get(name, []) for name in (*record.creators, *record.subjects)}
    author = rules.joined(record.creators, record.creator_readings, *(also[name] for name in record.creators))
    subject = rules.joined(record.subjects, record.subject_readings, *(also[name] for name in record.subjects))
    title = rules.joined(record.title, record.title_reading, record.other_titles, record.series, record.contents)
    texts = {"any": rules.joined(title, author, subject, record.publisher), "author": author, "subject": subject}
    # Spaces and marks between the parts of a name must not matter; the break between two texts must.
    return {
        field: "\n".join(folded(line).replace(" ", "").replace(",", "") for line in text.split("\n"))
        for field, text in texts.items()
    }


def _wanted(watch: Watch) -> tuple[str, str]:
    words = (folded(word).replace(" ", "").replace(",", "") for word in watch.content["text"].split())
    return watch.content["field"], " ".join(filter(None, words))


def fitting(watches: Iterable[Watch], arrivals: Iterable[Arrival]) -> list[tuple[Watch, BibliographicRecord]]:
    """Which arrivals fit which words, each title once. No SQL."""
    found: dict[int, tuple[Watch, BibliographicRecord]] = {}
    wanted = [(watch, *_wanted(watch)) for watch in watches]
    for arrival in arrivals:
        for watch, field, words in wanted:
            if arrival.record.pk not in found and rules.fits(words, arrival.texts[field]):
                found[arrival.record.pk] = (watch, arrival.record)
    return list(found.values())


def patrons_to_tell(day: date) -> list[int]:
    """The readers for whom something new came on a day, of words they registered by then. Four SQL statements; none
    but one when nothing came."""
    arrivals = arrived(day)
    if not arrivals:
        return []
    found = []
    by_patron: dict[int, list[Watch]] = {}
    watches = Watch.objects.filter(made_on__lte=day, patron__withdrawn_on=None)
    for watch in watches.filter(~Exists(declined(Kind.ARRIVAL, "patron_id"))).order_by("patron_id", "pk"):
        by_patron.setdefault(watch.patron_id, []).append(watch)
    for patron_id, watches in by_patron.items():
        if fitting(watches, arrivals):
            found.append(patron_id)
    return found


def arrivals_for(patron_id: int, day: date) -> list[tuple[Watch, BibliographicRecord]]:
    """What came new for a reader on a day. Four SQL statements."""
    return fitting(Watch.objects.filter(patron=patron_id, made_on__lte=day), arrived(day))


def arrival_key(patron_id: int, day: date) -> str:
    """The name of the event that something came for a reader on a day."""
    return f"arrival:{patron_id}:{day.isoformat()}"


def shares(patron_id: int) -> bool:
    """Whether this reader lets the family see. One SQL statement."""
    return FamilyShare.objects.filter(pk=patron_id).exists()


def family_shown_to(patron: Patron) -> list[Patron]:
    """The others of the reader's family who consented to be seen, as it is at this moment. One SQL statement."""
    if patron.family_id is None:
        return []
    members = Patron.objects.select_related("category", "branch").filter(family=patron.family_id, withdrawn_on=None)
    consent = FamilyShare.objects.filter(patron=OuterRef("pk"))
    return list(members.exclude(pk=patron.pk).filter(Exists(consent)).order_by("pk"))
