"""The rule table is kept in the processes by its stamp; its rows are named after branches, categories and codes."""

from django.db import migrations

TABLES = ("regulations_regulation", "patrons_patroncategory", "branches_branch", "branches_codeentry")


class Migration(migrations.Migration):
    dependencies = [("regulations", "0001_rule_table"), ("branches", "0003_watch")]
    operations = [
        migrations.RunSQL(
            f"CREATE TRIGGER {table}_watch_rules AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION branches_touch('regulations')",
            f"DROP TRIGGER {table}_watch_rules ON {table}",
        )
        for table in TABLES
    ]
