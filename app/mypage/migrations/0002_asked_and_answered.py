from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mypage", "0001_what_readers_keep")]

    operations = [
        migrations.AddField(
            model_name="resetask",
            name="done",
            field=models.BooleanField(db_default=False, default=False, verbose_name="回答済み"),
        ),
    ]
