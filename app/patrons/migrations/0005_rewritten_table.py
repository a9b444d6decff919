from django.db import migrations


class Migration(migrations.Migration):
    """Dropped columns stay in the table's file until their rows are rewritten: what was plain goes from the disk now."""

    atomic = False
    dependencies = [("patrons", "0004_nothing_plain")]

    operations = [migrations.RunSQL("VACUUM FULL patrons_patron", migrations.RunSQL.noop)]
