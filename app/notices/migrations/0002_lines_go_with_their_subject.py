"""A line goes in the statement that deletes its loan, hold or request: no code can forget it, no statement is added."""

from django.db import migrations

SUBJECTS = {"loan_id": "circulation_loan", "hold_id": "holds_hold", "request_id": "holds_purchaserequest"}


class Migration(migrations.Migration):
    dependencies = [("notices", "0001_notices_outbox_policy_wording")]

    operations = [
        migrations.RunSQL(
            f"ALTER TABLE notices_line ADD CONSTRAINT notices_line_{column}_goes FOREIGN KEY ({column})"
            f" REFERENCES {table} (id) ON DELETE CASCADE",
            f"ALTER TABLE notices_line DROP CONSTRAINT notices_line_{column}_goes",
        )
        for column, table in SUBJECTS.items()
    ]
