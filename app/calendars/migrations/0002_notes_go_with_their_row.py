"""A note about a loan or hold goes with it, by the database: a return takes no statement for it."""

from django.db import migrations

NOTES = (
    ("calendars_redatedloan", "loan_id", "circulation_loan"),
    ("calendars_redatedhold", "hold_id", "holds_hold"),
)


class Migration(migrations.Migration):
    dependencies = [("calendars", "0001_redatings")]
    operations = [
        migrations.RunSQL(
            f"ALTER TABLE {table} ADD CONSTRAINT {table}_goes FOREIGN KEY ({column}) REFERENCES {about} (id)"
            " ON DELETE CASCADE",
            f"ALTER TABLE {table} DROP CONSTRAINT {table}_goes",
        )
        for table, column, about in NOTES
    ]
