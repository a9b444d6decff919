"""Postal codes and districts: replaced as a whole by what a file says."""

from collections.abc import Iterable

from django.db import transaction

from app.access import actions as access
from app.access.actor import Actor
from app.audit import actions as audit
from app.patrons import kenall
from app.patrons.actions.operations import SETTINGS
from app.patrons.models import District, Postcode


@transaction.atomic
def load_postcodes(
    actor: Actor, lines: Iterable[str], source: str, districts: Iterable[kenall.DistrictTown] = ()
) -> int:
    """Replace all postal codes by a file in KEN_ALL format; returns how many towns. BadFile leaves all as it was.

    `districts` give the code by which the city counts; a town in none of them counts by its municipality's code.
    """
    access.require(actor, SETTINGS)
    known = list(districts)
    rows = [
        Postcode(
            code=town.code,
            city_code=town.city_code,
            prefecture=town.prefecture,
            city=town.city,
            town=town.town,
            district=kenall.district_of(town, known),
            source=source[:60],
        )
        for town in kenall.towns(lines)
    ]
    Postcode.objects.all().delete()
    District.objects.all().delete()
    District.objects.bulk_create(
        [District(code=code, name=name) for code, name in {k.district: k.name for k in known}.items()]
    )
    Postcode.objects.bulk_create(rows, batch_size=5000)
    audit.record(actor, SETTINGS, detail={"changed": "postcodes", "new": len(rows)})
    return len(rows)
