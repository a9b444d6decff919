"""The record of reading, of those who asked for it.

Nothing at the counter knows of it: a job looks every few minutes at what consenting readers have out and copies what
is new. So no transaction of a loan or a return touches a row of this area, and returning stays the end of what the
library itself knows. A loan that ends within the minutes between is not copied; it was a mistake.
"""

from datetime import date, datetime

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from app.access.actor import Actor
from app.audit import actions as audit
from app.circulation.models import Loan
from app.mypage.actions.own import own
from app.mypage.models import Reading, ReadingYear


@transaction.atomic
def begin_reading(actor: Actor, patron_id: int, today: date | None = None) -> None:
    """The reader consents: what they borrow from now on is kept. Twice is once."""
    own(actor, patron_id)
    newest = Loan.objects.filter(patron=patron_id).aggregate(newest=Max("pk"))["newest"] or 0
    _, made = Reading.objects.get_or_create(
        patron_id=patron_id, defaults={"since": today or timezone.localdate(), "seen": str(newest)}
    )
    if made:
        audit.record(actor, "mypage.begin_reading", subject_type="patron", subject_id=patron_id)


@transaction.atomic
def end_reading(actor: Actor, patron_id: int) -> int:
    """The reader withdraws the consent: everything that was kept is erased here and now; returns the rows."""
    own(actor, patron_id)
    gone = Reading.objects.filter(pk=patron_id).delete()[0]
    if gone:
        audit.record(actor, "mypage.end_reading", subject_type="patron", subject_id=patron_id)
    return gone


@transaction.atomic
def forget_title(actor: Actor, patron_id: int, year: int, record_id: int, day: str) -> bool:
    """Erase one entry of the record; False when it is not there (any more)."""
    own(actor, patron_id)
    kept = ReadingYear.objects.select_for_update().filter(reading=patron_id, year=year).first()
    if kept is None:
        return False
    left = [entry for entry in kept.entries if (entry["record"], entry["day"]) != (record_id, day)]
    if len(left) == len(kept.entries):
        return False
    kept.entries = left
    kept.save(update_fields=["entries"])
    audit.record(actor, "mypage.forget_title", subject_type="patron", subject_id=patron_id)
    return True


def copy_loans(actor: Actor, now: datetime) -> int:
    """Copy what consenting readers borrowed since the last run; returns how many loans. One transaction a reader, none
    for those who borrowed nothing. Two SQL statements and four a reader with something new."""
    del actor, now
    consenting = dict(Reading.objects.values_list("pk", "seen"))
    newest = Loan.objects.filter(patron__in=list(consenting)).order_by().values_list("patron").annotate(n=Max("pk"))
    return sum(_copy(patron_id) for patron_id, last in newest if last > int(consenting[patron_id] or 0))


@transaction.atomic
def _copy(patron_id: int) -> int:
    reading = Reading.objects.select_for_update().filter(pk=patron_id).first()
    if reading is None:  # withdrawn meanwhile
        return 0
    loans = Loan.objects.filter(patron=patron_id, pk__gt=int(reading.seen or 0)).select_related(
        "item__record", "branch"
    )
    fresh = list(loans.defer("item__record__marc").order_by("pk"))
    by_year: dict[int, list[dict[str, object]]] = {}
    for loan in fresh:
        day, record = timezone.localdate(loan.lent_at), loan.item.record
        by_year.setdefault(day.year, []).append(
            {
                "record": record.pk,
                "title": f"{record.title} {record.volume}".strip(),
                "creators": "、".join(record.creators),
                "day": day.isoformat(),
                "place": loan.branch.short,
            }
        )
    for year, entries in by_year.items():
        kept, _ = ReadingYear.objects.get_or_create(reading=reading, year=year)
        kept.entries = [*kept.entries, *entries]
        kept.save(update_fields=["entries"])
    if fresh:
        reading.seen = str(fresh[-1].pk)
        reading.save(update_fields=["seen"])
    return len(fresh)
