"""Why a due date was changed for a reader is sealed."""

from django.db import migrations

from app.web.sealed import SealedTextField
from app.web.taking_over import sealed_columns


class Migration(migrations.Migration):
    dependencies = [("circulation", "0006_moved")]
    operations = [
        migrations.SeparateDatabaseAndState(
            [sealed_columns("circulation_loan", {"due_reason": 100})],
            [
                migrations.AlterField(
                    "loan",
                    "due_reason",
                    SealedTextField(blank=True, db_default=b"", default="", verbose_name="期限変更の理由"),
                )
            ],
        )
    ]
