"""The loan rules of the release before become rows of the rule table, before circulation 0003 drops them."""

import json

from django.db import migrations

# What the general row of a new library says besides (actions/seed.py): the old table had no word for it.
REST = {
    "total_hold_limit": 10,
    "hold_shelf_days": 7,
    "reminder_stages": [[7, "mail"], [21, "phone"], [60, "postcard"], [90, "letter"]],
    "waiting_reminder_days": 3,
    "due_soon_days": 1,
}


def take_over(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO regulations_regulation (branch_id, category_id, material_type, location, effective_from, note,"
            " total_limit, loan_limit, period_days, renewals, reference_allowed, overdue_stages, updated_at)"
            " SELECT branch_id, category_id, material_type, '', DATE '2000-01-01', '前の版の貸出規則から',"
            " CASE WHEN material_type = '' THEN \"limit\" END, CASE WHEN material_type <> '' THEN \"limit\" END,"
            " period_days, renewals, CASE WHEN reference_allowed THEN true END,"
            # Lateness was decided by the rows without material alone.
            " CASE WHEN material_type = '' AND overdue_block_days IS NOT NULL THEN"
            "  jsonb_build_array(jsonb_build_array(1, 'note', 1),"
            "   jsonb_build_array(greatest(overdue_block_days, 1), 'stop_lending', 1)) END, now()"
            " FROM circulation_loanrule"
        )
        cursor.execute(
            "UPDATE regulations_regulation SET "
            + ", ".join(f"{name} = %s" for name in REST)
            + " WHERE branch_id IS NULL AND category_id IS NULL AND material_type = ''",
            [json.dumps(value) if isinstance(value, list) else value for value in REST.values()],
        )


class Migration(migrations.Migration):
    dependencies = [("regulations", "0002_watch"), ("circulation", "0002_return_today")]
    run_before = [("circulation", "0003_counter_tables")]
    operations = [migrations.RunPython(take_over, migrations.RunPython.noop)]
