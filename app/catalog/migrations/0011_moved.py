"""What moved is noted as it moves, so that a question need not compare all loans with those of the index."""

from django.db import migrations, models

# For the tables that say where items are: their own migrations make the triggers.
MOVED = """
CREATE FUNCTION catalog_search_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.catalog_searchmoved (item_id) SELECT item_id FROM changed WHERE item_id IS NOT NULL;
  RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0010_acquired_on")]
    operations = [
        migrations.CreateModel(
            name="SearchMoved",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("item_id", models.BigIntegerField()),
            ],
            options={"verbose_name": "動いた所蔵"},
        ),
        migrations.RunSQL(MOVED, "DROP FUNCTION catalog_search_moved() CASCADE"),
    ]
