from datetime import date

from django.db import migrations
from django.utils import timezone

BATCH = 1000
PLAIN = ("name", "kana", "birth_date", "postal_code", "address", "phone", "email")
# Full years on 1 April, both included (学齢 by the school law).
AGES = {"infant": (0, 5), "child": (6, 11), "junior": (12, 14), "high": (15, 17), "general": (18, 200)}


def seal(apps, schema_editor):
    """Seal every patron; cards, stops and messages become rows of their own."""
    names = ("Patron", "PatronCard", "PatronStop", "PatronNote")
    alias = schema_editor.connection.alias
    rows_of = {name: apps.get_model("patrons", name).objects.using(alias) for name in names}
    model = {name: apps.get_model("patrons", name) for name in names}
    written = [*PLAIN, "keys", "noted_until"]
    today = timezone.localdate()
    last = 0
    while batch := list(rows_of["Patron"].filter(pk__gt=last).order_by("pk")[:BATCH]):
        last = batch[-1].pk
        cards, stops, notes = [], [], []
        for patron in batch:
            for name in PLAIN:
                setattr(patron, name, getattr(patron, f"plain_{name}"))
            patron.keys = patron._meta.get_field("keys").pre_save(patron, False)
            cards.append(model["PatronCard"](number=patron.card_number, patron=patron, since=patron.registered_on))
            if patron.stopped_until:
                reason = patron.stop_reason or "以前のシステムでの停止"
                until = None if patron.stopped_until == date.max else patron.stopped_until
                stops.append(model["PatronStop"](patron=patron, kind="lend", reason=reason, since=today, until=until))
            if patron.message:
                patron.noted_until = date.max
                notes.append(model["PatronNote"](patron=patron, text=patron.message, made_on=today))
        rows_of["Patron"].bulk_update(batch, written, batch_size=200)
        for name, rows in (("PatronCard", cards), ("PatronStop", stops), ("PatronNote", notes)):
            rows_of[name].bulk_create(rows)


def ages(apps, schema_editor):
    """The categories of a library that has them already get their ages."""
    categories = apps.get_model("patrons", "PatronCategory").objects.using(schema_editor.connection.alias)
    for code, (low, high) in AGES.items():
        categories.filter(code=code, age_from=None, age_until=None).update(age_from=low, age_until=high)
    categories.filter(code="wide").update(may_ill=False)


class Migration(migrations.Migration):
    """Seals what an earlier release kept plain."""

    dependencies = [("patrons", "0002_sealed_register")]

    operations = [
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.RunPython(ages, migrations.RunPython.noop),
    ]
