"""How far the keeper elsewhere has the seals."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0006_seals_append_only")]
    operations = [
        migrations.CreateModel(
            name="SealCopy",
            fields=[
                ("keeper", models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name="保管先")),
                ("number", models.BigIntegerField(verbose_name="封印の番号")),
                ("at", models.DateTimeField(verbose_name="日時")),
            ],
            options={"verbose_name": "封印の写し"},
        )
    ]
