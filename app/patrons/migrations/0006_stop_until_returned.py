from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("patrons", "0005_rewritten_table"),
    ]

    operations = [
        migrations.AddField(
            model_name="patronstop",
            name="until_returned",
            field=models.BooleanField(db_default=False, default=False, verbose_name="全点返却で解く"),
        ),
    ]
