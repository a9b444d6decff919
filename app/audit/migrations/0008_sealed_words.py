"""What is typed about a person is sealed, which is longer. Events that are there are sealed by hash: they stay."""

from django.db import migrations

from app.web.sealed import WordsField


class Migration(migrations.Migration):
    dependencies = [("audit", "0007_seal_copies")]
    operations = [
        migrations.AlterField("auditevent", "purpose", WordsField(blank=True, max_length=1200, verbose_name="目的")),
    ]
