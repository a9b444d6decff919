from django.db import migrations, models

REFUSED = [
    f"CREATE TRIGGER acts_are_never_{what.lower()}d BEFORE {what} ON operations_act"
    " BEGIN SELECT RAISE(ABORT, 'the record of acts is only added to'); END"
    for what in ("UPDATE", "DELETE")
]
UNDONE = [f"DROP TRIGGER acts_are_never_{what}d" for what in ("update", "delete")]


def everybody_administers(apps, schema_editor):
    """Accounts made before there were roles belong to the deployment, which makes administrators."""
    user, group = apps.get_model("auth", "User"), apps.get_model("auth", "Group")
    for one in user.objects.all():
        one.groups.add(group.objects.get_or_create(name="administrator")[0])


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("operations", "0002_misses_at_sign_in"),
    ]

    operations = [
        migrations.CreateModel(
            name="Act",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("actor", models.CharField(max_length=150)),
                ("role", models.CharField(blank=True, max_length=20)),
                ("event", models.CharField(max_length=60)),
                ("subject", models.CharField(max_length=120)),
                ("detail", models.JSONField(default=dict)),
            ],
            options={
                "ordering": ["-at", "-pk"],
                "indexes": [
                    models.Index(fields=["-at"], name="acts_by_time"),
                    models.Index(fields=["subject", "-at"], name="acts_of_a_subject"),
                ],
            },
        ),
        migrations.RunSQL(REFUSED, UNDONE),
        migrations.RunPython(everybody_administers, migrations.RunPython.noop),
    ]
