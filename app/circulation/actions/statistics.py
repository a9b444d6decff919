"""Figures without a person, and what the night makes of the day."""

from datetime import date, datetime, time

from django.db import connection, transaction
from django.utils import timezone

from app.access.actor import Actor
from app.branches.models import Branch
from app.catalog.models import Item
from app.circulation.models import HandledToday, LoanStatistic
from app.patrons.models import Patron
from app.patrons.rules import age_band


def count(
    actor: Actor,
    act: str,
    patron: Patron | None,
    item: Item,
    branch: Branch,
    on_date: date,
    *,
    without_card: bool = False,
) -> None:
    """One act as a figure; without a patron it has no category and no age. One SQL statement."""
    LoanStatistic.objects.create(
        act=act,
        on_date=on_date,
        branch=branch,
        material_type=item.material_type,
        without_card=without_card,
        terminal=actor.terminal,
        **(person(patron, on_date) if patron else {}),
    )


def person(patron: Patron, on_date: date) -> dict[str, str]:
    """What the figures may say of a patron."""
    return {
        "category": patron.category.code,
        "age_band": age_band(patron.birth_date, on_date),
        "district": patron.district,
    }


def uncount(
    act: str,
    patron: Patron,
    item: Item,
    branch_id: int,
    on_date: date,
    *,
    without_card: bool = False,
    terminal: str | None = None,
) -> bool:
    """Take one figure back. Figures have no name, so any that is equal will do; one of the same terminal first.

    False when there is none. One SQL statement.
    """
    equal = LoanStatistic.objects.filter(
        act=act,
        on_date=on_date,
        branch_id=branch_id,
        material_type=item.material_type,
        without_card=without_card,
        **person(patron, on_date),
    )
    with connection.cursor() as cursor:
        inner, values = equal.values("id").query.sql_with_params()
        cursor.execute(
            "DELETE FROM circulation_loanstatistic WHERE id = (SELECT id FROM circulation_loanstatistic"  # noqa: S608
            f" WHERE id IN ({inner}) ORDER BY terminal IS NOT DISTINCT FROM %s::inet DESC"
            " LIMIT 1 FOR UPDATE SKIP LOCKED)",
            [*values, terminal],
        )
        return bool(cursor.rowcount)


def handled(item: Item, what: str, now: datetime, lent_month: date | None = None) -> None:
    """Note that the item passed the counter today. One SQL statement."""
    HandledToday.objects.create(item=item, what=what, lent_month=lent_month, at=now)


_settled: dict[str, date] = {}


def settle_once_a_day(today: date) -> None:
    """The first return that this process takes on a day settles the days before, should the nightly job be late."""
    if _settled.get("day") != today:
        settle_returns(today)
        _settled["day"] = today


@transaction.atomic
def settle_returns(today: date) -> int:
    """Turn the returns of past days into tallies by item and month, and forget them; returns the rows written.

    Returns counted here are gone here, whoever else does the same at the same time. Locking the items first leaves
    this transaction's number on their rows in place of the one that returned them. Two SQL statements.
    """
    midnight = datetime.combine(today, time.min, timezone.get_current_timezone())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT id FROM catalog_item WHERE id IN"
            " (SELECT item_id FROM circulation_handledtoday WHERE at < %s) ORDER BY id FOR NO KEY UPDATE) AS locked",
            [midnight],
        )
        cursor.execute(
            "WITH gone AS (DELETE FROM circulation_handledtoday WHERE at < %s RETURNING item_id, lent_month)"
            " INSERT INTO circulation_itemtally (item_id, month, loans)"
            " SELECT item_id, lent_month, count(*) FROM gone WHERE lent_month IS NOT NULL"
            " GROUP BY item_id, lent_month ORDER BY item_id, lent_month"
            " ON CONFLICT (item_id, month) DO UPDATE SET loans = circulation_itemtally.loans + excluded.loans",
            [midnight],
        )
        return int(cursor.rowcount)


@transaction.atomic
def shuffle_figures(today: date) -> int:
    """Write the figures of past days anew: new keys, random order, no terminal; returns how many.

    Until then a figure's transaction number and its place in the table tell which event of the log it belongs to.
    Figures without terminal have been through it. One SQL statement.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH gone AS (DELETE FROM circulation_loanstatistic WHERE on_date < %s AND terminal IS NOT NULL"
            " RETURNING act, on_date, branch_id, category, age_band, district, material_type, without_card)"
            " INSERT INTO circulation_loanstatistic (id, act, on_date, branch_id, category, age_band, district,"
            " material_type, without_card)"
            " SELECT gen_random_uuid(), act, on_date, branch_id, category, age_band, district, material_type,"
            " without_card FROM gone ORDER BY random()",
            [today],
        )
        return int(cursor.rowcount)
