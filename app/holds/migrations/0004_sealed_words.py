"""What is written about a reader beside a hold or a wish is sealed."""

from django.db import migrations, models
from django.db.models.functions import Length
from django.db.models.lookups import GreaterThan

from app.web.sealed import SealedTextField
from app.web.taking_over import sealed_columns

# Model, column, what it is called, its length in the clear.
COLUMNS = (
    ("hold", "note", "覚え", 100),
    ("holdentry", "text", "内容", 200),
    ("purchaserequest", "wish", "本人の覚え", 200),
    ("purchaserequest", "reason", "選定の理由", 200),
    ("purchaserequest", "answer", "利用者への回答", None),
)
DECIDED = "holds_request_decided_with_reason"
SAID = models.Q(decided_on__isnull=False) & GreaterThan(Length("reason"), 0)


class Migration(migrations.Migration):
    dependencies = [("holds", "0003_moved")]
    operations = [
        migrations.RemoveConstraint("purchaserequest", DECIDED),
        migrations.SeparateDatabaseAndState(
            [sealed_columns(f"holds_{model}", {column: longest}) for model, column, _, longest in COLUMNS],
            [
                migrations.AlterField(
                    model, column, SealedTextField(blank=True, db_default=b"", default="", verbose_name=called)
                )
                for model, column, called, _ in COLUMNS
            ],
        ),
        migrations.AddConstraint(
            "purchaserequest",
            models.CheckConstraint(condition=models.Q(status="received") | SAID, name=DECIDED),
        ),
    ]
