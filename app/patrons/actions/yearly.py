"""The change of categories at the turn of the school year."""

from collections import defaultdict
from datetime import date

from django.db import transaction
from django.utils import timezone

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons import queries
from app.patrons.actions.operations import WITHDRAW
from app.patrons.models import Patron, PatronChange

BATCH = 2000


@transaction.atomic
def change_categories(actor: Actor, year: int) -> int:
    """Move everybody to the category of their age on 1 April of `year`; returns how many moved. Again: nobody.

    Whoever is in a category without ages (広域, 団体 …) stays. Each move stands in the person's history.
    """
    access.require(actor, WITHDRAW)
    names = queries.category_names()
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for patron_id, old, new in queries.moves(year):
        groups[old, new].append(patron_id)
    moved = 0
    now = timezone.now()
    for (old, new), ids in groups.items():
        for start in range(0, len(ids), BATCH):
            batch = Patron.objects.select_for_update(no_key=True).filter(pk__in=ids[start : start + BATCH])
            found = list(batch.filter(category_id=old).order_by("pk").values_list("pk", flat=True))
            moved += Patron.objects.filter(pk__in=found).update(category_id=new, updated_at=now)
            words = [["利用者区分", names[old], names[new]]]
            PatronChange.objects.bulk_create(
                [PatronChange(patron_id=pk, by=actor.number, at=now, fields=words) for pk in found]
            )
    audit.record(actor, "patrons.change_categories", subject_type="patron", detail={"changed": moved, "year": year})
    return moved


def school_year(today: date) -> int:
    """The school year that a day belongs to: it begins on 1 April."""
    return today.year - (today.month < 4)
