"""What is noted about a reader's loan from elsewhere is sealed."""

from django.db import migrations

from app.web.sealed import SealedTextField
from app.web.taking_over import sealed_columns


class Migration(migrations.Migration):
    dependencies = [("interlibrary", "0001_first")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [sealed_columns("interlibrary_borrowing", {"note": 200})],
            [
                migrations.AlterField(
                    "borrowing", "note", SealedTextField(blank=True, db_default=b"", default="", verbose_name="覚え")
                )
            ],
        )
    ]
