from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("circulation", "0003_counter_tables"),
        ("patrons", "0006_stop_until_returned"),
    ]

    operations = [
        migrations.DeleteModel(name="ReturnStop"),
    ]
