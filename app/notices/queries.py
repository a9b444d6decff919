"""Reads for notices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan

from app.circulation.models import Loan
from app.holds.models import Hold, HoldSet, PurchaseRequest, Status
from app.notices import rules
from app.notices.codes import AUTOMATIC, MAIL, Adapter, Kind, State
from app.notices.models import BadAddress, Batch, KindWish, Line, Means, Notice, Policy, Stop, Wish, Wording
from app.patrons.models import Patron, PatronPolicy
from app.web.sealed import blind

ADDRESS_CONTEXT = "notices.address"


@dataclass(frozen=True)
class Overdue:
    """A loan whose due date is past, and what reminding it has seen."""

    loan_id: int
    patron_id: int
    item_id: int
    due_on: date
    days_late: int
    held: bool
    done: int
    """The highest stage reminded of for this due date; 0 for none."""
    branch_id: int
    category_id: int
    material_type: str


@dataclass(frozen=True)
class Soon:
    """A loan that falls due soon."""

    loan_id: int
    patron_id: int
    due_on: date
    branch_id: int
    category_id: int
    material_type: str


def policies() -> dict[str, Policy]:
    """The policy of every kind. One SQL statement."""
    return {policy.kind: policy for policy in Policy.objects.all()}


def patron_policy() -> PatronPolicy:
    """The register's terms: ages and days that notices share with the counter. One SQL statement."""
    return PatronPolicy.objects.first() or PatronPolicy()


def means_table() -> dict[str, Means]:
    """Enabled means by code, in their order. One SQL statement."""
    return {means.code: means for means in Means.objects.filter(enabled=True)}


def overdue(today: date) -> list[Overdue]:
    """Every loan past its due date, neither stopped nor compensated, the patrons' in one place. One SQL statement."""
    waiting = Hold.objects.filter(record=OuterRef("item__record_id"), status=Status.WAITING)
    reminded = Line.objects.filter(kind=Kind.OVERDUE, loan=OuterRef("pk"), due_on=OuterRef("due_on")).order_by("-stage")
    now_stopped = Stop.objects.filter(from_on__lte=today, until_on__gte=today)
    loans = (
        Loan.objects.filter(due_on__lt=today, compensation="")
        .annotate(
            held=Exists(waiting),
            done=Subquery(reminded.values("stage")[:1]),
            stopped=Exists(now_stopped.filter(Q(patron=OuterRef("patron_id")) | Q(item=OuterRef("item_id")))),
        )
        .filter(stopped=False)
        .order_by("patron_id", "due_on", "id")
        .values_list(
            "id",
            "patron_id",
            "item_id",
            "due_on",
            "held",
            "done",
            "branch_id",
            "patron__category_id",
            "item__material_type",
        )
    )
    return [
        Overdue(loan, patron, item, due, (today - due).days, held, done or 0, branch, category, material)
        for loan, patron, item, due, held, done, branch, category, material in loans
    ]


def due_soon(today: date, days: int) -> list[Soon]:
    """Loans that fall due within `days`, of patrons who wished to be told and were not yet. One SQL statement."""
    told = Line.objects.filter(kind=Kind.DUE, loan=OuterRef("pk"), due_on=OuterRef("due_on"))
    loans = Loan.objects.filter(due_on__gt=today, due_on__lte=today + timedelta(days=days))
    loans = loans.filter(patron__notice_wish__due_soon=True).filter(~Exists(told)).order_by("patron_id", "due_on", "id")
    columns = ("id", "patron_id", "due_on", "branch_id", "patron__category_id", "item__material_type")
    return [Soon(*row) for row in loans.values_list(*columns)]


def ready_holds() -> list[Hold]:
    """Holds on the shelf whose patrons wish a mail or a postcard and have none planned for this time on the shelf.

    A set to be fetched together waits for its last piece. Calls are the hold desk's own list. One SQL statement.
    """
    told = Line.objects.filter(kind=Kind.READY, hold=OuterRef("pk"), due_on=OuterRef("ready_at__date"))
    incomplete = Hold.objects.filter(
        belongs_to=OuterRef("belongs_to_id"), status__in=[Status.WAITING, Status.PULL, Status.TRANSIT]
    )
    holds = Hold.objects.filter(status=Status.READY, contact__in=["mail", "postcard"]).filter(~Exists(told))
    holds = holds.exclude(Q(belongs_to__kind=HoldSet.Kind.TOGETHER) & Exists(incomplete))
    return list(holds.select_related("pickup").order_by("patron_id", "pickup_id", "id"))


