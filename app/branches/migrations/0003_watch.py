"""Every change of a watched table gives its group a new stamp, whoever makes it: processes see it and read again."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION branches_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO branches_revision (name, stamp) VALUES (TG_ARGV[0], gen_random_uuid())
  ON CONFLICT (name) DO UPDATE SET stamp = excluded.stamp;
  RETURN NULL;
END
$$
"""
WATCHED = (
    ("calendar", "branches_branch"),
    ("calendar", "branches_calendaryear"),
    ("calendar", "branches_closedday"),
    ("calendar", "branches_deliveryday"),
    ("calendar", "branches_dayhours"),
    ("codes", "branches_codeentry"),
    ("wordings", "branches_wording"),
)


class Migration(migrations.Migration):
    dependencies = [("branches", "0002_calendars_codes_and_words")]
    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION branches_touch()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_watch AFTER INSERT OR UPDATE OR DELETE ON {table}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION branches_touch('{group}')",
                f"DROP TRIGGER {table}_watch ON {table}",
            )
            for group, table in WATCHED
        ),
    ]
