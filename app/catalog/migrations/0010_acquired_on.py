"""New arrivals are read by the day of accession."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalog", "0009_sheets")]
    operations = [
        migrations.AddIndex(
            model_name="item",
            index=models.Index(fields=["acquired_on"], name="item_acquired_on"),
        ),
    ]