def decided_requests() -> list[PurchaseRequest]:
    """Purchase requests with an answer nobody was told of, by mail. One SQL statement."""
    told = Line.objects.filter(kind=Kind.REQUEST, request=OuterRef("pk"))
    asked = PurchaseRequest.objects.exclude(status=PurchaseRequest.Status.RECEIVED)
    asked = asked.filter(GreaterThan(Length("answer"), 0))  # it is sealed, and has a length
    asked = asked.filter(~Exists(declined(Kind.REQUEST, "patron_id")))
    return list(asked.filter(told_at=None, contact="mail").filter(~Exists(told)).order_by("patron_id", "id"))


def expiring_cards(today: date, days: int) -> list[Patron]:
    """Patrons whose card ends within `days`. One SQL statement."""
    patrons = Patron.objects.filter(valid_until__gte=today, valid_until__lte=today + timedelta(days=days))
    patrons = patrons.filter(withdrawn_on=None).exclude(contact_by=Patron.ContactBy.NONE)
    patrons = patrons.filter(~Exists(declined(Kind.CARD, "pk")))
    return list(patrons.only("id", "valid_until").order_by("id"))


def declined(kind: str, patron: str) -> QuerySet[KindWish]:
    """The word of those who do not want a kind of notice, of the outer query's `patron` column."""
    return KindWish.objects.filter(patron=OuterRef(patron), kind=kind, wanted=False)


def kind_wishes(patron_id: int) -> dict[str, KindWish]:
    """A patron's own words about kinds of notice, by kind. One SQL statement."""
    return {wish.kind: wish for wish in KindWish.objects.filter(patron=patron_id).select_related("means")}


def wished_means(patron_id: int, kind: str) -> str:
    """The code of the means by which a patron wants a kind of notice instead of mail; mail when they said nothing. At
    most two SQL statements."""
    own = KindWish.objects.filter(patron=patron_id, kind=kind, means__isnull=False).values_list(
        "means__code", flat=True
    )
    wish = Wish.objects.filter(patron=patron_id, prefers__isnull=False).values_list("prefers__code", flat=True)
    return own.first() or wish.first() or MAIL


def told_keys(keys: Iterable[str]) -> set[str]:
    """Which of these events already have a line. One SQL statement."""
    return set(Line.objects.filter(key__in=list(keys)).values_list("key", flat=True))


def address_of(patron: Patron, means: Means) -> str:
    """The patron's address for a means; empty when there is none. Who has no phone of their own has the guardian's."""
    return address_in(patron, means.address_field)


def address_in(patron: Patron, field: str) -> str:
    """The same by the field's name."""
    found = str(getattr(patron, field, "") or "").strip()
    return found or (patron.guardian_phone.strip() if field == "phone" else "")


def mark_of(address: str) -> str:
    """The keyed digest by which a bad address is known."""
    return blind(address.lower(), ADDRESS_CONTEXT)


def reachable(patron: Patron, table: dict[str, Means]) -> list[str]:
    """Codes of the means that can reach a patron, in the table's order: there is an address and it has not come back.
    One SQL statement."""
    bad = set(BadAddress.objects.filter(patron=patron).values_list("field", "mark"))
    found = []
    for code, means in table.items():
        address = address_of(patron, means)
        if address and (not bad or (means.address_field, mark_of(address)) not in bad):
            found.append(code)
    return found


def wording_for(kind: str, stage: int, means: str) -> Wording:
    """The newest wording: of the stage and means, the stage, the means, or the kind. One SQL statement.

    Wording.DoesNotExist is impossible after migrate: every kind has one.
    """
    fitting = Wording.objects.filter(kind=kind, stage__in=[0, stage], means__in=["", means])
    rows = sorted(fitting, key=lambda row: (row.stage, row.means != "", row.version))
    if not rows:
        raise Wording.DoesNotExist(kind)
    return rows[-1]


def wordings() -> list[Wording]:
    """The newest version of every wording. One SQL statement."""
    return list(Wording.objects.order_by("kind", "stage", "means", "-version").distinct("kind", "stage", "means"))


def versions_of(wording: Wording) -> list[Wording]:
    """Every version of the same text, the newest first. One SQL statement."""
    same = Wording.objects.filter(kind=wording.kind, stage=wording.stage, means=wording.means)
    return list(same.order_by("-version"))


def lines_of(notices: Iterable[Notice]) -> dict[int, list[Line]]:
    """Lines with what they are about, by notice, the earliest due first. One SQL statement."""
    found: dict[int, list[Line]] = {}
    rows = Line.objects.filter(notice__in=list(notices)).select_related(
        "loan__item__record", "loan__branch", "hold__record", "hold__pickup", "request"
    )
    for line in rows.defer("loan__item__record__marc", "hold__record__marc").order_by("due_on", "id"):
        found.setdefault(line.notice_id, []).append(line)
    return found


def open_batches() -> QuerySet[Batch]:
    """Bulk sendings, the newest first, with their numbers of notices."""
    return Batch.objects.annotate(notices_count=Count("notices")).order_by("-id")


def batch_counts(batch: Batch) -> list[dict[str, object]]:
    """Notices of a batch by stage, means and state. One SQL statement."""
    rows = batch.notices.values("stage", "means__name", "state").annotate(number=Count("id"))
    return [{**row, "title": State(row["state"]).label} for row in rows.order_by("stage", "means__order", "state")]


def batch_targets(batch: Batch) -> QuerySet[Notice]:
    """Notices of a batch with patron and means, by stage, means and reading."""
    return batch.notices.select_related("patron__category", "means").order_by("-stage", "means__order", "id")


def phone_list(today: date, branch_id: int | None = None) -> list[Notice]:
    """Whom to call today, in order: broken promises first, then who waits longest. Three SQL statements.

    What came back meanwhile has no lines and is not on the list.
    """
    rows = Notice.objects.filter(state=State.READY, means__adapter=Adapter.CALL).filter(
        Q(next_call_on=None) | Q(next_call_on__lte=today), Exists(Line.objects.filter(notice=OuterRef("pk")))
    )
    if branch_id:
        rows = rows.filter(branch=branch_id)
    rows = rows.annotate(promised=Max("calls__promised_on")).select_related("patron", "means", "branch")
    return list(
        rows.prefetch_related("calls", "replaces").order_by(
            F("promised").asc(nulls_last=True), F("next_call_on").asc(nulls_first=True), "-stage", "on_date", "id"
        )
    )


def paper(adapter: str, branch_id: int | None = None, batch_id: int | None = None) -> list[Notice]:
    """Notices to print, in order of postal code. One SQL statement."""
    rows = Notice.objects.filter(state=State.READY, means__adapter=adapter)
    rows = rows.filter(Exists(Line.objects.filter(notice=OuterRef("pk"))))
    if branch_id:
        rows = rows.filter(branch=branch_id)
    if batch_id:
        rows = rows.filter(batch=batch_id)
    found = list(rows.select_related("patron", "means", "branch"))
    return sorted(found, key=lambda one: (rules.postcode_digits(one.patron.postal_code) or "9", one.patron_id, one.pk))


def posted_lately(adapter: str, today: date) -> QuerySet[Notice]:
    """Cards or letters posted in the last thirty days: one of them may come back."""
    rows = Notice.objects.filter(state=State.HANDED, means__adapter=adapter, on_date__gt=today - timedelta(days=30))
    return rows.select_related("patron", "means").order_by("-on_date", "-id")[:200]


def waiting_by_means() -> list[dict[str, object]]:
    """How many notices wait, by means and state: the front page's figures. One SQL statement."""
    rows = Notice.objects.filter(state__in=[State.PLANNED, State.READY, State.HANDING])
    return list(
        rows.values("means__code", "means__name", "means__adapter", "state")
        .annotate(number=Count("id"))
        .order_by("means__order", "state")
    )


def history_of(patron_id: int, most: int = 100) -> list[Notice]:
    """What was sent to a patron, the newest first. Two SQL statements."""
    rows = Notice.objects.filter(patron=patron_id).exclude(state=State.PLANNED)
    return list(rows.select_related("means").prefetch_related("calls").order_by("-on_date", "-id")[:most])


def history_of_item(item_id: int) -> list[Line]:
    """Reminders of an item's present loan: stage, date, means, result; never whose. One SQL statement."""
    lines = Line.objects.filter(loan__item=item_id).exclude(notice__state=State.PLANNED)
    return list(lines.select_related("notice__means").order_by("id"))


def stops(today: date) -> list[Stop]:
    """Stops that are or will be in force, the next to end first. One SQL statement."""
    return list(
        Stop.objects.filter(until_on__gte=today).select_related("patron", "item__record").defer("item__record__marc")
    )


def undeliverable(limit: int = 200) -> list[BadAddress]:
    """Addresses that came back, the newest first. One SQL statement."""
    return list(BadAddress.objects.select_related("patron").order_by("-since", "-id")[:limit])


def still_bad(rows: Iterable[BadAddress]) -> list[BadAddress]:
    """Those whose address is still the patron's. No SQL when patrons are there."""
    return [row for row in rows if row.mark == mark_of(address_in(row.patron, row.field))]


def sendable(now: object, kinds: Sequence[str] = ()) -> QuerySet[Notice]:
    """Notices (of these kinds, when given) whose time has come and whose means needs no hand."""
    rows = Notice.objects.filter(state=State.READY, not_before__lte=now, means__adapter__in=AUTOMATIC)
    return rows.filter(kind__in=kinds) if kinds else rows


def group_by_patron(rows: Sequence[Overdue]) -> dict[int, list[Overdue]]:
    """The rows by patron, in order."""
    found: dict[int, list[Overdue]] = {}
    for row in rows:
        found.setdefault(row.patron_id, []).append(row)
    return found
